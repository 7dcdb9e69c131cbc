// SPDX-License-Identifier: BSD-3-Clause
// reliability.md 5 (d), rows S06 and S15: descriptors that are too many, of the wrong kind, or in the wrong
// place, and SET_IRQS. Nothing of a refused message may stay open.
#include "served_fixture.hpp"
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace vfio_test {
namespace {

constexpr auto trigger = irq_flag::DATA_EVENTFD | irq_flag::ACTION_TRIGGER;

Bytes irqs_body(std::uint32_t flags, std::uint32_t start, std::uint32_t count, std::size_t data = 0,
                std::uint32_t index = irq_msi)
{
    auto body =
        to_bytes(SetIrqs{static_cast<std::uint32_t>(sizeof(SetIrqs) + data), flags, index, start, count});
    body.resize(body.size() + data, std::byte{1});
    return body;
}

std::uint64_t drain(int eventfd)
{
    std::uint64_t value = 0;
    return ::read(eventfd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

class Descriptors : public Served {
  protected:
    Fd new_event() { return Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
    /// Runs `what`, and expects as many open descriptors after it as before.
    template<class What>
    void keeps_fds(What what)
    {
        const auto before = open_fds();
        what();
        EXPECT_TRUE(soon([&] { return open_fds() == before; })) << open_fds() << " instead of " << before;
    }
    void raise(unsigned vector)
    {
        EXPECT_EQ(client.error_of(Command::DEVICE_SET_IRQS,
                                  irqs_body(irq_flag::DATA_NONE | irq_flag::ACTION_TRIGGER, vector, 1)),
                  0);
    }
    void SetUp() override
    {
        Served::SetUp();
        client = attached();
    }
    TestClient client;
};

TEST_F(Descriptors, WhereNoneBelongTheyAreClosed)
{
    const auto file = memory_file(4096);
    keeps_fds([&] {
        for (const auto command :
             {Command::DMA_UNMAP, Command::DEVICE_GET_INFO, Command::DEVICE_GET_REGION_INFO,
              Command::DEVICE_GET_IRQ_INFO, Command::REGION_READ, Command::REGION_WRITE,
              Command::DEVICE_RESET, Command::REGION_WRITE_MULTI, static_cast<Command>(99)})
            EXPECT_EQ(client.error_of(command, Bytes(32), {file.get()}), EINVAL);
    });
}

TEST_F(Descriptors, TwoForOneMapAreRefused)
{
    const auto file = memory_file(4096);
    keeps_fds([&] {
        const DmaMap map{32u, 3u, 0ull, 0ull, 4096ull};
        EXPECT_EQ(client.error_of(Command::DMA_MAP, bytes_of(map), {file.get(), file.get()}), EINVAL);
    });
    EXPECT_EQ(mapped_files(), 0u);
}

TEST_F(Descriptors, TooManyInOneMessageEndTheConnectionAndAreClosed)
{
    const auto file = memory_file(4096);
    for (const std::size_t n :
         {max_fds + 1u, 2 * max_fds + 0u, 2 * max_fds + 1u, 253u}) { // beyond 16: MSG_CTRUNC
        client.close();
        ASSERT_TRUE(detached());
        keeps_fds([&] {
            auto other = attached();
            other.send_raw(message(Command::DEVICE_RESET, {}), std::vector<int>(n, file.get()));
            EXPECT_TRUE(other.hung_up()) << n;
            ASSERT_TRUE(detached());
        });
    }
}

TEST_F(Descriptors, SpreadOverTheBytesOfOneMessageTheyCountTogether)
{
    const auto file = memory_file(4096);
    const auto whole = message(Command::DEVICE_RESET, {});
    client.send_raw(ConstSpan(whole).first(4), std::vector<int>(5, file.get()));
    client.send_raw(ConstSpan(whole).subspan(4, 4), std::vector<int>(5, file.get()));
    EXPECT_TRUE(client.hung_up());
    EXPECT_TRUE(logged("10 descriptors in one message, limit 8"));
}

TEST_F(Descriptors, AHundredThousandBadMessagesLeakNone)
{
    const auto file = memory_file(4096);
    keeps_fds([&] {
        const DmaMap wraps{32u, 3u, 0ull, ~0ull, 4096ull};
        const auto bad = message(Command::DMA_MAP, bytes_of(wraps), 1, header_flag::NO_REPLY);
        for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(client.send_raw(bad, {file.get()}));
        EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
    });
    EXPECT_EQ(mapped_files(), 0u);
}

TEST_F(Descriptors, MapTakesPlainFilesOfTheRightModeOnly)
{
    const auto good = memory_file(8192);
    const auto by_path = "/proc/self/fd/" + std::to_string(good.get());
    const Fd read_only(::open(by_path.c_str(), O_RDONLY | O_CLOEXEC)),
        write_only(::open(by_path.c_str(), O_WRONLY | O_CLOEXEC)),
        path_only(::open(by_path.c_str(), O_PATH | O_CLOEXEC)),
        event = new_event(), null(::open("/dev/null", O_RDWR | O_CLOEXEC)),
        directory(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd pipe_in(ends[0]), pipe_out(ends[1]);
    keeps_fds([&] {
        for (const auto* fd : {&event, &null, &directory, &pipe_in, &pipe_out})
            EXPECT_EQ(client.map(0, 4096, fd->get()), EINVAL);
        EXPECT_EQ(client.map(0, 4096, client.fd()), EINVAL);
        EXPECT_EQ(client.map(0, 4096, read_only.get()), EACCES);
        EXPECT_EQ(client.map(0, 4096, write_only.get()), EACCES);
        EXPECT_EQ(client.map(0, 4096, path_only.get()), EACCES);
        EXPECT_EQ(client.map(0, 4096, read_only.get(), 0, dma_flag::READ), 0);
        EXPECT_EQ(client.unmap(0, 4096), 0);
    });
    EXPECT_EQ(mapped_files(), 0u);
}

// ---- S15
TEST_F(Descriptors, IrqRangesAndFlagsAreChecked)
{
    struct Case {
        std::uint32_t flags, index, start, count;
        std::size_t data, fds;
    };
    const auto none = irq_flag::DATA_NONE | irq_flag::ACTION_TRIGGER,
               flag = irq_flag::DATA_BOOL | irq_flag::ACTION_TRIGGER;
    const Case bad[] = {
        {trigger, irq_msi, 32, 1, 0, 1},
        {trigger, irq_msi, 31, 2, 0, 2},
        {trigger, irq_msi, 0xffffffff, 1, 0, 1},
        {trigger, irq_msi, 1, 0xffffffff, 0, 1},
        {trigger, irq_msi, 0, 0, 0, 0},
        {trigger, irq_msi, 0, 2, 0, 1},
        {trigger, irq_msi, 0, 1, 0, 2},
        {trigger, irq_msi, 0, 1, 8, 1},
        {trigger, irqs, 0, 1, 0, 1},
        {trigger, 0xffffffff, 0, 1, 0, 1},
        {trigger, irq_msix, 0, 1, 0, 1},
        {trigger, irq_intx, 0, 1, 0, 1},
        {none, irq_msi, 1, 0, 0, 0},
        {none, irq_msi, 0, 1, 0, 1},
        {none, irq_msi, 0, 1, 1, 0},
        {flag, irq_msi, 0, 4, 3, 0},
        {flag, irq_msi, 0, 4, 5, 0},
        {0, irq_msi, 0, 1, 0, 0},
        {irq_flag::DATA_NONE, irq_msi, 0, 1, 0, 0},
        {irq_flag::ACTION_TRIGGER, irq_msi, 0, 1, 0, 0},
        {irq_flag::DATA_MASK | irq_flag::ACTION_TRIGGER, irq_msi, 0, 1, 1, 0},
        {irq_flag::DATA_NONE | irq_flag::ACTIONS, irq_msi, 0, 1, 0, 0},
        {irq_flag::DATA_NONE | irq_flag::ACTION_MASK, irq_msi, 0, 1, 0, 0},
        {irq_flag::DATA_EVENTFD | irq_flag::ACTION_UNMASK, irq_msi, 0, 1, 0, 1},
        {none | 1u << 6, irq_msi, 0, 1, 0, 0},
    };
    const auto event = new_event();
    keeps_fds([&] {
        for (const auto& one : bad)
            EXPECT_EQ(client.error_of(Command::DEVICE_SET_IRQS,
                                      irqs_body(one.flags, one.start, one.count, one.data, one.index),
                                      std::vector<int>(one.fds, event.get())),
                      EINVAL)
                << (&one - bad);
    });
    auto body = irqs_body(trigger, 0, 1);
    body[0] = std::byte{19}; // argsz
    EXPECT_EQ(client.error_of(Command::DEVICE_SET_IRQS, body, {event.get()}), EINVAL);
}

TEST_F(Descriptors, OnlyEventfdsCanBeArmed)
{
    const auto file = memory_file(4096), event = new_event();
    keeps_fds([&] {
        EXPECT_EQ(client.error_of(Command::DEVICE_SET_IRQS, irqs_body(trigger, 0, 1), {file.get()}), EINVAL);
        EXPECT_EQ(
            client.error_of(Command::DEVICE_SET_IRQS, irqs_body(trigger, 0, 2), {event.get(), client.fd()}),
            EINVAL);
    });
    raise(0);
    EXPECT_EQ(drain(event.get()), 0u) << "a refused message must arm nothing";
}

TEST_F(Descriptors, ArmedInPartsTriggeredAndDisarmed)
{
    std::vector<Fd> events;
    for (int i = 0; i < 32; ++i) events.push_back(new_event());
    for (unsigned start = 0; start < 32; start += max_fds) {
        std::vector<int> part;
        for (unsigned i = 0; i < max_fds; ++i) part.push_back(events[start + i].get());
        ASSERT_EQ(client.error_of(Command::DEVICE_SET_IRQS, irqs_body(trigger, start, max_fds), part), 0);
    }
    for (unsigned i = 0; i < 32; ++i) {
        raise(i);
        for (unsigned j = 0; j < 32; ++j)
            ASSERT_EQ(drain(events[j].get()), i == j ? 1u : 0u) << i << " " << j;
    }
    auto some = irqs_body(irq_flag::DATA_BOOL | irq_flag::ACTION_TRIGGER, 4, 3, 3);
    some[some.size() - 2] = std::byte{0};
    ASSERT_EQ(client.error_of(Command::DEVICE_SET_IRQS, some), 0);
    EXPECT_EQ(drain(events[4].get()) * 100 + drain(events[5].get()) * 10 + drain(events[6].get()), 101u);
    ASSERT_EQ(client.error_of(Command::DEVICE_SET_IRQS, irqs_body(trigger, 4, 1)),
              0); // no descriptor: disarmed
    raise(4);
    EXPECT_EQ(drain(events[4].get()), 0u);
    const auto armed = open_fds();
    ASSERT_EQ(client.error_of(Command::DEVICE_SET_IRQS,
                              irqs_body(irq_flag::DATA_NONE | irq_flag::ACTION_TRIGGER, 0, 0)),
              0);
    EXPECT_EQ(open_fds(), armed - 31);
    raise(5);
    EXPECT_EQ(drain(events[5].get()), 0u);
}

TEST_F(Descriptors, AFullEventfdNeverBlocksTheCard)
{
    const Fd blocking(::eventfd(0, EFD_CLOEXEC)); // its owner has not asked for O_NONBLOCK
    const std::uint64_t full = 0xfffffffffffffffe;
    ASSERT_EQ(::write(blocking.get(), &full, sizeof(full)), static_cast<ssize_t>(sizeof(full)));
    ASSERT_EQ(client.error_of(Command::DEVICE_SET_IRQS, irqs_body(trigger, 0, 1), {blocking.get()}), 0);
    for (int i = 0; i < 3; ++i) raise(0);
    EXPECT_EQ(client.read32(region_config, 0), 0xa10017cbu);
}

TEST_F(Descriptors, AllOffIsWelcomeForIndicesWithoutInterrupts)
{
    for (std::uint32_t index = 0; index < irqs; ++index)
        EXPECT_EQ(client.error_of(Command::DEVICE_SET_IRQS,
                                  irqs_body(irq_flag::DATA_NONE | irq_flag::ACTION_TRIGGER, 0, 0, 0, index)),
                  0);
}

} // namespace
} // namespace vfio_test
