// SPDX-License-Identifier: BSD-3-Clause
// Contexts and elements as the driver makes them, byte for byte. aic100-device.md appendix D
#include "qaic/mhi/contexts.hpp"
#include <gtest/gtest.h>
#include <sstream>

namespace qaic::mhi {
namespace {
using namespace aic100;

Bytes hex(const char* text)
{
    std::istringstream in(text);
    Bytes out;
    for (unsigned v; in >> std::hex >> v;) out.push_back(static_cast<std::byte>(v));
    return out;
}
template<class T>
Bytes raw(const T& value)
{
    const auto b = bytes_of(value);
    return {b.begin(), b.end()};
}

TEST(MhiVectors, EventContextJustBeforeM0)
{
    auto c = make_event_context({0x100000, 512});
    c.wp = c.rbase + c.rlen - 16;
    EXPECT_EQ(raw(c), hex("00 00 00 00 01 00 00 00 00 00 00 00 00 00 10 00"
                          " 00 00 00 00 00 02 00 00 00 00 00 00 00 00 10 00"
                          " 00 00 00 00 f0 01 10 00 00 00 00 00"));
}
TEST(MhiVectors, CommandContext)
{
    EXPECT_EQ(raw(make_command_context({0x101000, 2048})),
              hex("00 00 00 00 00 00 00 00 00 00 00 00 00 10 10 00"
                  " 00 00 00 00 00 08 00 00 00 00 00 00 00 10 10 00"
                  " 00 00 00 00 00 10 10 00 00 00 00 00"));
}
TEST(MhiVectors, ChannelContexts)
{
    EXPECT_EQ(raw(make_channel_context({0x102000, 2048}, 10, ChannelState::ENABLED)),
              hex("01 02 00 00 01 00 00 00 00 00 00 00 00 20 10 00"
                  " 00 00 00 00 00 08 00 00 00 00 00 00 00 20 10 00"
                  " 00 00 00 00 00 20 10 00 00 00 00 00"));
    EXPECT_EQ(raw(make_channel_context({0x103000, 512}, 3, ChannelState::ENABLED)),
              hex("01 02 00 00 02 00 00 00 00 00 00 00 00 30 10 00"
                  " 00 00 00 00 00 02 00 00 00 00 00 00 00 30 10 00"
                  " 00 00 00 00 00 30 10 00 00 00 00 00"));
    EXPECT_EQ(make_idle_context(5).chcfg.get(), 0x200u);
}

} // namespace
} // namespace qaic::mhi
