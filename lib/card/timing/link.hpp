// SPDX-License-Identifier: BSD-3-Clause
// One direction of the card's PCI Express link: transfers occupy it one after the other, in the order they
// were given to it. A transfer that was abandoned (its channel was stopped) keeps its place: the bytes of a
// DMA engine's outstanding packets are on the wire. [M]
#pragma once
#include "aic100/wire/dbc.hpp"
#include "card/dma/pending.hpp"
#include "card/timing/model.hpp"
#include "card/timing/queue.hpp"
#include <optional>

namespace card {

class Channel;

/// A request element whose payload is on its way.
struct Flight {
    Channel* channel = nullptr;
    std::uint32_t epoch = 0; ///< of the channel: one that was stopped since is not meant any more
    std::uint64_t order = 0; ///< among the channel's requests, for fences
    SyncPlan plan;
    aic100::RequestElement element;
};

class Link {
  public:
    explicit Link(std::uint64_t bytes_per_s) noexcept : bytes_per_s_(bytes_per_s) {}
    [[nodiscard]] bool infinite() const noexcept { return bytes_per_s_ == 0; }
    /// Begins when the link is free, `now` at the earliest.
    void send(const Flight& flight, Nanos now);
    /// When the first one lands.
    [[nodiscard]] std::optional<Nanos> due() const noexcept
    {
        if (flights_.empty()) return std::nullopt;
        return flights_.front().lands;
    }
    /// Takes the first one off; only when there is one.
    [[nodiscard]] Flight land();
    /// Everything under way is gone, and the link is free.
    void clear(Nanos now) noexcept;

    /// Time the link was occupied until `now`, since it was made.
    [[nodiscard]] Nanos busy(Nanos now) const noexcept;

  private:
    struct Entry {
        Nanos lands;
        Flight flight;
    };
    [[nodiscard]] Nanos takes(std::uint64_t bytes) const noexcept;
    std::uint64_t bytes_per_s_;
    Queue<Entry> flights_;
    Nanos free_at_{0};
    Nanos occupied_{0}; ///< of all transfers ever given, what is still to come included
};

} // namespace card
