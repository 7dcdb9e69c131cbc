// SPDX-License-Identifier: BSD-3-Clause
// One client of a device, from its VERSION message to its end: answers its commands, keeps its memory and
// eventfds, and carries the device's DMA and interrupts to it. When a session dies all of that goes with it;
// the device stays as it is. Sans-IO but for its Channel; one thread.
#pragma once
#include "vfio_user/channel.hpp"
#include "vfio_user/device.hpp"
#include "vfio_user/dma_table.hpp"
#include "vfio_user/frame_reader.hpp"
#include "vfio_user/irq_table.hpp"
#include "vfio_user/version.hpp"
#include <array>
#include <string>

namespace vfio_user {
using namespace std::chrono_literals;

struct SessionLimits {
    Nanos message = 2s; ///< T_msg: a message once begun, VERSION after connecting, a reply of the client's
    std::size_t dma_maps = max_dma_maps;
};

class Session final : private RemoteMemory {
  public:
    /// All must outlive the session.
    Session(Device& device, Channel& channel, const qaic::Clock& clock, SessionLimits limits = {});

    /// Takes what has come (waiting at most `wait` for it) and answers it. True when there was anything.
    bool step(Nanos wait = Nanos{0});
    /// Over: the caller drops the session. reason() is one line.
    [[nodiscard]] bool ended() const noexcept { return !reason_.empty(); }
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    /// The client did not simply close: it broke the protocol or was too slow.
    [[nodiscard]] bool misbehaved() const noexcept { return misbehaved_; }
    /// Commands wait that were received while the device waited for a reply.
    [[nodiscard]] bool backlog() const noexcept { return frames_.waiting(); }
    /// A deadline runs that step() has to look after.
    [[nodiscard]] bool deadline_running() const noexcept { return !negotiated_ || frames_.partial(); }
    [[nodiscard]] bool negotiated() const noexcept { return negotiated_; }

    // ---- the device's way to the client
    [[nodiscard]] bool dma_read(std::uint64_t address, MutSpan to);
    [[nodiscard]] bool dma_write(std::uint64_t address, ConstSpan from);
    void interrupt(unsigned index, unsigned number) const noexcept { irqs_[index].signal(number); }
    [[nodiscard]] const DmaTable& memory() const noexcept { return dma_; }

  private:
    /// What goes back: the body and at most one descriptor, or an errno alone.
    struct Answer {
        int error = 0;
        Bytes body;
        int fd = -1;
        bool hang_up = false; ///< the connection ends after the reply
    };
    using Handler = Answer (Session::*)(Message&);
    struct Row {
        Command command;
        Handler handler;
        std::size_t least_body, most_body;
        unsigned most_fds;
    };
    static const Row* row_of(std::uint16_t command) noexcept;

    bool receive(Nanos wait);
    void check_deadlines();
    void end(std::string why, bool misbehaved = true);
    void dispatch(Message& message);
    Answer answer(Message& message);
    void reply(const Header& to, const Answer& answer);

    // session_commands.cpp
    Answer version(Message& message);
    Answer dma_map(Message& message);
    Answer dma_unmap(Message& message);
    Answer device_info(Message& message);
    Answer region_info(Message& message);
    Answer irq_info(Message& message);
    Answer set_irqs(Message& message);
    Answer region_read(Message& message);
    Answer region_write(Message& message);
    Answer write_multi(Message& message);
    Answer device_reset(Message& message);
    Answer not_offered(Message& message);
    [[nodiscard]] bool access_inside(const RegionAccess& access, std::uint32_t right) const;
    Answer change_irqs(const SetIrqs& request, Message& message);

    // session_dma.cpp
    [[nodiscard]] bool read(std::uint64_t address, MutSpan to) override;
    [[nodiscard]] bool write(std::uint64_t address, ConstSpan from) override;
    [[nodiscard]] std::optional<Message> ask(Command command, ConstSpan body);
    [[nodiscard]] std::optional<Message> wait_reply(Command command, std::uint16_t id);

    Device& device_;
    Channel& channel_;
    const qaic::Clock& clock_;
    SessionLimits limits_;
    FrameReader frames_;
    Bytes buffer_;
    DmaTable dma_;
    std::array<IrqTable, irqs> irqs_;
    PeerLimits peer_;
    Nanos begun_{0}; ///< of the connection, then of the message that is not complete
    std::uint16_t next_id_ = 1;
    bool negotiated_ = false, misbehaved_ = false;
    std::string reason_;
};

} // namespace vfio_user
