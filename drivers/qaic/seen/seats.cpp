// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/seats.hpp"
#include <array>
#include <charconv>
#include <mutex>

namespace qaic::seen {
namespace {

struct Seat {
    std::shared_mutex gate; ///< shared: a visit; exclusive: a device comes or goes
    rte_ml_dev* dev = nullptr;
    MlDevice* ml = nullptr;
};
constexpr std::size_t most = 64; ///< devices of the mldev library
constinit std::array<Seat, most> seats;

Seat* seat_of(const rte_ml_dev* dev) noexcept
{
    const auto id = dev->data->dev_id;
    return id >= 0 && static_cast<std::size_t>(id) < most ? &seats[static_cast<std::size_t>(id)] : nullptr;
}

bool is_called(const rte_ml_dev& dev, std::string_view device) noexcept
{
    std::uint32_t id = 0;
    const auto* const end = device.data() + device.size();
    const auto [stop, error] = std::from_chars(device.data(), end, id);
    if (error == std::errc() && stop == end) return id == static_cast<std::uint32_t>(dev.data->dev_id);
    return device == dev.data->name;
}

} // namespace

void enter(rte_ml_dev* dev, MlDevice& ml) noexcept
{
    auto* const seat = seat_of(dev);
    if (seat == nullptr) return;
    const std::scoped_lock lock(seat->gate);
    seat->dev = dev, seat->ml = &ml;
}

void leave(const rte_ml_dev* dev) noexcept
{
    auto* const seat = seat_of(dev);
    if (seat == nullptr) return;
    const std::scoped_lock lock(seat->gate);
    seat->dev = nullptr, seat->ml = nullptr;
}

std::vector<Visit> everybody()
{
    std::vector<Visit> out;
    for (auto& seat : seats) {
        std::shared_lock gate(seat.gate, std::try_to_lock); // not to be had: it comes or goes just now
        if (gate.owns_lock() && seat.ml != nullptr) out.push_back(Visit(std::move(gate), seat.dev, seat.ml));
    }
    return out;
}

Result<Visit> Visit::to(std::string_view device)
{
    for (auto& visit : everybody())
        if (is_called(*visit.dev_, device)) return std::move(visit);
    return fail(Code::E_INVAL, "no qaic device got='{:.64}': /qaic/list names them", device);
}

} // namespace qaic::seen
