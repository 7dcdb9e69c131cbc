// SPDX-License-Identifier: BSD-3-Clause
// The programs of config/programs, each through the whole driver: results bit for bit, a program that serves
// one inference, one that hangs, one that crashes, and nothing left behind. aic100-workload.md 7.8, 7.9
#include "fixture.hpp"
#include <random>

namespace test {
namespace {

constexpr std::size_t half = 32;

/// First half of input 0, second half of input 1.
std::string expected(const std::string& in)
{
    return in.substr(0, half) + in.substr(text_bytes + half, half);
}

std::string random_text(std::mt19937_64& random, std::size_t bytes)
{
    std::string s(bytes, '\0');
    for (auto& c : s) c = static_cast<char>(random());
    return s;
}

/// MiB. The address sanitizer keeps what was freed, up to 256 MiB, to see it used again.
#ifndef __has_feature // clang's question; g++ 12 has a macro of its own
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr std::size_t resident_slack = 300;
#else
constexpr std::size_t resident_slack = 16;
#endif

class Native : public NativeTest {};

TEST_F(Native, SimpleIoIsOneProcessAndBitExact)
{
    const auto before = children();
    const auto model = start("simple_io");
    EXPECT_EQ(children(), before + 1);
    Op op(*bus, model, 2 * text_bytes, text_bytes);
    std::mt19937_64 random(1);
    const auto in = random_text(random, 2 * text_bytes);
    infer(op, in);
    EXPECT_TRUE(op.good()) << code_name(op.code());
    EXPECT_EQ(op.text(1), expected(in));
    stop(model);
    EXPECT_TRUE(eventually([&] { return children() == before; })) << "a process was left behind";
}

TEST_F(Native, StreamingTenThousandAtDepth)
{
    constexpr unsigned total = 10'000, depth = 64;
    const auto model = start("streaming");
    std::mt19937_64 random(2);
    std::vector<std::unique_ptr<Op>> ops;
    for (unsigned i = 0; i < depth; ++i)
        ops.push_back(std::make_unique<Op>(*bus, model, 2 * text_bytes, text_bytes));
    std::vector<std::string> in(depth);
    unsigned sent = 0, done = 0, wrong = 0;
    const auto send = [&](unsigned i) {
        in[i] = random_text(random, 2 * text_bytes);
        ops[i]->set(in[i]);
        ops[i]->returned = 0;
        enqueue(*ops[i]);
        ++sent;
    };
    for (unsigned i = 0; i < depth; ++i) send(i);
    const auto end = std::chrono::steady_clock::now() + 120s;
    while (done < total && std::chrono::steady_clock::now() < end) {
        if (dequeue() == 0) continue;
        for (unsigned i = 0; i < depth; ++i) {
            if (ops[i]->returned == 0) continue;
            wrong += !ops[i]->good() || ops[i]->text(1) != expected(in[i]);
            ++done;
            ops[i]->returned = 0;
            if (sent < total) send(i);
        }
    }
    EXPECT_EQ(done, total);
    EXPECT_EQ(wrong, 0u);
    stop(model);
}

TEST_F(Native, MulticastOfThreeNsps)
{
    const auto model = start("multicast");
    Op op(*bus, model, 2 * text_bytes, 2 * text_bytes);
    const auto padded = [](std::string s) {
        s.resize(text_bytes);
        return s;
    };
    for (unsigned a = 0; a < 10; ++a)
        for (unsigned b = 0; b < 10; ++b) {
            const auto left = fmt::format("{} + {}", a, b), right = fmt::format("{} + {}", b, 9 - a);
            infer(op, padded(left) + padded(right));
            ASSERT_TRUE(op.good()) << code_name(op.code());
            const auto out = op.text(1);
            ASSERT_EQ(std::string(out.c_str()), fmt::format("{} = {}", left, a + b));
            ASSERT_EQ(std::string(out.c_str() + text_bytes), fmt::format("{} = {}", right, b + 9 - a));
        }
    stop(model);
}

TEST_F(Native, AHundredActivationsLeaveNothing)
{
    const auto count = children();
    stop(start("streaming")); // what is made once is there
    ASSERT_TRUE(eventually([&] { return children() == count; }));
    const auto files = open_files(), maps = mappings(), memory = resident();
    for (unsigned i = 0; i < 100; ++i) {
        const auto model = start(i % 2 == 0 ? "streaming" : "multicast");
        if (i % 10 == 0) {
            Op op(*bus, model, 2 * text_bytes, i % 2 == 0 ? text_bytes : 2 * text_bytes);
            infer(op, "1 + 1");
            EXPECT_TRUE(op.good()) << code_name(op.code());
        }
        stop(model);
    }
    EXPECT_TRUE(eventually([&] { return children() == count; })) << "processes were left behind";
    EXPECT_TRUE(eventually([&] { return open_files() == files; })) << open_files() << " files, not " << files;
    EXPECT_LE(mappings(), maps + 4);
    EXPECT_LE(resident(), memory + resident_slack);
}

/// Operations have a second.
class NativeTrouble : public NativeTest {
  protected:
    [[nodiscard]] Nanos op_timeout() const override { return 1s; }
};

TEST_F(NativeTrouble, SecondInferenceOfAOneShotProgramTimesOutAndActivationBringsItBack)
{
    const auto count = children();
    const auto model = start("simple_io");
    Op op(*bus, model, 2 * text_bytes, text_bytes);
    std::mt19937_64 random(3);
    for (std::uint64_t life = 0; life < 2; ++life) {
        const auto in = random_text(random, 2 * text_bytes);
        infer(op, in);
        ASSERT_TRUE(op.good()) << code_name(op.code());
        EXPECT_EQ(op.text(1), expected(in));
        infer(op, in);
        EXPECT_FALSE(op.good());
        EXPECT_EQ(op.code(), Code::E_TIMEOUT) << code_name(op.code());
        ASSERT_TRUE(reactivated(life + 1));
    }
    EXPECT_EQ(device->counters().faults, 2u);
    EXPECT_TRUE(eventually([&] { return children() == count + 1; })) << "the old process is still there";
    stop(model);
    EXPECT_TRUE(eventually([&] { return children() == count; }));
}

TEST_F(NativeTrouble, AHangingProgramIsKilledWithItsActivation)
{
    const auto count = children();
    const auto model = start("hang");
    Op op(*bus, model, text_bytes, text_bytes);
    infer(op, "good");
    EXPECT_TRUE(op.good()) << code_name(op.code());
    infer(op, "Hang");
    EXPECT_EQ(op.code(), Code::E_TIMEOUT) << code_name(op.code());
    ASSERT_TRUE(reactivated(1));
    EXPECT_TRUE(eventually([&] { return children() == count + 1; })) << "the hanging process is still there";
    infer(op, "good again");
    EXPECT_TRUE(op.good()) << code_name(op.code());
    EXPECT_EQ(op.text(1), op.text(0));
    stop(model);
    EXPECT_TRUE(eventually([&] { return children() == count; }));
}

TEST_F(Native, ACrashIsARestartOfThatWorkloadAlone)
{
    const auto count = children();
    const auto crash = start("crash"), stream = start("streaming"), echo = start("hang");
    Op victim(*bus, crash, text_bytes, text_bytes);
    infer(victim, "still fine");
    EXPECT_TRUE(victim.good()) << code_name(victim.code());
    Op a(*bus, stream, 2 * text_bytes, text_bytes), b(*bus, echo, text_bytes, text_bytes);
    unsigned served = 0;
    victim.set("Crash");
    victim.returned = 0;
    enqueue(victim);
    // The others go on, before, during and after.
    const auto end = std::chrono::steady_clock::now() + 60s;
    while ((device->counters().reactivations == 0 || served < 300) &&
           std::chrono::steady_clock::now() < end) {
        std::string in(2 * text_bytes, static_cast<char>('a' + served % 26));
        infer(a, in);
        ASSERT_TRUE(a.good()) << code_name(a.code());
        ASSERT_EQ(a.text(1), expected(in));
        infer(b, "echo");
        ASSERT_TRUE(b.good()) << code_name(b.code());
        if (device->housekeep()) device->recover();
        ++served;
    }
    EXPECT_EQ(victim.returned, 1u);
    EXPECT_EQ(victim.code(), Code::E_SSR) << code_name(victim.code());
    ASSERT_EQ(device->counters().reactivations, 1u);
    infer(victim, "back again");
    EXPECT_TRUE(victim.good()) << code_name(victim.code());
    EXPECT_EQ(victim.text(1), victim.text(0));
    infer(b, "echo");
    EXPECT_TRUE(b.good());
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(device->counters().faults, 1u);
    EXPECT_EQ(device->counters().reactivations, 1u);
    for (const auto m : {crash, stream, echo}) stop(m);
    EXPECT_TRUE(eventually([&] { return children() == count; }));
}

} // namespace
} // namespace test
