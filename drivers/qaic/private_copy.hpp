// SPDX-License-Identifier: BSD-3-Clause
// A copy of a caller's bytes that nobody else can change while they are checked and used.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace qaic {

/// Large ones lie in huge pages where the system has them: taking the faults of 1 GiB page by page costs more
/// than the copy. Move-only.
class PrivateCopy {
  public:
    PrivateCopy() = default;
    /// E_NOMEM. `name` is for the message.
    [[nodiscard]] static Result<PrivateCopy> of(ConstSpan bytes, std::string_view name);
    PrivateCopy(PrivateCopy&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    PrivateCopy& operator=(PrivateCopy&& other) noexcept
    {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~PrivateCopy();
    [[nodiscard]] ConstSpan bytes() const noexcept { return bytes_; }

  private:
    MutSpan bytes_;
};

} // namespace qaic
