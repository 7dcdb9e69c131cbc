// SPDX-License-Identifier: BSD-3-Clause
// A booted, half-booted or broken emulated card under a manual clock, and drivers that come and go on it.
#pragma once
#include "card/faults.hpp"
#include "qaic/bus/in_process_stepped.hpp"
#include "qaic/controller.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace test {
using namespace qaic;

inline std::string firmware_dir()
{
    const char* dir = std::getenv("QAIC_TEST_FIRMWARE");
    return dir != nullptr ? dir : "QAIC_TEST_FIRMWARE is not set";
}

/// Short limits: under a manual clock their length costs nothing but polls.
inline ControllerConfig boot_config()
{
    ControllerConfig c;
    c.limits = {.op = 1s,
                .nnc = 1s,
                .mhi = 200ms,
                .ready = 400ms,
                .soc = 2s,
                .sahara = 1s,
                .firmware = 10s,
                .idle = 10ms};
    c.firmware_path = {firmware_dir()};
    c.wall_clock_us = [] { return std::uint64_t{1'700'000'000'000'123}; };
    return c;
}

class BootTest : public ::testing::Test {
  protected:
    explicit BootTest(card::CardConfig config = {.ready_delay = 5ms, .reset_ready_delay = 1ms})
        : link(std::move(config), clock)
    {}
    card::Card& the_card() { return link.card(); }
    card::Faults& faults() { return link.card().faults(); }

    ManualClock clock;
    InProcessLink link;
};

/// A driver process: its bus and controller.
struct Driver {
    Driver(InProcessLink& link, ManualClock& clock, ControllerConfig config = boot_config())
        : bus(link, clock), controller(bus, std::move(config))
    {}
    SteppedBus bus;
    Controller controller;
};

/// What every boot, good or bad, must leave behind.
inline void expect_alive(Driver& driver)
{
    Bytes message(1000, std::byte{0x5a});
    const auto echoed = driver.controller.loopback(message);
    EXPECT_TRUE(echoed) << echoed.error().message();
    EXPECT_EQ(driver.controller.health(), mhi::Health::OK);
}

/// A copy of the firmware that a test may spoil.
class FirmwareCopy {
  public:
    FirmwareCopy()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "qaic_fw_XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        std::filesystem::copy(firmware_dir() + "/qcom/aic100", root_,
                              std::filesystem::copy_options::recursive);
    }
    ~FirmwareCopy()
    {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    FirmwareCopy(const FirmwareCopy&) = delete;
    FirmwareCopy& operator=(const FirmwareCopy&) = delete;
    [[nodiscard]] std::string dir() const { return root_.string(); }
    [[nodiscard]] std::filesystem::path file(std::string_view name) const { return root_ / name; }
    void resize(std::string_view name, std::uintmax_t bytes) const
    {
        std::filesystem::resize_file(file(name), bytes);
    }
    void flip_last_byte(std::string_view name) const
    {
        std::fstream f(file(name), std::ios::in | std::ios::out | std::ios::binary);
        f.seekg(-1, std::ios::end);
        const char c = static_cast<char>(f.get());
        f.seekp(-1, std::ios::end);
        f.put(static_cast<char>(c ^ 1));
    }

  private:
    std::filesystem::path root_;
};

} // namespace test
