// SPDX-License-Identifier: BSD-3-Clause
// Client of the vfio-user protocol 0.1: one connection, one request at a time, each answered within
// ClientLimits::message or the connection is given up. What the server says is checked before it is used
// (reliability.md boundary B3). Every call may come from any thread; none throws but std::bad_alloc.
#pragma once
#include "qaic/bus/vfio_user_region.hpp"
#include "qaic/bus/vfio_user_socket.hpp"
#include "vfio_user/wire.hpp"
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace qaic::vfu {

/// reliability.md 2.5
struct ClientLimits {
    Nanos message = 2s; ///< T_msg
    Nanos gone = 100ms; ///< T_sock: for the server's process to end once its socket is closed
};

/// What was agreed with VERSION.
struct Agreed {
    std::uint64_t max_fds = 1, max_transfer = vfio_user::max_transfer, max_maps = vfio_user::max_dma_maps - 1;
};

struct MappedRegion {
    Region region;
    Fd file; ///< of a region that may be mapped
};

class Client {
  public:
    /// Connects and agrees on a version. Errors name `path` and the remedy.
    [[nodiscard]] static Result<std::unique_ptr<Client>> connect(const std::string& path,
                                                                 ClientLimits limits = {});
    /// The same over a socket that is connected already; `name` is for messages.
    [[nodiscard]] static Result<std::unique_ptr<Client>> over(Socket socket, std::string name,
                                                              ClientLimits limits = {});
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] const Agreed& agreed() const noexcept { return agreed_; }
    [[nodiscard]] Result<vfio_user::DeviceInfo> device_info();
    [[nodiscard]] Result<MappedRegion> region(unsigned index);
    [[nodiscard]] Result<vfio_user::IrqInfo> irq_info(unsigned index);

    /// At most 8 bytes: registers and configuration space.
    [[nodiscard]] Result<void> read(unsigned region, std::uint64_t offset, MutSpan to);
    [[nodiscard]] Result<void> write(unsigned region, std::uint64_t offset, ConstSpan from);

    /// E_IOVA when the server refuses; `fd` stays the caller's.
    [[nodiscard]] Result<void> dma_map(std::uint64_t iova, std::uint64_t bytes, int fd,
                                       std::uint64_t fd_offset);
    /// When it returns without an error the server has let go of the range.
    [[nodiscard]] Result<void> dma_unmap(std::uint64_t iova, std::uint64_t bytes);

    /// The server writes to `fd`, an eventfd, for each interrupt `number` of `index`; it stays the caller's.
    [[nodiscard]] Result<void> arm_irq(unsigned index, unsigned number, int fd);

    /// Closes the connection as the end of this process would.
    void hang_up();
    /// The connection was closed or given up; for good. Every call fails with E_REMOVED from then on.
    [[nodiscard]] bool lost() const noexcept { return lost_.load(std::memory_order_acquire); }
    /// Called once, when it is lost, with the reason; may not call the client. Set before threads share it.
    void on_lost(std::function<void(const Error& why)> hook) { on_lost_ = std::move(hook); }
    /// The server's process has ended, so that it cannot touch shared memory any more (reliability.md 2.3,
    /// rung 6). Waits for it no longer than ClientLimits::gone after the loss.
    [[nodiscard]] bool server_ended() const noexcept;

  private:
    struct Reply {
        Bytes body;
        std::vector<Fd> fds;
    };
    Client(Socket socket, std::string name, ClientLimits limits);
    [[nodiscard]] Result<void> negotiate();
    [[nodiscard]] Result<void> check_agreed(ConstSpan reply);
    /// `most` bounds the body of the reply.
    [[nodiscard]] Result<Reply> call(vfio_user::Command command, ConstSpan body, int fd, std::size_t most);
    struct Asked {
        std::uint16_t id;
        vfio_user::Command command;
        std::size_t most;
        Nanos until;
    };
    /// An error in the outer Result ends the connection; in the inner one the server has refused.
    using Answer = Result<Result<Reply>>;
    [[nodiscard]] Answer exchange(const Asked& asked, ConstSpan body, int fd);
    /// One message: nothing when it was a command of the server.
    [[nodiscard]] Result<std::optional<Result<Reply>>> next_message(const Asked& asked);
    [[nodiscard]] Answer take_reply(const Asked& asked, const vfio_user::Header& header, Reply reply);
    [[nodiscard]] Result<void> refuse_command(const vfio_user::Header& header, std::vector<Fd>& fds,
                                              Nanos until);
    [[nodiscard]] Result<void> skip(std::size_t bytes, std::vector<Fd>& fds, Nanos until);
    template<class T>
    [[nodiscard]] Result<T> ask(vfio_user::Command command, const T& question, std::string_view what);
    void give_up(const Error& why);

    const std::string name_;
    const ClientLimits limits_;
    Agreed agreed_;
    mutable std::mutex lock_; ///< one exchange at a time
    Socket socket_;
    Fd server_;
    std::uint16_t last_id_ = 0;
    std::atomic<bool> lost_{false};
    std::atomic<Nanos::rep> lost_at_{0};
    std::function<void(const Error&)> on_lost_;
};

} // namespace qaic::vfu
