// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/pb_scan.hpp"
#include "qpc/limits.hpp"
#include <algorithm>

namespace qpc {
namespace {

enum Wire : unsigned { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

class Scanner {
  public:
    Scanner(ConstSpan bytes, std::span<const PbField> schema) : bytes_(bytes), schema_(schema) {}

    Result<void> message(std::size_t begin, std::size_t end, std::uint8_t which, unsigned depth)
    {
        if (depth > limits::pb_depth)
            return fail(Code::E_FORMAT, "messages nested too deep limit={} offset={:#x}", limits::pb_depth,
                        begin);
        for (std::size_t at = begin; at < end;) {
            QAIC_TRY(at, field(at, end, which, depth));
        }
        return {};
    }

  private:
    /// Walks one field; returns where the next begins, which is always further on.
    Result<std::size_t> field(std::size_t at, std::size_t end, std::uint8_t which, unsigned depth)
    {
        const auto start = at;
        QAIC_TRY(const auto tag, varint(at, end));
        const auto number = tag >> 3;
        if (number == 0 || number > 0x1fffffff)
            return fail(Code::E_FORMAT, "impossible protobuf field number got={} offset={:#x}", number,
                        start);
        const auto* known = find(which, static_cast<std::uint32_t>(number));
        std::uint64_t length = 0;
        switch (tag & 7) {
        case VARINT: {
            QAIC_CHECK(varint(at, end));
            break;
        }
        case FIXED64: length = 8; break;
        case FIXED32: length = 4; break;
        case LENGTH: {
            QAIC_TRY(length, varint(at, end));
            break;
        }
        default:
            return fail(Code::E_FORMAT, "unknown protobuf wire type got={} offset={:#x}", tag & 7, start);
        }
        if (length > end - at)
            return fail(Code::E_FORMAT,
                        "protobuf field {} runs past its message (truncated?) got={} limit={} offset={:#x}",
                        number, length, end - at, start);
        const auto next = at + static_cast<std::size_t>(length);
        if (known != nullptr) {
            QAIC_CHECK(account(*known, tag & 7, at, next, depth));
        }
        return next;
    }

    Result<void> account(const PbField& f, std::uint64_t wire, std::size_t begin, std::size_t end,
                         unsigned depth)
    {
        if (f.kind == PbKind::NUMBERS) {
            // An element takes at least one byte, so bytes bound elements.
            scalars_ += wire == LENGTH ? end - begin : 1;
            if (scalars_ > limits::pb_scalars)
                return fail(Code::E_FORMAT, "too many numbers limit={} offset={:#x}", limits::pb_scalars,
                            begin);
            return {};
        }
        if (wire != LENGTH) return {}; // not that field after all: protobuf keeps it as unknown
        if (++objects_ > limits::pb_objects)
            return fail(Code::E_FORMAT, "too many messages limit={} offset={:#x}", limits::pb_objects, begin);
        if (f.kind == PbKind::MESSAGE) return message(begin, end, f.child, depth + 1);
        return {};
    }

    Result<std::uint64_t> varint(std::size_t& at, std::size_t end) const
    {
        const auto start = at;
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            if (at >= end)
                return fail(Code::E_FORMAT, "protobuf number runs past its message offset={:#x}", start);
            const auto b = static_cast<std::uint64_t>(bytes_[at++]);
            if (shift < 64) value |= (b & 0x7f) << shift;
            if ((b & 0x80) == 0) return value;
        }
        return fail(Code::E_FORMAT, "protobuf number longer than 10 bytes offset={:#x}", start);
    }

    const PbField* find(std::uint8_t which, std::uint32_t number) const noexcept
    {
        const auto it = std::find_if(schema_.begin(), schema_.end(), [&](const PbField& f) {
            return f.message == which && f.number == number;
        });
        return it == schema_.end() ? nullptr : &*it;
    }

    ConstSpan bytes_;
    std::span<const PbField> schema_;
    std::size_t objects_ = 0, scalars_ = 0;
};

} // namespace

Result<void> scan_protobuf(ConstSpan bytes, std::span<const PbField> schema, std::uint8_t root)
{
    return Scanner(bytes, schema).message(0, bytes.size(), root, 1);
}

} // namespace qpc
