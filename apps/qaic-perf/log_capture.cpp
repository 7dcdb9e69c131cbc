// SPDX-License-Identifier: BSD-3-Clause
#include "log_capture.hpp"
#include <cstdlib>
#include <rte_log.h>
#include <string_view>

namespace qaic::perf {

LogCapture::LogCapture() : stream_(open_memstream(&text_, &size_))
{
    if (stream_ != nullptr) rte_openlog_stream(stream_);
}

LogCapture::~LogCapture()
{
    if (stream_ == nullptr) return;
    rte_openlog_stream(nullptr); // EAL's default again
    std::fclose(stream_);
    if (!taken_ && size_ != 0) std::fwrite(text_, 1, size_, stderr);
    std::free(text_);
}

std::string LogCapture::take_reason()
{
    if (stream_ == nullptr) return {};
    std::fflush(stream_);
    std::string_view all(text_, size_);
    while (all.ends_with('\n')) all.remove_suffix(1);
    const auto line_end = all.rfind('\n');
    const auto before = line_end == all.npos ? 0 : line_end + 1;
    std::fwrite(all.data(), 1, before, stderr);
    taken_ = true;
    return std::string(all.substr(before));
}

} // namespace qaic::perf
