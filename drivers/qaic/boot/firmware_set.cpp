// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/boot/firmware_set.hpp"
#include "aic100/wire/sahara.hpp"
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace qaic::boot {
namespace {

class Fd {
  public:
    explicit Fd(int fd) noexcept : fd_(fd) {}
    ~Fd()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

// Size from the open descriptor, then exactly that many bytes and not one more.
Result<Bytes> read_all(const std::string& path, int fd, std::uint64_t limit)
{
    struct stat st {};
    if (::fstat(fd, &st) != 0) return fail(Code::E_FW, "{}: {}", path, std::strerror(errno));
    if (!S_ISREG(st.st_mode)) return fail(Code::E_FW, "{}: not a regular file", path);
    if (st.st_size <= 0) return fail(Code::E_FW, "{}: empty file", path);
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size > limit) return fail(Code::E_FW, "{}: file too long got={} limit={}", path, size, limit);
    Bytes bytes(size + 1);
    std::size_t have = 0;
    while (have < bytes.size()) {
        const auto n = ::read(fd, bytes.data() + have, bytes.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return fail(Code::E_FW, "{}: read failed at offset {}: {}", path, have, std::strerror(errno));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    if (have != size)
        return fail(Code::E_FW, "{}: file changed while it was read got={} limit={}", path, have, size);
    bytes.resize(size);
    return bytes;
}

// Nothing when there is no such file; a file that is there but cannot be used is an error, not a reason to
// look elsewhere.
std::optional<Result<Bytes>> try_file(const std::string& path, std::uint64_t limit)
{
    // O_NONBLOCK: a FIFO in the search path must not hang the boot.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd.get() >= 0) return read_all(path, fd.get(), limit);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail(Code::E_FW, "{}: {}", path, std::strerror(errno));
}

} // namespace

Result<const FirmwareSet::Image*> FirmwareSet::get(std::string_view name)
{
    if (const auto it = images_.find(name); it != images_.end()) return &it->second;
    for (const auto& directory : directories_) {
        for (const auto& path : {fmt::format("{}/{}/{}", directory, aic100::firmware_dir, name),
                                 fmt::format("{}/{}", directory, name)}) {
            auto bytes = try_file(path, limit_);
            if (!bytes) continue;
            QAIC_TRY(auto content, std::move(*bytes));
            return &images_.emplace(std::string(name), Image{path, std::move(content)}).first->second;
        }
    }
    return fail(Code::E_FW, "{}: no such file in [{}] (tried {}/ in each first)", name,
                fmt::join(directories_, ", "), aic100::firmware_dir);
}

} // namespace qaic::boot
