// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/private_copy.hpp"
#include <cstring>
#include <sys/mman.h>

namespace qaic {

Result<PrivateCopy> PrivateCopy::of(ConstSpan bytes, std::string_view name)
{
    PrivateCopy out;
    if (bytes.empty()) return out;
    void* const at =
        ::mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return fail(Code::E_NOMEM, "{}: no memory for a copy of {} bytes", name, bytes.size());
    out.bytes_ = {static_cast<std::byte*>(at), bytes.size()};
    (void)::madvise(at, bytes.size(), MADV_HUGEPAGE); // advice
    std::memcpy(at, bytes.data(), bytes.size());
    return out;
}

PrivateCopy::~PrivateCopy()
{
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

} // namespace qaic
