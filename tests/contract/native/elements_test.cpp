// SPDX-License-Identifier: BSD-3-Clause
// The request elements our driver makes of simple_io.qpc, against those of aic100-workload.md Appendix A.
#include "qaic/dbc/slice_plan.hpp"
#include "qaic/transfers.hpp"
#include "qpc/program.hpp"
#include <cstdlib>
#include <gtest/gtest.h>

namespace test {
namespace {
using namespace qaic;

TEST(NativeElements, SimpleIoIsAppendixA)
{
    const char* dir = std::getenv("QAIC_TEST_PROGRAMS");
    ASSERT_NE(dir, nullptr);
    const auto p = qpc::load_program_file(std::string(dir) + "/simple_io.qpc");
    ASSERT_TRUE(p) << p.error().message();
    const auto io = resolve_transfers(p->program);
    ASSERT_TRUE(io) << io.error().message();
    constexpr std::uint64_t m = 0x10'0800'0000, d = 0x1'0000'2000, in = 0xaaaa'0000, out = 0xbbbb'0000;
    const auto plan =
        dbc::plan_slices(io->transfers, {.ddr = d, .mcid = m}, io->input_bytes, io->output_bytes);
    ASSERT_TRUE(plan) << plan.error().message();
    struct Row {
        std::uint8_t cmd;
        std::uint64_t source, destination, doorbell;
        std::uint32_t sem0, sem1;
    };
    // I0, I1 and O are 64 bytes each; ours lie packed in the operation's input and output.
    const Row rows[] = {{0x19, in, m + 0x800c00, m, 0x84400001, 0},
                        {0x19, in + 64, m + 0x1000000, m + 4, 0xc4400001, 0xc1000000},
                        {0x1a, d + 0x40, out, m + 8, 0x84410000, 0x81010001}};
    ASSERT_EQ(plan->elements.size(), std::size(rows));
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        aic100::RequestElement want{}, got = plan->elements[i].wire;
        got.source = got.source.get() + (in & plan->elements[i].in_mask);
        got.destination = got.destination.get() + (out & plan->elements[i].out_mask);
        want.cmd = rows[i].cmd;
        want.source = rows[i].source;
        want.destination = rows[i].destination;
        want.length = 0x40;
        want.doorbell_addr = rows[i].doorbell;
        want.doorbell_attr = 0x80;
        want.doorbell_data = 1;
        want.sem[0] = rows[i].sem0;
        want.sem[1] = rows[i].sem1;
        // The kernel asks for a response to each, we for one, to the last (4.5, request ids).
        if (i + 1 != std::size(rows)) got.cmd |= aic100::req_cmd::RESPONSE;
        EXPECT_EQ(std::memcmp(&got, &want, sizeof got), 0) << "element " << i;
    }
}

} // namespace
} // namespace test
