// SPDX-License-Identifier: BSD-3-Clause
#include "mmio_drive.hpp"
#include "mini_host.hpp"

namespace test {
namespace {

class Driver {
  public:
    explicit Driver(ConstSpan bytes) : rest_(bytes) {}
    DriveResult run();

  private:
    [[nodiscard]] std::uint8_t u8()
    {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    [[nodiscard]] std::uint32_t u16() { return u8() | static_cast<std::uint32_t>(u8()) << 8; }
    [[nodiscard]] std::uint32_t u32() { return u16() | u16() << 16; }
    void boot(unsigned how_far);
    void operation();
    void overwrite_memory();
    void fault();
    void resume();

    ConstSpan rest_;
    Bench b_;
    DriveResult result_;
};

void Driver::boot(unsigned how_far)
{
    auto& h = b_.mini;
    const auto& images = tiny_images();
    if (how_far == 0) return;
    if (how_far == 1) return void(h.load_sbl(images.at(0)));
    if (how_far == 2) return void(h.load_sbl(images.at(0)) == 2 && h.wait_ready());
    if (how_far == 3) {
        if (h.load_sbl(images.at(0)) == 2 && h.wait_ready()) h.program(), h.request_m0(), h.drain();
        return;
    }
    h.boot(images);
    if (how_far == 4) h.reset(), h.wait_ready(), h.program();
    if (how_far > 5)
        for (unsigned channel = 0; channel < 26; channel += 2)
            if (channel != 2 && channel != 12 && channel != 20) h.start_pair(channel);
}

void Driver::overwrite_memory()
{
    constexpr std::uint64_t places[] = {
        MiniHost::contexts,     MiniHost::event_context, MiniHost::command_context, MiniHost::event_ring,
        MiniHost::command_ring, MiniHost::rings,         MiniHost::image_at};
    const auto place = u8() % std::size(places);
    auto at = places[place];
    if (place == 5) at += 0x4000ull * (u8() % 26);
    at += u16() % 0x1700;
    b_.host.put(at, u32());
}

void Driver::fault()
{
    auto& faults = b_.core.faults();
    switch (u8() % 8) {
    case 0: return faults.sys_err(u8() % 2 != 0);
    case 1: return faults.start_ssr(u8() % 16, u8() % 2 != 0);
    case 2:
        return faults.push_ras(static_cast<aic100::RasSource>(u8() % 8),
                               static_cast<aic100::RasErrorType>(u8() % 3));
    case 3: return faults.drop_next_events(u8() % 4);
    case 4: return faults.freeze_events(u8() % 2 != 0);
    case 5: return faults.mute_sahara(u8() % 2 != 0);
    case 6: return (void)faults.send_packet(u8() % 26, pattern(u16(), 1));
    default:
        if (u8() % 16 == 0) faults.surprise_remove();
    }
}

/// A host that gets on with it: walks would otherwise end at their first reset.
void Driver::resume()
{
    b_.mini.settle(20);
    const auto stage = b_.core.stage();
    if (stage == card::Stage::SYS_ERR) b_.mini.reset();
    if (stage == card::Stage::SBL_READY || stage == card::Stage::AMSS_READY)
        b_.mini.program(), b_.mini.request_m0();
}

void Driver::operation()
{
    auto& h = b_.mini;
    switch (u8() % 16) {
    case 0: return h.w(u16() % 0x1000, u32());
    case 1: return (void)b_.core.read32(u8() % 6, u16());
    case 2: {
        const auto id = u8() % 26u;
        return h.w64(0x300 + 8 * id, h.channel(id).base + u16() % 0x420);
    }
    case 3: return h.w64(0x70, MiniHost::command_ring + u16() % 0x820);
    case 4: return u8() % 8 == 0 ? h.w64(0x700, MiniHost::event_ring + u16() % 0x210) : h.ring_events();
    case 5: return overwrite_memory();
    case 6: return (void)b_.core.poll();
    case 7: return b_.clock.advance(std::chrono::milliseconds(u8()));
    case 8: return b_.core.gate().set_bus_master(u8() % 4 != 0);
    case 9: return (void)h.push_command(u8() % 4 == 0 ? u8() : 0x10 + u8() % 3, u8());
    case 10: return (void)h.start(u8() % 26u, 2 + u8() % 130u);
    case 11: {
        const auto id = u8() % 26u;
        return h.post(id, u16());
    }
    case 12: {
        const auto id = u8() % 26u;
        const std::size_t wanted = u8(); // before the size: it takes a byte itself
        const auto n = std::min(wanted, rest_.size());
        const auto data = rest_.first(n);
        rest_ = rest_.subspan(n);
        return h.send(id, data, 1 + u8() % 64u, u8() % 2 != 0);
    }
    case 13: return void(result_.events += h.drain().size());
    case 14: return fault();
    default: return resume();
    }
}

DriveResult Driver::run()
{
    boot(u8() % 8);
    while (!rest_.empty()) {
        ++result_.operations;
        try {
            operation();
        } catch (const std::out_of_range&) {
            // This host's own memory or tables do not have what it was told to use.
        }
    }
    b_.core.power_cycle();
    b_.core.gate().set_bus_master(true), b_.core.gate().set_messages(32);
    auto& faults = b_.core.faults();
    faults.mute_sahara(false), faults.freeze_events(false), faults.drop_next_events(0);
    b_.host.unmap_all();
    b_.mini.log_text.clear();
    result_.recovered = b_.mini.boot(tiny_images());
    return result_;
}

} // namespace

DriveResult drive_card(qaic::ConstSpan bytes) { return Driver(bytes).run(); }

} // namespace test
