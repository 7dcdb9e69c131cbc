// SPDX-License-Identifier: BSD-3-Clause
// DMA memory from EAL's hugepages, and a card's address map that follows EAL's memory. Plugin only.
#pragma once
#include "qaic/bus/bus.hpp"
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

struct rte_memzone;

namespace qaic {

/// IOVA-contiguous memory as memzones. Names are unique in the process group: "qaic<n>_<label>", at most 31
/// characters. Any control thread.
class EalMemory {
  public:
    struct Block {
        std::byte* va = nullptr;
        Iova iova{};
    };
    /// `socket` -1 = any.
    explicit EalMemory(std::string device, int socket) : device_(std::move(device)), socket_(socket) {}
    /// What was never given back is retired memory (reliability.md 2.3): it stays reserved for ever.
    ~EalMemory() = default;
    EalMemory(const EalMemory&) = delete;
    EalMemory& operator=(const EalMemory&) = delete;

    /// Zeroed. E_HUGE names what was asked and what is free; E_IOVA when EAL has no DMA address for it.
    [[nodiscard]] Result<Block> take(std::size_t bytes, std::size_t align, const char* label);
    void give(std::byte* va) noexcept;

  private:
    std::string device_;
    int socket_;
    std::mutex lock_;
    std::unordered_map<std::byte*, const rte_memzone*> zones_;
};

/// Memory that is contiguous in address and IOVA.
struct EalPiece {
    Iova iova{};
    std::byte* va = nullptr;
    std::size_t bytes = 0;
    bool external = false; ///< a heap that the application gave to EAL
    // EalPieces::BY_FILE only:
    int fd = -1; ///< EAL's, to be used during the call; -1: EAL has none
    std::uint64_t fd_offset = 0;
};
/// CONTIGUOUS: as large as can be. BY_FILE: each within one file, and never more than is freed at once, so
/// that a piece can be taken back as it was given.
enum class EalPieces : std::uint8_t { CONTIGUOUS, BY_FILE };

/// Calls `add` for every piece of EAL memory there is and that comes, `gone` for what goes (in any pieces);
/// both before the memory is handed out, or given back to the system. Memory that is only registered with EAL
/// (rte_extmem_register) is not followed: rte_dev_dma_map() is for that. `add` and `gone` run under EAL's
/// memory lock and must not allocate EAL memory.
class EalFollower {
  public:
    using Add = std::function<Result<void>(const EalPiece& piece)>;
    using Gone = std::function<void(Iova iova, std::size_t bytes)>;
    EalFollower(Add add, Gone gone, EalPieces pieces = EalPieces::CONTIGUOUS)
        : add_(std::move(add)), gone_(std::move(gone)), pieces_(pieces)
    {}
    ~EalFollower();
    EalFollower(const EalFollower&) = delete;
    EalFollower& operator=(const EalFollower&) = delete;

    /// The first error of `add` ends it. Errors for memory that comes later are logged.
    [[nodiscard]] Result<void> start();

  private:
    Result<void> offer(const void* va, std::size_t bytes);
    void withdraw(const void* va, std::size_t bytes);
    static void on_event(int event, const void* va, std::size_t bytes, EalFollower& self) noexcept;
    Add add_;
    Gone gone_;
    EalPieces pieces_;
    bool never_freed_ = false; ///< EAL neither adds nor frees memory in this mode
    std::string name_;
};

} // namespace qaic
