// SPDX-License-Identifier: BSD-3-Clause
// Names go into formats that must be UTF-8. A pipeline's comes from a file that was checked; a count's comes
// from a user's shared object, which may hold anything, and one wrong byte would make a scraper refuse
// everything.
#pragma once
#include <string>
#include <string_view>

namespace pipeline::metrics {

/// As it is if it is UTF-8; otherwise each byte that is not ASCII becomes '?'.
[[nodiscard]] std::string clean_text(std::string_view text);
/// Of a label's value in OpenMetrics text: clean, with \ " and line feed escaped.
[[nodiscard]] std::string escaped(std::string_view text);

} // namespace pipeline::metrics
