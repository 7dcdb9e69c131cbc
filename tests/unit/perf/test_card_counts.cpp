// SPDX-License-Identifier: BSD-3-Clause
#include "card_counts.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic;
using namespace qaic::perf;

const std::string plain =
    R"({"socket":"/s","serial":"E1","trap":false,"mmio":{"bar2":{"reads":3,"writes":4}},"timing":null})";
const std::string timed =
    R"({"socket":"/t","serial":"E2","trap":true,"configuration":{"nsps":16},"mmio":{"bar2":{"reads":0,"writes":9}},)"
    R"("timing":{"inferences":7,"slots":2,"all_busy_share":0.5,"mean_busy":1.5,"mean_waiting":40.25,"link_in_share":0.125,)"
    R"("link_out_share":0}})";

std::string answer_of(const std::string& cards) { return R"({"ok":true,"cards":[)" + cards + "]}"; }

TEST(CardCounts, OfCardsWithAndWithoutATimingModel)
{
    const auto cards = parse_card_counts(answer_of(plain + "," + timed));
    ASSERT_TRUE(cards) << cards.error().text;
    ASSERT_EQ(cards->size(), 2U);
    const auto &a = cards->front(), &b = cards->back();
    EXPECT_EQ(a.socket, "/s");
    EXPECT_FALSE(a.timed || a.trapped);
    EXPECT_LT(a.all_busy, 0);
    EXPECT_EQ(a.doorbell_reads, 3U);
    EXPECT_TRUE(b.timed && b.trapped);
    EXPECT_EQ(b.serial, "E2");
    EXPECT_EQ(b.configuration, R"({"nsps":16})");
    EXPECT_EQ(b.inferences, 7U);
    EXPECT_EQ(b.slots, 2U);
    EXPECT_EQ(b.all_busy, 0.5);
    EXPECT_EQ(b.mean_waiting, 40.25);
    EXPECT_EQ(b.link_in, 0.125);
    EXPECT_EQ(b.doorbell_writes, 9U);
    EXPECT_EQ(busiest(*cards), &b);
    EXPECT_EQ(busiest({}), nullptr);
}

void refused(std::string text, const char* why)
{
    const auto got = parse_card_counts(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, Code::E_FORMAT);
    EXPECT_NE(got.error().text.find(why), std::string::npos) << got.error().text;
}

std::string with(std::string text, const std::string& from, const std::string& to)
{
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, from.size(), to);
}

TEST(CardCounts, WhatIsWrongIsNamed)
{
    for (const char* text : {"", "{", "[]", "{}", R"({"cards":{}})", R"({"cards":[]})"})
        refused(text, "no list of 1 to 4096 cards");
    refused(answer_of("7"), "card 0: socket is not a text");
    refused(answer_of(plain + "," + with(timed, "0.5", "1.5")),
            "card 1: timing.all_busy_share is 1.5, not 0 to 1");
    refused(answer_of(with(timed, "0.5", "-0.5")), "not 0 to 1");
    refused(answer_of(with(timed, R"("slots":2)", R"("slots":-2)")), "timing.slots is not a count");
    refused(answer_of(with(timed, R"("slots":2,)", "")), "timing.slots is not a count");
    refused(answer_of(with(plain, R"("reads":3)", R"("reads":"3")")), "mmio.bar2.reads is not a count");
    refused(answer_of(with(plain, R"("trap":false)", R"("trap":0)")), "card 0: trap is not true or false");
}

} // namespace
