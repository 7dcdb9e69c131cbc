// SPDX-License-Identifier: BSD-3-Clause
// A device of the primary as a secondary process has it: everything that is this process's own. docs/adr/0010
#pragma once
#include "qaic/devargs.hpp"
#include "qaic/dpdk_compat/dpdk.hpp"
#include "qaic/queue_pair.hpp"
#include "qaic/secondary/protocol.hpp"
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace qaic::secondary {

/// A piece of address space that belongs to the primary's window, until this goes.
class MappedWindow {
  public:
    MappedWindow() = default;
    /// The window of `reply` at the primary's address. E_NOMEM in one line when that is taken here.
    [[nodiscard]] static Result<MappedWindow> map(const Reply& reply, int fd);
    MappedWindow(MappedWindow&& o) noexcept : at_(std::exchange(o.at_, nullptr)) {}
    MappedWindow& operator=(MappedWindow&& o) noexcept
    {
        std::swap(at_, o.at_);
        return *this;
    }
    ~MappedWindow();

  private:
    void* at_ = nullptr;
};

struct Attached {
    std::string name;
    rte_ml_dev* dev = nullptr;
    MappedWindow window;
    const Mailbox* mailbox = nullptr;
    /// How long after the primary's death its card may still write to memory; nothing: for ever (a real card,
    /// which VFIO resets only when the last process lets go of it).
    std::optional<Nanos> dma_ends;

    std::mutex lock; ///< control threads of this process
    struct ModelCopy {
        std::uint16_t id = 0;
        std::vector<std::byte> letter;
        rte_ml_model_info info{};
        std::vector<rte_ml_io_info> inputs, outputs;
        std::vector<std::vector<std::uint32_t>> shapes;
    };
    std::deque<ModelCopy> models; ///< what model_info_get() points into; never shrinks
};

/// The device of this process called `name`, or with this rte_ml_dev; nullptr.
[[nodiscard]] Attached* find(const rte_ml_dev* dev) noexcept;

/// The queue pair if it is assigned to this process, else nullptr. HOT.
[[nodiscard]] QueuePair* pair_of(const rte_ml_dev* dev, std::uint16_t qp_id) noexcept;
[[nodiscard]] QueuePair* pair_of(const Attached& a, std::uint16_t qp_id) noexcept;
void set_pair(const Attached& a, std::uint16_t qp_id, QueuePair* pair) noexcept;

/// Asks the primary, as often as it is busy, for at most 2 s.
[[nodiscard]] Result<Reply> ask(const std::string& device, Ask what, std::uint32_t index = 0,
                                int* fd = nullptr);
/// The same, and what it wrote into the mailbox.
[[nodiscard]] Result<std::vector<std::byte>> ask_for_letter(const Attached& a, Ask what,
                                                            std::uint32_t index = 0);

extern rte_ml_dev_ops secondary_ops;
std::uint16_t enqueue(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops, std::uint16_t n) noexcept;
std::uint16_t dequeue(rte_ml_dev* dev, std::uint16_t qp_id, rte_ml_op** ops, std::uint16_t n) noexcept;

/// Watches the primary from now on (orphan.cpp). Idempotent; stopped by unwatch_primary().
[[nodiscard]] Result<void> watch_primary();
void unwatch_primary() noexcept;
[[nodiscard]] bool primary_died() noexcept;
/// Takes the devices of a dead primary out of use, as far as that can be done now. True when all is done.
[[nodiscard]] bool orphan_devices(Nanos dead_for);

} // namespace qaic::secondary
