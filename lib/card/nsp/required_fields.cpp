// SPDX-License-Identifier: BSD-3-Clause
// The fields this card's firmware knows: a program that needs another one was compiled for a newer card.
#include "aic100/metadata_fields.hpp"
#include "card/nsp/metadata_reader.hpp"
#include <algorithm>

namespace card {

bool known_required_field(std::string_view name) noexcept
{
    const auto& paths = aic100::metadata_field_paths;
    if (!name.starts_with(aic100::metadata_field_prefix)) return false;
    name.remove_prefix(aic100::metadata_field_prefix.size());
    return std::find(paths.begin(), paths.end(), name) != paths.end();
}

} // namespace card
