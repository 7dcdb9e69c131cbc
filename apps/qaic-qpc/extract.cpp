// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc extract: segments into files. Needs a sound container only, so it works on programs we cannot
// load.
#include "commands.hpp"
#include "qpc/container.hpp"
#include "qpc/file.hpp"
#include "qpc/text.hpp"

namespace qpc_app {
namespace {

struct ExtractOptions {
    std::string file, segment, output;
};

/// Every segment into a directory; their names hold no slashes (container.hpp).
Outcome extract_all(const qpc::Container& c, const std::string& directory)
{
    for (const auto& s : c.segments) {
        const auto path = fmt::format("{}/{}", directory, s.name);
        if (auto written = qpc::write_file(path, s.data); !written)
            return data_error(std::move(written).error());
        fmt::print("{}: {} bytes\n", qpc::printable(path, 512), s.data.size());
    }
    return {};
}

Outcome extract(const ExtractOptions& o)
{
    const auto file = qpc::read_file(o.file);
    if (!file) return data_error(file.error());
    auto c = qpc::parse_container(file->span());
    const auto shown = qpc::printable(o.file, 512);
    if (!c) return data_error_at(shown, std::move(c).error());
    if (o.segment.empty()) return extract_all(*c, o.output);
    const auto* s = c->find(o.segment);
    if (s == nullptr)
        return data_error(
            {qaic::Code::E_FORMAT, fmt::format("{}: no segment \"{}\"", shown, qpc::printable(o.segment))});
    if (auto written = qpc::write_file(o.output, s->data); !written)
        return data_error(std::move(written).error());
    return {};
}

} // namespace

Command add_extract(CLI::App& app)
{
    auto o = std::make_shared<ExtractOptions>();
    app.add_option("file", o->file, "Container")->required();
    app.add_option("--segment", o->segment, "Only this segment; then --output is a file");
    app.add_option("-o,--output", o->output, "Directory for all segments, or file for one")->required();
    return [o] { return extract(*o); };
}

} // namespace qpc_app
