// SPDX-License-Identifier: BSD-3-Clause
// How much memory a piece of code has at most, through operator new (which protobuf and flatbuffers use too).
#pragma once
#include <cstddef>

namespace qpc::samples {

/// Counts from its construction on. One thread.
class AllocPeak {
  public:
    AllocPeak();
    [[nodiscard]] std::size_t bytes() const;

  private:
    std::size_t at_start_;
};

} // namespace qpc::samples
