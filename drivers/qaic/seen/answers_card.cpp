// SPDX-License-Identifier: BSD-3-Clause
// Telemetry about cards: list, info, sensors, bootlog, errors.
#include "qaic/seen/answer_functions.hpp"
#include "qaic/seen/sensors.hpp"
#include <algorithm>
#include <ctime>

namespace qaic::seen {
namespace {

/// Text of a field that the card filled, up to its first zero.
template<std::size_t N>
std::string_view field(const char (&text)[N])
{
    const std::string_view all(text, N);
    return all.substr(0, all.find('\0'));
}

std::string_view life(const DeviceSnapshot& s)
{
    if (s.closed) return "closed";
    if (s.started) return "started";
    return s.configured ? "configured" : "probed";
}

std::string utc(std::chrono::system_clock::time_point at)
{
    const auto since = at.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since - seconds).count();
    const std::time_t t = seconds.count();
    std::tm tm{};
    gmtime_r(&t, &tm);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

} // namespace

Result<void> answer_list(const Options&, rte_tel_data* reply)
{
    Dict out(reply);
    for (const auto& visit : everybody())
        out.text(std::to_string(visit.dev()->data->dev_id).c_str(), visit.dev()->data->name);
    return fits(out);
}

Result<void> answer_info(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto s, visit.device().snapshot(patience));
    const auto& i = s.info;
    Dict out(reply);
    out.text("name", visit.dev()->data->name)
        .number("dev_id", static_cast<unsigned>(visit.dev()->data->dev_id));
    out.text("state", to_string(s.state)).text("life", life(s)).integer("numa_node", s.numa_node);
    out.text("serial", field(i.serial)).text("board_serial", field(i.board_serial));
    out.text("firmware", fmt::format("{}.{}.{}.{}", i.fw_major, i.fw_minor, i.fw_patch, i.fw_build));
    out.text("firmware_image", field(i.qc_image))
        .text("hw_version", fmt::format("{:#010x}", i.hw_version.get()));
    out.number("nsps", i.resources.nsp_total).number("ddr_mib", i.resources.dram_total_mb.get());
    out.number("virtual_channels", i.resources.vc_total);
    out.number("queue_pairs", s.queue_pairs.size()).number("models", s.models.size());
    out.text("boot_found", s.boot.found);
    out.dict("boot_us", [&](Dict& boot) {
        for (const auto& stage : s.boot.stages)
            boot.number(stage.name.c_str(), static_cast<std::uint64_t>(stage.took / 1us));
        boot.number("total", static_cast<std::uint64_t>(s.boot.total / 1us));
    });
    return fits(out);
}

Result<void> answer_sensors(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    std::vector<std::pair<const Sensor*, std::int64_t>> read;
    for (const auto& sensor : sensors()) {
        const auto value = visit.device().sensor(sensor.command, patience);
        if (!value && value.error().code == Code::E_UNSUPP) continue; // this card has none
        // One that does not answer costs a second: the others would not either.
        if (!value) return tl::unexpected<Error>(value.error());
        read.emplace_back(&sensor, *value);
    }
    Dict out(reply);
    for (const auto& [sensor, value] : read) out.integer(sensor->name, plausible(*sensor, value));
    return fits(out);
}

Result<void> answer_bootlog(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto text, visit.device().boot_log(patience));
    const auto wanted = options.number("lines").value_or(40);
    std::vector<std::string> lines;
    std::string_view rest = text;
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    while (!rest.empty() && lines.size() < wanted) { // from the end, of which there may be a mebibyte
        const auto at = rest.rfind('\n');
        lines.emplace_back(rest.substr(at == rest.npos ? 0 : at + 1, Dict::text_limit));
        rest = rest.substr(0, at == rest.npos ? 0 : at);
    }
    std::reverse(lines.begin(), lines.end());
    answer_lines(reply, lines);
    return {};
}

Result<void> answer_errors(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    const auto& log = *visit.ml().errors;
    Dict out(reply);
    out.number("total", log.total());
    unsigned number = 0;
    for (const auto& e : log.last())
        out.dict(fmt::format("{:02}", number++).c_str(), [&](Dict& one) {
            one.text("time", utc(e.at)).text("level", e.level == LogLevel::ERR ? "error" : "warning");
            one.text("part", log_part_names[static_cast<std::size_t>(e.part)]);
            one.text("text", e.text);
            if (e.text.size() > Dict::text_limit)
                one.text("more", std::string_view(e.text).substr(Dict::text_limit));
        });
    return fits(out);
}

} // namespace qaic::seen
