// SPDX-License-Identifier: BSD-3-Clause
// Built-in programs: to test and to measure the driver with.
#include "base/endian.hpp"
#include "card/nsp/backend.hpp"
#include <algorithm>
#include <bit>
#include <cstring>
#include <zlib.h>

namespace card {
namespace {

class Echo final : public Backend {
  public:
    Echo(Buffers buffers, Nanos duration) : buffers_(std::move(buffers)), duration_(duration) {}
    bool compute() noexcept override
    {
        for (std::size_t i = 0; i < buffers_.out.size(); ++i)
            if (buffers_.out[i].data() != buffers_.in[i].data() && !buffers_.in[i].empty())
                std::memmove(buffers_.out[i].data(), buffers_.in[i].data(), buffers_.in[i].size());
        return true;
    }
    [[nodiscard]] Nanos duration() const noexcept override { return duration_; }

  private:
    Buffers buffers_;
    Nanos duration_;
};

/// Each output is filled with the bytes of the inputs, in their order, from the beginning again when they
/// end.
class Timed final : public Backend {
  public:
    Timed(Buffers buffers, Nanos duration) : buffers_(std::move(buffers)), duration_(duration) {}
    bool compute() noexcept override
    {
        for (const auto& out : buffers_.out) fill(out);
        return true;
    }
    [[nodiscard]] Nanos duration() const noexcept override { return duration_; }

  private:
    void fill(MutSpan out) const noexcept
    {
        std::size_t at = 0, before = 1;
        while (at < out.size() && at != before) {
            before = at;
            for (const auto& in : buffers_.in) {
                const auto n = std::min(in.size(), out.size() - at);
                if (n != 0) std::memcpy(out.data() + at, in.data(), n);
                at += n;
            }
        }
    }
    Buffers buffers_;
    Nanos duration_;
};

class Checksum final : public Backend {
  public:
    explicit Checksum(Buffers buffers) : buffers_(std::move(buffers)) {}
    bool compute() noexcept override
    {
        auto crc = ::crc32(0, nullptr, 0);
        for (const auto& in : buffers_.in)
            crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(in.data()), in.size());
        const qaic::le32 result(static_cast<std::uint32_t>(crc));
        std::memcpy(buffers_.out[0].data(), &result, sizeof result);
        return true;
    }

  private:
    Buffers buffers_;
};

class Scale final : public Backend {
  public:
    Scale(Buffers buffers, float by) : buffers_(std::move(buffers)), by_(by) {}
    bool compute() noexcept override
    {
        const auto in = buffers_.in[0];
        for (std::size_t at = 0; at + sizeof(float) <= in.size(); at += sizeof(float)) {
            float v = 0;
            std::memcpy(&v, in.data() + at, sizeof v);
            v *= by_;
            std::memcpy(buffers_.out[0].data() + at, &v, sizeof v);
        }
        return true;
    }

  private:
    Buffers buffers_;
    float by_;
};

Nanos time_of(const Program& program)
{
    constexpr std::uint64_t most = 3'600'000'000'000; // an hour: the sum with the clock cannot overflow
    return Nanos(static_cast<std::int64_t>(std::min(program.arg0, most)));
}

} // namespace

std::unique_ptr<Backend> make_builtin(const Program& program, Buffers buffers)
{
    switch (program.builtin) {
    case aic100::NspBuiltin::CHECKSUM: return std::make_unique<Checksum>(std::move(buffers));
    case aic100::NspBuiltin::SCALE:
        return std::make_unique<Scale>(std::move(buffers),
                                       std::bit_cast<float>(static_cast<std::uint32_t>(program.arg0)));
    case aic100::NspBuiltin::WAIT: return std::make_unique<Echo>(std::move(buffers), time_of(program));
    case aic100::NspBuiltin::TIMED: return std::make_unique<Timed>(std::move(buffers), time_of(program));
    default: return std::make_unique<Echo>(std::move(buffers), Nanos{0});
    }
}

} // namespace card
