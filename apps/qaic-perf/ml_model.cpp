// SPDX-License-Identifier: BSD-3-Clause
#include "ml_model.hpp"
#include "log_capture.hpp"

#include "base/clock.hpp"

#include <cstring>

namespace qaic::perf {

namespace {

std::string text_of(const char (&field)[RTE_ML_STR_MAX]) { return {field, ::strnlen(field, sizeof field)}; }

Result<std::vector<TensorFacts>> tensors_of(const rte_ml_io_info* info, std::uint32_t count, const char* what)
{
    constexpr std::uint32_t max_tensors = 1024, max_dims = 16;
    if (count == 0 || count > max_tensors || info == nullptr)
        return fail(Code::E_UNSUPP, "{} {}s, from 1 to {} are supported", count, what, max_tensors);
    std::vector<TensorFacts> out;
    for (const auto* t = info; t != info + count; ++t) {
        TensorFacts f{text_of(t->name), {}, 0, t->nb_elements, t->size};
        std::memcpy(&f.type, &t->type, sizeof f.type);
        if (t->nb_dims > max_dims || (t->nb_dims > 0 && t->shape == nullptr))
            return fail(Code::E_UNSUPP, "{} '{}' has {} dimensions, limit {}", what, f.name, t->nb_dims,
                        max_dims);
        f.shape.assign(t->shape, t->shape + t->nb_dims);
        const auto size = type_size(f.type);
        if (size == 0 || f.elements == 0 || f.elements > max_tensor_bytes / size ||
            f.device_bytes != f.elements * size)
            return fail(Code::E_UNSUPP, "{} '{}': {} elements of type {} cannot be {} bytes", what, f.name,
                        f.elements, f.type, f.device_bytes);
        out.push_back(std::move(f));
    }
    return out;
}

Result<ModelFacts> facts_of(std::int16_t device, std::uint16_t id)
{
    rte_ml_model_info info{};
    if (const int e = rte_ml_model_info_get(device, id, &info); e != 0)
        return fail(Code::E_STATE, "the driver does not describe the model: {} ({})", std::strerror(-e), e);
    ModelFacts f;
    f.name = text_of(info.name);
    f.version = text_of(info.version);
    f.id = id;
    f.batches = std::max<std::uint16_t>(info.min_batches, 1);
    f.packed = info.io_layout == RTE_ML_IO_LAYOUT_PACKED;
    f.weight_bytes = info.wb_size;
    QAIC_TRY(f.inputs, tensors_of(info.input_info, info.nb_inputs, "input"));
    QAIC_TRY(f.outputs, tensors_of(info.output_info, info.nb_outputs, "output"));
    return f;
}

EntryLayout layout_of(const std::vector<TensorFacts>& tensors, bool packed, std::uint64_t align)
{
    std::vector<std::uint64_t> sizes;
    sizes.reserve(tensors.size());
    for (const auto& t : tensors) sizes.push_back(t.device_bytes);
    return entry_layout(sizes, packed, align);
}

/// One line for a refusal: what the driver logged goes into it.
template<class Call>
Result<void> ask_driver(Code code, const std::string& place, const char* what, Call&& call)
{
    LogCapture log;
    const int e = call();
    if (e == 0) return {};
    const auto reason = log.take_reason();
    return fail(code, "{}: the driver {}: {} ({}){}{}", place, what, std::strerror(-e), e,
                reason.empty() ? "" : "; ", reason);
}

} // namespace

Result<MlModel> MlModel::load(const MlDevice& device, ConstSpan container, const std::string& place)
{
    MlModel m;
    m.device_ = device.facts().id;
    Bytes own(container.begin(), container.end()); // the API takes a pointer to non-const
    rte_ml_model_params params{own.data(), own.size()};
    const auto load_start = SteadyClock().now();
    QAIC_CHECK(ask_driver(Code::E_FORMAT, place, "refused the model",
                          [&] { return rte_ml_model_load(m.device_, &params, &m.facts_.id); }));
    m.loaded_ = true;
    m.load_ms_ = milliseconds_since(load_start);
    auto facts = facts_of(m.device_, m.facts_.id);
    if (!facts) return fail_at(place, facts.error());
    m.facts_ = std::move(*facts);
    const auto start_start = SteadyClock().now();
    QAIC_CHECK(ask_driver(Code::E_STATE, place, "could not start the model",
                          [&] { return rte_ml_model_start(m.device_, m.facts_.id); }));
    m.started_ = true;
    m.start_ms_ = milliseconds_since(start_start);
    return m;
}

EntryLayout MlModel::input_layout(std::uint64_t align) const
{
    return layout_of(facts_.inputs, facts_.packed, align);
}
EntryLayout MlModel::output_layout(std::uint64_t align) const
{
    return layout_of(facts_.outputs, facts_.packed, align);
}

Result<void> MlModel::check_format(FileFormat format) const
{
    if (format == FileFormat::DEVICE) return {};
    for (const auto* list : {&facts_.inputs, &facts_.outputs})
        for (const auto& t : *list)
            if (!converts_to_float(t.type) || t.elements > max_tensor_bytes / sizeof(float))
                return fail(Code::E_UNSUPP, "model '{}': {} has no float32 form; use --device-io",
                            facts_.name, describe(t));
    return {};
}

Result<void> MlModel::unload()
{
    if (started_) {
        started_ = false;
        if (const int e = rte_ml_model_stop(device_, facts_.id); e != 0)
            return fail(Code::E_STATE, "model '{}': the driver could not stop it: {} ({})", facts_.name,
                        std::strerror(-e), e);
    }
    if (loaded_) {
        loaded_ = false;
        if (const int e = rte_ml_model_unload(device_, facts_.id); e != 0)
            return fail(Code::E_STATE, "model '{}': the driver could not unload it: {} ({})", facts_.name,
                        std::strerror(-e), e);
    }
    return {};
}

} // namespace qaic::perf
