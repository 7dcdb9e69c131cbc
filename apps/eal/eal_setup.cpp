// SPDX-License-Identifier: BSD-3-Clause
#include "eal_setup.hpp"

#include <cstdio>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <unistd.h>

namespace qaic::eal {

namespace {

/// While it lives, stdout goes nowhere: EAL answers one wrong option with its 100 lines of usage, and the one
/// line that says which option it was (on stderr) would be lost among them.
class QuietStdout {
  public:
    explicit QuietStdout(bool wanted)
    {
        const int nowhere = wanted ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
        if (nowhere < 0) return;
        std::fflush(stdout);
        saved_ = ::dup(STDOUT_FILENO);
        ::dup2(nowhere, STDOUT_FILENO);
        ::close(nowhere);
    }
    QuietStdout(const QuietStdout&) = delete;
    QuietStdout& operator=(const QuietStdout&) = delete;
    ~QuietStdout()
    {
        if (saved_ < 0) return;
        std::fflush(stdout);
        ::dup2(saved_, STDOUT_FILENO);
        ::close(saved_);
    }

  private:
    int saved_ = -1;
};

} // namespace

Result<Eal> Eal::start(const EalArguments& arguments)
{
    // EAL keeps pointers into its arguments until cleanup, and permutes the array.
    static std::vector<std::string> text;
    static std::vector<char*> argv;
    text = arguments.list;
    text.insert(text.begin(), arguments.program);
    argv.clear();
    for (auto& t : text) argv.push_back(t.data());
    argv.push_back(nullptr);
    const auto argc = static_cast<int>(text.size());
    const int used = [&] {
        const QuietStdout quiet(!has_option(arguments.list, {"-h", "--help", "-v"}));
        return rte_eal_init(argc, argv.data());
    }();
    if (used < 0)
        return fail(Code::E_STATE, "EAL refused to start ({}; its own messages are above); options were: {}",
                    rte_strerror(rte_errno), fmt::join(arguments.list, " "));
    Eal eal;
    if (used + 1 < argc)
        return fail(Code::E_INVAL, "\"{}\" behind \"--\" is no EAL option",
                    argv[static_cast<std::size_t>(used) + 1]);
    return eal;
}

Eal::~Eal()
{
    if (running_) rte_eal_cleanup();
}

} // namespace qaic::eal
