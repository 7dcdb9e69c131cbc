// SPDX-License-Identifier: BSD-3-Clause
#include "driver_path.hpp"

namespace qaic::eal {

namespace fs = std::filesystem;

namespace {
constexpr auto in_build_tree = "../../drivers/qaic/librte_ml_qaic.so"; // seen from apps/NAME/
}

fs::path world_writable_part(const fs::path& file)
{
    std::error_code error;
    for (auto part = fs::canonical(file, error); !part.empty(); part = part.parent_path()) {
        const auto mode = fs::status(part, error).permissions();
        if (!error && (mode & fs::perms::others_write) != fs::perms::none) return part;
        if (part == part.root_path()) break;
    }
    return {};
}

Result<std::string> find_driver(const std::string& given, const fs::path& folder)
{
    std::error_code error;
    const auto wanted = given.empty() ? folder / in_build_tree : fs::path(given);
    if (!fs::is_regular_file(wanted, error)) {
        if (given.empty()) return std::string();
        return fail(Code::E_INVAL, "--driver {}: there is no such file", given);
    }
    if (const auto open_part = world_writable_part(wanted); !open_part.empty())
        return fail(
            Code::E_PERM,
            "driver {}: EAL loads no plugin below {}, which everyone may write to; move the build elsewhere",
            wanted.lexically_normal().string(), open_part.string());
    return fs::canonical(wanted, error).string();
}

} // namespace qaic::eal
