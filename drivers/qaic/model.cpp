// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/model.hpp"
#include "qaic/log.hpp"
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace qaic {
namespace {

template<std::size_t N>
void copy_text(char (&to)[N], std::string_view from)
{
    const auto n = std::min(from.size(), N - 1);
    std::memcpy(to, from.data(), n);
    std::memset(to + n, 0, N - n);
}

/// Host-side reasons to refuse (5.4 step 2): what the card would refuse later and say less clearly.
Result<void> check_card(const qpc::Program& p, const aic100::InfoBlock& card)
{
    if (const auto major = card.hw_version >> 16; p.metadata.hw_major != major)
        return fail(Code::E_FORMAT, "{}: compiled for hardware version got={} limit={}", p.name,
                    p.metadata.hw_major, major);
    if (p.metadata.nsps > card.resources.nsp_total)
        return fail(Code::E_NORES, "{}: NSPs got={} limit={}", p.name, p.metadata.nsps,
                    card.resources.nsp_total);
    return {};
}

aic100::ConstantsDescriptor descriptor_of(const qpc::ConstantsDesc& d)
{
    aic100::ConstantsDescriptor out{};
    out.static_bytes = d.static_size, out.dynamic_bytes = d.dynamic_size;
    out.static_ecc = d.static_ecc, out.dynamic_ecc = d.dynamic_ecc;
    return out;
}

Result<void> check_io(const ModelLayout& layout, std::string_view name)
{
    const auto more = std::max(layout.inputs.size(), layout.outputs.size());
    if (more > max_model_io)
        return fail(Code::E_LIMIT, "{}: inputs or outputs got={} limit={}", name, more, max_model_io);
    return {};
}

} // namespace

rte_ml_io_type ml_type(qpc::DataType type) noexcept
{
    switch (type) {
    case qpc::DataType::FLOAT32: return RTE_ML_IO_TYPE_FP32;
    case qpc::DataType::FLOAT16: return RTE_ML_IO_TYPE_FP16;
    case qpc::DataType::INT8_Q:
    case qpc::DataType::INT8: return RTE_ML_IO_TYPE_INT8;
    case qpc::DataType::UINT8_Q: return RTE_ML_IO_TYPE_UINT8;
    case qpc::DataType::INT16_Q: return RTE_ML_IO_TYPE_INT16;
    case qpc::DataType::INT32_Q:
    case qpc::DataType::INT32: return RTE_ML_IO_TYPE_INT32;
    case qpc::DataType::INT64: return RTE_ML_IO_TYPE_INT64;
    }
    return RTE_ML_IO_TYPE_UNKNOWN;
}

Result<std::unique_ptr<Model>> Model::load(nnc::Client& client, const aic100::InfoBlock& card,
                                           ConstSpan bytes, std::string_view name, bool keep)
{
    PrivateCopy copy;
    if (keep) {
        QAIC_TRY(copy, PrivateCopy::of(bytes, name));
        bytes = copy.bytes();
    }
    QAIC_TRY(const auto program, qpc::load_program(bytes, name));
    for (const auto& w : program.warnings) log(LogLevel::WARNING, "{}", w);
    QAIC_CHECK(check_card(program, card));
    auto layout = lay_out(program);
    if (!layout) return fail_at(name, std::move(layout).error());
    QAIC_CHECK(check_io(*layout, name));

    std::unique_ptr<Model> m(new Model);
    m->layout_ = std::move(*layout);
    m->name_ = program.network.name.empty() ? program.metadata.network_name : program.network.name;
    m->version_ = fmt::format("{}.{}", program.metadata.version_major, program.metadata.version_minor);
    m->nsps_ = program.metadata.nsps;
    m->constants_bytes_ = program.static_constants.size() + program.dynamic_constants.size();
    m->describe();

    QAIC_CHECK(m->put_on_card(client, program));
    if (keep) m->kept_ = std::move(copy);
    return m;
}

Result<void> Model::put_on_card(nnc::Client& client, const qpc::Program& program)
{
    QAIC_TRY(constants_id_, client.load_constants(descriptor_of(program.constants_desc),
                                                  program.static_constants, program.dynamic_constants));
    auto elf = client.load_elf(program.elf, "NetworkImage");
    if (!elf) {
        if (constants_id_ != 0)
            (void)client.unload_constants(std::exchange(constants_id_, 0)); // the first error is the one told
        return tl::unexpected<Error>(std::move(elf).error());
    }
    elf_id_ = *elf;
    return {};
}

Result<void> Model::load_again(nnc::Client& client)
{
    if (kept_.bytes().empty())
        return fail(Code::E_STATE, "{}: its container was not kept: unload it and load it again", name_);
    QAIC_TRY(const auto program, qpc::load_program(kept_.bytes(), name_));
    return put_on_card(client, program);
}

Result<void> Model::unload(nnc::Client& client)
{
    Result<void> result;
    if (elf_id_ != 0) result = client.unload_elf(elf_id_);
    if (constants_id_ != 0) {
        auto r = client.unload_constants(constants_id_);
        if (result) result = std::move(r);
    }
    elf_id_ = constants_id_ = 0;
    return result;
}

void Model::describe()
{
    const auto info_of = [](Tensor& t) {
        rte_ml_io_info i{};
        copy_text(i.name, t.name);
        i.nb_dims = static_cast<std::uint32_t>(t.dims.size());
        i.shape = t.dims.data();
        i.type = ml_type(t.type);
        i.nb_elements = t.elements;
        i.size = t.bytes;
        i.scale = t.scale;
        i.zero_point = t.zero_point;
        return i;
    };
    for (auto& t : layout_.inputs) input_info_.push_back(info_of(t));
    for (auto& t : layout_.outputs) output_info_.push_back(info_of(t));
}

void Model::fill(rte_ml_model_info& info) const
{
    copy_text(info.name, name_);
    copy_text(info.version, version_);
    info.io_layout = RTE_ML_IO_LAYOUT_PACKED;
    info.min_batches = info.max_batches = layout_.batches; // no operation computes fewer
    info.nb_inputs = static_cast<std::uint32_t>(input_info_.size());
    info.input_info = input_info_.data();
    info.nb_outputs = static_cast<std::uint32_t>(output_info_.size());
    info.output_info = output_info_.data();
    info.wb_size = constants_bytes_;
}

} // namespace qaic
