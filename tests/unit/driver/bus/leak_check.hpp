// SPDX-License-Identifier: BSD-3-Clause
// What this process holds, as /proc/self tells it: descriptors, mapped memory files, address space.
#pragma once
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace test {

struct Holdings {
    std::size_t fds = 0, memory_files = 0;
    std::uint64_t bytes = 0;

    static Holdings now()
    {
        Holdings h;
        for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) ++h.fds;
        std::FILE* maps = std::fopen("/proc/self/maps", "re");
        char line[4096];
        while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
            std::uint64_t begin = 0, end = 0;
            if (std::sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2) h.bytes += end - begin;
            if (std::strstr(line, "/memfd:") != nullptr) ++h.memory_files;
        }
        if (maps != nullptr) std::fclose(maps);
        return h;
    }
};

} // namespace test
