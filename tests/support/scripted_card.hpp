// SPDX-License-Identifier: BSD-3-Clause
// The smallest thing the MHI host stack takes for a card: registers of plain memory, every access recorded,
// events posted by hand. Knows no protocol beyond M0 and command completions; a test may switch those off.
// IOVAs count up from 0x100000 as in appendix D of aic100-device.md.
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/mhi.hpp"
#include "qaic/bus/address_map.hpp"
#include "qaic/bus/bus.hpp"
#include <functional>
#include <map>
#include <vector>

namespace test {
using namespace qaic;

class ScriptedCard final : public Bus {
  public:
    static constexpr std::uint32_t bhi = 0x100, channel_db = 0x300, event_db = 0x700;
    struct Access {
        bool write;
        std::uint32_t offset, value;
        bool operator==(const Access&) const = default;
    };

    ScriptedCard()
    {
        set(aic100::mhi_reg::BHIOFF, bhi), set(aic100::mhi_reg::CHDBOFF, channel_db);
        set(aic100::mhi_reg::ERDBOFF, event_db), set(aic100::mhi_reg::MHICFG, 0x05000080);
        set(aic100::mhi_reg::MHISTATUS, 0x0101); // READY
    }
    ~ScriptedCard() override
    {
        for (auto& [va, block] : blocks_) ::operator delete (va, std::align_val_t{block.align});
    }

    // ---- Bus
    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override
    {
        const auto value = gone ? aic100::all_ones : regs_[offset / 4];
        log.push_back({false, offset, value});
        return value;
    }
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override
    {
        log.push_back({true, offset, value});
        regs_[offset / 4] = value;
        if (!gone) react(offset, value);
    }
    std::uint32_t mhi_bytes() const noexcept override { return 4096; }
    volatile std::byte* dbc_window() noexcept override { return nullptr; }
    std::uint64_t dbc_bytes() const noexcept override { return 0; }
    Result<void> set_bus_master(bool on) noexcept override
    {
        bus_master = on;
        return {};
    }
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t align, const char* what) override
    {
        if (allocations_left == 0) return fail(Code::E_NOMEM, "scripted: {} bytes for {}", bytes, what);
        --allocations_left;
        auto* va = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{align}));
        std::fill_n(va, bytes, std::byte{0});
        next_iova_ = (next_iova_ + align - 1) / align * align;
        blocks_[va] = {next_iova_, bytes, align};
        QAIC_CHECK(map_.add(next_iova_, va, bytes));
        next_iova_ += bytes;
        return DmaMemory(this, va, Iova{blocks_[va].iova}, bytes);
    }
    void dma_free(std::byte* va, Iova, std::size_t) noexcept override
    {
        const auto it = blocks_.find(va);
        map_.punch(it->second.iova, it->second.bytes);
        ::operator delete (va, std::align_val_t{it->second.align});
        blocks_.erase(it);
    }
    Result<void> dma_map(void*, Iova, std::size_t) override { return fail(Code::E_IOVA, "scripted"); }
    Result<void> dma_unmap(Iova, std::size_t) override { return fail(Code::E_IOVA, "scripted"); }
    const Clock& clock() const noexcept override { return manual; }
    void relax(Nanos at_most) noexcept override
    {
        manual.advance(at_most);
        if (on_relax) on_relax();
    }
    const std::string& name() const noexcept override { return name_; }

    // ---- the card's side
    [[nodiscard]] std::uint32_t get(std::uint32_t offset) const noexcept { return regs_[offset / 4]; }
    void set(std::uint32_t offset, std::uint32_t value) noexcept { regs_[offset / 4] = value; }
    [[nodiscard]] std::uint64_t get64(std::uint32_t low) const noexcept
    {
        return std::uint64_t{get(low + 4)} << 32 | get(low);
    }
    template<class T>
    T dma_read(std::uint64_t iova)
    {
        T value{};
        auto* out = reinterpret_cast<std::byte*>(&value);
        map_.visit(iova, sizeof(T),
                   [&](const std::byte* va, std::uint64_t n) { out = std::copy_n(va, n, out); });
        return value;
    }
    bool dma_write(std::uint64_t iova, ConstSpan from)
    {
        const auto* in = from.data();
        return map_.visit(iova, from.size(),
                          [&](std::byte* va, std::uint64_t n) { std::copy_n(in, n, va), in += n; });
    }
    aic100::EventContext event_context()
    {
        return dma_read<aic100::EventContext>(get64(aic100::mhi_reg::ECABAP_LOW));
    }
    aic100::ChannelContext channel_context(unsigned id)
    {
        return dma_read<aic100::ChannelContext>(get64(aic100::mhi_reg::CCABAP_LOW) + 44 * id);
    }
    void set_event_rp(std::uint64_t rp)
    {
        const le64 value{rp};
        (void)dma_write(get64(aic100::mhi_reg::ECABAP_LOW) + 0x1c, bytes_of(value));
    }
    void post(const aic100::RingElement& event)
    {
        const auto c = event_context();
        (void)dma_write(c.rp, bytes_of(event));
        const auto next = c.rp.get() + 16;
        set_event_rp(next == c.rbase + c.rlen ? c.rbase.get() : next);
    }
    /// Posts a transfer completion for the element at `index` of the channel's ring.
    void complete(std::uint8_t channel, unsigned index, std::uint16_t length,
                  aic100::Completion code = aic100::Completion::EOT)
    {
        post(aic100::make_event(aic100::EventType::TRANSFER, channel_context(channel).rbase + 16 * index,
                                static_cast<std::uint8_t>(code), length, channel));
    }
    /// Element `index` of a channel's ring as it lies in memory.
    aic100::RingElement element(std::uint8_t channel, unsigned index)
    {
        return dma_read<aic100::RingElement>(channel_context(channel).rbase + 16 * index);
    }
    [[nodiscard]] std::size_t blocks() const noexcept { return blocks_.size(); }

    std::vector<Access> log;
    ManualClock manual;
    std::function<void()> on_relax;
    bool gone = false, bus_master = false;
    bool answer_m0 = true, answer_commands = true;
    std::uint8_t command_code = 1;
    aic100::ExecEnv env = aic100::ExecEnv::AMSS;
    unsigned allocations_left = ~0u;
    std::vector<aic100::RingElement> commands;

  private:
    struct Block {
        std::uint64_t iova;
        std::size_t bytes, align;
    };
    void react(std::uint32_t offset, std::uint32_t value)
    {
        using namespace aic100;
        if (offset == mhi_reg::MHICTRL && mhictrl_reset.get(value) != 0) {
            regs_[mhi_reg::MHICTRL / 4] = 0, commands_done_ = 0;
        } else if (offset == mhi_reg::MHICTRL && mhictrl_state.get(value) == 2 && answer_m0) {
            commands_done_ = get64(mhi_reg::CRCBAP_LOW) == 0
                                 ? 0
                                 : dma_read<CommandContext>(get64(mhi_reg::CRCBAP_LOW)).rbase.get();
            set(bhi + bhi_reg::EXECENV, static_cast<std::uint32_t>(env));
            post(make_event(EventType::STATE_CHANGE, 0, 2, 0, 0));
            post(make_event(EventType::EXEC_ENV, 0, static_cast<std::uint8_t>(env), 0, 0));
        } else if (offset == mhi_reg::CRDB_LOW) {
            take_commands();
        }
    }
    void take_commands()
    {
        using namespace aic100;
        const auto c = dma_read<CommandContext>(get64(mhi_reg::CRCBAP_LOW));
        const auto wp = get64(mhi_reg::CRDB_LOW);
        for (unsigned i = 0; i < command_ring_elements && commands_done_ != wp; ++i) {
            commands.push_back(dma_read<RingElement>(commands_done_));
            if (answer_commands)
                post(make_event(EventType::COMMAND_COMPLETION, commands_done_, command_code, 0, 0));
            commands_done_ += 16;
            if (commands_done_ == c.rbase + c.rlen) commands_done_ = c.rbase;
        }
    }
    std::array<std::uint32_t, 1024> regs_{};
    std::map<std::byte*, Block> blocks_;
    AddressMap map_;
    std::uint64_t next_iova_ = 0x100000, commands_done_ = 0;
    std::string name_ = "scripted";
};

} // namespace test
