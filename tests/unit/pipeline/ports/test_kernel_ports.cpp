// SPDX-License-Identifier: BSD-3-Clause
// Through the kernel: net_af_packet sends on an interface, net_tap is its other end. In a network namespace
// of the test's own; skipped where that needs rights one does not have.
#include "stage_rig.hpp"
#include <fcntl.h>
#include <sched.h>

using namespace stage_rig;
using namespace capture_files;

namespace {

/// Sockets of this thread are in an empty namespace while this lives.
class OwnNetwork {
  public:
    OwnNetwork() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC))
    {
        if (before_ >= 0) made_ = ::unshare(CLONE_NEWNET) == 0;
    }
    ~OwnNetwork()
    {
        if (made_) {
            EXPECT_EQ(::setns(before_, CLONE_NEWNET), 0);
        }
        if (before_ >= 0) ::close(before_);
    }
    OwnNetwork(const OwnNetwork&) = delete;
    OwnNetwork& operator=(const OwnNetwork&) = delete;
    [[nodiscard]] bool made() const { return made_; }

  private:
    int before_;
    bool made_ = false;
};

} // namespace

TEST(KernelPorts, FromAfPacketToTap)
{
    const OwnNetwork network;
    if (!network.made() || ::access("/dev/net/tun", R_OK | W_OK) != 0)
        GTEST_SKIP() << "no rights to make a network namespace with a tap interface";
    const auto pool = pool_of();
    const auto packets = some_packets(50);
    {
        Stage source(stage_port, {{"device", "net_tap0,iface=qaic0"}, {"descriptors", 128}}, pool.get());
        ASSERT_TRUE(source.made()) << source.error;
        ASSERT_TRUE(pipeline::ports::start_all()); // the interface is up from here on
        Stage sink(stage_port_out, {{"device", "net_af_packet0,iface=qaic0"}}, pool.get());
        ASSERT_TRUE(sink.made()) << sink.error;
        std::vector<rte_mbuf*> items;
        for (const auto& p : packets) items.push_back(item_of(pool.get(), p));
        for (const auto v : give(sink, items)) EXPECT_EQ(v, QAIC_PIPE_TAKEN);
        EXPECT_EQ(sink.finish(), 0) << sink.error;
        // The kernel says a few things of its own on a new interface.
        std::vector<std::vector<std::uint8_t>> got;
        const auto limit = rte_rdtsc() + 10 * rte_get_tsc_hz();
        while (got.size() < packets.size() && rte_rdtsc() < limit) {
            for (auto* m : all_of(source, 1)) {
                const auto p = packet_of(m);
                if (p.bytes == packets[got.size()].bytes) got.push_back(p.bytes);
                rte_pktmbuf_free(m);
            }
        }
        EXPECT_EQ(got.size(), packets.size());
    }
    expect_whole(pool);
}
