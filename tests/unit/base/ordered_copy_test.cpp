// SPDX-License-Identifier: BSD-3-Clause
// A poller takes words and poisons them while the writer is in the middle of its copy: here the writer is
// stopped there by a page that it may not write, and the poller is the signal handler.
#include "base/ordered_copy.hpp"
#include <array>
#include <csignal>
#include <cstdint>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace {
constexpr std::size_t page = 4096, most = qaic::ordered_copy_bytes / 4;
constexpr std::uint32_t poison = 0xffffffff;

struct Poller {
    volatile std::uint32_t* words = nullptr;
    void* forbidden = nullptr;
    std::size_t count = 0;
    unsigned calls = 0;
    std::array<std::uint32_t, most> taken{};
} poller;

extern "C" void take_and_poison(int)
{
    ++poller.calls;
    for (std::size_t i = 0; i < poller.count; ++i) {
        poller.taken[i] = poller.words[i];
        poller.words[i] = poison;
    }
    ::mprotect(poller.forbidden, page, PROT_READ | PROT_WRITE);
}

class OrderedCopy : public ::testing::Test {
  protected:
    void SetUp() override
    {
        memory = static_cast<std::byte*>(
            ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        ASSERT_NE(static_cast<void*>(memory), MAP_FAILED);
        struct sigaction action = {};
        action.sa_handler = take_and_poison;
        ASSERT_EQ(::sigaction(SIGSEGV, &action, &before), 0);
        for (std::size_t i = 0; i < most; ++i) from[i] = static_cast<std::uint32_t>(i + 1);
    }
    void TearDown() override
    {
        ::sigaction(SIGSEGV, &before, nullptr);
        ::munmap(memory, 2 * page);
    }
    /// Copies `total` words, the first `early` of them before the page that stops the writer.
    void copy(std::size_t total, std::size_t early)
    {
        auto* const to = memory + page - early * 4;
        poller = {};
        poller.words = reinterpret_cast<volatile std::uint32_t*>(to);
        poller.forbidden = memory + page, poller.count = early;
        for (std::size_t i = 0; i < total; ++i) poller.words[i] = poison;
        ASSERT_EQ(::mprotect(poller.forbidden, page, PROT_NONE), 0);
        qaic::ordered_copy(to, reinterpret_cast<const std::byte*>(from.data()), total * 4);
        ASSERT_EQ(poller.calls, 1u);
    }

    std::byte* memory = nullptr;
    struct sigaction before = {};
    std::array<std::uint32_t, most> from{};
};

TEST_F(OrderedCopy, EveryWordIsWrittenOnceAndInOrder)
{
    for (std::size_t total = 2; total <= most; ++total)
        for (std::size_t early = 1; early < total; ++early) {
            copy(total, early);
            for (std::size_t i = 0; i < early; ++i) {
                ASSERT_EQ(poller.taken[i], i + 1) << total << "/" << early << ": a later word came first";
                ASSERT_EQ(poller.words[i], poison) << total << "/" << early << ": a word was written again";
            }
            for (std::size_t i = early; i < total; ++i) ASSERT_EQ(poller.words[i], i + 1);
        }
}

} // namespace
