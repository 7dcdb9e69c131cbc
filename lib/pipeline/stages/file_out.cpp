// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/file_out.hpp"
#include <fcntl.h>
#include <unistd.h>

namespace pipeline {

Result<std::unique_ptr<FileOut>> FileOut::make(const qaic_pipe_setup& setup, bool or_stdout)
{
    const Options options(setup);
    auto made = std::make_unique<FileOut>();
    QAIC_TRY(const auto given, options.text("path"));
    QAIC_TRY(const auto path, options.path("path"));
    const bool to_stdout = or_stdout && given == "-";
    made->name_ = to_stdout ? "standard output" : path.string();
    if (to_stdout) {
        made->fd_ = STDOUT_FILENO;
    } else if (setup.pool == nullptr) {
        const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        if (::access(folder.c_str(), W_OK | X_OK) != 0)
            return options.wrong("path", fmt::format("a file that can be written: {}: {}", folder.string(),
                                                     std::strerror(errno)));
    } else {
        made->fd_ =
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
        made->owned_ = made->fd_ >= 0;
        if (made->fd_ < 0)
            return options.wrong("path", fmt::format("a file that can be written: {}: {}", path.string(),
                                                     std::strerror(errno)));
    }
    made->buffer_.resize(buffer_bytes);
    return made;
}

FileOut::~FileOut()
{
    if (owned_) ::close(fd_);
}

bool FileOut::write_all(std::span<const char> bytes) noexcept
{
    while (errno_ == 0 && !bytes.empty()) {
        const auto n = ::write(fd_, bytes.data(), bytes.size());
        if (n > 0)
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        else if (n == 0 || errno != EINTR)
            errno_ = n == 0 ? EIO : errno;
    }
    return errno_ == 0;
}

bool FileOut::flush() noexcept
{
    const auto bytes = std::exchange(used_, 0);
    return write_all({buffer_.data(), bytes});
}

Result<void> FileOut::finish()
{
    if (used_ != 0) flush();
    // A full disk can show up as late as here.
    if (owned_ && ::close(std::exchange(fd_, -1)) != 0 && errno_ == 0) errno_ = errno;
    owned_ = false;
    if (errno_ == 0) return {};
    return fail(Code::E_INVAL, "{}: cannot write: {}; what it holds is not all", name_,
                std::strerror(errno_));
}

} // namespace pipeline
