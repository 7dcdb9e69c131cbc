// SPDX-License-Identifier: BSD-3-Clause
// EAL's command line and life. Defaults give way to whatever the user put behind "--".
#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace qaic::eal {

struct EalPlan {
    std::string program;              ///< for the file prefix, and what EAL calls itself
    std::vector<std::string> devices; ///< PCI addresses, virtual devices with arguments
    std::string driver;               ///< plugin file; empty: DPDK's own plugin folder
    std::vector<unsigned> cpus;       ///< one for each lcore, unless `lcores` says it
    std::int64_t pid = 0;             ///< makes the file prefix unique
    std::uint64_t hugepages = 0;      ///< free bytes; 0: run without
    std::vector<std::string> user;
    std::string lcores{}; ///< "0@(0-7),1@2"; empty: `cpus`
};

struct EalArguments {
    std::string program;
    std::vector<std::string> list;  ///< without argv[0]
    std::vector<std::string> notes; ///< what the user should know about the choice, one line each
};

/// "0000:01:00.0" or "01:00.0"
bool is_pci_address(const std::string& device);
/// True when one of the names is among the options: "-m", "-m512", "--vdev", "--vdev=x". A name of one letter
/// matches "-l0" too, a long one only itself.
bool has_option(const std::vector<std::string>& options, const std::vector<std::string>& names);
EalArguments eal_arguments(const EalPlan& plan);

/// Splits at the first "--": ours in front, EAL's behind. argv[0] stays in front.
struct SplitArguments {
    std::vector<std::string> ours, eal;
};
SplitArguments split_arguments(int argc, const char* const* argv);

/// EAL, initialised. One per process; the destructor calls rte_eal_cleanup().
class Eal {
  public:
    /// E_STATE when EAL refuses; the arguments are in the text.
    static Result<Eal> start(const EalArguments& arguments);
    Eal(Eal&& other) noexcept : running_(other.running_) { other.running_ = false; }
    Eal& operator=(Eal&&) = delete;
    ~Eal();

  private:
    Eal() = default;
    bool running_ = true;
};

} // namespace qaic::eal
