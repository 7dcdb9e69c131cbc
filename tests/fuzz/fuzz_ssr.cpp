// SPDX-License-Identifier: BSD-3-Clause
// Packets of a hostile card on the SSR channel, crash dumps accepted. Input: packets, each behind a 16-bit
// length. No container is longer than the limit, and reading one always comes to an end.
#include "../unit/driver/control/ssr_talk.hpp"
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace qaic;
    constexpr std::uint64_t limit = 1u << 20;
    test::SsrTalk talk(limit);
    if (!talk.good) std::abort();
    talk.bring_down(1);
    const auto input = std::as_bytes(std::span(data, size));
    unsigned packets = 0;
    for (std::size_t at = 0; at + 2 <= input.size() && packets < 200; ++packets) {
        const std::size_t head = read_at<le16>(input, at)->get();
        at += 2;
        const auto packet = input.subspan(at, std::min(head, input.size() - at));
        at += packet.size();
        if (packet.empty()) {
            talk.card.manual.advance(1s);
            talk.ssr.poll();
        } else if (!talk.say(packet)) {
            break; // longer than the buffer there is
        }
        (void)talk.heard();
    }
    talk.card.manual.advance(services::Ssr::dump_limit);
    talk.ssr.poll();
    if (talk.ssr.dumping()) std::abort();
    for (const auto& d : talk.dumps)
        if (d.dbc >= aic100::dbc_count || (d.container && d.container->size() > limit)) std::abort();
    return 0;
}
