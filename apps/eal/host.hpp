// SPDX-License-Identifier: BSD-3-Clause
// Facts about this machine, read from the kernel.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace qaic::eal {

/// The first CPUs this process may run on, `wanted` of them; fewer when there are not as many.
std::vector<unsigned> allowed_cpus(std::size_t wanted);
/// Bytes of free hugepages of all sizes.
std::uint64_t free_hugepage_bytes();
/// "model name" of /proc/cpuinfo; "unknown" without one.
std::string cpu_model();
/// "Linux 6.1.0-18-amd64 x86_64"
std::string kernel_release();
/// Folder of this program's file; empty when /proc does not tell.
std::string program_folder();

} // namespace qaic::eal
