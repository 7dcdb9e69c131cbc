// SPDX-License-Identifier: BSD-3-Clause
// What "compiled for a newer runtime" is measured against.
#include "aic100/metadata_fields.hpp"
#include "qpc/metadata.hpp"
#include <algorithm>

namespace qpc {

bool known_required_field(std::string_view name) noexcept
{
    const auto& paths = aic100::metadata_field_paths;
    if (!name.starts_with(aic100::metadata_field_prefix)) return false;
    name.remove_prefix(aic100::metadata_field_prefix.size());
    return std::find(paths.begin(), paths.end(), name) != paths.end();
}

} // namespace qpc
