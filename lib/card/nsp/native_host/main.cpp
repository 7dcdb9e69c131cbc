// SPDX-License-Identifier: BSD-3-Clause
// qaic-nsp-host: runs the host-native NSP program of one activation of an emulated card. Started by the card
// (card/nsp/native_process.cpp), never by hand: its descriptors 3 and 4 are the card's.
#include "card/nsp/native_host/host.hpp"
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {
using namespace nsp_host;

/// From here on the system kills this process when the card's end of the socket closes, which it does however
/// the card dies. Unlike a parent-death signal this does not depend on the thread that started us.
bool tie_to_card()
{
    if (::fcntl(native_lifeline_fd, F_SETOWN, ::getpid()) != 0 ||
        ::fcntl(native_lifeline_fd, F_SETSIG, SIGKILL) != 0 ||
        ::fcntl(native_lifeline_fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0)
        return false;
    pollfd p{native_lifeline_fd, POLLIN, 0};
    return ::poll(&p, 1, 0) == 0; // it may have gone before
}

/// A program is somebody else's code: it gets no new privileges and leaves no core file of the card's memory.
void restrict_self()
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

std::string run()
{
    host.echo_log = std::getenv("QAIC_NSP_LOG") != nullptr;
    if (auto why = map_arena(native_arena_fd); !why.empty()) return why;
    catch_signals();
    if (auto why = load_images(); !why.empty()) return why;
    for (unsigned n = 0; n < host.setup->nsps; ++n)
        if (auto why = prepare(host.nsps[n]); !why.empty()) return why;
    return run_threads();
}

} // namespace

int main()
{
    if (!tie_to_card()) {
        std::fputs("qaic-nsp-host: is started by an emulated card, not by hand\n", stderr);
        return 2;
    }
    restrict_self();
    if (const auto why = run(); !why.empty()) {
        if (host.shared != nullptr) die(0, 0, why.c_str());
        std::fprintf(stderr, "qaic-nsp-host: %s\n", why.c_str());
        return 1;
    }
    std::atomic_ref(host.shared->state)
        .store(static_cast<std::uint32_t>(NativeState::EXITED), std::memory_order_release);
    ::_exit(0); // the program's destructors are nobody's business
}
