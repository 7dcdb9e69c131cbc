// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/verifier.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include "qpc/file.hpp"
#include <cmath>

namespace pipeline {

namespace {

constexpr const char* verifier_options[] = {"labels", "expects", "shape", "tolerance", "drop", nullptr};
constexpr const char* verifier_reasons[] = {"wrong_output", nullptr};
constexpr std::uint8_t verifier_wrong = QAIC_PIPE_DROP;
constexpr std::uint64_t most_expected_bytes = std::uint64_t{4} << 30;

class Verifier {
  public:
    static Result<std::unique_ptr<Verifier>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        auto made = std::make_unique<Verifier>();
        made->by_label_ = options.has("labels");
        if (made->by_label_ == options.has("expects"))
            return options.wrong("labels", "a file of u8, unless expects names one of f32");
        for (const auto* name : {"shape", "tolerance"})
            if (made->by_label_ && options.has(name)) return options.wrong(name, "a value only with expects");
        QAIC_TRY(made->drops_, options.boolean("drop", false));
        if (!made->by_label_) {
            QAIC_TRY(const auto shape, shape_option(options, "shape"));
            QAIC_TRY(made->bytes_, tensor_bytes(elements_of(shape), sizeof(float), options, "shape"));
            QAIC_TRY(const auto tolerance, options.real("tolerance", 0, 1e30, 0.0));
            made->tolerance_ = static_cast<float>(tolerance);
        }
        QAIC_CHECK(made->read(options, made->by_label_ ? "labels" : "expects"));
        return made;
    }

    void run(Burst b) // HOT
    {
        std::uint64_t right = 0;
        for (std::size_t i = 0; i < b.items.size(); ++i) {
            const bool good = by_label_ ? label_right(b.items[i]) : tensor_right(b.items[i]);
            right += good ? 1 : 0;
            if (!good && drops_) b.verdict[i] = verifier_wrong;
        }
        right_.add(right);
        wrong_.add(b.items.size() - right);
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out)
    {
        const qaic_pipe_count all[] = {{"right", right_.get()}, {"wrong", wrong_.get()}};
        return give_counts(out, all);
    }

  private:
    Result<void> read(const Options& options, std::string_view name)
    {
        QAIC_TRY(const auto path, options.path(name));
        auto file = qpc::read_file(path.string(), most_expected_bytes);
        if (!file) return options.wrong(name, fmt::format("a file to compare with: {}", file.error().text));
        const auto size = file->span().size();
        if (size == 0 || size % bytes_ != 0)
            return options.wrong(name, fmt::format("a file of whole items of {} bytes; {} has {}", bytes_,
                                                   path.string(), size));
        file_ = std::move(*file);
        items_ = size / bytes_;
        return {};
    }

    [[nodiscard]] const std::byte* expected(std::uint64_t seq) const
    {
        return file_.span().data() + seq % items_ * bytes_;
    }

    [[nodiscard]] bool label_right(rte_mbuf* m) const
    {
        const auto& item = *qaic_pipe_item_of(m);
        return item.label == std::to_integer<std::uint32_t>(*expected(item.seq));
    }

    [[nodiscard]] bool tensor_right(rte_mbuf* m) const
    {
        const auto& item = *qaic_pipe_item_of(m);
        if (item.tensor_bytes != bytes_) return false;
        const auto* const got = static_cast<const LooseFloat*>(qaic_pipe_tensor(m));
        const auto* const want = reinterpret_cast<const LooseFloat*>(expected(item.seq));
        for (std::size_t i = 0; i < bytes_ / sizeof(float); ++i) {
            const float a = got[i], b = want[i];
            const bool same = a == b || (std::isnan(a) && std::isnan(b)); // infinities, too
            if (!same && !(std::fabs(a - b) <= tolerance_)) return false;
        }
        return true;
    }

    bool by_label_ = false, drops_ = false;
    float tolerance_ = 0;
    std::uint32_t bytes_ = 1; ///< of one item in the file
    std::uint64_t items_ = 0;
    qpc::FileBytes file_;
    LiveCount right_, wrong_;
};

} // namespace

constinit const qaic_pipe_stage stage_verifier =
    stage_of<Verifier>("verifier", QAIC_PIPE_SINK, verifier_options, verifier_reasons);

} // namespace pipeline
