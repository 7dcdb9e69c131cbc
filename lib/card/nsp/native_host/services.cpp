// SPDX-License-Identifier: BSD-3-Clause
// What a program may call. aic100-workload.md 7.4
#include "base/checked.hpp"
#include "card/nsp/native_host/host.hpp"
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <linux/futex.h>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

namespace nsp_host {

Host host;

namespace {
constexpr unsigned spins = 400; ///< looks before a pausing thread sleeps
constexpr long sleep_ns = 100'000'000;
constexpr std::size_t line_bytes = 512;

struct Level {
    std::uint32_t mask;
    const char* name;
};
constexpr Level levels[] = {{QAIC_NSP_FATAL, "fatal"},
                            {QAIC_NSP_ERROR, "error"},
                            {QAIC_NSP_WARN, "warning"},
                            {QAIC_NSP_INFO, "info"},
                            {QAIC_NSP_DEBUG, "debug"}};

const char* level_name(std::uint32_t mask) noexcept
{
    for (const auto& l : levels)
        if ((mask & l.mask) != 0) return l.name;
    return "log";
}

/// Sleeps while `word` is `value`, at most `sleep_ns`.
void futex_wait(std::uint32_t& word, std::uint32_t value) noexcept
{
    const timespec limit{0, sleep_ns};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &limit, nullptr, 0);
}

void append_to_ring(const char* text, std::size_t length) noexcept
{
    static std::mutex one_at_a_time;
    const std::lock_guard guard(one_at_a_time);
    auto& s = *host.shared;
    auto at = s.log_written;
    for (std::size_t i = 0; i < length; ++i) s.log[at++ % native_log_bytes] = text[i];
    std::atomic_ref(s.log_written).store(at, std::memory_order_release);
    if (host.echo_log) (void)!::write(STDERR_FILENO, text, length);
}

__attribute__((format(printf, 3, 4))) void service_log(std::uint32_t mask, std::uint32_t /*arguments*/,
                                                       const char* format, ...)
{
    char text[line_bytes];
    va_list list;
    va_start(list, format);
    std::vsnprintf(text, sizeof text, format, list);
    va_end(list);
    log_line(mask, text);
}

void service_exit() { std::longjmp(me().leave, 1); }
void service_set_pmu(int /*number*/, std::uint32_t /*value*/) {}
void service_read_pmu(std::uint32_t values[8]) { std::memset(values, 0, 8 * sizeof values[0]); }
void service_notify_hang() { log_line(QAIC_NSP_ERROR, "program reports a hang"); }

void service_fatal(const qaic_nsp_fatal_site* site, std::uint32_t a, std::uint32_t b, std::uint32_t c)
{
    char reason[line_bytes] = "", text[line_bytes + 128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (site != nullptr && site->format != nullptr)
        std::snprintf(reason, sizeof reason, site->format, a, b, c);
#pragma GCC diagnostic pop
    const bool placed = site != nullptr && site->file != nullptr;
    std::snprintf(text, sizeof text, "fatal: %s:%u: %s", placed ? site->file : "?", placed ? site->line : 0,
                  reason);
    log_line(QAIC_NSP_FATAL, text);
    die(0, 0, text);
}

/// DM0: state in the low bits, descriptor above; DM4 and DM5, the error syndrome, tell nothing.
void service_read_udma(std::uint32_t number, std::uint32_t* value)
{
    const auto& nsp = *me().nsp;
    *value = number == 0 ? nsp.udma_state | (nsp.udma_at & ~3u) : 0;
}

int service_map(void** address, std::uint64_t offset, std::uint32_t bytes, std::uint32_t kind,
                std::uint32_t* node)
{
    const auto& s = *host.setup;
    const std::byte* base = nullptr;
    std::uint64_t size = 0;
    switch (kind) {
    case QAIC_NSP_MAP_CONSTANTS:
        base = host.constants + s.static_constants;
        size = s.constants.bytes - s.static_constants;
        break;
    case QAIC_NSP_MAP_DDR: base = host.ddr + s.dynamic_ddr_at, size = s.dynamic_ddr; break;
    case QAIC_NSP_MAP_MULTICAST: base = me().nsp->windows, size = s.mcids * 0x800000ull; break;
    default: return -1;
    }
    if (bytes == 0 || !range_inside(offset, bytes, size)) return -1;
    *address = const_cast<std::byte*>(base + offset); // all of it is mapped already
    if (node != nullptr) *node = kind;
    return 0;
}
int service_unmap(std::uint32_t node) { return node <= QAIC_NSP_MAP_MULTICAST ? 0 : -1; }

// Made for the pause instruction, which a write to the L2TCM ends (4.3.8). The first call after a write
// returns at once, so that nothing written between the look at a doorbell and the call is slept through.
void service_pause()
{
    auto& t = me();
    std::atomic_ref wake(host.shared->wake);
    for (unsigned i = 0; i < spins; ++i) {
        const auto now = wake.load(std::memory_order_acquire);
        if (now != t.seen) {
            t.seen = now;
            return;
        }
        __builtin_ia32_pause();
    }
    std::atomic_ref sleepers(host.shared->sleepers);
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    if (wake.load(std::memory_order_seq_cst) == t.seen) futex_wait(host.shared->wake, t.seen);
    sleepers.fetch_sub(1, std::memory_order_seq_cst);
}

void service_wait_exit()
{
    std::atomic_ref asked(host.shared->exit_asked);
    while (asked.load(std::memory_order_acquire) == 0) futex_wait(host.shared->exit_asked, 0);
}

std::uint64_t service_utimer()
{
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    const auto ns =
        static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
    return ns * 12 / 625; // 19.2 MHz
}

void* no_dlopen(const char* /*name*/, int /*flags*/) { return nullptr; }
void* no_dlopenbuf(const char* /*name*/, const char* /*buffer*/, int /*bytes*/, int /*flags*/)
{
    return nullptr;
}
int no_dlclose(void* /*handle*/) { return -1; }
void* no_dlsym(void* /*handle*/, const char* /*name*/) { return nullptr; }
int no_dladdr(const void* /*address*/, void* /*info*/) { return 0; }
char* no_dlerror()
{
    static char text[] = "not supported by the emulated card";
    return text;
}
int no_dlinfo(void* /*handle*/, int /*request*/, void* /*out*/) { return -1; }
int service_reprogram(std::uint16_t mcid, std::uint64_t base, std::uint32_t mask, std::uint32_t space)
{
    return reprogram(mcid, base, mask, space);
}
void service_udma_link(qaic_nsp_udma* first) { run_udma(first); }
} // namespace

Thread& me() noexcept
{
    if (self == nullptr) die(0, 0, "a service was called on a thread that is no NSP's");
    return *self;
}

void log_line(std::uint32_t mask, const char* text) noexcept
{
    char line[line_bytes + 64];
    const int n =
        std::snprintf(line, sizeof line, "nsp %u thread %u %s: %s\n", self != nullptr ? self->nsp->id : 0,
                      self != nullptr ? self->index : 0, level_name(mask), text);
    if (n > 0) append_to_ring(line, std::min(static_cast<std::size_t>(n), sizeof line - 1));
}

void wake_all() noexcept
{
    std::atomic_ref(host.shared->wake).fetch_add(1, std::memory_order_seq_cst);
    if (std::atomic_ref(host.shared->sleepers).load(std::memory_order_seq_cst) != 0)
        ::syscall(SYS_futex, &host.shared->wake, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void add_services(qaic_nsp_context& c) noexcept
{
    c.log = service_log;
    c.exit = service_exit;
    c.set_pmu = service_set_pmu;
    c.fatal = service_fatal;
    c.notify_hang = service_notify_hang;
    c.read_udma = service_read_udma;
    c.map = service_map;
    c.unmap = service_unmap;
    c.read_pmu = service_read_pmu;
    c.reprogram_mcid = service_reprogram;
    c.dlopen = no_dlopen;
    c.dlopenbuf = no_dlopenbuf;
    c.dlclose = no_dlclose;
    c.dlsym = no_dlsym;
    c.dladdr = no_dladdr;
    c.dlerror = no_dlerror;
    c.dlinfo = no_dlinfo;
    c.udma_link = service_udma_link;
    c.pause = service_pause;
    c.wait_exit = service_wait_exit;
    c.utimer = service_utimer;
}

} // namespace nsp_host
