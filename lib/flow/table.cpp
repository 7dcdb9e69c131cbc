// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.hpp"
#include <algorithm>

namespace flow {

Table::Table(std::size_t capacity, std::uint64_t idle_us)
    : tags_(std::bit_ceil(std::max(capacity, bucket_flows)) / bucket_flows),
      entries_(tags_.size() * bucket_flows), mask_(tags_.size() - 1), idle_us_(idle_us)
{}

State& Table::take(std::uint32_t (&tags)[bucket_flows], Entry* entries, const Key& key,
                   std::uint32_t tag) noexcept
{
    std::size_t place = 0;
    for (std::size_t i = 0; i < bucket_flows; ++i) {
        if (tags[i] == 0) {
            place = i;
            break;
        }
        if (entries[i].state.last_us < entries[place].state.last_us) place = i;
    }
    ++(tags[place] == 0 ? counts_.flows : counts_.evicted);
    ++counts_.begun;
    tags[place] = tag;
    entries[place] = {key, {}};
    return entries[place].state;
}

} // namespace flow
