// SPDX-License-Identifier: BSD-3-Clause
// The commands one by one. Sizes of bodies and numbers of descriptors were checked by Session::answer().
#include "base/checked.hpp"
#include "vfio_user/session.hpp"
#include <algorithm>
#include <bit>
#include <cerrno>

namespace vfio_user {
namespace {

template<class T>
T body_of(const Message& message)
{
    return *qaic::read_at<T>(message.body);
}

/// A command's argsz that says how much reply it can take: at least the fixed part, and no nonsense.
template<class T>
bool reply_fits(const T& request)
{
    return request.argsz >= sizeof(T) && request.argsz <= max_message;
}

template<class T>
Bytes to_bytes(const T& value)
{
    Bytes body;
    qaic::append(body, value);
    return body;
}

} // namespace

Session::Answer Session::version(Message& message)
{
    const auto peer = parse_version(message.body);
    if (!peer) return {EINVAL, {}, -1, true};
    peer_ = *peer;
    negotiated_ = true;
    begun_ = clock_.now();
    return {0, version_reply(peer_)};
}

Session::Answer Session::dma_map(Message& message)
{
    const auto request = body_of<DmaMap>(message);
    if (request.argsz != sizeof(DmaMap)) return {EINVAL};
    return {dma_.map(request, message.fds.empty() ? Fd{} : std::move(message.fds.front()))};
}

Session::Answer Session::dma_unmap(Message& message)
{
    const auto request = body_of<DmaUnmap>(message);
    if (!reply_fits(request)) return {EINVAL};
    if (request.flags == unmap_flag::ALL) {
        if (request.address != 0 || request.size != 0) return {EINVAL};
        dma_.clear();
    } else if (request.flags != 0) {
        return {EINVAL}; // no dirty-page tracking
    } else if (const int error = dma_.unmap(request.address, request.size); error != 0) {
        return {error};
    }
    return {0, std::move(message.body)};
}

Session::Answer Session::device_info(Message& message)
{
    if (!reply_fits(body_of<DeviceInfo>(message))) return {EINVAL};
    const auto flags = device_flag::PCI | (device_.can_reset() ? device_flag::RESET : 0);
    return {0, to_bytes(DeviceInfo{std::uint32_t{sizeof(DeviceInfo)}, flags, regions, irqs})};
}

Session::Answer Session::region_info(Message& message)
{
    const auto request = body_of<RegionInfo>(message);
    if (!reply_fits(request) || request.index >= regions) return {EINVAL};
    const auto region = device_.region(request.index);
    const bool caps = !region.areas.empty();
    const auto full =
        sizeof(RegionInfo) + (caps ? sizeof(SparseMmap) + region.areas.size() * sizeof(SparseArea) : 0);
    // A client that has no room for the areas must not take the whole region for mappable: it hears how much
    // room it needs, and asks again.
    const bool fits = full <= request.argsz, mmap = region.fd >= 0 && fits;
    const auto flags = region.flags | (mmap ? region_flag::MMAP : 0) | (caps && fits ? region_flag::CAPS : 0);
    Answer answer;
    qaic::append(answer.body, RegionInfo{static_cast<std::uint32_t>(full), flags, request.index,
                                         caps && fits ? std::uint32_t{sizeof(RegionInfo)} : 0u, region.size,
                                         region.fd_offset});
    if (caps && fits) {
        qaic::append(answer.body, SparseMmap{{cap_sparse_mmap, std::uint16_t{1}, 0u},
                                             static_cast<std::uint32_t>(region.areas.size()),
                                             0u});
        for (const auto& area : region.areas) qaic::append(answer.body, area);
    }
    if (mmap) answer.fd = region.fd;
    return answer;
}

Session::Answer Session::irq_info(Message& message)
{
    const auto request = body_of<IrqInfo>(message);
    if (!reply_fits(request) || request.index >= irqs) return {EINVAL};
    const auto count = irqs_[request.index].count();
    return {0, to_bytes(IrqInfo{std::uint32_t{sizeof(IrqInfo)}, count > 0 ? irq_info_flag::EVENTFD : 0,
                                request.index, count})};
}

Session::Answer Session::set_irqs(Message& message)
{
    const auto request = body_of<SetIrqs>(message);
    const std::uint32_t data = request.flags & irq_flag::DATA_MASK,
                        action = request.flags & irq_flag::ACTIONS;
    const bool known = (request.flags & ~(irq_flag::DATA_MASK | irq_flag::ACTIONS)) == 0;
    if (!known || std::popcount(data) != 1 || std::popcount(action) != 1 || request.index >= irqs)
        return {EINVAL};
    const std::uint64_t start = request.start, count = request.count;
    const auto& table = irqs_[request.index];
    // "All off" is welcome for an index without interrupts as well: clients switch everything off at first.
    if (count == 0 && (start != 0 || data != irq_flag::DATA_NONE || action != irq_flag::ACTION_TRIGGER))
        return {EINVAL};
    if (!qaic::range_inside(start, count, table.count())) return {EINVAL};
    const auto payload = message.body.size() - sizeof(SetIrqs);
    const auto wanted = data == irq_flag::DATA_BOOL ? count : 0;
    // With eventfds a client may count the array that travels beside the message.
    const auto most = sizeof(SetIrqs) + (data == irq_flag::DATA_EVENTFD ? 4 * count : wanted);
    if (payload != wanted || request.argsz < sizeof(SetIrqs) + wanted || request.argsz > most)
        return {EINVAL};
    const bool fds_fit = data == irq_flag::DATA_EVENTFD ? message.fds.empty() || message.fds.size() == count
                                                        : message.fds.empty();
    // Nothing here can be masked (irq_info says so).
    if (!fds_fit || action != irq_flag::ACTION_TRIGGER) return {EINVAL};
    return change_irqs(request, message);
}

Session::Answer Session::change_irqs(const SetIrqs& request, Message& message)
{
    auto& table = irqs_[request.index];
    const std::uint32_t data = request.flags & irq_flag::DATA_MASK, start = request.start,
                        count = request.count;
    if (data == irq_flag::DATA_EVENTFD) {
        if (message.fds.empty())
            table.disarm(start, count);
        else if (const int error = table.arm(start, std::move(message.fds)); error != 0)
            return {error};
    } else if (count == 0) {
        table.clear();
    } else {
        for (std::uint32_t i = 0; i < count; ++i)
            if (data == irq_flag::DATA_NONE || message.body[sizeof(SetIrqs) + i] != std::byte{0})
                table.signal(start + i);
        return {};
    }
    device_.armed(request.index, table.armed());
    return {};
}

bool Session::access_inside(const RegionAccess& access, std::uint32_t right) const
{
    if (access.region >= regions || access.count == 0 || access.count > max_transfer) return false;
    const auto region = device_.region(access.region);
    return (region.flags & right) != 0 && qaic::range_inside(access.offset, access.count, region.size);
}

Session::Answer Session::region_read(Message& message)
{
    const auto access = body_of<RegionAccess>(message);
    if (!access_inside(access, region_flag::READ) || access.count > peer_.max_transfer) return {EINVAL};
    Answer answer{0, std::move(message.body)};
    answer.body.resize(sizeof(RegionAccess) + access.count);
    answer.error = device_.read(access.region, access.offset, MutSpan(answer.body).subspan(sizeof(access)));
    return answer;
}

Session::Answer Session::region_write(Message& message)
{
    const auto access = body_of<RegionAccess>(message);
    if (message.body.size() != sizeof(access) + std::uint64_t{access.count} ||
        !access_inside(access, region_flag::WRITE))
        return {EINVAL};
    const int error =
        device_.write(access.region, access.offset, ConstSpan(message.body).subspan(sizeof(access)));
    message.body.resize(sizeof(access));
    return {error, std::move(message.body)};
}

Session::Answer Session::write_multi(Message& message)
{
    const std::uint64_t count = body_of<le64>(message);
    const auto list = ConstSpan(message.body).subspan(sizeof(le64));
    if (!peer_.write_multiple || count == 0 || count != list.size() / sizeof(MultiWrite) ||
        list.size() % sizeof(MultiWrite) != 0)
        return {EINVAL};
    const auto each = [&list](std::uint64_t i) {
        return *qaic::read_at<MultiWrite>(list, i * sizeof(MultiWrite));
    };
    for (std::uint64_t i = 0; i < count; ++i) { // all or nothing
        const auto write = each(i);
        const RegionAccess access{write.offset, write.region, write.count};
        if (write.count > sizeof(write.data) || !access_inside(access, region_flag::WRITE) ||
            !device_.writable(write.region, write.offset, write.count))
            return {EINVAL};
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto write = each(i);
        const int error = device_.write(write.region, write.offset,
                                        std::as_bytes(std::span(write.data)).first(write.count));
        if (error != 0) return {error};
    }
    return {0, to_bytes(le64{count})};
}

Session::Answer Session::device_reset(Message&) { return {device_.can_reset() ? device_.reset() : ENOTSUP}; }

Session::Answer Session::not_offered(Message&) { return {ENOTSUP}; }

} // namespace vfio_user
