// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc verify: would the driver accept these files?
#include "commands.hpp"
#include "qpc/program.hpp"
#include "words.hpp"

namespace qpc_app {

Command add_verify(CLI::App& app)
{
    struct Options {
        std::vector<std::string> files;
        bool strict = false;
    };
    auto o = std::make_shared<Options>();
    app.add_option("file", o->files, "Containers; the first bad one ends the command")->required();
    app.add_flag("--strict", o->strict, "Take notes (such as a missing checksum) as errors");
    return [o]() -> Outcome {
        for (const auto& file : o->files) {
            const auto program = qpc::load_program_file(file);
            if (!program) return data_error(program.error());
            const auto& p = program->program;
            if (o->strict && !p.warnings.empty())
                return data_error({qaic::Code::E_FORMAT, fmt::format("{}: {}", p.name, p.warnings.front())});
            fmt::print("{}: ok, {} segments, {}, {} to card, {} from card\n", p.name,
                       p.container.segments.size(), bytes_text(program->file.span().size()),
                       p.network.inputs.size(), p.network.outputs.size());
            for (const auto& w : p.warnings) fmt::print("{}: note: {}\n", p.name, w);
        }
        return {};
    };
}

} // namespace qpc_app
