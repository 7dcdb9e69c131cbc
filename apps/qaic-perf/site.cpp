// SPDX-License-Identifier: BSD-3-Clause
#include "site.hpp"

namespace qaic::perf {

Result<Site> Site::open(const RunOptions& o, const RunFiles& files)
{
    Site site;
    QAIC_TRY(const auto ids, ml_devices(o.devices.size()));
    const auto models = static_cast<std::uint32_t>(o.models.size());
    for (const auto id : ids) {
        QAIC_TRY(auto device, MlDevice::open(id, models, models * o.lcores, o.queue_depth));
        site.cards_.push_back({std::move(device), {}});
    }
    for (auto& card : site.cards_)
        for (std::size_t m = 0; m < models; ++m) {
            QAIC_TRY(auto model, MlModel::load(card.device, files.models[m], o.models[m].path));
            QAIC_CHECK(model.check_format(o.format()));
            card.models.push_back(std::move(model));
        }
    return site;
}

Result<void> Site::take_seats(const RunOptions& o, const TensorFile& input)
{
    std::uint64_t align = 1; // memory that suits every card
    for (const auto& card : cards_) align = std::max<std::uint64_t>(align, card.device.facts().align);
    const auto numa = cards_.front().device.facts().numa;
    if (input.count > UINT32_MAX)
        return fail(Code::E_LIMIT, "{}: {} tensors, limit {}", o.input, input.count, UINT32_MAX);
    for (std::size_t m = 0; m < o.models.size(); ++m) {
        const auto& model = cards_.front().models[m];
        const auto count = m == 0 ? input.count : 1;
        QAIC_TRY(auto sets, BufferSets::make(model.input_layout(align), count, align, numa,
                                             fmt::format("{} inputs of {}", count, o.models[m].path)));
        if (m == 0)
            for (std::uint64_t i = 0; i < count; ++i)
                QAIC_CHECK(model.write_input(o.format(), input.tensor(i), sets, i));
        inputs_.push_back(std::move(sets));
        tensors_.push_back(static_cast<std::uint32_t>(count));
    }
    for (std::size_t lcore = 0; lcore < o.lcores; ++lcore)
        for (std::size_t c = 0; c < cards_.size(); ++c)
            for (std::size_t m = 0; m < o.models.size(); ++m) {
                const auto& model = cards_[c].models[m];
                const auto& device = cards_[c].device.facts();
                QAIC_TRY(auto outputs,
                         BufferSets::make(model.output_layout(align), o.queue_depth, align, device.numa,
                                          fmt::format("outputs of --queue-depth {}", o.queue_depth)));
                QAIC_TRY(auto ops, OpSet::make(o.queue_depth, model.facts(), outputs, device.numa));
                const auto pair = static_cast<std::uint16_t>(lcore * o.models.size() + m);
                seats_.push_back({lcore, c, m, std::move(outputs), std::move(ops), {device.id, pair}});
            }
    return {};
}

Result<rte_ml_dev_stats> Site::stats() const
{
    rte_ml_dev_stats sum{};
    for (const auto& card : cards_) {
        QAIC_TRY(const auto one, card.device.stats());
        sum.enqueued_count += one.enqueued_count;
        sum.dequeued_count += one.dequeued_count;
        sum.enqueue_err_count += one.enqueue_err_count;
        sum.dequeue_err_count += one.dequeue_err_count;
    }
    return sum;
}

Result<void> Site::close()
{
    Result<void> first;
    const auto keep = [&](Result<void> r) {
        if (first && !r) first = std::move(r);
    };
    for (auto& card : cards_) {
        for (auto& model : card.models) keep(model.unload());
        keep(card.device.close());
    }
    return first;
}

} // namespace qaic::perf
