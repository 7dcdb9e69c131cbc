// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic.h: partitions.
#include "qaic/native/native.hpp"

namespace qaic::native {
namespace {

static_assert(RTE_PMD_QAIC_PARTITIONS == Device::max_partitions);

/// The device's number of a partition; nothing when it cannot be one.
Result<std::uint8_t> number_of(const Device& device, std::uint16_t partition)
{
    if (partition > RTE_PMD_QAIC_PARTITIONS)
        return fail(Code::E_INVAL, "{}: partition got={} limit={}", device.name(), partition,
                    RTE_PMD_QAIC_PARTITIONS);
    return static_cast<std::uint8_t>(partition);
}

Result<nnc::GroupRequest> request_of(const Device& device, const rte_pmd_qaic_partition* p)
{
    if (p == nullptr || p->size != sizeof *p)
        return fail(Code::E_INVAL, "{}: partition: NULL pointer, or member size is not sizeof",
                    device.name());
    if (p->networks > UINT16_MAX)
        return fail(Code::E_INVAL, "{}: partition: networks got={} limit={}", device.name(), p->networks,
                    UINT16_MAX);
    return nnc::GroupRequest{.nsps = p->nsps,
                             .mcids = p->multicast_ids,
                             .semaphores = p->semaphores,
                             .dbcs = p->dbcs,
                             .memory = p->dram_bytes,
                             .networks = static_cast<std::uint16_t>(p->networks)};
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_partition_create(std::int16_t dev_id, const rte_pmd_qaic_partition* partition)
{
    int number = 0;
    const int result = with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto request, request_of(d, partition));
        QAIC_TRY(number, d.create_partition(request));
        return {};
    });
    return result != 0 ? result : number;
}

QAIC_PUBLIC int rte_pmd_qaic_partition_destroy(std::int16_t dev_id, std::uint16_t partition)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto number, number_of(d, partition));
        return d.destroy_partition(number);
    });
}

QAIC_PUBLIC int rte_pmd_qaic_partitions_get(std::int16_t dev_id, std::uint16_t* partitions,
                                            std::uint16_t capacity)
{
    std::size_t count = 0;
    const int result = with_device(dev_id, [&](Device& d) -> Result<void> {
        if (partitions == nullptr && capacity != 0)
            return fail(Code::E_INVAL, "{}: partitions: NULL pointer", d.name());
        QAIC_TRY(const auto all, d.partitions());
        count = all.size();
        std::copy_n(all.begin(), std::min<std::size_t>(count, capacity), partitions);
        return {};
    });
    return result != 0 ? result : static_cast<int>(count);
}

QAIC_PUBLIC int rte_pmd_qaic_partition_resources_get(std::int16_t dev_id, std::uint16_t partition,
                                                     rte_pmd_qaic_resources* resources)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        if (resources == nullptr) return fail(Code::E_INVAL, "{}: resources: NULL pointer", d.name());
        QAIC_TRY(const auto number, number_of(d, partition));
        QAIC_TRY(const auto block, d.partition_resources(number));
        *resources = resources_of(block);
        return {};
    });
}

QAIC_PUBLIC int rte_pmd_qaic_partition_use(std::int16_t dev_id, std::uint16_t partition)
{
    return with_device(dev_id, [&](Device& d) -> Result<void> {
        QAIC_TRY(const auto number, number_of(d, partition));
        return d.use_partition(number);
    });
}

} // namespace qaic::native
