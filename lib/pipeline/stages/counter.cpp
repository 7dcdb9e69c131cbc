// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/counter.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <array>

namespace pipeline {

namespace {

constexpr const char* counter_names[] = {"label_0", "label_1", "label_2",     "label_3",
                                         "label_4", "label_5", "label_6",     "label_7",
                                         "label_8", "label_9", "label_other", "unlabelled"};
constexpr std::size_t counter_other = 10, counter_unlabelled = 11;

class Counter {
  public:
    static Result<std::unique_ptr<Counter>> make(const qaic_pipe_setup&)
    {
        return std::make_unique<Counter>();
    }

    void run(Burst b) // HOT
    {
        for (auto* m : b.items) {
            const auto& item = *qaic_pipe_item_of(m);
            const auto slot = item.label == QAIC_PIPE_NO_LABEL
                                  ? counter_unlabelled
                                  : std::min<std::size_t>(item.label, counter_other);
            counts_[slot].add(item.weight);
        }
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out)
    {
        std::array<qaic_pipe_count, std::size(counter_names)> all;
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = {counter_names[i], counts_[i].get()};
        return give_counts(out, all);
    }

  private:
    std::array<LiveCount, std::size(counter_names)> counts_;
};

} // namespace

constinit const qaic_pipe_stage stage_counter =
    stage_of<Counter>("counter", QAIC_PIPE_SINK, nullptr, nullptr);

} // namespace pipeline
