// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/program_config.hpp"
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

namespace qpc {
namespace {
using aic100::NspSpace;
using Json = nlohmann::json;

struct Word {
    std::string_view text;
    unsigned value;
};
constexpr Word type_words[] = {{"FloatTy", 0},  {"Float16Ty", 1}, {"Int8QTy", 2},
                               {"UInt8QTy", 3}, {"Int16QTy", 4},  {"Int32QTy", 5},
                               {"Int32ITy", 6}, {"Int64ITy", 7},  {"Int8Ty", 8}};
constexpr Word space_words[] = {{"L2TCM", 0}, {"VTCM", 1}, {"DDR", 2}};

/// Commas directly before a closing bracket become spaces; offsets in error messages stay right.
std::string without_trailing_commas(std::string_view text)
{
    std::string out(text);
    std::size_t comma = std::string::npos;
    for (std::size_t i = 0, quoted = 0; i < out.size(); ++i) {
        const char c = out[i];
        if (c == '"') quoted ^= 1;
        if (quoted != 0) {
            if (c == '\\') ++i;
            comma = std::string::npos;
        } else if (c == ',') {
            comma = i;
        } else if ((c == '}' || c == ']') && comma != std::string::npos) {
            out[comma] = ' ';
            comma = std::string::npos;
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            comma = std::string::npos;
        }
    }
    return out;
}

/// Keys of one object, each taken at most once; what is left over is unknown.
class Object {
  public:
    Object(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

    Result<std::uint64_t> number(const char* key, std::uint64_t otherwise, std::uint64_t low,
                                 std::uint64_t high)
    {
        const auto* v = take(key);
        if (v == nullptr) return otherwise;
        if (!v->is_number_unsigned())
            return fail(Code::E_INVAL, "{}{}: not a whole number, 0 or more got={}", place_, key, shown(*v));
        const auto n = v->get<std::uint64_t>();
        if (n < low || n > high)
            return fail(Code::E_INVAL, "{}{}: out of range got={} limit={}..{}", place_, key, n, low, high);
        return n;
    }
    Result<bool> flag(const char* key)
    {
        const auto* v = take(key);
        if (v == nullptr) return false;
        if (v->is_boolean()) return v->get<bool>();
        if (v->is_number_unsigned() && v->get<std::uint64_t>() <= 1) return v->get<std::uint64_t>() == 1;
        return fail(Code::E_INVAL, "{}{}: neither true nor false got={}", place_, key, shown(*v));
    }
    template<std::size_t N>
    Result<unsigned> word(const char* key, const Word (&words)[N], unsigned otherwise)
    {
        const auto* v = take(key);
        if (v == nullptr) return otherwise;
        if (v->is_string())
            for (const auto& w : words)
                if (v->get_ref<const std::string&>() == w.text) return w.value;
        std::string known;
        for (const auto& w : words) known += fmt::format("{}{}", known.empty() ? "" : ",", w.text);
        return fail(Code::E_INVAL, "{}{}: unknown got={} known={}", place_, key, shown(*v), known);
    }
    Result<std::string> text(const char* key)
    {
        const auto* v = take(key);
        if (v == nullptr) return std::string();
        if (!v->is_string()) return fail(Code::E_INVAL, "{}{}: not a text got={}", place_, key, shown(*v));
        return v->get<std::string>();
    }
    /// A lone value is an array of one.
    std::vector<const Json*> list(const char* key)
    {
        std::vector<const Json*> out;
        const auto* v = take(key);
        if (v != nullptr && v->is_array())
            for (const auto& e : *v) out.push_back(&e);
        else if (v != nullptr)
            out.push_back(v);
        return out;
    }
    Result<std::vector<std::uint32_t>> numbers(const char* key, std::uint64_t low, std::uint64_t high)
    {
        std::vector<std::uint32_t> out;
        for (const auto* v : list(key)) {
            if (!v->is_number_unsigned() || v->get<std::uint64_t>() < low || v->get<std::uint64_t>() > high)
                return fail(Code::E_INVAL, "{}{}: out of range got={} limit={}..{}", place_, key, shown(*v),
                            low, high);
            out.push_back(v->get<std::uint32_t>());
        }
        return out;
    }
    [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }
    Result<void> nothing_left() const
    {
        for (const auto& [key, value] : json_.items())
            if (std::find(taken_.begin(), taken_.end(), key) == taken_.end())
                return fail(Code::E_INVAL, "{}unknown key got=\"{}\"", place_, printable(key));
        return {};
    }
    [[nodiscard]] const std::string& place() const noexcept { return place_; }

  private:
    const Json* take(const char* key)
    {
        taken_.emplace_back(key);
        const auto it = json_.find(key);
        return it == json_.end() ? nullptr : &*it;
    }
    static std::string shown(const Json& v)
    {
        return printable(v.dump(-1, ' ', false, Json::error_handler_t::replace), 64);
    }
    const Json& json_;
    std::string place_;
    std::vector<std::string> taken_;
};

Result<std::uint32_t> size_of(const BufferConfig& b, const std::string& place)
{
    if (b.dims.empty() || b.dims.size() > limits::rank)
        return fail(Code::E_INVAL, "{}dims: number of dimensions got={} limit=1..{}", place, b.dims.size(),
                    limits::rank);
    std::uint64_t bytes = element_bytes(b.type);
    for (const auto d : b.dims) {
        const auto next = checked_mul<std::uint64_t>(bytes, d);
        if (!next || *next > limits::tensor_bytes)
            return fail(Code::E_INVAL, "{}dims: buffer too large limit={} bytes", place,
                        limits::tensor_bytes);
        bytes = *next;
    }
    return static_cast<std::uint32_t>(bytes);
}

Result<std::uint32_t> nsp_mask(Object& o, unsigned nsps)
{
    if (!o.has("nsps")) {
        (void)o.list("nsps");
        return (1u << nsps) - 1;
    }
    QAIC_TRY(const auto list, o.numbers("nsps", 0, nsps - 1));
    std::uint32_t mask = 0;
    for (const auto n : list) mask |= 1u << n;
    if (mask == 0) return fail(Code::E_INVAL, "{}nsps: empty; leave it away for all NSPs", o.place());
    return mask;
}

enum class Role { INPUT, OUTPUT, INTERNAL };

/// Rules of 7.7 for one buffer.
Result<void> check(const BufferConfig& b, Role role, unsigned threads, const std::string& place)
{
    const std::uint64_t reserved = 1152 + threads * 256;
    if (b.space == NspSpace::DDR ? b.base_offset != 0 : b.base_offset % 4096 != 0)
        return fail(Code::E_INVAL, "{}baseAddrOffset: must be a multiple of 4096, and 0 in DDR got={}", place,
                    b.base_offset);
    if (b.space == NspSpace::L2TCM && b.base_offset + b.dev_offset < reserved)
        return fail(Code::E_INVAL, "{}devOffset: inside the reserved part of the L2TCM got={} limit={}",
                    place, b.base_offset + b.dev_offset, reserved);
    if (role == Role::OUTPUT && b.space != NspSpace::DDR && std::popcount(b.nsp_mask) != 1)
        return fail(Code::E_INVAL, "{}nsps: an output in L2TCM or VTCM belongs to exactly one NSP got={}",
                    place, std::popcount(b.nsp_mask));
    if (b.allow_partial && (role != Role::INPUT || b.dims.size() != 1))
        return fail(Code::E_INVAL, "{}allowPartial: for inputs of one dimension only", place);
    // The public run-time library adds baseAddrOffset on the sender's side and the window adds it again
    // (7.7).
    if (role == Role::INTERNAL && b.base_offset != 0)
        return fail(Code::E_INVAL,
                    "{}baseAddrOffset: NSPs cannot send to such a buffer; use devOffset got={}", place,
                    b.base_offset);
    return {};
}

Result<BufferConfig> parse_buffer(const Json& json, const ProgramConfig& config, Role role, std::string place)
{
    if (!json.is_object()) return fail(Code::E_INVAL, "{}not an object", place);
    Object o(json, std::move(place));
    BufferConfig b;
    QAIC_TRY(const auto type, o.word("type", type_words, 0));
    b.type = static_cast<DataType>(type);
    QAIC_TRY(b.dims, o.numbers("dims", 1, 0x7fffffff));
    QAIC_CHECK(
        o.number("hostOffset", 0, 0, limits::tensor_bytes)); // accepted and ignored, as by the vendor's
    QAIC_TRY(b.dev_offset, o.number("devOffset", 0, 0, limits::tensor_bytes));
    QAIC_TRY(b.base_offset, o.number("baseAddrOffset", 0, 0, limits::tensor_bytes));
    QAIC_TRY(const auto space, o.word("dest", space_words, 0));
    b.space = static_cast<NspSpace>(space);
    QAIC_TRY(b.in_fence, o.flag("inSyncFence"));
    QAIC_TRY(b.out_fence, o.flag("outSyncFence"));
    QAIC_TRY(b.nsp_mask, nsp_mask(o, config.nsps));
    QAIC_TRY(b.no_doorbell, o.flag("noDoorbell"));
    QAIC_TRY(b.allow_partial, o.flag("allowPartial"));
    QAIC_CHECK(o.nothing_left());
    QAIC_TRY(b.bytes, size_of(b, o.place()));
    QAIC_CHECK(check(b, role, config.threads, o.place()));
    return b;
}

Result<void> parse_buffers(Object& o, const char* key, Role role, ProgramConfig& config,
                           std::vector<BufferConfig>& out)
{
    const auto list = o.list(key);
    for (std::size_t i = 0; i < list.size(); ++i) {
        QAIC_TRY(auto b, parse_buffer(*list[i], config, role, fmt::format("{}[{}].", key, i)));
        out.push_back(std::move(b));
    }
    return {};
}

Result<ProgramConfig> parse(const Json& json)
{
    if (!json.is_object()) return fail(Code::E_INVAL, "not a JSON object");
    Object o(json, "");
    ProgramConfig c;
    QAIC_TRY(c.name, o.text("name"));
    QAIC_CHECK(o.number("hwVersionMajor", 0, 2, 2));
    QAIC_CHECK(o.number("hwVersionMinor", 0, 0, 0));
    for (const auto* key : {"hwVersionMajor", "numNSPs", "outputs"})
        if (!o.has(key)) return fail(Code::E_INVAL, "{} is missing", key);
    QAIC_TRY(const auto nsps, o.number("numNSPs", 0, 1, limits::nsps));
    QAIC_TRY(const auto hmx, o.number("numHMXThreads", 0, 0, limits::threads));
    QAIC_TRY(const auto threads, o.number("numThreads", 4 + hmx, 1, limits::threads));
    if (hmx > threads)
        return fail(Code::E_INVAL, "numHMXThreads: more than there are threads got={} limit={}", hmx,
                    threads);
    c.nsps = static_cast<unsigned>(nsps), c.threads = static_cast<unsigned>(threads);
    c.hmx_threads = static_cast<unsigned>(hmx);
    QAIC_TRY(c.heap, o.number("heapSize", 0, 0, std::uint64_t{4} << 30));
    QAIC_TRY(c.single_vtcm_page, o.flag("singleVTCMPage"));
    QAIC_CHECK(parse_buffers(o, "inputs", Role::INPUT, c, c.inputs));
    QAIC_CHECK(parse_buffers(o, "outputs", Role::OUTPUT, c, c.outputs));
    QAIC_CHECK(parse_buffers(o, "internalBuffers", Role::INTERNAL, c, c.internals));
    QAIC_CHECK(o.nothing_left());
    const auto all = c.inputs.size() + c.outputs.size() + c.internals.size();
    if (constexpr std::size_t most = 280; all > most)
        return fail(Code::E_INVAL, "too many buffers got={} limit={}", all, most);
    return c;
}

} // namespace

Result<ProgramConfig> parse_program_config(std::string_view text)
{
    try {
        return parse(Json::parse(without_trailing_commas(text)));
    } catch (const Json::exception& e) {
        return fail(Code::E_INVAL, "{}", printable(e.what(), 256));
    }
}

} // namespace qpc
