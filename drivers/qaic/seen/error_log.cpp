// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/error_log.hpp"
#include <cctype>
#include <mutex>
#include <new>

namespace qaic {
namespace {

constinit std::mutex lock; ///< of the list and of everything in it; held for a copy at most
constinit ErrorLog* first = nullptr;

bool in_word(char c) noexcept { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

} // namespace

ErrorLog::ErrorLog(std::string device) : device_(std::move(device))
{
    const std::scoped_lock guard(lock);
    next_ = first;
    first = this;
}

ErrorLog::~ErrorLog()
{
    const std::scoped_lock guard(lock);
    for (auto** at = &first; *at != nullptr; at = &(*at)->next_)
        if (*at == this) {
            *at = next_;
            return;
        }
}

bool ErrorLog::named_in(std::string_view line) const noexcept
{
    for (auto at = line.find(device_); at != line.npos; at = line.find(device_, at + 1)) {
        const auto end = at + device_.size();
        if ((at == 0 || !in_word(line[at - 1])) && (end == line.size() || !in_word(line[end]))) return true;
    }
    return false;
}

void ErrorLog::note(LogAt at, std::string_view line) noexcept
{
    const auto now = std::chrono::system_clock::now();
    const std::scoped_lock guard(lock);
    for (auto* log = first; log != nullptr; log = log->next_) {
        if (!log->named_in(line)) continue;
        auto& entry = log->ring_[log->total_ % kept];
        try {
            entry.text.assign(line.substr(0, text_limit));
        } catch (const std::bad_alloc&) {
            continue;
        }
        entry.at = now, entry.level = at.level, entry.part = at.part;
        ++log->total_;
    }
}

std::vector<ErrorLog::Entry> ErrorLog::last() const
{
    const std::scoped_lock guard(lock);
    std::vector<Entry> out;
    for (auto i = total_ > kept ? total_ - kept : 0; i < total_; ++i) out.push_back(ring_[i % kept]);
    return out;
}

std::uint64_t ErrorLog::total() const
{
    const std::scoped_lock guard(lock);
    return total_;
}

} // namespace qaic
