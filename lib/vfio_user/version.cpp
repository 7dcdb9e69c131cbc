// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/version.hpp"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace vfio_user {
namespace {
using nlohmann::json;

constexpr std::uint16_t our_major = 0, our_minor = 1;
constexpr std::size_t max_version_data = 4096;
/// The kernel passes no more in one message (SCM_MAX_FD).
constexpr std::uint64_t most_fds = 253;
constexpr std::uint32_t least_transfer = 16, page = 4096;
/// QEMU takes 65535, the protocol's default, as the highest value there is.
constexpr unsigned announced_maps = std::min(max_dma_maps, 65535u);

/// An optional number in [low, high]; false when it is there and is anything else.
bool number(const json& from, const char* name, std::uint64_t low, std::uint64_t high, std::uint64_t& value)
{
    const auto at = from.find(name);
    if (at == from.end()) return true;
    if (!at->is_number_unsigned()) return false;
    value = at->get<std::uint64_t>();
    return value >= low && value <= high;
}

bool read_capabilities(const json& from, PeerLimits& to)
{
    if (!from.is_object()) return false;
    std::uint64_t fds = 1, transfer = max_transfer, maps = 0, pages = 0;
    const bool good = number(from, "max_msg_fds", 1, most_fds, fds) &&
                      number(from, "max_data_xfer_size", least_transfer, UINT32_MAX, transfer) &&
                      number(from, "max_dma_maps", 1, UINT64_MAX, maps) &&
                      number(from, "pgsizes", 1, UINT64_MAX, pages);
    if (!good) return false;
    to.max_fds = static_cast<std::uint32_t>(fds);
    to.max_transfer = static_cast<std::uint32_t>(std::min<std::uint64_t>(transfer, max_transfer));
    const auto multi = from.find("write_multiple");
    if (multi == from.end()) return true;
    if (!multi->is_boolean()) return false;
    to.write_multiple = multi->get<bool>();
    return true;
}

} // namespace

std::optional<PeerLimits> parse_version(qaic::ConstSpan body)
{
    const auto version = qaic::read_at<Version>(body);
    if (!version || version->major != our_major) return std::nullopt;
    PeerLimits peer;
    peer.minor = std::min<std::uint16_t>(version->minor, our_minor);
    const auto data = body.subspan(sizeof(Version));
    if (data.empty()) return peer;
    if (data.size() > max_version_data || data.back() != std::byte{0}) return std::nullopt;
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size() - 1);
    if (text.find('\0') != std::string_view::npos) return std::nullopt; // the parser would stop there
    const auto offer = json::parse(text, nullptr, false);
    if (!offer.is_object()) return std::nullopt;
    peer.capabilities = true;
    const auto at = offer.find("capabilities");
    if (at != offer.end() && !read_capabilities(*at, peer)) return std::nullopt;
    return peer;
}

qaic::Bytes version_reply(const PeerLimits& peer)
{
    qaic::Bytes body;
    qaic::append(body, Version{our_major, peer.minor});
    if (!peer.capabilities) return body;
    json capabilities = {{"max_msg_fds", max_fds},
                         {"max_data_xfer_size", max_transfer},
                         {"max_dma_maps", announced_maps},
                         {"pgsizes", page}};
    if (peer.write_multiple) capabilities["write_multiple"] = true;
    for (const char c : json{{"capabilities", capabilities}}.dump())
        body.push_back(static_cast<std::byte>(c));
    body.push_back(std::byte{0});
    return body;
}

} // namespace vfio_user
