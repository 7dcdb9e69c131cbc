// SPDX-License-Identifier: BSD-3-Clause
// Metadata -> flatbuffer, with defaults stored and the fields that are always required named, as the vendor's
// writer does (aic100-workload.md 4.2).
#include "aic_metadata_generated.h"
#include "qpc/metadata.hpp"

namespace qpc {
namespace {
namespace fb = aic100::meta;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
template<class T>
using Offsets = std::vector<Offset<T>>;

Offset<fb::DmaRequest> encode(FlatBufferBuilder& b, const DmaRequest& r)
{
    Offsets<fb::SemaphoreOp> sems;
    for (const auto& s : r.semaphores)
        sems.push_back(fb::CreateSemaphoreOp(b, s.number, s.value, s.op, s.pre, s.in_fence, s.out_fence));
    Offsets<fb::DoorbellOp> bells;
    for (const auto& d : r.doorbells) {
        const std::uint8_t code = d.width == 4 ? 2 : d.width == 2 ? 1 : 0;
        bells.push_back(fb::CreateDoorbellOp(b, d.offset, d.data, d.mcid, code));
    }
    const auto sem_list = b.CreateVector(sems);
    const auto bell_list = b.CreateVector(bells);
    return fb::CreateDmaRequest(b, sem_list, bell_list, r.host_offset, r.dev_offset, r.size, r.num, r.mcid,
                                static_cast<std::uint8_t>(r.space), r.from_card, r.port, r.transaction_id);
}

Offset<fb::HostMulticastTable> encode_host(FlatBufferBuilder& b, const std::vector<HostMulticast>& table)
{
    Offsets<fb::HostMulticastEntry> entries;
    for (const auto& e : table) entries.push_back(fb::CreateHostMulticastEntry(b, e.mask, e.size));
    return fb::CreateHostMulticastTable(b, b.CreateVector(entries));
}

Offset<fb::NspMulticastTable> encode_nsp(FlatBufferBuilder& b, const std::vector<NspMulticast>& table)
{
    Offsets<fb::NspMulticastEntry> entries;
    for (const auto& e : table)
        entries.push_back(
            fb::CreateNspMulticastEntry(b, e.base_offset, e.mask, e.size, e.vtcm ? 1 : 0, e.dynamic));
    return fb::CreateNspMulticastTable(b, b.CreateVector(entries));
}

/// Everything that has to be in the buffer before the root table is begun.
struct Children {
    Offset<flatbuffers::String> name;
    Offset<flatbuffers::Vector<Offset<flatbuffers::String>>> required;
    Offset<flatbuffers::Vector<std::uint32_t>> semaphores;
    Offset<flatbuffers::Vector<std::uint8_t>> l2tcm, exec_context;
    Offset<flatbuffers::Vector<Offset<fb::DmaRequest>>> requests;
    Offset<flatbuffers::Vector<Offset<fb::NspMulticastTable>>> nsp_multicast;
    Offset<fb::HostMulticastTable> host_multicast;
    Offset<flatbuffers::Vector<Offset<fb::ThreadDescriptor>>> threads;
    Offset<flatbuffers::Vector<Offset<fb::ConstantMapping>>> mappings;
    Offset<flatbuffers::Vector<const fb::PortEntry*>> ports;
    Offset<flatbuffers::Vector<Offset<fb::NonZeroRegion>>> non_zero;
};

/// Parts of the initial L2TCM state that are not all zero; shorter runs of zeros stay inside (4.3.1 slot 37).
Offsets<fb::NonZeroRegion> non_zero_regions(FlatBufferBuilder& b, const Bytes& state)
{
    constexpr std::size_t longest_gap = 128;
    Offsets<fb::NonZeroRegion> out;
    const auto skip = [&](std::size_t from, bool zeros) {
        while (from < state.size() && (state[from] == std::byte{0}) == zeros) ++from;
        return from;
    };
    for (std::size_t at = 0; at < state.size();) {
        const auto start = at;
        for (auto data = skip(at, true); at < state.size() && data - at <= longest_gap; data = skip(at, true))
            at = skip(data, false);
        if (at != start) out.push_back(fb::CreateNonZeroRegion(b, start, at, at - start));
        at = skip(at, true); // the gap
    }
    return out;
}

Offset<flatbuffers::Vector<std::uint8_t>> encode_bytes(FlatBufferBuilder& b, const Bytes& bytes)
{
    return b.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Children encode_children(FlatBufferBuilder& b, const Metadata& m)
{
    Children c;
    c.name = b.CreateString(m.network_name);
    std::vector<std::string> required{"AicMetadataFlat_Metadata->requiredFields",
                                      "AicMetadataFlat_Metadata->networkName"};
    if (!m.exec_context.empty()) required.emplace_back("AicMetadataFlat_Metadata->execContext");
    c.required = b.CreateVectorOfStrings(required);
    c.semaphores = b.CreateVector(m.semaphore_init);
    c.l2tcm = encode_bytes(b, m.l2tcm_init);
    c.exec_context = encode_bytes(b, m.exec_context);
    Offsets<fb::DmaRequest> requests;
    for (const auto& r : m.requests) requests.push_back(encode(b, r));
    c.requests = b.CreateVector(requests);
    Offsets<fb::NspMulticastTable> tables;
    for (const auto& t : m.nsp_multicast) tables.push_back(encode_nsp(b, t));
    c.nsp_multicast = b.CreateVector(tables);
    c.host_multicast = encode_host(b, m.host_multicast);
    Offsets<fb::ThreadDescriptor> threads;
    for (const auto& t : m.threads) threads.push_back(fb::CreateThreadDescriptor(b, t.entry, t.type_mask));
    c.threads = b.CreateVector(threads);
    Offsets<fb::ConstantMapping> mappings;
    for (const auto& k : m.constant_mappings)
        mappings.push_back(fb::CreateConstantMapping(b, k.offset, k.core_mask, k.size));
    c.mappings = b.CreateVector(mappings);
    std::vector<fb::PortEntry> ports;
    for (const auto& p : m.ports) ports.emplace_back(p.id, p.type);
    c.ports = b.CreateVectorOfStructs(ports);
    c.non_zero = b.CreateVector(non_zero_regions(b, m.l2tcm_init));
    return c;
}

Bytes encode_once(const Metadata& m, std::uint64_t raw_length)
{
    FlatBufferBuilder b;
    b.ForceDefaults(true);
    const auto c = encode_children(b, m);
    fb::MetadataBuilder root(b);
    root.add_version_major(m.version_major);
    root.add_version_minor(m.version_minor);
    root.add_network_name(c.name);
    root.add_required_fields(c.required);
    root.add_semaphore_init_state(c.semaphores);
    root.add_l2tcm_init_state(c.l2tcm);
    root.add_dma_requests(c.requests);
    root.add_nsp_multicast_tables(c.nsp_multicast);
    root.add_host_multicast_table(c.host_multicast);
    root.add_thread_descriptors(c.threads);
    root.add_constant_mappings(c.mappings);
    root.add_static_shared_ddr_size(m.static_ddr);
    root.add_dynamic_shared_ddr_size(m.dynamic_ddr);
    root.add_static_constants_size(m.static_constants);
    root.add_dynamic_constants_size(m.dynamic_constants);
    root.add_exit_doorbell_offset(m.exit_doorbell);
    root.add_l2_cached_ddr_size(m.l2_cached_ddr);
    root.add_l2tcm_init_size(static_cast<std::uint32_t>(m.l2tcm_init.size()));
    root.add_exec_context_major_version(m.exec_context_major);
    root.add_num_nsps(m.nsps);
    root.add_num_semaphores(m.semaphores);
    root.add_hw_version_major(m.hw_major);
    root.add_hw_version_minor(m.hw_minor);
    root.add_static_shared_ddr_ecc(m.static_ddr_ecc);
    root.add_dynamic_shared_ddr_ecc(m.dynamic_ddr_ecc);
    root.add_static_constants_ecc(m.static_constants_ecc);
    root.add_dynamic_constants_ecc(m.dynamic_constants_ecc);
    root.add_single_vtcm_page(m.single_vtcm_page);
    root.add_has_hvx_fp(m.hvx_fp);
    root.add_has_hmx_fp(m.hmx_fp);
    root.add_vtcm_size(m.vtcm);
    root.add_l2tcm_size(m.l2tcm);
    root.add_network_heap_size(m.heap);
    root.add_raw_struct_version_length(raw_length);
    root.add_port_table(c.ports);
    root.add_exec_context(c.exec_context);
    root.add_l2tcm_non_zero_regions(c.non_zero);
    root.add_dynamic_shared_ddr_supported(m.dynamic_ddr != 0);
    b.Finish(root.Finish());
    const auto bytes = std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()));
    return {bytes.begin(), bytes.end()};
}

} // namespace

Bytes encode_metadata(const Metadata& m)
{
    // A scratch-size hint for firmware: twice a first serialisation, terminator record included.
    constexpr std::uint64_t terminator = 8;
    return encode_once(m, 2 * (encode_once(m, 0).size() + terminator));
}

} // namespace qpc
