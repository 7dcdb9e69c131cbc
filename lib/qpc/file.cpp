// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/file.hpp"
#include "qpc/text.hpp"
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace qpc {
namespace {

class Fd {
  public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    /// Closes now and says whether that went well (a full disk can show up here).
    bool close_now() noexcept { return ::close(std::exchange(fd_, -1)) == 0; }

  private:
    int fd_;
};

std::string shown(const std::string& path) { return printable(path, 512); }

tl::unexpected<Error> os_error(const std::string& path, const char* what)
{
    return fail(Code::E_INVAL, "{}: cannot {}: {}", shown(path), what, std::strerror(errno));
}

/// Reads until `size` bytes or the end; returns what it got, -1 on error.
std::int64_t read_all(int fd, std::byte* to, std::size_t size)
{
    std::size_t done = 0;
    while (done < size) {
        const auto n = ::read(fd, to + done, size - done);
        if (n == 0) break;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<std::int64_t>(done);
}

bool write_all(int fd, ConstSpan content)
{
    while (!content.empty()) {
        const auto n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        content = content.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

} // namespace

Result<FileBytes> read_file(const std::string& path, std::uint64_t limit)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (fd.get() < 0) return os_error(path, "open");
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return os_error(path, "stat");
    if (!S_ISREG(st.st_mode)) return fail(Code::E_INVAL, "{}: not a regular file", shown(path));
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size > limit)
        return fail(Code::E_LIMIT, "{}: file too large got={} limit={}", shown(path), size, limit);

    // One byte more than the file is said to hold: that is how growth is noticed.
    std::unique_ptr<std::byte[]> data(new (std::nothrow) std::byte[size + 1]);
    if (!data) return fail(Code::E_NOMEM, "{}: no memory for {} bytes", shown(path), size);
    const auto got = read_all(fd.get(), data.get(), size + 1);
    if (got < 0) return os_error(path, "read");
    if (static_cast<std::uint64_t>(got) != size)
        return fail(Code::E_FORMAT, "{}: file {} while it was read got={} expected={}", shown(path),
                    static_cast<std::uint64_t>(got) < size ? "shrank" : "grew", got, size);
    return FileBytes(std::move(data), size);
}

Result<void> write_file(const std::string& path, ConstSpan content)
{
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode))
        return fail(Code::E_INVAL, "{}: exists and is not a regular file", shown(path));
    auto temp = path + ".XXXXXX"; // of its own name: what a killed run left behind is not in the way
    Fd fd(::mkostemp(temp.data(), O_CLOEXEC));
    if (fd.get() < 0) return os_error(path, "create");
    const bool good = write_all(fd.get(), content) && ::fchmod(fd.get(), 0644) == 0 &&
                      ::fsync(fd.get()) == 0 && fd.close_now() && ::rename(temp.c_str(), path.c_str()) == 0;
    if (good) return {};
    const int why = errno;
    ::unlink(temp.c_str());
    errno = why;
    return os_error(path, "write");
}

} // namespace qpc
