// SPDX-License-Identifier: BSD-3-Clause
// An emulated card behind a vfio-user socket in a folder of its own, served by this process.
#pragma once
#include "card_server/served_card.hpp"
#include <filesystem>
#include <string>
#include <unistd.h>

namespace test {

class ServedSocket {
  public:
    ServedSocket()
    {
        using namespace std::chrono_literals;
        auto pattern = (std::filesystem::temp_directory_path() / "qaic_served_XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder_ = pattern;
        card_server::Options options;
        options.socket = folder_ + "/card";
        options.idle = true;
        auto made = card_server::ServedCard::create({.ready_delay = 1ms}, std::move(options));
        if (!made) std::abort();
        card_ = std::move(*made);
        card_->start();
    }
    ~ServedSocket()
    {
        card_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    ServedSocket(const ServedSocket&) = delete;
    ServedSocket& operator=(const ServedSocket&) = delete;
    /// Arguments of vdev ml_qaic_vfu.
    [[nodiscard]] std::string devargs() const { return "socket=" + folder_ + "/card"; }

  private:
    std::string folder_;
    std::unique_ptr<card_server::ServedCard> card_;
};

} // namespace test
