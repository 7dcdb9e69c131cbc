// SPDX-License-Identifier: BSD-3-Clause
// Copies of the program and the threads in them.
#include "card/nsp/native_host/host.hpp"
#include <atomic>
#include <cstdio>
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace nsp_host {

thread_local Thread* self = nullptr;

namespace {
using Entry = void (*)(const qaic_nsp_context*, std::uint8_t, std::uint32_t);
constexpr std::size_t handler_stack_bytes = 64 << 10;

struct Start {
    Thread thread;
    std::vector<std::byte> handler_stack;
    pthread_t id{};
};

/// A file of its own for each copy: the loader takes what has one inode, or one name, for one object.
int copy_of_elf()
{
    const int fd = ::memfd_create("qaic-nsp-program", MFD_CLOEXEC);
    const auto& part = host.setup->elf;
    for (std::uint64_t at = 0; fd >= 0 && at < part.bytes;) {
        const auto n = ::write(fd, host.elf + at, part.bytes - at);
        if (n <= 0) return -1;
        at += static_cast<std::uint64_t>(n);
    }
    return fd;
}

std::string load_image(Nsp& nsp, int fd)
{
    char name[32];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return std::string("program cannot be loaded: ") + (why != nullptr ? why : "?");
    }
    link_map* map = nullptr;
    if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) return "program has no load address";
    nsp.image = map->l_addr;
    return {};
}

/// Returns when the entry does or when the thread calls the exit service.
void enter(Thread& t)
{
    const auto address = t.nsp->image + host.setup->entry[t.index];
    if (::setjmp(t.leave) != 0) return;
    const auto software_id = static_cast<std::uint32_t>(t.nsp->id * host.setup->threads + t.index);
    reinterpret_cast<Entry>(address)(&t.nsp->context, static_cast<std::uint8_t>(t.index), software_id);
}

void* body(void* argument)
{
    auto& start = *static_cast<Start*>(argument);
    self = &start.thread;
    const HandlerStack handlers(start.handler_stack.data(), start.handler_stack.size());
    enter(start.thread);
    return nullptr;
}
} // namespace

std::string load_images()
{
    std::vector<int> open; // until all are loaded: a number must not name two of them
    std::string why;
    for (unsigned n = 0; n < host.setup->nsps && why.empty(); ++n) {
        open.push_back(copy_of_elf());
        why = open.back() < 0 ? "no memory for a copy of the program" : load_image(host.nsps[n], open.back());
    }
    for (const int fd : open) ::close(fd);
    return why;
}

std::string run_threads()
{
    std::vector<Start> starts(std::size_t{host.setup->nsps} * host.setup->threads);
    std::atomic_ref(host.shared->state)
        .store(static_cast<std::uint32_t>(NativeState::RUNNING), std::memory_order_release);
    for (std::size_t i = 0; i < starts.size(); ++i) {
        auto& s = starts[i];
        s.thread.nsp = &host.nsps[i / host.setup->threads];
        s.thread.index = static_cast<unsigned>(i % host.setup->threads);
        s.handler_stack.resize(handler_stack_bytes);
        if (::pthread_create(&s.id, nullptr, &body, &s) != 0) return "no thread for the program";
    }
    for (auto& s : starts) ::pthread_join(s.id, nullptr);
    return {};
}

} // namespace nsp_host
