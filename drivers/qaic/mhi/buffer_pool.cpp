// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mhi/buffer_pool.hpp"
#include <algorithm>
#include <bit>

namespace qaic::mhi {

Result<DmaMemory> BufferPool::take(std::size_t bytes)
{
    const auto power = std::max<unsigned>(smallest, static_cast<unsigned>(std::bit_width(bytes - 1)));
    if (bytes == 0 || power > largest)
        return fail(Code::E_LIMIT, "{}: MHI message of {} bytes, limit {}", bus_.name(), bytes,
                    1u << largest);
    auto& list = free_[power];
    if (list.empty()) return bus_.dma_alloc(std::size_t{1} << power, 64, "mhi_buf");
    DmaMemory buffer = std::move(list.back());
    list.pop_back();
    return buffer;
}

void BufferPool::give(DmaMemory&& buffer)
{
    if (!buffer) return;
    free_[static_cast<unsigned>(std::bit_width(buffer.size() - 1))].push_back(std::move(buffer));
}

void BufferPool::retire() noexcept
{
    for (auto& list : free_)
        for (auto& buffer : list) buffer.retire();
}

} // namespace qaic::mhi
