// SPDX-License-Identifier: BSD-3-Clause
#include "load/gnuplot.hpp"
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qaic::load {

namespace {

constexpr std::size_t most_said = 4096; // of what gnuplot says

class OpenFile {
  public:
    explicit OpenFile(int fd = -1) noexcept : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { close(); }
    void close() noexcept
    {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

class TemporaryFile {
  public:
    explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { ::unlink(path_.c_str()); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

struct Ended {
    int status = 0;   ///< of waitpid
    std::string said; ///< stdout and stderr
};

Result<pid_t> start(const std::string& script, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    std::string name = "gnuplot", argument = script;
    char* const arguments[] = {name.data(), argument.data(), nullptr};
    pid_t child = 0;
    const int error = posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
        return fail(Code::E_UNSUPP,
                    "gnuplot is not installed: apt-get install gnuplot-nox, or do without --plot");
    if (error != 0) return fail(Code::E_INVAL, "gnuplot cannot be started: {}", std::strerror(error));
    return child;
}

/// Reads what the child says until it has ended; kills it after the limit.
Result<Ended> wait_for(pid_t child, int said, Nanos limit)
{
    const SteadyClock clock;
    const auto deadline = clock.now() + limit;
    // By number: glibc 2.36 declares pidfd_open() without C linkage.
    const OpenFile process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    Ended ended;
    bool late = process.get() < 0;
    std::array<pollfd, 2> waiting{{{process.get(), POLLIN, 0}, {said, POLLIN, 0}}};
    while (!late && (waiting[0].revents & POLLIN) == 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.now()).count();
        late = left <= 0;
        if (late || ::poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) continue;
        if (waiting[1].revents == 0) continue;
        std::array<char, 1024> chunk{};
        const auto n = ::read(said, chunk.data(), chunk.size());
        if (n <= 0)
            waiting[1].fd = -1; // it has closed its end
        else if (ended.said.size() < most_said)
            ended.said.append(chunk.data(), static_cast<std::size_t>(n));
    }
    if (late) ::kill(child, SIGKILL);
    ::waitpid(child, &ended.status, 0);
    if (late)
        return fail(Code::E_TIMEOUT, "gnuplot was not done after {} s",
                    std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    return ended;
}

std::string in_one_line(const std::string& text)
{
    std::string out;
    for (const char c : text.substr(0, 300)) {
        const bool blank = static_cast<unsigned char>(c) <= ' ' || c == '^';
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    return out.empty() ? "it said nothing" : out;
}

/// As gnuplot takes it literally: it would run what comes after a "|", and doubles quotes to have one.
std::string as_gnuplot_name(const std::string& path)
{
    std::string out = path.front() == '/' ? "'" : "'./";
    for (const char c : path) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

} // namespace

Result<void> render_svg(const std::string& script, const std::string& path, Nanos limit)
{
    if (path.empty()) return fail(Code::E_INVAL, "--plot: no file name");
    const auto beside = fmt::format("{}{}.{}", path.front() == '/' ? "" : "./", path, ::getpid());
    const TemporaryFile commands(beside + ".gp"), picture(beside + ".svg");
    std::ofstream file(commands.path(), std::ios::binary);
    file << "set terminal svg size 900,560 dynamic background rgb 'white' font 'sans-serif,13'\nset output "
         << as_gnuplot_name(picture.path()) << '\n'
         << script;
    file.close();
    if (!file)
        return fail(Code::E_INVAL, "--plot {}: cannot write beside it: {}", path, std::strerror(errno));
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return fail(Code::E_INVAL, "--plot {}: no pipe: {}", path, std::strerror(errno));
    const OpenFile from(ends[0]);
    OpenFile to(ends[1]);
    auto child = start(commands.path(), to.get());
    to.close();
    if (!child) return fail_at("--plot " + path, child.error());
    auto ended = wait_for(*child, from.get(), limit);
    if (!ended) return fail_at("--plot " + path, ended.error());
    if (!WIFEXITED(ended->status) || WEXITSTATUS(ended->status) != 0)
        return fail(Code::E_INVAL, "--plot {}: gnuplot failed: {}", path, in_one_line(ended->said));
    if (::rename(picture.path().c_str(), path.c_str()) != 0)
        return fail(Code::E_INVAL, "--plot {}: cannot write: {}", path, std::strerror(errno));
    return {};
}

} // namespace qaic::load
