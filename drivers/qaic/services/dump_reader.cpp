// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/dump_reader.hpp"
#include "aic100/wire/sahara.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <new>

namespace qaic::services {
using namespace aic100;
namespace {
struct Head {
    le64 magic, version, total, table;
};
static_assert(sizeof(Head) == 32);
} // namespace

Result<DumpReader> DumpReader::begin(std::uint64_t table_address, std::uint64_t table_bytes,
                                     std::uint64_t limit)
{
    if (table_bytes == 0 || table_bytes % sizeof(DumpEntry) != 0)
        return fail(Code::E_PROTO, "crash dump: table of {} bytes, not of {}-byte entries", table_bytes,
                    sizeof(DumpEntry));
    if (table_bytes > most_entries * sizeof(DumpEntry) || limit < sizeof(Head) + table_bytes)
        return fail(Code::E_LIMIT, "crash dump: table got={} limit={}", table_bytes,
                    std::min<std::uint64_t>(most_entries * sizeof(DumpEntry), limit));
    if (!checked_add(table_address, table_bytes))
        return fail(Code::E_PROTO, "crash dump: table at 0x{:x} wraps around", table_address);
    DumpReader reader;
    reader.table_bytes_ = table_bytes, reader.limit_ = limit;
    reader.parts_.push_back({table_address, table_bytes});
    reader.container_.resize(sizeof(Head));
    return reader;
}

std::optional<DumpReader::Request> DumpReader::next() const noexcept
{
    if (part_ == parts_.size()) return std::nullopt;
    const auto& p = parts_[part_];
    return Request{p.address + got_, std::min<std::uint64_t>(p.length - got_, chunk)};
}

Result<void> DumpReader::take(ConstSpan data)
{
    const auto asked = next();
    if (!asked || data.empty() || data.size() > asked->length)
        return fail(Code::E_PROTO, "crash dump: answer of {} bytes, limit 1..{}", data.size(),
                    asked ? asked->length : 0);
    container_.insert(container_.end(), data.begin(), data.end()); // within what plan_regions() reserved
    got_ += data.size();
    if (got_ != parts_[part_].length) return {};
    got_ = 0;
    return ++part_ == 1 ? plan_regions() : Result<void>{};
}

Result<void> DumpReader::plan_regions()
{
    std::uint64_t total = container_.size();
    for (auto at = sizeof(Head); at < sizeof(Head) + table_bytes_; at += sizeof(DumpEntry)) {
        auto entry = *read_at<DumpEntry>(container_, at);
        if (entry.length == 0)
            return fail(Code::E_PROTO, "crash dump: table entry {} is of length 0",
                        (at - sizeof(Head)) / sizeof(DumpEntry));
        if (!checked_add(entry.address.get(), entry.length.get()))
            return fail(Code::E_PROTO, "crash dump: region at 0x{:x} of {} bytes wraps around",
                        entry.address.get(), entry.length.get());
        if (entry.length <= limit_ - total) {
            total += entry.length;
            parts_.push_back({entry.address, entry.length});
        } else {
            cut_ = true;
            entry.length = std::uint64_t{0};
        }
        entry.description[sizeof entry.description - 1] = entry.file[sizeof entry.file - 1] = '\0';
        std::memcpy(container_.data() + at, &entry, sizeof entry);
    }
    const Head head{dump_magic, dump_version, total, table_bytes_};
    std::memcpy(container_.data(), &head, sizeof head);
    try {
        container_.reserve(total);
    } catch (const std::bad_alloc&) {
        return fail(Code::E_NOMEM, "crash dump: no memory for {} bytes", total);
    }
    return {};
}

} // namespace qaic::services
