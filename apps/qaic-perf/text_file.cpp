// SPDX-License-Identifier: BSD-3-Clause
#include "text_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace qaic::perf {

namespace {
std::string beside(const std::string& path) { return fmt::format("{}.{}.tmp", path, ::getpid()); }

tl::unexpected<Error> cannot(const char* option, const std::string& path)
{
    return fail(Code::E_INVAL, "{} {}: cannot write: {}", option, path, std::strerror(errno));
}
} // namespace

Result<void> check_writable(const char* option, const std::string& path)
{
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return fail(Code::E_INVAL, "{} {}: is a folder", option, path);
    const auto probe = beside(path);
    if (!std::ofstream(probe)) return cannot(option, path);
    std::filesystem::remove(probe, error);
    return {};
}

Result<void> write_file(const char* option, const std::string& path, ConstSpan content)
{
    const auto temporary = beside(path);
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file || ::rename(temporary.c_str(), path.c_str()) != 0) {
        const int saved = errno;
        ::unlink(temporary.c_str());
        errno = saved;
        return cannot(option, path);
    }
    return {};
}

} // namespace qaic::perf
