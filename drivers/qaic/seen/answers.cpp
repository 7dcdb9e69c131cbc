// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/seen/answers.hpp"
#include "qaic/device.hpp"
#include "qaic/seen/answer_functions.hpp"
#include <new>

namespace qaic::seen {
namespace {

constexpr OptionRule models_rules[] = {{"model", 0, DeviceLimits::models - 1, {}}};
constexpr OptionRule latency_rules[] = {{"sample", 0, 0, "on|off"}};
constexpr OptionRule log_rules[] = {{"lines", 1, 100, {}}};

constexpr Command command_table[] = {
    {"/qaic/list", "Cloud AI devices: id and name. Takes no parameters", false, {}, answer_list},
    {"/qaic/info", "Card, firmware, boot times. Parameters: DEVICE (id or name)", true, {}, answer_info},
    {"/qaic/models", "Loaded models. Parameters: DEVICE[,model=ID]", true, models_rules, answer_models},
    {"/qaic/queues", "Queue pairs and their counters. Parameters: DEVICE", true, {}, answer_queues},
    {"/qaic/xstats", "Extended statistics. Parameters: DEVICE[,model=ID]", true, models_rules, answer_xstats},
    {"/qaic/latency", "Enqueue-to-dequeue percentiles. Parameters: DEVICE[,sample=on|off]", true,
     latency_rules, answer_latency},
    {"/qaic/sensors",
     "Temperatures (degrees C), power (W) and more. Parameters: DEVICE",
     true,
     {},
     answer_sensors},
    {"/qaic/bootlog", "End of the card's boot log. Parameters: DEVICE[,lines=1..100]", true, log_rules,
     answer_bootlog},
    {"/qaic/errors",
     "Last 32 errors and warnings, oldest first. Parameters: DEVICE",
     true,
     {},
     answer_errors},
};

Result<void> dispatch(std::string_view path, const char* params, rte_tel_data* reply)
{
    for (const auto& c : command_table) {
        if (c.path != path) continue;
        QAIC_TRY(const auto options, Options::parse(params, c.rules));
        if (c.of_device && options.device().empty())
            return fail(Code::E_INVAL, "a device is missing: {},DEVICE; /qaic/list names them", path);
        if (!c.of_device && !options.device().empty())
            return fail(Code::E_INVAL, "{} takes no parameters got='{:.32}'", path, options.device());
        return c.answer(options, reply);
    }
    return fail(Code::E_INVAL, "no such command");
}

} // namespace

std::span<const Command> commands() noexcept { return command_table; }

int answer(std::string_view path, const char* params, rte_tel_data* reply) noexcept
{
    try {
        if (const auto done = dispatch(path, params, reply); !done)
            Dict(reply).text("error", done.error().message());
        return 0;
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
}

} // namespace qaic::seen
