// SPDX-License-Identifier: BSD-3-Clause
// Firmware files of a search path, each read once into private memory: what the card is served cannot change
// while it is served. reliability.md 3.1 rules 1 and 3; aic100-device.md 3.1
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::boot {

inline constexpr std::uint64_t firmware_limit = 256ull << 20;

class FirmwareSet {
  public:
    /// Each directory is tried as DIR/qcom/aic100/NAME, then as DIR/NAME.
    explicit FirmwareSet(std::vector<std::string> directories, std::uint64_t limit = firmware_limit)
        : directories_(std::move(directories)), limit_(limit)
    {}
    struct Image {
        std::string path;
        Bytes bytes;
    };
    /// E_FW names the path and the rule broken: missing, not a regular file, empty, too long, changed while
    /// read. The image stays valid as long as the set.
    [[nodiscard]] Result<const Image*> get(std::string_view name);

  private:
    std::vector<std::string> directories_;
    std::uint64_t limit_;
    std::map<std::string, Image, std::less<>> images_;
};

} // namespace qaic::boot
