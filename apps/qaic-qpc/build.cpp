// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc build: an ONNX file, a built-in program or a host-native NSP program becomes a container.
#include "commands.hpp"
#include "qpc/builtin_spec.hpp"
#include "qpc/file.hpp"
#include "qpc/native_builder.hpp"
#include "qpc/onnx_info.hpp"
#include "qpc/text.hpp"
#include <filesystem>

namespace qpc_app {
namespace {

struct Options {
    std::string onnx, builtin, program, config, output, name, memory = "ddr";
    unsigned nsps = 1;
    bool separate = false;
};

/// What is built, and the memory its constants lie in.
struct Source {
    qpc::ProgramSpec spec;
    qpc::FileBytes file;
};

tl::expected<Source, Failure> from_onnx(const Options& o)
{
    auto file = qpc::read_file(o.onnx, qpc::limits::onnx_file);
    if (!file) return data_error(std::move(file).error());
    auto info = qpc::read_onnx_info(file->span());
    if (!info) return data_error_at(qpc::printable(o.onnx, 512), std::move(info).error());
    Source s;
    s.file = std::move(*file);
    s.spec.kind = aic100::NspKind::ONNX;
    s.spec.name = std::filesystem::path(o.onnx).stem().string();
    s.spec.inputs = std::move(info->inputs);
    s.spec.outputs = std::move(info->outputs);
    s.spec.static_constants = s.file.span(); // unique memory: stays valid when Source moves
    return s;
}

tl::expected<Source, Failure> from_builtin(const Options& o)
{
    auto spec = qpc::parse_builtin(o.builtin);
    if (!spec) return usage_error("--builtin", spec.error());
    return Source{std::move(*spec), {}};
}

Outcome write(const Options& o, const qaic::Bytes& container)
{
    if (auto written = qpc::write_file(o.output, container); !written)
        return data_error(std::move(written).error());
    return {};
}

/// The configuration says all: name, NSPs and where everything lies.
Outcome build_native(const Options& o)
{
    constexpr std::uint64_t most_config = 1u << 20;
    auto object = qpc::read_file(o.program);
    if (!object) return data_error(std::move(object).error());
    auto text = qpc::read_file(o.config, most_config);
    if (!text) return data_error(std::move(text).error());
    const auto bytes = text->span();
    auto config = qpc::parse_program_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!config) return data_error_at(qpc::printable(o.config, 512), std::move(config).error());
    if (!o.name.empty()) config->name = o.name;
    auto container = qpc::build_native_container(*config, object->span());
    if (!container) return data_error_at(qpc::printable(o.program, 512), std::move(container).error());
    return write(o, *container);
}

Outcome build(const Options& o)
{
    if (!o.program.empty()) return build_native(o);
    auto source = o.onnx.empty() ? from_builtin(o) : from_onnx(o);
    if (!source) return tl::unexpected(std::move(source).error());
    auto& spec = source->spec;
    if (!o.name.empty()) spec.name = o.name;
    spec.nsps = o.nsps;
    if (o.memory == "vtcm") spec.placement = qpc::Placement::VTCM;
    if (o.separate || spec.placement == qpc::Placement::VTCM) spec.in_place = false;
    auto container = qpc::build_container(spec);
    const auto& origin = o.onnx.empty() ? o.builtin : o.onnx;
    if (!container) return data_error_at(qpc::printable(origin, 512), std::move(container).error());
    return write(o, *container);
}

} // namespace

Command add_build(CLI::App& app)
{
    auto o = std::make_shared<Options>();
    auto* source = app.add_option_group("source", "What to build");
    source->add_option("--onnx", o->onnx, "ONNX model with float32 inputs and outputs of fixed shape");
    source->add_option("--builtin", o->builtin,
                       "echo:in=4KiB | checksum:in=64+128 | scale:in=1KiB,factor=0.5 | wait:in=64,us=100 | "
                       "timed:in=150528,out=1000");
    auto* program = source->add_option("--program", o->program,
                                       "Host-native NSP program: x86-64 shared object (emulated card only)");
    source->require_option(1);
    auto* config =
        app.add_option("--config", o->config, "JSON configuration of --program: NSPs, threads, buffers");
    program->needs(config);
    config->needs(program);
    app.add_option("-o,--output", o->output, "Container to write; replaced as a whole or not at all")
        ->required();
    app.add_option("--name", o->name, "Name of the network (default: the ONNX file's, or the built-in's)");
    app.add_option("--nsps", o->nsps, "NSPs to reserve for the program")
        ->check(CLI::Range(1u, 16u))
        ->capture_default_str();
    app.add_option("--memory", o->memory, "Where inputs and outputs lie on the card")
        ->check(CLI::IsMember({"ddr", "vtcm"}))
        ->capture_default_str();
    app.add_flag("--separate", o->separate,
                 "Give echo and wait outputs of their own instead of working in place");
    return [o] { return build(*o); };
}

} // namespace qpc_app
