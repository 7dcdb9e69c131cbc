// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/threshold.hpp"
#include "pipeline/stage_of.hpp"

namespace pipeline {

namespace {

constexpr const char* threshold_options[] = {"least", "action", nullptr};
constexpr const char* threshold_reasons[] = {"below_threshold", nullptr};
constexpr std::uint8_t threshold_below = QAIC_PIPE_DROP;

class Threshold {
  public:
    static Result<std::unique_ptr<Threshold>> make(const qaic_pipe_setup& setup)
    {
        static constexpr std::string_view actions[] = {"drop", "clear"};
        const Options options(setup);
        auto made = std::make_unique<Threshold>();
        QAIC_TRY(const auto least, options.real("least", -1e30, 1e30));
        QAIC_TRY(const auto action, options.choice("action", actions, 0));
        made->least_ = static_cast<float>(least);
        made->clears_ = action == 1;
        return made;
    }

    void run(Burst b) // HOT
    {
        for (std::size_t i = 0; i < b.items.size(); ++i) {
            auto& item = *qaic_pipe_item_of(b.items[i]);
            if (item.label != QAIC_PIPE_NO_LABEL && item.score >= least_) continue;
            if (clears_)
                item.label = QAIC_PIPE_NO_LABEL, item.score = 0;
            else
                b.verdict[i] = threshold_below;
        }
    }

  private:
    float least_ = 0;
    bool clears_ = false;
};

} // namespace

constinit const qaic_pipe_stage stage_threshold =
    stage_of<Threshold>("threshold", QAIC_PIPE_SHAPE, threshold_options, threshold_reasons);

} // namespace pipeline
