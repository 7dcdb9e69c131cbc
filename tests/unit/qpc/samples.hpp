// SPDX-License-Identifier: BSD-3-Clause
// Containers and parts of containers for the tests of lib/qpc.
#pragma once
#include "qpc/builtin_spec.hpp"
#include "qpc/container.hpp"
#include "qpc/layout.hpp"
#include "qpc/program.hpp"
#include <gtest/gtest.h>
#include <map>

namespace qpc::samples {

inline ConstSpan as_span(std::string_view text) { return std::as_bytes(std::span(text)); }
inline Bytes to_bytes(ConstSpan s) { return {s.begin(), s.end()}; }

/// Bytes of hex digits; blanks are skipped.
Bytes from_hex(std::string_view hex);

/// A container of a built-in program; the test fails if it cannot be built.
Bytes builtin(std::string_view spec);

/// Segments of a container by name, to change one and pack() them again.
using Segments = std::map<std::string, Bytes>;
Segments unpack(const Bytes& container);
/// `split` is that of constants.bin: all static unless told.
Bytes pack(const Segments& segments, std::optional<std::uint64_t> split = std::nullopt);

/// A container as the vendor's in-memory writer lays it out: base != 0, names then data, padded to 8 (1.2).
Bytes heap_style(const Segments& segments, std::uint64_t base);

/// The three-request program of aic100-workload.md 7.8 as placed tensors, and appendix A's bytes.
ProgramPlan simple_io_plan();
Bytes simple_io_network_desc();

/// Puts T at a byte offset.
template<class T>
Bytes patched(Bytes bytes, std::size_t at, T value)
{
    EXPECT_LE(at + sizeof(value), bytes.size());
    std::memcpy(bytes.data() + at, &value, sizeof(value));
    return bytes;
}

/// The text of the error a result holds; fails the test when it holds a value.
template<class R>
std::string error_of(const R& result)
{
    if (result) {
        ADD_FAILURE() << "expected an error";
        return {};
    }
    return result.error().message();
}

/// load_program on memory of exactly this size, so that AddressSanitizer sees the first byte read beyond it.
Result<std::string> load_exact(ConstSpan bytes);

} // namespace qpc::samples
