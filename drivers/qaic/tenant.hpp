// SPDX-License-Identifier: BSD-3-Clause
// Another process of the application that uses a queue pair of ours. docs/adr/0010
#pragma once
#include <cstdint>
#include <string>

namespace qaic {

class Tenant {
  public:
    virtual ~Tenant() = default;
    /// False from the death of the process on. Never waits.
    [[nodiscard]] virtual bool alive() noexcept = 0;
    /// One process, one number.
    [[nodiscard]] virtual std::uint64_t number() const noexcept = 0;
    /// "process 4711"
    [[nodiscard]] virtual std::string name() const = 0;
};

} // namespace qaic
