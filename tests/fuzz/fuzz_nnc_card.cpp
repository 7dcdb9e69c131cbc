// SPDX-License-Identifier: BSD-3-Clause
// A host that means harm: random control messages, request elements, register writes and host memory into a
// Qsm. The input is a list of steps, so that a run gets as deep as a card with several activations.
#include "../unit/card/qsm/fake_host.hpp"
#include "../unit/card/qsm/program_file.hpp"
#include "aic100/wire/dbc.hpp"
#include "aic100/wire/nnc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "base/clock.hpp"
#include "card/qsm.hpp"
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <zlib.h>

namespace {
using namespace qaic;
using qsm_test::FakeHost;

/// Bytes of the input, zeros when it has ended.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : left_(std::as_bytes(std::span(data, size))) {}
    [[nodiscard]] bool empty() const { return left_.empty(); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).empty() ? std::byte{0} : last_[0]); }
    std::uint32_t number() { return byte() | static_cast<std::uint32_t>(byte()) << 8; }
    ConstSpan take(std::size_t n)
    {
        last_ = left_.first(std::min(n, left_.size()));
        left_ = left_.subspan(last_.size());
        return last_;
    }

  private:
    ConstSpan left_, last_;
};

class Machine {
  public:
    Machine(bool crc, bool refusal_alone) : host_(64u << 10), window_(cleared_window())
    {
        card::CardConfig config;
        config.crc_in_use = crc;
        config.activate_refusal_alone = refusal_alone;
        config.answer_bad_crc = true;
        config.ddr_bytes = 64u << 20;
        config.nsps = 4;
        qsm_ = std::make_unique<card::Qsm>(config, card::QsmPorts{host_, clock_, window_});
        std::memcpy(host_.memory.data(), elf_.data(), elf_.size());
        framed(bytes_of(aic100::NncTransaction{15u, 8u}), 0, 1);
    }
    void step(Input& in)
    {
        const auto op = in.byte();
        switch (op & 7) {
        case 0: {
            const auto handle = in.byte(), count = in.byte();
            const auto body = in.take(in.number());
            framed(body, handle & 3, count);
            break;
        }
        case 1: check(qsm_->control(in.take(in.number()))); break;
        case 2: set_register(in.byte() & 15, in.byte() & 12, in.number()); break;
        case 3: {
            const auto at = in.number() * 16 % host_.memory.size();
            const auto bytes = in.take(in.byte());
            std::memcpy(host_.memory.data() + at, bytes.data(),
                        std::min(bytes.size(), host_.memory.size() - at));
            break;
        }
        case 4:
            clock_.advance(Nanos(op));
            for (int i = 0; i < 8 && qsm_->poll(); ++i) {
            }
            break;
        case 5:
            if ((op & 8) != 0)
                qsm_->ssr_end(op >> 4);
            else
                (void)qsm_->ssr_begin(op >> 4);
            break;
        case 6:
            host_.bus_master = (op & 16) == 0;
            if ((op & 8) != 0) qsm_->control_started();
            break;
        case 7: load_and_activate(op >> 3); break;
        }
    }

  private:
    /// 2 MiB are made once: only the registers have to be fresh.
    static MutSpan cleared_window()
    {
        static Bytes window(aic100::bar_dbc_bytes);
        for (unsigned i = 0; i < aic100::dbc_count; ++i)
            std::fill_n(window.begin() + aic100::dbc_offset(i), 16, std::byte{0});
        return window;
    }
    static const Bytes& echo_elf()
    {
        static const Bytes elf = qsm_test::elf_of(qsm_test::echo_program(64));
        return elf;
    }
    /// Every reply keeps to the frame rules of 4.11, whatever the request.
    static void check(const std::optional<Bytes>& reply)
    {
        if (!reply) return;
        const auto h = read_at<aic100::NncHeader>(*reply);
        if (!h || h->length != reply->size() || reply->size() > aic100::nnc_max_from_device) std::abort();
        std::size_t at = sizeof *h;
        for (std::uint32_t i = 0; i < h->count; ++i) {
            const auto t = read_at<aic100::NncTransaction>(*reply, at);
            if (!t || t->length < 8 || t->length % 8 != 0) std::abort();
            at += t->length;
        }
        if (at != reply->size()) std::abort();
    }
    void framed(ConstSpan body, std::uint32_t handle, std::uint32_t count)
    {
        aic100::NncHeader h{};
        h.magic = aic100::nnc_magic;
        h.length = static_cast<std::uint32_t>(sizeof h + body.size());
        h.count = count;
        h.handle = handle;
        h.partition = -1;
        Bytes m(sizeof h);
        std::memcpy(m.data(), &h, sizeof h);
        m.insert(m.end(), body.begin(), body.end());
        const le32 crc(
            static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(m.data()), m.size())));
        std::memcpy(m.data(), &crc, sizeof crc);
        check(qsm_->control(m));
    }
    void load_and_activate(unsigned n)
    {
        Bytes body(8 + sizeof(aic100::LoadElf) + sizeof(aic100::NncDmaXfer) + sizeof(aic100::NncDmaPair));
        aic100::LoadElf c{};
        c.type = 3;
        c.data_length = elf_.size();
        const aic100::NncTransaction pt{4u, static_cast<std::uint32_t>(8 + sizeof c)};
        aic100::NncDmaXfer x{};
        x.head = {6u, static_cast<std::uint32_t>(sizeof x + 16)};
        x.count = 1;
        const aic100::NncDmaPair pair{FakeHost::base, elf_.size()};
        put(body, 0, pt);
        put(body, 8, c);
        put(body, 8 + sizeof c, x);
        put(body, 8 + sizeof c + sizeof x, pair);
        framed(body, 1, 2);
        activate(n % 16 + 1);
    }
    void activate(std::uint32_t elements)
    {
        Bytes body(8 + sizeof(aic100::Activate) + sizeof(aic100::NncActivateToDev));
        aic100::Activate c{};
        c.type = 9;
        c.elf_id = ++elf_id_;
        c.reservation_id = c.vc_reservation_id = -1;
        c.vc_setup = 1;
        c.initial_state = 1;
        aic100::NncActivateToDev a{};
        a.head = {9u, static_cast<std::uint32_t>(sizeof a)};
        a.request_fifo = FakeHost::base + 0x8000;
        a.request_elements = a.response_elements = elements;
        a.buffer_bytes = 4096;
        a.response_fifo = FakeHost::base + 0x9000 - 4 * elements;
        put(body, 0, aic100::NncTransaction{4u, static_cast<std::uint32_t>(8 + sizeof c)});
        put(body, 8, c);
        put(body, 8 + sizeof c, a);
        framed(body, 1, 2);
    }
    template<class T>
    static void put(Bytes& to, std::size_t at, const T& value)
    {
        std::memcpy(to.data() + at, &value, sizeof value);
    }
    void set_register(unsigned dbc, unsigned reg, std::uint32_t value)
    {
        std::memcpy(window_.data() + aic100::dbc_offset(dbc) + reg, &value, sizeof value);
    }

    FakeHost host_;
    ManualClock clock_;
    MutSpan window_;
    const Bytes& elf_ = echo_elf();
    std::uint32_t elf_id_ = 0;
    std::unique_ptr<card::Qsm> qsm_;
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input in(data, size);
    const auto flags = in.byte();
    Machine machine((flags & 1) != 0, (flags & 2) != 0);
    for (int steps = 0; steps < 200 && !in.empty(); ++steps) machine.step(in);
    return 0;
}
