// SPDX-License-Identifier: BSD-3-Clause
#include "host.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>

namespace qaic::eal {

namespace fs = std::filesystem;

std::vector<unsigned> allowed_cpus(std::size_t wanted)
{
    std::vector<unsigned> cpus;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        for (unsigned cpu = 0; cpu < CPU_SETSIZE && cpus.size() < wanted; ++cpu)
            if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    return cpus;
}

std::uint64_t free_hugepage_bytes()
{
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/sys/kernel/mm/hugepages", error)) {
        // "hugepages-2048kB"
        const auto name = entry.path().filename().string();
        const auto dash = name.find('-');
        std::uint64_t pages = 0;
        std::ifstream file(entry.path() / "free_hugepages");
        if (dash == std::string::npos || !(file >> pages)) continue;
        bytes += pages * 1024 * std::strtoull(name.c_str() + dash + 1, nullptr, 10);
    }
    return bytes;
}

std::string cpu_model()
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(": ");
        if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown";
}

std::string kernel_release()
{
    utsname u{};
    if (::uname(&u) != 0) return "unknown";
    return fmt::format("{} {} {}", u.sysname, u.release, u.machine);
}

std::string program_folder()
{
    std::error_code error;
    const auto self = fs::read_symlink("/proc/self/exe", error);
    return error ? std::string() : self.parent_path().string();
}

} // namespace qaic::eal
