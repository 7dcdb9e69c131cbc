// SPDX-License-Identifier: BSD-3-Clause
// Inside the metadata decoder: what its two files share. Both read buffers that the verifier has passed.
#pragma once
#include "aic_metadata_generated.h"
#include "qpc/metadata.hpp"

namespace qpc {
namespace fb = aic100::meta;

/// Length of an optional vector.
template<class V>
std::size_t count(const V* v) noexcept
{
    return v == nullptr ? 0 : v->size();
}

inline Result<void> check_count(const char* what, std::size_t got, std::size_t limit)
{
    if (got > limit) return fail(Code::E_FORMAT, "metadata: too many {} got={} limit={}", what, got, limit);
    return {};
}

/// The DMA requests with their semaphores and doorbells.
Result<void> decode_requests(const fb::Metadata& m, Metadata& out);
/// Host and NSP multicast tables.
Result<void> decode_multicast(const fb::Metadata& m, Metadata& out);

} // namespace qpc
