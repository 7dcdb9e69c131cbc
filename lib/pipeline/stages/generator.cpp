// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/generator.hpp"
#include "pipeline/stages/tensor_source.hpp"
#include <boost/random/taus88.hpp>

namespace pipeline {

namespace {

constexpr const char* generator_options[] = {"bytes",    "items", "pattern", "rate",
                                             "arrivals", "seed",  nullptr};

class Generator : public TensorSource {
  public:
    static Result<std::unique_ptr<Generator>> make(const qaic_pipe_setup& setup)
    {
        static constexpr std::string_view patterns[] = {"zero", "count", "random"};
        const Options options(setup);
        auto made = std::make_unique<Generator>();
        QAIC_TRY(const auto bytes, options.integer("bytes", 1, most_tensor_bytes));
        QAIC_TRY(const auto items, options.integer("items", 0, std::numeric_limits<std::int64_t>::max(), 0));
        QAIC_TRY(const auto pattern, options.choice("pattern", patterns, 0));
        QAIC_TRY(const auto seed, options.integer("seed", 0, std::numeric_limits<std::int64_t>::max(), 1));
        QAIC_CHECK(
            made->prepare(setup, static_cast<std::uint32_t>(bytes), static_cast<std::uint64_t>(items)));
        made->pattern_ = static_cast<Pattern>(pattern);
        // Each replica its own stream.
        made->random_.seed(static_cast<std::uint32_t>(seed ^ seed >> 32) + setup.replica * 0x9e3779b9U);
        return made;
    }

    std::uint16_t run(Burst b) // HOT
    {
        return run_with(b, [this](std::byte* tensor) { fill(reinterpret_cast<std::uint8_t*>(tensor)); });
    }

  private:
    enum class Pattern : std::uint8_t { ZERO, COUNT, RANDOM };
    void fill(std::uint8_t* tensor)
    {
        switch (pattern_) {
        case Pattern::ZERO: std::memset(tensor, 0, bytes_); break;
        case Pattern::COUNT:
            for (std::uint32_t i = 0; i < bytes_; ++i) tensor[i] = static_cast<std::uint8_t>(made_ + i);
            ++made_;
            break;
        case Pattern::RANDOM:
            for (std::uint32_t i = 0; i < bytes_; i += 4) {
                const std::uint32_t word = random_();
                std::memcpy(tensor + i, &word, std::min(bytes_ - i, 4U));
            }
        }
    }

    Pattern pattern_ = Pattern::ZERO;
    std::uint64_t made_ = 0;
    boost::random::taus88 random_; ///< a few cycles a word
};

} // namespace

constinit const qaic_pipe_stage stage_generator =
    stage_of<Generator>("generator", QAIC_PIPE_SOURCE, generator_options, nullptr);

} // namespace pipeline
