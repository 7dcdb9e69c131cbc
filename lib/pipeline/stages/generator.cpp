// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/generator.hpp"
#include "pipeline/stages/pace.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <boost/random/taus88.hpp>
#include <rte_cycles.h>

namespace pipeline {

namespace {

constexpr const char* generator_options[] = {"bytes",    "items", "pattern", "rate",
                                             "arrivals", "seed",  nullptr};

class Generator {
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
        QAIC_TRY(made->pace_, Pace::make(options, static_cast<double>(setup.tsc_hz)));
        made->bytes_ = static_cast<std::uint32_t>(bytes);
        made->left_ = items == 0 ? for_ever : static_cast<std::uint64_t>(items);
        made->pattern_ = static_cast<Pattern>(pattern);
        // Each replica its own stream.
        made->random_.seed(static_cast<std::uint32_t>(seed ^ seed >> 32) + setup.replica * 0x9e3779b9U);
        made->pool_ = setup.pool;
        return made;
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(bytes_); }

    std::uint16_t run(Burst b) // HOT
    {
        if (left_ == 0) return QAIC_PIPE_END;
        const auto most = static_cast<std::uint16_t>(std::min<std::uint64_t>(left_, b.items.size()));
        const auto wanted = pace_->take(rte_rdtsc(), most);
        std::uint16_t n = 0;
        while (n < wanted && (b.items[n] = one()) != nullptr) ++n;
        if (n < wanted) pace_->give_back(static_cast<std::uint16_t>(wanted - n));
        if (left_ != for_ever) left_ -= n;
        return n;
    }

  private:
    enum class Pattern : std::uint8_t { ZERO, COUNT, RANDOM };
    static constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();

    rte_mbuf* one()
    {
        auto* const m = qaic_pipe_new_item(pool_);
        if (m == nullptr) return nullptr;
        auto* const tensor = static_cast<std::uint8_t*>(qaic_pipe_new_tensor(m, bytes_));
        if (tensor == nullptr) { // a pool made without asking room()
            rte_pktmbuf_free(m);
            return nullptr;
        }
        fill(tensor);
        return m;
    }

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

    rte_mempool* pool_ = nullptr;
    std::unique_ptr<Pace> pace_;
    std::uint32_t bytes_ = 0;
    Pattern pattern_ = Pattern::ZERO;
    std::uint64_t left_ = 0, made_ = 0;
    boost::random::taus88 random_; ///< a few cycles a word
};

} // namespace

constinit const qaic_pipe_stage stage_generator =
    stage_of<Generator>("generator", QAIC_PIPE_SOURCE, generator_options, nullptr);

} // namespace pipeline
