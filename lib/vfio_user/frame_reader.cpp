// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/frame_reader.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace vfio_user {

bool FrameReader::violate(std::string why)
{
    violation_ = std::move(why);
    return false;
}

/// Moves bytes into the part until it holds `upto`; true when it does.
bool FrameReader::take(ConstSpan& bytes, std::size_t upto)
{
    const auto n = std::min(bytes.size(), upto - part_.size());
    const auto at = part_.size();
    part_.resize(at + n);
    if (n > 0) std::memcpy(part_.data() + at, bytes.data(), n);
    bytes = bytes.subspan(n);
    return part_.size() == upto;
}

bool FrameReader::check_header()
{
    header_ = *qaic::read_at<Header>(part_);
    const std::uint32_t size = header_.size;
    if (size < sizeof(Header) || size > max_message)
        return violate(fmt::format("message size {} outside {}..{}", size, sizeof(Header), max_message));
    if (queued_bytes_ + size > max_queued_bytes || queue_.size() >= max_queued)
        return violate(fmt::format("more than {} unanswered messages, or {} bytes of them", max_queued,
                                   max_queued_bytes));
    return true;
}

void FrameReader::finish()
{
    Message message{header_, {part_.begin() + sizeof(Header), part_.end()}, std::move(part_fds_)};
    queued_bytes_ += part_.size();
    ++completed_;
    part_.clear();
    part_fds_.clear();
    queue_.push_back(std::move(message));
}

bool FrameReader::feed(ConstSpan bytes, std::vector<Fd> fds)
{
    if (!violation_.empty()) return false;
    bool ended = false; // the last byte so far ended a message
    while (!bytes.empty()) {
        ended = false;
        if (part_.size() < sizeof(Header)) {
            if (!take(bytes, sizeof(Header))) break;
            if (!check_header()) return false;
        }
        if (!take(bytes, header_.size)) break;
        finish();
        ended = true;
    }
    auto& owner = ended ? queue_.back().fds : part_fds_;
    std::move(fds.begin(), fds.end(), std::back_inserter(owner));
    if (owner.size() > max_fds)
        return violate(fmt::format("{} descriptors in one message, limit {}", owner.size(), max_fds));
    return true;
}

std::optional<Message> FrameReader::next()
{
    if (queue_.empty()) return std::nullopt;
    auto message = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= message.header.size;
    return message;
}

std::optional<Message> FrameReader::next_reply()
{
    const auto at = std::find_if(queue_.begin(), queue_.end(), [](const Message& message) {
        return (message.header.flags & header_flag::TYPE_MASK) == header_flag::REPLY;
    });
    if (at == queue_.end()) return std::nullopt;
    auto message = std::move(*at);
    queue_.erase(at);
    queued_bytes_ -= message.header.size;
    return message;
}

} // namespace vfio_user
