// SPDX-License-Identifier: BSD-3-Clause
// Memory of burst calls from EAL's heap, which secondary processes map at the same address (docs/adr/0010).
#pragma once
#include <memory_resource>

namespace qaic {

class EalBurstMemory final : public std::pmr::memory_resource {
  public:
    /// `socket` -1 = any.
    explicit EalBurstMemory(int socket = -1) noexcept : socket_(socket) {}

  private:
    void* do_allocate(std::size_t bytes, std::size_t align) override;
    void do_deallocate(void* at, std::size_t bytes, std::size_t align) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;
    const int socket_;
};

} // namespace qaic
