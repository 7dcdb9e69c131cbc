// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/devargs.hpp"
#include <charconv>
#include <cstdlib>
#include <memory>
#include <rte_kvargs.h>
#include <set>
#include <span>
#include <string_view>

#ifndef QAIC_FIRMWARE_BUILD_DIR
#define QAIC_FIRMWARE_BUILD_DIR ""
#endif

namespace qaic {
namespace {

Result<std::uint64_t> number(std::string_view key, std::string_view value, std::uint64_t least,
                             std::uint64_t most, bool suffixes = false)
{
    std::uint64_t n = 0;
    auto digits = value;
    unsigned shift = 0;
    if (suffixes && !digits.empty()) {
        constexpr std::string_view units = "KMGT";
        if (const auto u = units.find(digits.back()); u != std::string_view::npos) {
            shift = 10 * static_cast<unsigned>(u + 1);
            digits.remove_suffix(1);
        }
    }
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    const bool parsed =
        error == std::errc() && end == digits.data() + digits.size() && n <= ~std::uint64_t{0} >> shift;
    n <<= shift;
    if (!parsed || n < least || n > most)
        return fail(Code::E_INVAL, "devarg {}: got='{}' limit={}..{}{}", key, value, least, most,
                    suffixes ? " (K, M, G, T allowed)" : "");
    return n;
}

using Set = Result<void> (*)(DevArgs& out, std::string_view key, std::string_view value);

template<std::uint64_t Least, std::uint64_t Most, class Store>
Result<void> ranged(DevArgs& out, std::string_view key, std::string_view value, Store store)
{
    QAIC_TRY(const auto n, number(key, value, Least, Most));
    store(out, n);
    return {};
}

Result<void> set_fw(DevArgs& out, std::string_view key, std::string_view value)
{
    if (value.empty()) return fail(Code::E_INVAL, "devarg {}: a directory is missing", key);
    out.firmware = value;
    return {};
}
Result<void> set_socket(DevArgs& out, std::string_view key, std::string_view value)
{
    if (value.empty())
        return fail(Code::E_INVAL, "devarg {}: the path of qaic-card's socket is missing", key);
    out.socket = value;
    return {};
}
Result<void> set_attach(DevArgs& out, std::string_view key, std::string_view value)
{
    if (value != "reset" && value != "warm")
        return fail(Code::E_INVAL, "devarg {}: got='{}' limit=reset|warm", key, value);
    out.attach = value == "warm" ? AttachPolicy::WARM : AttachPolicy::SOC_RESET;
    return {};
}
Result<void> set_completion(DevArgs& out, std::string_view key, std::string_view value)
{
    constexpr std::pair<std::string_view, dbc::Completions> modes[] = {
        {"memory", dbc::Completions::MEMORY},
        {"confirmed", dbc::Completions::CONFIRMED},
        {"register", dbc::Completions::REGISTER}};
    for (const auto& [name, mode] : modes)
        if (value == name) return out.completions = mode, Result<void>{};
    return fail(Code::E_INVAL, "devarg {}: got='{}' limit=memory|confirmed|register", key, value);
}
Result<void> set_ddr(DevArgs& out, std::string_view key, std::string_view value)
{
    QAIC_TRY(out.ddr, number(key, value, 64u << 20, std::uint64_t{1} << 40, true));
    return {};
}
Result<void> set_nsps(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<1, 16>(o, k, v, [](DevArgs& a, std::uint64_t n) { a.nsps = static_cast<unsigned>(n); });
}
Result<void> set_cpu(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<0, 1023>(o, k, v, [](DevArgs& a, std::uint64_t n) { a.cpu = static_cast<unsigned>(n); });
}
Result<void> set_idle(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<0, 1'000'000>(o, k, v,
                                [](DevArgs& a, std::uint64_t n) { a.idle = std::chrono::microseconds(n); });
}
Result<void> set_op_timeout(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<1, 3'600'000>(
        o, k, v, [](DevArgs& a, std::uint64_t n) { a.op_timeout = std::chrono::milliseconds(n); });
}
Result<void> set_instances(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<1, 16>(o, k, v,
                         [](DevArgs& a, std::uint64_t n) { a.instances = static_cast<unsigned>(n); });
}
Result<void> set_recovery(DevArgs& out, std::string_view key, std::string_view value)
{
    if (value != "auto" && value != "off")
        return fail(Code::E_INVAL, "devarg {}: got='{}' limit=auto|off", key, value);
    out.recover = value == "auto";
    return {};
}
Result<void> set_iova(DevArgs&, std::string_view key, std::string_view value)
{
    if (value != "va" && value != "any")
        return fail(Code::E_INVAL, "devarg {}: got='{}' limit=va|any", key, value);
    return {}; // it was followed when EAL scanned its devices (probe_iova.cpp)
}
Result<void> set_crash_dump(DevArgs& out, std::string_view key, std::string_view value)
{
    if (value.empty()) return fail(Code::E_INVAL, "devarg {}: a directory is missing", key);
    out.crash_dumps.directory = value;
    return {};
}
Result<void> set_crash_dump_mib(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<1, (CrashDumpPlace::most >> 20)>(
        o, k, v, [](DevArgs& a, std::uint64_t n) { a.crash_dumps.bytes = n << 20; });
}
Result<void> set_housekeeping(DevArgs& o, std::string_view k, std::string_view v)
{
    return ranged<1, 1000>(
        o, k, v, [](DevArgs& a, std::uint64_t n) { a.housekeeping = std::chrono::milliseconds(n); });
}

struct Row {
    std::string_view key, form;
    std::uint8_t kinds; ///< of device that know it
    Set set;
};
constexpr std::uint8_t bit(DeviceKind kind) { return static_cast<std::uint8_t>(kind); }
constexpr std::uint8_t emulated = bit(DeviceKind::EMULATED), served = bit(DeviceKind::VFIO_USER),
                       virtual_bus = emulated | served, every = bit(DeviceKind::PCI) | virtual_bus;
constexpr Row rows[] = {
    {"socket", "<path>", served, set_socket},
    {"fw", "<dir>", every, set_fw},
    {"attach", "reset|warm", every, set_attach},
    {"op_timeout_ms", "<int>", every, set_op_timeout},
    {"housekeeping_ms", "<int>", every, set_housekeeping},
    {"instances", "<int>", every, set_instances},
    {"recovery", "auto|off", every, set_recovery},
    {"crash_dump", "<dir>", every, set_crash_dump},
    {"crash_dump_mib", "<int>", every, set_crash_dump_mib},
    {"completion", "memory|confirmed|register", every, set_completion},
    {"ddr", "<size>", emulated, set_ddr},
    {"nsps", "<int>", emulated, set_nsps},
    {"cpu", "<int>", emulated, set_cpu},
    {"idle_us", "<int>", emulated, set_idle},
    {"iova", "va|any", virtual_bus, set_iova},
};
bool offered(const Row& row, DeviceKind kind) { return (row.kinds & bit(kind)) != 0; }

Result<const Row*> row_of(std::string_view key, DeviceKind kind)
{
    for (const auto& row : rows)
        if (row.key == key && offered(row, kind)) return &row;
    return fail(Code::E_INVAL, "unknown devarg '{}': known are {}", key, devargs_help(kind));
}

} // namespace

std::string devargs_help(DeviceKind kind)
{
    std::string out;
    for (const auto& row : rows)
        if (offered(row, kind)) out += fmt::format("{}{}={}", out.empty() ? "" : ",", row.key, row.form);
    return out;
}

namespace {

Result<DevArgs> parse(const char* args, DeviceKind kind)
{
    DevArgs out;
    if (args == nullptr || *args == '\0') return out;
    const std::unique_ptr<rte_kvargs, void (*)(rte_kvargs*)> list(rte_kvargs_parse(args, nullptr),
                                                                  rte_kvargs_free);
    if (!list) return fail(Code::E_INVAL, "devargs are not key=value pairs: got='{}'", args);
    std::set<std::string_view> seen;
    for (const auto& pair : std::span(list->pairs, list->count)) {
        const std::string_view key = pair.key;
        QAIC_TRY(const auto* row, row_of(key, kind));
        if (pair.value == nullptr) return fail(Code::E_INVAL, "devarg {}: a value is missing", key);
        if (!seen.insert(key).second) return fail(Code::E_INVAL, "devarg {}: given twice", key);
        QAIC_CHECK(row->set(out, key, pair.value));
    }
    return out;
}

} // namespace

Result<DevArgs> parse_devargs(const char* args, DeviceKind kind)
{
    QAIC_TRY(auto out, parse(args, kind));
    if (kind == DeviceKind::VFIO_USER && out.socket.empty())
        return fail(Code::E_INVAL, "devarg socket: missing; give socket=PATH of a running qaic-card");
    return out;
}

std::vector<std::string> firmware_path(const DevArgs& args, DeviceKind kind)
{
    if (!args.firmware.empty()) return {args.firmware};
    std::vector<std::string> out;
    if (const char* env = std::getenv("QAIC_FIRMWARE_PATH"); env != nullptr) {
        std::string_view rest = env;
        while (!rest.empty()) {
            const auto colon = std::min(rest.find(':'), rest.size());
            if (colon != 0) out.emplace_back(rest.substr(0, colon));
            rest.remove_prefix(std::min(colon + 1, rest.size()));
        }
    }
    // Our own images are for emulated cards; a real card must never be offered them.
    if (constexpr std::string_view build = QAIC_FIRMWARE_BUILD_DIR; kind != DeviceKind::PCI && !build.empty())
        out.emplace_back(build);
    out.emplace_back("/lib/firmware");
    return out;
}

} // namespace qaic
