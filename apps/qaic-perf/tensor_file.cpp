// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace qaic::perf {

namespace {

struct Fd {
    int fd;
    explicit Fd(int opened) : fd(opened) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd()
    {
        if (fd >= 0) ::close(fd);
    }
};

/// Bytes read until `size` or the end of the file.
Result<std::size_t> read_up_to(const Fd& file, std::byte* to, std::size_t size, const std::string& path)
{
    std::size_t have = 0;
    while (have < size) {
        const auto n = ::read(file.fd, to + have, size - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(Code::E_INVAL, "{}: cannot read: {}", path, std::strerror(errno));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    return have;
}

} // namespace

Result<Bytes> read_file(const std::string& path, std::uint64_t limit)
{
    // O_NONBLOCK: opening a FIFO by mistake must not hang
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.fd < 0) return fail(Code::E_INVAL, "{}: cannot open: {}", path, std::strerror(errno));
    struct stat info {};
    if (::fstat(file.fd, &info) != 0) return fail(Code::E_INVAL, "{}: {}", path, std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return fail(Code::E_INVAL, "{}: is not a regular file", path);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size == 0) return fail(Code::E_FORMAT, "{}: is empty", path);
    if (size > limit) return fail(Code::E_LIMIT, "{}: {} bytes, limit {}", path, size, limit);
    Bytes data(size + 1); // one more, to notice growth
    QAIC_TRY(const auto have, read_up_to(file, data.data(), data.size(), path));
    if (have != size) return fail(Code::E_FORMAT, "{}: changed its size while being read", path);
    data.pop_back();
    return data;
}

Result<TensorFile> as_tensors(const std::string& path, Bytes data, std::uint64_t tensor_bytes,
                              const std::string& what)
{
    const std::uint64_t size = data.size();
    if (size == 0 || size % tensor_bytes != 0)
        return fail(Code::E_FORMAT, "{}: {} bytes is not a multiple of {}, the size of one {}", path, size,
                    tensor_bytes, what);
    return TensorFile{path, std::move(data), tensor_bytes, size / tensor_bytes};
}

Result<TensorFile> as_tensors_like(const std::string& path, Bytes data, std::uint64_t tensor_bytes,
                                   const std::string& what, const TensorFile& other)
{
    QAIC_TRY(auto file, as_tensors(path, std::move(data), tensor_bytes, what));
    if (file.count != other.count)
        return fail(Code::E_FORMAT,
                    "{}: holds {} x {}, but {} holds {} tensors; both must be the same number", path,
                    file.count, what, other.path, other.count);
    return file;
}

} // namespace qaic::perf
