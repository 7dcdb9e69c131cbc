// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as what a qaic-card says it counted: qaic-perf takes them from a socket. Seeds
// (corpus/fuzz_card_counts): an answer of one, and some that are not quite.
#include "card_counts.hpp"
#include <cmath>
#include <cstdlib>

namespace {
bool is_share_or_unknown(double v) { return v == -1 || (v >= 0 && v <= 1.001); }
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace qaic;
    const auto cards = perf::parse_card_counts({reinterpret_cast<const char*>(data), size});
    if (!cards) {
        const auto& text = cards.error().text;
        if (text.empty() || text.size() > 4096 || text.find('\n') != std::string::npos) std::abort();
        return 0;
    }
    for (const auto& c : *cards)
        for (const double share : {c.all_busy, c.link_in, c.link_out})
            if (!is_share_or_unknown(share)) std::abort();
    if (perf::busiest(*cards) == nullptr) std::abort();
    return 0;
}
