// SPDX-License-Identifier: BSD-3-Clause
// Partitions of a card: resource groups of the control protocol under numbers of our own, because a card that
// was reset has forgotten them and may number them anew. aic100-device.md 4.13
#include "qaic/device.hpp"

namespace qaic {

Device::InPartition::InPartition(Device& device, std::uint8_t number) : client_(device.client_.get())
{
    if (number != 0 && client_ != nullptr) client_->use_group(device.partitions_[number - 1u]->on_card);
}
Device::InPartition::~InPartition()
{
    if (client_ != nullptr) client_->use_group(aic100::nnc_no_partition);
}

Result<Device::Partition*> Device::partition(std::uint8_t number)
{
    if (number == 0 || number > partitions_.size() || !partitions_[number - 1u])
        return fail(Code::E_INVAL, "{}: no partition of this number got={} limit={}", name(), number,
                    partitions_.size());
    return &*partitions_[number - 1u];
}

Result<std::uint8_t> Device::create_partition(const nnc::GroupRequest& request)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (request.nsps == 0 || request.dbcs == 0)
        return fail(Code::E_INVAL, "{}: partition of {} NSPs and {} channels: a model needs some of both",
                    name(), request.nsps, request.dbcs);
    const auto free = std::find(partitions_.begin(), partitions_.end(), std::nullopt);
    if (free == partitions_.end())
        return fail(Code::E_NORES, "{}: partitions got={} limit={}", name(), partitions_.size(),
                    partitions_.size());
    QAIC_TRY(const auto on_card, client_->create_group(request));
    *free = Partition{request, on_card};
    return static_cast<std::uint8_t>(free - partitions_.begin() + 1);
}

Result<void> Device::destroy_partition(std::uint8_t number)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    QAIC_TRY(const auto* p, partition(number));
    for (const auto& s : slots_)
        if (s.model && s.partition == number)
            return fail(Code::E_BUSY, "{}: partition {}: model {} is loaded in it: unload it first", name(),
                        number, id_of(s));
    QAIC_CHECK(client_->release_group(p->on_card));
    partitions_[number - 1u].reset();
    if (load_into_ == number) load_into_ = 0;
    return {};
}

Result<void> Device::use_partition(std::uint8_t number)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (number != 0) {
        QAIC_TRY(const auto* p, partition(number));
        QAIC_CHECK(client_->validate_group(p->on_card));
    }
    load_into_ = number;
    return {};
}

Result<aic100::ResourceBlock> Device::partition_resources(std::uint8_t number)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    QAIC_TRY(const auto* p, partition(number));
    return client_->resources(p->on_card);
}

Result<std::vector<std::uint8_t>> Device::partitions()
{
    QAIC_TRY(const auto lock, enter());
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; i < partitions_.size(); ++i)
        if (partitions_[i]) out.push_back(static_cast<std::uint8_t>(i + 1));
    return out;
}

Result<void> Device::make_partitions_again()
{
    for (auto& p : partitions_)
        if (p) {
            QAIC_TRY(p->on_card, client_->create_group(p->request));
        }
    return {};
}

} // namespace qaic
