// SPDX-License-Identifier: BSD-3-Clause
// Lets an InProcessLink be polled by a std::thread, where no EAL is at hand.
#pragma once
#include "qaic/bus/in_process.hpp"
#include <thread>

namespace test {

inline qaic::InProcessLink::ThreadStarter std_thread_starter()
{
    return [](std::function<void()> body) -> qaic::Result<qaic::InProcessLink::Joiner> {
        auto thread = std::make_shared<std::thread>(std::move(body));
        return qaic::InProcessLink::Joiner([thread] { thread->join(); });
    };
}

} // namespace test
