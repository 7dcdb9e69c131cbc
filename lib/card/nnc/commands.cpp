// SPDX-License-Identifier: BSD-3-Clause
#include "card/nnc/commands.hpp"
#include <algorithm>

namespace card {

const Command* find_command(std::uint32_t type) noexcept
{
    for (const auto list : {commands::load_commands(), commands::activation_commands(),
                            commands::reservation_commands(), commands::info_commands()}) {
        const auto it = std::find_if(list.begin(), list.end(), [type](const Command& c) {
            return static_cast<std::uint32_t>(c.type) == type;
        });
        if (it != list.end()) return &*it;
    }
    return nullptr;
}

Bytes refuse_command(std::uint32_t type, NncStatus status)
{
    if (const auto* known = find_command(type)) return known->refuse(status);
    aic100::StatusResp r{};
    r.type = type + 1;
    r.status = status;
    Bytes out;
    append(out, r);
    return out;
}

} // namespace card
