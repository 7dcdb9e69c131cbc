// SPDX-License-Identifier: BSD-3-Clause
#include "show_json.hpp"
#include "qpc/text.hpp"
#include "words.hpp"
#include <nlohmann/json.hpp>

namespace qpc_app {
namespace {
using json = nlohmann::ordered_json;
using qpc::printable;
using qpc::Program;

json segments_json(const Program& p)
{
    json out = json::array();
    for (const auto& s : p.container.segments)
        out.push_back({{"name", printable(s.name, 256)},
                       {"offset", s.data_at},
                       {"size", s.data.size()},
                       {"split", s.split},
                       {"crc32", crc32_of(s.data)}});
    return out;
}

json bindings_json(const std::vector<qpc::Binding>& list)
{
    json out = json::array();
    for (const auto& b : list)
        out.push_back({{"name", printable(b.name, 256)},
                       {"type", qpc::data_type_name(b.type)},
                       {"dims", b.dims},
                       {"bytes", b.bytes},
                       {"dma_buffer", b.buffer},
                       {"offset", b.offset},
                       {"qscale", b.qscale},
                       {"qoffset", b.qoffset},
                       {"partial", b.partial},
                       {"align", b.align}});
    return out;
}

json buffers_json(const Program& p)
{
    json out = json::array();
    for (const auto& b : p.network.buffers)
        out.push_back(
            {{"size", b.size}, {"direction", b.direction == qpc::Direction::IN ? "to_card" : "from_card"}});
    return out;
}

json request_json(const qpc::DmaRequest& r)
{
    static constexpr const char* ops[] = {"nop", "init", "inc", "dec", "wait_eq", "wait_ge", "p"};
    static constexpr const char* spaces[] = {"multicast", "ddr", "dynamic_ddr"};
    json semaphores = json::array(), doorbells = json::array();
    for (const auto& s : r.semaphores)
        semaphores.push_back({{"op", ops[s.op]},
                              {"number", s.number},
                              {"value", s.value},
                              {"when", s.pre ? "before" : "after"},
                              {"in_fence", s.in_fence},
                              {"out_fence", s.out_fence},
                              {"text", semaphore_text(s)}});
    for (const auto& d : r.doorbells)
        doorbells.push_back(
            {{"mcid", d.mcid}, {"offset", d.offset}, {"data", d.data}, {"bits", d.width * 8}});
    json out{{"dma_buffer", r.num == qpc::no_buffer ? json(nullptr) : json(r.num)},
             {"host_offset", r.host_offset},
             {"direction", r.from_card ? "from_card" : "to_card"},
             {"size", r.size},
             {"space", spaces[static_cast<std::size_t>(r.space)]},
             {"dev_offset", r.dev_offset},
             {"mcid", r.mcid},
             {"port", r.port}};
    out["semaphores"] = std::move(semaphores);
    out["doorbells"] = std::move(doorbells);
    return out;
}

json multicast_json(const qpc::Metadata& m)
{
    json host = json::array(), nsps = json::array();
    for (const auto& e : m.host_multicast) host.push_back({{"mask", e.mask}, {"size", e.size}});
    for (const auto& table : m.nsp_multicast) {
        json entries = json::array();
        for (const auto& e : table)
            entries.push_back({{"memory", e.vtcm ? "vtcm" : "l2tcm"},
                               {"base_offset", e.base_offset},
                               {"mask", e.mask},
                               {"size", e.size},
                               {"dynamic", e.dynamic}});
        nsps.push_back(std::move(entries));
    }
    return {{"host", std::move(host)}, {"nsps", std::move(nsps)}};
}

json needs_json(const qpc::Metadata& m)
{
    json threads = json::array(), mappings = json::array();
    for (const auto& t : m.threads) threads.push_back({{"type_mask", t.type_mask}, {"entry", t.entry}});
    for (const auto& c : m.constant_mappings)
        mappings.push_back({{"offset", c.offset}, {"core_mask", c.core_mask}, {"size", c.size}});
    json out{{"nsps", m.nsps},
             {"channels", 1},
             {"semaphores", m.semaphores},
             {"semaphore_init", m.semaphore_init},
             {"mcids", m.mcids()},
             {"l2tcm", m.l2tcm},
             {"l2tcm_init", m.l2tcm_init.size()},
             {"exit_doorbell", m.exit_doorbell},
             {"vtcm", m.vtcm},
             {"single_vtcm_page", m.single_vtcm_page},
             {"static_ddr", m.static_ddr},
             {"dynamic_ddr", m.dynamic_ddr},
             {"static_constants", m.static_constants},
             {"dynamic_constants", m.dynamic_constants},
             {"heap", m.heap},
             {"exec_context_major", m.exec_context_major},
             {"ring_elements", m.requests.size()}};
    out["threads"] = std::move(threads);
    out["constant_mappings"] = std::move(mappings);
    return out;
}

json tensors_json(const std::vector<qpc::NspTensorInfo>& list)
{
    json out = json::array();
    for (const auto& t : list)
        out.push_back({{"name", printable(t.name, 256)},
                       {"type", qpc::data_type_name(t.type)},
                       {"dims", t.dims},
                       {"memory", qpc::space_name(t.space)},
                       {"offset", t.offset},
                       {"size", t.size},
                       {"doorbell", t.doorbell}});
    return out;
}

json nsp_json(const Program& p)
{
    const auto image = nsp_image_of(p);
    if (!image) return nullptr;
    return {{"text", nsp_text(*image)},
            {"kind", static_cast<int>(image->kind)},
            {"builtin", qpc::builtin_name(image->builtin)},
            {"arg0", image->arg0},
            {"arg1", image->arg1},
            {"inputs", tensors_json(image->inputs)},
            {"outputs", tensors_json(image->outputs)}};
}

} // namespace

std::string show_json(const Program& p, std::uint64_t file_bytes)
{
    const auto& h = p.container.header;
    const auto& m = p.metadata;
    json out{{"file", p.name},
             {"size", file_bytes},
             {"version", fmt::format("{}.{}", h.version_major, h.version_minor)},
             {"base", h.base.get()},
             {"network", printable(m.network_name, 256)},
             {"batch", p.network.batch},
             {"hardware", fmt::format("{}.{}", m.hw_major, m.hw_minor)},
             {"machine", machine_text(p.elf_file)}};
    out["segments"] = segments_json(p);
    out["inputs"] = bindings_json(p.network.inputs);
    out["outputs"] = bindings_json(p.network.outputs);
    out["dma_buffers"] = buffers_json(p);
    out["dma_requests"] = json::array();
    for (const auto& r : m.requests) out["dma_requests"].push_back(request_json(r));
    out["multicast"] = multicast_json(m);
    out["needs"] = needs_json(m);
    out["nsp_program"] = nsp_json(p);
    out["warnings"] = json::array();
    for (const auto& w : p.warnings) out["warnings"].push_back(w);
    return out.dump(2) + "\n";
}

} // namespace qpc_app
