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

/// Calls `add` for every piece of EAL memory there is and that comes, `gone` for what goes; both before the
/// memory is handed out, or given back to the system. Pieces are contiguous in address and IOVA.
class EalFollower {
  public:
    using Add = std::function<void(Iova iova, std::byte* va, std::size_t bytes)>;
    using Gone = std::function<void(Iova iova, std::size_t bytes)>;
    EalFollower(Add add, Gone gone) : add_(std::move(add)), gone_(std::move(gone)) {}
    ~EalFollower();
    EalFollower(const EalFollower&) = delete;
    EalFollower& operator=(const EalFollower&) = delete;

    [[nodiscard]] Result<void> start();

  private:
    static void on_event(int event, const void* va, std::size_t bytes, void* self);
    Add add_;
    Gone gone_;
    std::string name_;
};

} // namespace qaic
