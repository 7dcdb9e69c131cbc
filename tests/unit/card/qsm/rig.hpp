// SPDX-License-Identifier: BSD-3-Clause
// One QSM with a flat host, a manual clock and BAR 2 memory; messages are built from the wire structs.
#pragma once
#include "aic100/wire/dbc.hpp"
#include "aic100/wire/nnc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "base/clock.hpp"
#include "card/qsm.hpp"
#include "fake_host.hpp"
#include "program_file.hpp"
#include <atomic>
#include <gtest/gtest.h>

namespace qsm_test {

/// CRC of a message, worked out without the card's own function.
[[nodiscard]] std::uint32_t crc_of(ConstSpan message);

struct ReplyView {
    aic100::NncHeader header{};
    std::vector<std::pair<aic100::NncType, Bytes>> transactions; ///< type, all bytes
    /// The command response in the i-th transaction.
    template<class T>
    [[nodiscard]] T response(std::size_t i = 0) const
    {
        return read_at<T>(transactions.at(i).second, 8).value();
    }
    template<class T>
    [[nodiscard]] T as(std::size_t i) const
    {
        return read_at<T>(transactions.at(i).second).value();
    }
};

/// An activated program and the host's side of its channel.
struct Active {
    aic100::ActivateResp resp{};
    unsigned dbc = 0;
    std::uint32_t n = 0, tail = 0, head = 0;
    std::uint64_t request_fifo = 0, response_fifo = 0;
};

class Rig {
  public:
    explicit Rig(card::CardConfig config = {}, std::size_t host_bytes = 8u << 20);

    // ---- control channel
    /// Transactions into a message; sequence, length, count and CRC are filled in.
    [[nodiscard]] Bytes message(const std::vector<Bytes>& transactions, std::uint32_t handle = 7,
                                std::int32_t partition = -1, bool crc = true);
    [[nodiscard]] std::optional<Bytes> send(ConstSpan bytes) { return qsm->control(bytes); }
    /// Sends and decodes; fails the test when there is no reply or its frame or CRC is wrong.
    ReplyView call(const std::vector<Bytes>& transactions, std::uint32_t handle = 7,
                   std::int32_t partition = -1);
    /// A command with the runtime's 8 trailing zeros (or without), and its response.
    template<class Response, class Request>
    Response command(const Request& request, std::uint32_t handle = 7, std::int32_t partition = -1,
                     bool trailing = true)
    {
        return call({passthrough(bytes_of(request), trailing)}, handle, partition)
            .template response<Response>();
    }
    void handshake();

    [[nodiscard]] static Bytes passthrough(ConstSpan command, bool trailing = true);
    struct Pair {
        std::uint64_t address, size;
    };
    [[nodiscard]] static Bytes dma_xfer(std::uint32_t tag, const std::vector<Pair>& pairs,
                                        std::uint32_t chunk = 0);
    [[nodiscard]] static Bytes activate_to_dev(std::uint64_t base, std::uint32_t n);
    template<class T>
    [[nodiscard]] static Bytes transaction(aic100::NncType type, T t)
    {
        t.head = {static_cast<std::uint32_t>(type), static_cast<std::uint32_t>(sizeof(T))};
        return copy(bytes_of(t));
    }
    /// A transaction of `bytes` with nothing after its header.
    [[nodiscard]] static Bytes bare(std::uint32_t type, std::uint32_t bytes = 8);
    [[nodiscard]] static Bytes copy(ConstSpan bytes);

    // ---- canonical flow (4.14)
    aic100::LoadResp load_elf(ConstSpan elf, std::uint32_t handle = 7, std::int32_t partition = -1);
    aic100::LoadResp load_constants(ConstSpan bytes, std::uint32_t handle = 7);
    [[nodiscard]] static aic100::Activate activate_command(std::uint32_t elf, std::uint32_t constants = 0);
    ReplyView try_activate(const aic100::Activate& command, std::uint64_t base, std::uint32_t n,
                           std::uint32_t handle = 7, std::int32_t partition = -1);
    /// Takes FIFO memory of its own.
    Active activate(std::uint32_t elf, std::uint32_t constants = 0, std::uint32_t n = 64,
                    std::uint32_t handle = 7);
    Active run(const ProgramSpec& spec, std::uint32_t n = 64);
    std::int32_t deactivate(const Active& a, std::uint32_t handle = 7);

    // ---- data path
    [[nodiscard]] std::uint64_t host_memory(std::size_t bytes); ///< page aligned, never reused
    [[nodiscard]] std::uint32_t reg(unsigned dbc, std::uint32_t offset);
    void set_reg(unsigned dbc, std::uint32_t offset, std::uint32_t value);
    void submit(Active& a, const std::vector<aic100::RequestElement>& elements);
    /// Polls until nothing moves.
    void settle();
    /// New responses, acknowledged.
    std::vector<aic100::ResponseElement> responses(Active& a);
    /// settle() and take what arrived.
    std::vector<aic100::ResponseElement> finish(Active& a)
    {
        settle();
        return responses(a);
    }

    FakeHost host;
    ManualClock clock;
    Bytes window;
    card::CardConfig config;
    std::unique_ptr<card::Qsm> qsm;

  private:
    std::uint32_t sequence_ = 0;
    std::uint64_t next_host_ = FakeHost::base;
};

// ---- elements
[[nodiscard]] aic100::RequestElement to_device(std::uint16_t id, std::uint64_t iova, std::uint64_t device,
                                               std::uint32_t length);
[[nodiscard]] aic100::RequestElement from_device(std::uint16_t id, std::uint64_t device, std::uint64_t iova,
                                                 std::uint32_t length);
[[nodiscard]] aic100::RequestElement no_transfer(std::uint16_t id);
void add_doorbell(aic100::RequestElement& e, std::uint64_t address, std::uint32_t data, unsigned bits = 32);

} // namespace qsm_test
