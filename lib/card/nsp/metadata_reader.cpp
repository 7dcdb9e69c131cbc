// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/metadata_reader.hpp"
#include "aic100/wire/dbc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "aic100/wire/nsp_native.hpp"
#include "aic_metadata_generated.h"
#include "base/checked.hpp"
#include <algorithm>

namespace card {
namespace {
namespace fb = aic100::meta;
namespace status = aic100::nnc_status;
constexpr unsigned terminator_bytes = 8, verify_depth = 64, verify_tables = 1'000'000;
constexpr unsigned known_exec_variables = 33;
constexpr std::uint64_t max_heap = 4ull << 30, max_l2_cached = 4096;
constexpr unsigned space_multicast = 0;

NncResult<void> refuse(NncStatus code) { return tl::unexpected(code); }

template<class T>
bool verified(ConstSpan bytes) noexcept
{
    flatbuffers::Verifier v(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), verify_depth,
                            verify_tables);
    return v.VerifyBuffer<T>(nullptr);
}

/// The terminator record: u16 1, u16 0.
bool has_terminator(ConstSpan bytes) noexcept
{
    const auto first = read_at<qaic::le32>(bytes);
    return first && *first == 1 && bytes.size() > terminator_bytes;
}

/// A nested list of what the program wants in its execution context (7.3): an unknown variable it cannot do
/// without is a version mismatch. The emulated NSP hands out none of them; version 5 has them all.
NncResult<void> check_exec_context(const fb::Metadata& m, unsigned major)
{
    if (m.exec_context_major_version() != major) return refuse(status::EXEC_CONTEXT);
    // A host-native program has its context from a header: offsets of 32-bit pointers mean nothing to it
    // (7.9).
    if (major == aic100::nsp_native_context) return {};
    if (m.exec_context() == nullptr || m.exec_context()->size() == 0) return {};
    const auto* data = reinterpret_cast<const std::byte*>(m.exec_context()->data());
    const Bytes copy(data, data + m.exec_context()->size()); // nested buffers need not be aligned
    if (!verified<fb::ExecContext>(copy)) return refuse(status::METADATA);
    const auto* context = flatbuffers::GetRoot<fb::ExecContext>(copy.data());
    if (context->fields() == nullptr) return {};
    for (const auto* field : *context->fields())
        if (field->is_required() == 0 && field->variable() >= known_exec_variables)
            return refuse(status::EXEC_CONTEXT);
    return {};
}

NncResult<void> check_versions(const fb::Metadata& m, unsigned context_major)
{
    if (m.version_major() != aic100::metadata_major_version || m.hw_version_major() != 2)
        return refuse(status::METADATA);
    if (m.required_fields() != nullptr)
        for (const auto* name : *m.required_fields())
            if (!known_required_field(name->string_view())) return refuse(status::METADATA);
    return check_exec_context(m, context_major);
}

NncResult<void> read_sizes(const fb::Metadata& m, Program& p)
{
    if (m.num_nsps() == 0 || m.num_nsps() > max_nsps) return refuse(status::NO_NSP);
    p.nsps = m.num_nsps();
    if (m.num_semaphores() > aic100::semaphore_count) return refuse(status::NO_SEMAPHORE);
    p.semaphores = m.num_semaphores();
    if (m.l2tcm_size() > max_l2tcm || m.vtcm_size() > max_vtcm) return refuse(status::NO_MEMORY);
    if (m.l2tcm_size() == 0 || m.vtcm_size() == 0) return refuse(status::METADATA);
    p.l2tcm_bytes = static_cast<std::uint32_t>(*checked_align_up(m.l2tcm_size(), l2tcm_page));
    p.vtcm_bytes = static_cast<std::uint32_t>(*checked_align_up(m.vtcm_size(), vtcm_page));
    p.static_ddr = m.static_shared_ddr_size();
    p.dynamic_ddr = m.dynamic_shared_ddr_size();
    p.static_constants = m.static_constants_size();
    p.dynamic_constants = m.dynamic_constants_size();
    p.exit_doorbell = m.exit_doorbell_offset();
    if (p.exit_doorbell >= p.l2tcm_bytes) return refuse(status::METADATA);
    return {};
}

NncResult<void> read_initial_state(const fb::Metadata& m, Program& p)
{
    const auto* init = m.l2tcm_init_state();
    const std::uint64_t held = init != nullptr ? init->size() : 0;
    if (m.l2tcm_init_size() != held || held > p.l2tcm_bytes) return refuse(status::L2TCM_INIT);
    if (held != 0) {
        const auto* from = reinterpret_cast<const std::byte*>(init->data());
        p.l2tcm_init.assign(from, from + held);
    }
    if (m.semaphore_init_state() == nullptr) return {};
    if (m.semaphore_init_state()->size() > p.semaphores) return refuse(status::METADATA);
    for (unsigned i = 0; i < m.semaphore_init_state()->size(); ++i) {
        const auto value = m.semaphore_init_state()->Get(i);
        if (value > aic100::semaphore_max) return refuse(status::METADATA);
        p.semaphore_init[i] = static_cast<std::uint16_t>(value);
    }
    return {};
}

NncResult<void> read_receive_windows(const fb::NspMulticastTable& table, Program& p)
{
    std::vector<ReceiveWindow> windows;
    if (table.entries() != nullptr) {
        if (table.entries()->size() > max_mcids) return refuse(status::MCID_LIMIT);
        for (const auto* e : *table.entries()) {
            const bool vtcm = e->addr_space() == 1;
            if (e->addr_space() > 1 || e->base_addr_offset() > (vtcm ? p.vtcm_bytes : p.l2tcm_bytes))
                return refuse(status::METADATA);
            if (e->mask() >> p.nsps != 0) return refuse(status::METADATA);
            windows.push_back({e->base_addr_offset(), vtcm, e->dynamic() != 0, e->mask()});
        }
    }
    p.receive.push_back(std::move(windows));
    return {};
}

NncResult<void> read_multicast(const fb::Metadata& m, Program& p)
{
    if (m.nsp_multicast_tables() == nullptr || m.nsp_multicast_tables()->size() < p.nsps)
        return refuse(status::METADATA);
    for (unsigned n = 0; n < p.nsps; ++n)
        if (auto r = read_receive_windows(*m.nsp_multicast_tables()->Get(n), p); !r) return r;
    const auto* host = m.host_multicast_table();
    if (host != nullptr && host->entries() != nullptr) {
        if (host->entries()->size() > max_mcids) return refuse(status::MCID_LIMIT);
        for (const auto* e : *host->entries()) {
            if (e->mask() >> p.nsps != 0) return refuse(status::METADATA); // an NSP it does not have
            p.host_masks.push_back(e->mask());
        }
    }
    std::size_t longest = p.host_masks.size();
    for (const auto& windows : p.receive) longest = std::max(longest, windows.size());
    p.mcids = static_cast<unsigned>(longest);
    return {};
}

/// From the host's requests the card needs only how often its NSPs have to signal (7.7), and which NSPs a
/// buffer reaches.
void read_requests(const fb::Metadata& m, Program& p, std::vector<std::uint32_t>& buffer_masks)
{
    if (p.semaphores > 1) p.output_decs = p.semaphore_init[1];
    if (m.dma_requests() == nullptr) return;
    for (const auto* r : *m.dma_requests()) {
        if (r->num() < buffer_masks.size() && r->dev_addr_space() == space_multicast &&
            r->mc_id() < p.host_masks.size())
            buffer_masks[r->num()] |= p.host_masks[r->mc_id()];
        if (r->in_out() != 0 || r->semaphore_ops() == nullptr) continue;
        for (const auto* s : *r->semaphore_ops())
            if (s->pre_or_post() == 1 && s->sem_num() == 0 && s->sem_value() <= aic100::semaphore_max)
                p.input_incs = s->sem_value();
    }
}

/// Threads, and which NSP is given which constants (4.3.6, 4.3.7).
NncResult<void> read_native(const fb::Metadata& m, Program& p)
{
    const auto* threads = m.thread_descriptors();
    if (threads == nullptr || threads->size() == 0 || threads->size() > aic100::nsp_max_threads)
        return refuse(status::METADATA);
    for (const auto* t : *threads) p.native.entries.push_back(t->entry_point());
    if (m.network_heap_size() > max_heap || m.l2_cached_ddr_size() > max_l2_cached)
        return refuse(status::NO_MEMORY);
    p.native.heap_bytes = m.network_heap_size();
    p.native.l2_cached_bytes = m.l2_cached_ddr_size();
    p.native.constants_at.assign(p.nsps, -1);
    if (m.constant_mappings() == nullptr) return {};
    for (const auto* c : *m.constant_mappings()) {
        if (c->core_mask() >> p.nsps != 0 || !range_inside(c->base_offset(), c->size(), p.static_constants))
            return refuse(status::METADATA);
        for (unsigned n = 0; n < p.nsps; ++n)
            if ((c->core_mask() >> n & 1) != 0)
                p.native.constants_at[n] = static_cast<std::int64_t>(c->base_offset());
    }
    return {};
}
} // namespace

NncResult<Program> read_metadata(ConstSpan section, unsigned context_major)
{
    Bytes copy(section.begin(), section.end()); // the file offset of the section is arbitrary: align it
    if (!verified<fb::Metadata>(copy)) {
        if (!has_terminator(copy)) return tl::unexpected(status::METADATA);
        copy.erase(copy.begin(), copy.begin() + terminator_bytes);
        if (!verified<fb::Metadata>(copy)) return tl::unexpected(status::METADATA);
    }
    const auto& m = *flatbuffers::GetRoot<fb::Metadata>(copy.data());
    Program p;
    if (auto r = check_versions(m, context_major); !r) return tl::unexpected(r.error());
    if (auto r = read_sizes(m, p); !r) return tl::unexpected(r.error());
    if (auto r = read_initial_state(m, p); !r) return tl::unexpected(r.error());
    if (auto r = read_multicast(m, p); !r) return tl::unexpected(r.error());
    std::vector<std::uint32_t> masks(max_buffers);
    read_requests(m, p, masks);
    p.buffer_masks = std::move(masks);
    if (m.network_name() != nullptr) p.name = m.network_name()->str();
    p.host_native = context_major == aic100::nsp_native_context;
    if (p.host_native)
        if (auto r = read_native(m, p); !r) return tl::unexpected(r.error());
    return p;
}

} // namespace card
