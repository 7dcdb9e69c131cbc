// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/crash_dumps.hpp"
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace qaic {
namespace {

constexpr unsigned most_tries = 100;
constexpr std::size_t piece = 1u << 20;

std::string stem_of(std::string_view device, unsigned dbc)
{
    std::string name(device);
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '.'; }, '_');
    return fmt::format("{}-dbc{}", name, dbc);
}

bool write_all(int fd, ConstSpan from)
{
    while (!from.empty()) {
        const auto n = ::write(fd, from.data(), std::min(from.size(), piece));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        from = from.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

} // namespace

Result<void> check_place(const CrashDumpPlace& place, std::string_view device)
{
    if (place.directory.empty()) return {};
    if (place.bytes < CrashDumpPlace::least || place.bytes > CrashDumpPlace::most)
        return fail(Code::E_INVAL, "{}: crash dumps: bytes got={} limit={}..{}", device, place.bytes,
                    CrashDumpPlace::least, CrashDumpPlace::most);
    const int dir = ::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = dir >= 0 && ::faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) == 0;
    const int why = errno;
    if (dir >= 0) ::close(dir);
    if (good) return {};
    return fail(Code::E_INVAL, "{}: crash dumps: directory '{}' cannot be written to: {}", device,
                place.directory, std::strerror(why));
}

Result<std::string> write_crash_dump(const CrashDumpPlace& place, std::string_view device,
                                     const CrashDump& dump)
{
    const auto stem = stem_of(device, dump.dbc);
    std::string path;
    int fd = -1;
    for (unsigned n = 0; n < most_tries && fd < 0; ++n) {
        path = fmt::format("{}/{}-{}.qaicdump", place.directory, stem, n);
        fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd < 0) return fail(Code::E_LIMIT, "{}: crash dump: {}: {}", device, path, std::strerror(errno));
    const bool written = write_all(fd, dump.container);
    const int why = errno;
    if (::close(fd) == 0 && written) return path;
    (void)::unlink(path.c_str());
    return fail(Code::E_LIMIT, "{}: crash dump: {}: {}", device, path, std::strerror(written ? errno : why));
}

} // namespace qaic
