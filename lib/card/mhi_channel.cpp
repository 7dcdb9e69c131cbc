// SPDX-License-Identifier: BSD-3-Clause
#include "card/mhi_channel.hpp"
#include <algorithm>
#include <array>

namespace card {
using aic100::Completion;

void MhiChannel::start(std::uint8_t id, const Ring& ring, std::uint64_t rp, std::uint64_t wp)
{
    disable();
    id_ = id, ring_ = ring, state_ = State::RUNNING;
    wp_ = rp, target_ = wp; // elements queued before START are fetched like any others
}

void MhiChannel::disable()
{
    state_ = State::DISABLED;
    elements_.clear(), pending_.clear();
    tds_ = 0, sent_ = 0, wp_ = target_ = 0;
}

void MhiChannel::stop()
{
    disable();
    state_ = State::STOPPED;
}

bool MhiChannel::doorbell(std::uint64_t wp) noexcept
{
    if (!ring_.holds(wp)) return false;
    target_ = wp;
    return true;
}

bool MhiChannel::fetch(HostGate& gate)
{
    const auto count = ring_.distance(wp_, target_);
    if (elements_.size() + count >= ring_.elements()) { // one slot of a ring is always unused
        target_ = wp_;
        return false;
    }
    std::array<aic100::RingElement, 64> chunk;
    while (wp_ != target_) {
        const auto to_end = (ring_.base() + ring_.bytes() - wp_) / aic100::ring_element_bytes;
        const auto n = std::min<std::uint64_t>({ring_.distance(wp_, target_), to_end, chunk.size()});
        if (!gate.read(wp_, std::as_writable_bytes(std::span(chunk).first(n)))) {
            if (gate.open()) state_ = State::FAULTED;
            return !gate.open();
        }
        for (std::uint64_t i = 0; i < n; ++i) {
            elements_.push_back({chunk[i], wp_});
            tds_ += to_device() && !aic100::tre_chained(chunk[i]) ? 1 : 0;
            wp_ = ring_.next(wp_);
        }
    }
    return true;
}

void MhiChannel::post(EventRing& events, const Element& element, Completion code, std::uint32_t length) const
{
    events.post(aic100::make_event(aic100::EventType::TRANSFER, element.at, static_cast<std::uint8_t>(code),
                                   static_cast<std::uint16_t>(length), id_));
}

namespace {

/// A TRE the card can act on: its type, a length of 1..65535, inside the host's data window.
bool usable(const aic100::RingElement& tre, const Window& data)
{
    return ((tre.dw1 >> 16) & 0xff) == aic100::tre_type && data.holds(tre.ptr, aic100::tre_length(tre));
}

} // namespace

std::optional<Bytes> MhiChannel::take_td(HostGate& gate, EventRing& events, const Window& data, bool& retry)
{
    retry = false;
    const auto last = std::find_if(elements_.begin(), elements_.end(),
                                   [](const Element& e) { return !aic100::tre_chained(e.tre); });
    Bytes bytes;
    bool good = true;
    for (auto it = elements_.begin(); good && it <= last; ++it) {
        const auto length = aic100::tre_length(it->tre);
        good = usable(it->tre, data) && bytes.size() + length <= max_td_bytes;
        if (!good) break;
        const auto at = bytes.size();
        bytes.resize(at + length);
        good = gate.read(it->tre.ptr, MutSpan(bytes).subspan(at));
        if (!good && !gate.open()) {
            retry = true;
            return std::nullopt;
        }
    }
    const Element end = *last;
    elements_.erase(elements_.begin(), last + 1);
    --tds_;
    post(events, end, good ? Completion::EOT : Completion::BAD_TRE, good ? aic100::tre_length(end.tre) : 0);
    if (!good) return std::nullopt;
    return bytes;
}

bool MhiChannel::deliver(HostGate& gate, EventRing& events, const Window& data)
{
    bool moved = false;
    while (running() && !pending_.empty() && !elements_.empty() && events.accepts_work()) {
        const Element buffer = elements_.front();
        const auto rest = ConstSpan(pending_.front()).subspan(sent_);
        const auto n = std::min<std::size_t>(rest.size(), aic100::tre_length(buffer.tre));
        const bool good = usable(buffer.tre, data);
        // An empty packet is a transfer of 0 bytes: nothing to write, only an event.
        if (good && n > 0 && !gate.write(buffer.tre.ptr, rest.first(n))) {
            if (!gate.open()) return moved;
            elements_.pop_front();
            post(events, buffer, Completion::UNDEFINED_ERR, 0);
            moved = true;
            continue;
        }
        elements_.pop_front();
        moved = true;
        if (!good) {
            post(events, buffer, Completion::BAD_TRE, 0);
            continue;
        }
        sent_ += n;
        const bool whole = n == rest.size();
        if (whole) pending_.pop_front(), sent_ = 0;
        post(events, buffer, whole ? Completion::EOT : Completion::OVERFLOW_, static_cast<std::uint32_t>(n));
    }
    return moved;
}

} // namespace card
