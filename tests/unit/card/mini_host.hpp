// SPDX-License-Identifier: BSD-3-Clause
// A small MHI host, written from aic100-device.md for the card's tests alone: plain numbers instead of the
// shared tables, so that a wrong table cannot hide in both ends.
#pragma once
#include "card/card_core.hpp"
#include "test_host.hpp"
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace test {
using namespace std::chrono_literals;
using qaic::ManualClock;
using qaic::Nanos;

/// Answers anything with the same bytes backwards, so that a reply is told from an echo.
class FakeControl final : public card::ControlServer {
  public:
    std::optional<Bytes> control(ConstSpan message) override
    {
        ++messages;
        if (silent) return std::nullopt;
        return Bytes(message.rbegin(), message.rend());
    }
    void control_started() override { ++starts; }
    void reset() override { ++resets; }
    bool poll() override { return ++polls, false; }
    [[nodiscard]] std::optional<Nanos> next_due() const override { return std::nullopt; }
    bool ssr_begin(unsigned dbc) override { return under_ssr.insert(dbc), true; }
    void ssr_end(unsigned dbc) override { under_ssr.erase(dbc); }

    unsigned messages = 0, starts = 0, resets = 0, polls = 0;
    bool silent = false;
    std::set<unsigned> under_ssr;
};

struct Event {
    std::uint64_t ptr = 0;
    unsigned type = 0, code = 0, length = 0, channel = 0;
    bool operator==(const Event&) const = default;
};

inline Bytes from_hex(std::string_view text)
{
    Bytes bytes;
    unsigned value = 0, digits = 0;
    for (const char c : text) {
        const auto digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) continue;
        value = value << 4 | static_cast<unsigned>(digit);
        if (++digits % 2 == 0) bytes.push_back(static_cast<std::byte>(value & 0xff));
    }
    return bytes;
}

/// The little-endian word at `at`; 0 past the end.
inline std::uint32_t word(ConstSpan bytes, std::size_t at)
{
    std::uint32_t v = 0;
    if (at + 4 <= bytes.size()) std::memcpy(&v, bytes.data() + at, 4);
    return v;
}
inline Bytes words(std::initializer_list<std::uint32_t> values)
{
    Bytes bytes(4 * values.size());
    std::memcpy(bytes.data(), std::data(values), bytes.size());
    return bytes;
}

inline Bytes pattern(std::size_t bytes, unsigned seed)
{
    Bytes data(bytes);
    std::uint32_t x = seed * 2654435761u + 1;
    for (auto& b : data) x = x * 1664525u + 1013904223u, b = static_cast<std::byte>(x >> 24);
    return data;
}

class MiniHost {
  public:
    static constexpr std::uint64_t contexts = 0x100000, event_context = 0x102000, command_context = 0x102100,
                                   event_ring = 0x103000, command_ring = 0x104000, rings = 0x110000,
                                   image_at = 0x4000000;

    MiniHost(card::CardCore& core, TestHost& host, ManualClock& clock)
        : core_(core), host_(host), clock_(clock)
    {}

    // ---- registers
    [[nodiscard]] std::uint32_t r(std::uint32_t offset) { return core_.read32(0, offset); }
    void w(std::uint32_t offset, std::uint32_t value) { core_.write32(0, offset, value); }
    void w64(std::uint32_t low, std::uint64_t value)
    {
        w(low + 4, static_cast<std::uint32_t>(value >> 32));
        w(low, static_cast<std::uint32_t>(value));
    }
    [[nodiscard]] std::uint32_t bhi(std::uint32_t reg) { return r(r(0x28) + reg); }
    [[nodiscard]] std::uint32_t exec_env() { return bhi(0x28); }
    [[nodiscard]] unsigned state() { return r(0x48) >> 8 & 0xff; }

    /// Polls the card until it has nothing more to do, at most `rounds` times.
    void settle(unsigned rounds = 2000)
    {
        while (rounds-- > 0 && core_.poll()) {
        }
    }
    void pass(Nanos time)
    {
        settle();
        clock_.advance(time);
        settle();
    }

    // ---- boot steps (2.14)
    /// BHI download; the STATUS field at the end.
    unsigned load_sbl(ConstSpan image, std::uint32_t session = 0x1234567);
    bool wait_ready(Nanos limit = 2s);
    /// Contexts, rings, registers, ER doorbell: steps 1, 8, 9.
    void program();
    void request_m0() { w(0x38, (r(0x38) & ~0xff00u) | 2u << 8), settle(); }
    void reset() { w(0x38, r(0x38) | 2), settle(); }
    /// Power-on to AMSS with `images`; true when it got there.
    bool boot(const std::map<unsigned, Bytes>& images);
    /// After program() and M0: serves Sahara, log, time sync until AMSS or until nothing moves.
    bool serve_sbl(const std::map<unsigned, Bytes>& images);
    /// From READY in AMSS to M0 and the EE event.
    bool warm();

    // ---- events
    /// Everything posted so far; rings the ER doorbell unless told not to. Transfers are kept by channel.
    std::vector<Event> drain(bool ring_doorbell = true);
    void ring_events() { w64(0x700, event_wp_); }

    // ---- commands and channels
    std::uint64_t push_command(unsigned type, unsigned channel);
    /// Completion code; 0 when none came.
    unsigned command(unsigned type, unsigned channel);
    void fill_context(unsigned channel, unsigned elements, bool enabled = true);
    unsigned start(unsigned channel, unsigned elements = 32);
    bool start_pair(unsigned channel, unsigned elements = 32)
    {
        return start(channel, elements) == 1 && start(channel + 1, elements) == 1;
    }
    /// Writes one element; its bus address. Does not ring.
    std::uint64_t push(unsigned channel, std::uint64_t ptr, std::uint32_t length, std::uint32_t dw1);
    void ring(unsigned channel) { w64(0x300 + 8 * channel, channel_.at(channel).wp); }
    void post(unsigned channel, std::uint32_t bytes);
    /// One TD; every element rung on its own when `ring_each`.
    void send(unsigned channel, ConstSpan bytes, std::uint32_t piece = 65535, bool ring_each = false);
    /// Oldest whole packet that arrived on a from-device channel (OVERFLOW parts joined).
    std::optional<Bytes> receive(unsigned channel);

    struct Ring {
        std::uint64_t base = 0, bytes = 0, wp = 0;
        struct Buffer {
            std::uint64_t tre, iova;
            std::uint32_t bytes;
            bool chained;
        };
        std::deque<Buffer> buffers;
        Bytes partial;
        std::deque<Bytes> packets;
        unsigned overflows = 0, completed = 0, errors = 0;
    };
    Ring& channel(unsigned id) { return channel_[id]; }
    std::string log_text;
    std::vector<Event> history; ///< everything drained

  private:
    void take_transfer(const Event& event);
    bool serve_sahara(const std::map<unsigned, Bytes>& images);

    card::CardCore& core_;
    TestHost& host_;
    ManualClock& clock_;
    std::uint64_t event_rp_ = 0, event_wp_ = 0, command_wp_ = 0, next_buffer_ = 0x10000000;
    std::map<unsigned, Ring> channel_;
    const Bytes* active_ = nullptr;
};

/// A card with a fake control server, a machine and a host, ready to be booted.
struct Bench {
    explicit Bench(card::CardConfig config = {}, card::ControlFactory factory = {})
        : core(config, host, clock, factory ? std::move(factory) : fake())
    {
        core.gate().set_bus_master(true);
        core.gate().set_messages(32);
    }
    card::ControlFactory fake()
    {
        return [this](const card::CardConfig&, card::QsmPorts) {
            auto made = std::make_unique<FakeControl>();
            control = made.get();
            return made;
        };
    }
    ManualClock clock;
    TestHost host;
    FakeControl* control = nullptr; ///< of the last power-on; not with another factory
    card::CardCore core;
    MiniHost mini{core, host, clock};
};

/// One image as lib/card/firmware_image.hpp describes it, small and made here.
Bytes make_image(unsigned id, std::size_t payload);
/// A whole set of those: boots in microseconds.
const std::map<unsigned, Bytes>& tiny_images();
/// The firmware the build made: 0 is sbl.bin, the others by Sahara id.
const std::map<unsigned, Bytes>& built_images();

} // namespace test
