// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/builder.hpp"
#include "base/checked.hpp"
#include "qpc/container.hpp"
#include "qpc/elf_sections.hpp"
#include "qpc/layout.hpp"
#include "qpc/limits.hpp"
#include "qpc/program.hpp"
#include "qpc/text.hpp"

namespace qpc {
namespace {
using aic100::NspSpace;

constexpr std::uint64_t ddr_align = 256, vtcm_align = 4096;

Result<std::uint32_t> tensor_size(const TensorSpec& t)
{
    if (t.name.empty()) return fail(Code::E_INVAL, "a tensor has no name");
    if (t.dims.size() > limits::rank)
        return fail(Code::E_INVAL, "tensor \"{}\": too many dimensions got={} limit={}", printable(t.name),
                    t.dims.size(), limits::rank);
    std::uint64_t bytes = element_bytes(t.type);
    for (const auto d : t.dims) {
        const auto next = checked_mul<std::uint64_t>(bytes, d);
        if (d == 0 || d > 0x7fffffff || !next || *next > limits::tensor_bytes)
            return fail(Code::E_INVAL, "tensor \"{}\": dimension {} or size out of range limit={} bytes",
                        printable(t.name), d, limits::tensor_bytes);
        bytes = *next;
    }
    return static_cast<std::uint32_t>(bytes);
}

/// Tensors laid one after the other in one memory.
class Placer {
  public:
    explicit Placer(Placement where) : vtcm_(where == Placement::VTCM) {}
    PlacedTensor place(std::uint32_t size)
    {
        const auto align = vtcm_ ? vtcm_align : ddr_align;
        next_ = (next_ + align - 1) / align * align;
        PlacedTensor t;
        t.size = size;
        t.space = vtcm_ ? NspSpace::VTCM : NspSpace::DDR;
        (vtcm_ ? t.base_offset : t.dev_offset) = next_;
        next_ += size; // at most 280 times 4 GiB: no overflow
        return t;
    }

  private:
    bool vtcm_;
    std::uint64_t next_ = 0;
};

Result<void> check_spec(const ProgramSpec& spec)
{
    if (spec.name.empty() || spec.name.size() > limits::name)
        return fail(Code::E_INVAL, "network name got={} characters limit=1..{}", spec.name.size(),
                    limits::name);
    if (spec.inputs.empty() || spec.outputs.empty())
        return fail(Code::E_INVAL, "a program needs at least one input and one output");
    if (spec.inputs.size() + spec.outputs.size() > exit_doorbell_index)
        return fail(Code::E_INVAL, "too many inputs and outputs got={} limit={}",
                    spec.inputs.size() + spec.outputs.size(), exit_doorbell_index);
    if (spec.in_place && (spec.placement != Placement::DDR || spec.inputs.size() != spec.outputs.size()))
        return fail(Code::E_INVAL, "working in place needs DDR and as many outputs as inputs");
    return {};
}

Result<ProgramPlan> make_plan(const ProgramSpec& spec)
{
    ProgramPlan plan;
    plan.network_name = spec.name;
    plan.nsps = spec.nsps;
    plan.static_constants = spec.static_constants.size();
    Placer placer(spec.placement);
    for (const auto& t : spec.inputs) {
        QAIC_TRY(const auto size, tensor_size(t));
        plan.inputs.push_back(placer.place(size));
    }
    for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
        QAIC_TRY(const auto size, tensor_size(spec.outputs[i]));
        if (spec.in_place && size != plan.inputs[i].size)
            return fail(Code::E_INVAL,
                        "working in place: output {} has another size than input {} got={} expected={}", i, i,
                        size, plan.inputs[i].size);
        plan.outputs.push_back(spec.in_place ? plan.inputs[i] : placer.place(size));
    }
    // One response per inference is taken from the last output: it must not overtake the others.
    plan.outputs.back().out_fence = plan.outputs.size() > 1;
    return plan;
}

NspTensorInfo nsp_tensor(const TensorSpec& spec, const PlacedTensor& at, std::size_t index)
{
    return {spec.name,
            spec.type,
            spec.dims,
            at.space,
            static_cast<std::uint32_t>(index),
            at.base_offset + at.dev_offset,
            at.size};
}

Result<Bytes> make_nsp_section(const ProgramSpec& spec, const ProgramPlan& plan)
{
    NspImage image{spec.kind, spec.builtin, {}, {}, spec.arg0, spec.arg1};
    for (std::size_t i = 0; i < spec.inputs.size(); ++i)
        image.inputs.push_back(nsp_tensor(spec.inputs[i], plan.inputs[i], i));
    for (std::size_t i = 0; i < spec.outputs.size(); ++i)
        image.outputs.push_back(nsp_tensor(spec.outputs[i], plan.outputs[i], spec.inputs.size() + i));
    return encode_nsp_image(image);
}

void describe(NetworkDesc& d, const std::vector<TensorSpec>& specs, const std::vector<PlacedTensor>& placed,
              Direction direction)
{
    for (std::size_t i = 0; i < specs.size(); ++i) {
        Binding b;
        b.name = specs[i].name;
        b.type = specs[i].type;
        b.dims = specs[i].dims;
        b.bytes = placed[i].size;
        b.buffer = static_cast<std::uint32_t>(d.buffers.size());
        b.align = direction == Direction::IN ? element_bytes(b.type) : 0;
        d.buffers.push_back({placed[i].size, direction});
        (direction == Direction::IN ? d.inputs : d.outputs).push_back(std::move(b));
    }
}

Result<Bytes> make_network_desc(const ProgramSpec& spec, const ProgramPlan& plan)
{
    NetworkDesc d;
    d.name = spec.name;
    d.cores = plan.nsps;
    d.threads = d.hvx_threads = plan.threads;
    describe(d, spec.inputs, plan.inputs, Direction::IN);
    describe(d, spec.outputs, plan.outputs, Direction::OUT);
    return write_network_desc(d);
}

Result<Bytes> build(const ProgramSpec& spec)
{
    QAIC_CHECK(check_spec(spec));
    QAIC_TRY(const auto plan, make_plan(spec));
    QAIC_TRY(const auto metadata, plan_metadata(plan));
    QAIC_TRY(const auto nsp, make_nsp_section(spec, plan));
    QAIC_TRY(const auto network_desc, make_network_desc(spec, plan));
    const auto flat = encode_metadata(metadata);
    const NewElfSection sections[] = {{"metadata_fb", flat}, {aic100::nsp_section, nsp}};
    const auto elf = write_elf(sections);
    ConstantsDesc constants{};
    constants.static_size = spec.static_constants.size();
    const le32 constants_crc = crc_segment(spec.static_constants), elf_crc = crc_segment(elf);

    // Sorted by name, as the vendor's compiler writes them.
    std::vector<NewSegment> segments;
    if (!spec.static_constants.empty()) {
        segments.push_back(
            {std::string(segment_name::constants), spec.static_constants, spec.static_constants.size()});
        segments.push_back({std::string(segment_name::constants) + ".crc", bytes_of(constants_crc)});
    }
    segments.push_back({std::string(segment_name::constants_desc), bytes_of(constants)});
    segments.push_back({std::string(segment_name::elf), elf});
    segments.push_back({std::string(segment_name::elf) + ".crc", bytes_of(elf_crc)});
    segments.push_back({std::string(segment_name::network_desc), network_desc});
    return write_container(segments);
}

} // namespace

Result<Bytes> build_container(const ProgramSpec& spec)
{
    auto built = build(spec);
    if (!built) return tl::unexpected<Error>(Error{Code::E_INVAL, std::move(built).error().text});
    QAIC_CHECK(load_program(*built, "built container"));
    return built;
}

} // namespace qpc
