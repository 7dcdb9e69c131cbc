// SPDX-License-Identifier: BSD-3-Clause
// Values into rte_telemetry's containers, with the library's traps seen to: only some characters are
// allowed in names, and what is too much is dropped without a word, so it is counted before.
#pragma once
#include "pipeline/snapshot.hpp"
#include <rte_telemetry.h>

namespace pipeline::metrics {

/// A dictionary under construction. Everything that does not fit shows in complete().
class Dict {
  public:
    explicit Dict(rte_tel_data* data);
    Dict& number(std::string_view name, std::uint64_t value);
    Dict& text(std::string_view name,
               std::string_view value); ///< printable ASCII, cut to what the library takes
    Dict& nanoseconds(std::string_view name, const Percentiles& microseconds);
    Dict& counts(std::string_view name, const std::vector<Count>& counts);
    /// An inner dictionary that `fill` fills.
    template<class Fill>
    Dict& dict(std::string_view name, Fill&& fill)
    {
        auto* const data = rte_tel_data_alloc();
        if (data == nullptr) {
            complete_ = false;
            return *this;
        }
        Dict inner(data);
        fill(inner);
        return child(name, data, inner.complete());
    }
    [[nodiscard]] bool complete() const noexcept { return complete_; }

  private:
    Dict& child(std::string_view name, rte_tel_data* child, bool complete);
    rte_tel_data* data_;
    bool complete_ = true;
};

} // namespace pipeline::metrics
