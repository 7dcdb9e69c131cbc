// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc show: a container on one screen, most useful things first.
#include "commands.hpp"
#include "qpc/text.hpp"
#include "show_json.hpp"
#include "table.hpp"
#include "words.hpp"

namespace qpc_app {
namespace {
using qpc::printable;
using qpc::Program;

std::string text_of(const char* heading, const Table& table)
{
    return fmt::format("\n{}\n{}", heading, table.text());
}

std::string header_text(const Program& p, std::uint64_t file_bytes)
{
    const auto& h = p.container.header;
    const auto image = nsp_image_of(p);
    return fmt::format("{}\n"
                       "  network    \"{}\", batch {}, for hardware {}.{}\n"
                       "  program    {}{}{}\n"
                       "  container  version {}.{}, {} segments, {} bytes ({}), base {:#x}\n",
                       p.name, printable(p.metadata.network_name), p.network.batch, p.metadata.hw_major,
                       p.metadata.hw_minor, machine_text(p.elf_file), image ? ": " : "",
                       image ? nsp_text(*image) : "", h.version_major, h.version_minor,
                       p.container.segments.size(), file_bytes, bytes_text(file_bytes), h.base.get());
}

std::string segments_text(const Program& p)
{
    Table t({"segment", ">offset", ">bytes", "CRC-32", ""});
    for (const auto& s : p.container.segments)
        t.row(
            {printable(s.name), fmt::format("{:#x}", s.data_at), fmt::format("{}", s.data.size()),
             fmt::format("{:08x}", crc32_of(s.data)),
             s.name == qpc::segment_name::constants
                 ? fmt::format("{} static, {} dynamic", p.static_constants.size(), p.dynamic_constants.size())
                 : ""});
    return text_of("Segments", t);
}

std::string bindings_text(const Program& p)
{
    Table t({"", "name", "type", "shape", ">bytes", ">buffer", ">offset", ""});
    const auto add = [&](const char* what, const std::vector<qpc::Binding>& list) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto& b = list[i];
            std::string notes;
            if (b.qscale != 0) notes += fmt::format("scale {} offset {} ", b.qscale, b.qoffset);
            if (b.partial) notes += fmt::format("may be partial, align {}", b.align);
            t.row({fmt::format("{} {}", what, i), printable(b.name), std::string(qpc::data_type_name(b.type)),
                   shape_text(b.dims), fmt::format("{}", b.bytes), fmt::format("{}", b.buffer),
                   fmt::format("{}", b.offset), notes});
        }
    };
    add("input", p.network.inputs);
    add("output", p.network.outputs);
    return text_of("Inputs and outputs", t);
}

std::string buffers_text(const Program& p)
{
    Table t({">buffer", "direction", ">bytes"});
    for (std::size_t i = 0; i < p.network.buffers.size(); ++i) {
        const auto& b = p.network.buffers[i];
        t.row({fmt::format("{}", i), b.direction == qpc::Direction::IN ? "to card" : "from card",
               fmt::format("{}", b.size)});
    }
    return text_of("DMA buffers", t);
}

std::string requests_text(const Program& p)
{
    Table t({">#", "host", "", "device", ">bytes", "before", "after", "doorbell"});
    for (std::size_t i = 0; i < p.metadata.requests.size(); ++i) {
        const auto& r = p.metadata.requests[i];
        std::vector<std::string> pre, post, bells;
        for (const auto& s : r.semaphores) (s.pre ? pre : post).push_back(semaphore_text(s));
        for (const auto& d : r.doorbells) bells.push_back(doorbell_text(d));
        const auto host =
            r.num == qpc::no_buffer ? std::string("none") : fmt::format("{}+{:#x}", r.num, r.host_offset);
        t.row({fmt::format("{}", i), host,
               r.size == 0   ? "--"
               : r.from_card ? "<-"
                             : "->",
               device_text(r), fmt::format("{}", r.size), fmt::format("{}", fmt::join(pre, "; ")),
               fmt::format("{}", fmt::join(post, "; ")), fmt::format("{}", fmt::join(bells, "; "))});
    }
    return text_of("DMA requests of one inference", t);
}

std::string multicast_text(const Program& p)
{
    const auto& m = p.metadata;
    Table t({">MCID", ">bytes", "host mask", "lands at", "NSP mask", ""});
    for (std::size_t id = 0; id < m.mcids(); ++id) {
        const bool host = id < m.host_multicast.size(), nsp = id < m.nsp_multicast[0].size();
        const auto entry = nsp ? m.nsp_multicast[0][id] : qpc::NspMulticast{};
        t.row({fmt::format("{}", id), fmt::format("{}", host ? m.host_multicast[id].size : entry.size),
               host ? fmt::format("{:#06x}", m.host_multicast[id].mask) : "-",
               nsp ? fmt::format("{}+{:#x}", entry.vtcm ? "VTCM" : "L2TCM", entry.base_offset) : "-",
               nsp ? fmt::format("{:#06x}", entry.mask) : "-", entry.dynamic ? "dynamic" : ""});
    }
    return text_of(m.nsps > 1 ? "Multicast windows (NSP columns: table of NSP 0)" : "Multicast windows", t);
}

/// "4: 4 x HVX at 0x0", runs of equal threads as one.
std::string threads_text(const qpc::Metadata& m)
{
    std::string out = fmt::format("{}", m.threads.size());
    for (std::size_t i = 0, run = 0; i < m.threads.size(); i += run) {
        const auto& t = m.threads[i];
        for (run = 1; i + run < m.threads.size(); ++run)
            if (m.threads[i + run].entry != t.entry || m.threads[i + run].type_mask != t.type_mask) break;
        out += fmt::format("{} {} x {} at {:#x}", i == 0 ? ":" : ",", run, thread_text(t), t.entry);
    }
    return out;
}

std::string semaphores_text(const qpc::Metadata& m)
{
    std::vector<std::string> values;
    for (std::size_t i = 0; i < m.semaphore_init.size(); ++i)
        values.push_back(fmt::format("sem{} = {}", i, m.semaphore_init[i]));
    return fmt::format("{}{}{}", m.semaphores, values.empty() ? "" : ", at first ", fmt::join(values, ", "));
}

std::string needs_text(const Program& p)
{
    const auto& m = p.metadata;
    Table t({"", ""});
    t.row({"NSPs", fmt::format("{}", m.nsps)});
    t.row({"channels", "1"});
    t.row({"semaphores", semaphores_text(m)});
    t.row({"multicast ids", fmt::format("{}", m.mcids())});
    t.row({"L2TCM per NSP", fmt::format("{} ({} B initialised, exit doorbell at {:#x})", bytes_text(m.l2tcm),
                                        m.l2tcm_init.size(), m.exit_doorbell)});
    t.row({"VTCM per NSP", fmt::format("{}{}", bytes_text(m.vtcm), m.single_vtcm_page ? ", one page" : "")});
    t.row({"shared DDR",
           fmt::format("{} static, {} dynamic", bytes_text(m.static_ddr), bytes_text(m.dynamic_ddr))});
    t.row({"constants", fmt::format("{} static, {} dynamic", bytes_text(m.static_constants),
                                    bytes_text(m.dynamic_constants))});
    t.row({"heap", bytes_text(m.heap)});
    t.row({"ring elements", fmt::format("{} per inference", m.requests.size())});
    t.row({"threads per NSP", threads_text(m)});
    t.row({"context",
           fmt::format("version {:#x}, {} B description", m.exec_context_major, m.exec_context.size())});
    auto text = t.text();
    return "\nNeeds of one activation\n" + text.substr(text.find('\n') + 1); // no headings
}

std::string nsp_program_text(const Program& p)
{
    const auto image = nsp_image_of(p);
    if (!image) return {};
    Table t({"", "name", "type", "shape", ">bytes", "memory", ">doorbell"});
    const auto add = [&](const char* what, const std::vector<qpc::NspTensorInfo>& list) {
        for (std::size_t i = 0; i < list.size(); ++i)
            t.row({fmt::format("{} {}", what, i), printable(list[i].name),
                   std::string(qpc::data_type_name(list[i].type)), shape_text(list[i].dims),
                   fmt::format("{}", list[i].size),
                   fmt::format("{}+{:#x}", qpc::space_name(list[i].space), list[i].offset),
                   fmt::format("{}", list[i].doorbell)});
    };
    add("input", image->inputs);
    add("output", image->outputs);
    return text_of(fmt::format("NSP program: {}", nsp_text(*image)).c_str(), t);
}

std::string show_text(const Program& p, std::uint64_t file_bytes)
{
    auto out = header_text(p, file_bytes) + bindings_text(p) + buffers_text(p) + requests_text(p) +
               multicast_text(p) + needs_text(p) + nsp_program_text(p) + segments_text(p);
    for (const auto& w : p.warnings) out += fmt::format("\nnote: {}\n", w);
    return out;
}

} // namespace

Command add_show(CLI::App& app)
{
    struct Options {
        std::string file;
        bool json = false;
    };
    auto o = std::make_shared<Options>();
    app.add_option("file", o->file, "Container")->required();
    app.add_flag("--json", o->json, "Print JSON");
    return [o]() -> Outcome {
        const auto program = qpc::load_program_file(o->file);
        if (!program) return data_error(program.error());
        const auto size = program->file.span().size();
        fmt::print("{}", o->json ? show_json(program->program, size) : show_text(program->program, size));
        return {};
    };
}

} // namespace qpc_app
