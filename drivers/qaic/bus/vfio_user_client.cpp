// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_client.hpp"
#include <cstring>
#include <nlohmann/json.hpp>

namespace qaic::vfu {
using namespace vfio_user;

namespace {

constexpr std::size_t most_version_bytes = 4096;
constexpr std::uint64_t smallest_transfer = 8;

template<class... Parts>
Bytes joined(const Parts&... parts)
{
    Bytes out;
    (append(out, parts), ...);
    return out;
}

// A number among the server's capabilities; `otherwise` when it is absent.
Result<std::uint64_t> capability(const nlohmann::json& all, const char* key, std::uint64_t otherwise,
                                 std::uint64_t least)
{
    const auto it = all.find(key);
    if (it == all.end()) return otherwise;
    if (!it->is_number_unsigned() || it->get<std::uint64_t>() < least)
        return fail(Code::E_PROTO, "VERSION: {} is not a number >= {}", key, least);
    return it->get<std::uint64_t>();
}

} // namespace

Client::Client(Socket socket, std::string name, ClientLimits limits)
    : name_(std::move(name)), limits_(limits), socket_(std::move(socket)), server_(socket_.peer_process())
{}

Result<std::unique_ptr<Client>> Client::connect(const std::string& path, ClientLimits limits)
{
    QAIC_TRY(auto socket, Socket::connect(path, limits.message));
    return over(std::move(socket), fmt::format("socket {}", path), limits);
}

Result<std::unique_ptr<Client>> Client::over(Socket socket, std::string name, ClientLimits limits)
{
    std::unique_ptr<Client> client(new Client(std::move(socket), std::move(name), limits));
    QAIC_CHECK(client->negotiate());
    return client;
}

Result<void> Client::negotiate()
{
    const auto offer = fmt::format(
        R"({{"capabilities":{{"max_msg_fds":{},"max_data_xfer_size":{},"pgsizes":4096,"max_dma_maps":{}}}}})",
        max_fds, max_transfer, max_dma_maps - 1);
    auto body = joined(Version{std::uint16_t{0}, std::uint16_t{1}});
    const auto text = std::as_bytes(std::span(offer.c_str(), offer.size() + 1));
    body.insert(body.end(), text.begin(), text.end());
    const auto reply = call(Command::VERSION, body, -1, most_version_bytes);
    if (!reply && reply.error().code == Code::E_REMOVED)
        return fail(Code::E_BUSY,
                    "{}: server hung up: another client is attached, or it does not serve this user (its own "
                    "output says which)",
                    name_);
    if (!reply) return tl::unexpected(reply.error());
    auto checked = check_agreed(reply->body);
    if (!checked) return fail_at(name_, std::move(checked).error());
    return {};
}

Result<void> Client::check_agreed(ConstSpan reply)
{
    const auto version = read_at<Version>(reply);
    if (!version || version->major != 0 || version->minor > 1)
        return fail(Code::E_PROTO, "VERSION: server speaks {}.{}, limit 0.1",
                    version ? version->major.get() : 0, version ? version->minor.get() : 0);
    auto text = reply.subspan(sizeof(Version));
    if (text.empty()) return {}; // no capabilities: the defaults
    if (text.back() != std::byte{0}) return fail(Code::E_PROTO, "VERSION: text without its final NUL");
    text = text.first(text.size() - 1);
    const auto* first = reinterpret_cast<const char*>(text.data());
    const auto json = nlohmann::json::parse(first, first + text.size(), nullptr, false);
    if (!json.is_object()) return fail(Code::E_PROTO, "VERSION: text is not a JSON object");
    const auto all = json.find("capabilities");
    if (all == json.end()) return {};
    if (!all->is_object()) return fail(Code::E_PROTO, "VERSION: capabilities are not an object");
    QAIC_TRY(agreed_.max_fds, capability(*all, "max_msg_fds", agreed_.max_fds, 1));
    QAIC_TRY(agreed_.max_transfer,
             capability(*all, "max_data_xfer_size", agreed_.max_transfer, smallest_transfer));
    QAIC_TRY(const auto maps, capability(*all, "max_dma_maps", agreed_.max_maps, 1));
    agreed_.max_maps = std::min(maps, agreed_.max_maps);
    return {};
}

template<class T>
Result<T> Client::ask(Command command, const T& question, std::string_view what)
{
    QAIC_TRY(const auto reply, call(command, bytes_of(question), -1, sizeof(T)));
    const auto answer = read_at<T>(reply.body);
    if (!answer || answer->argsz < sizeof(T))
        return fail(Code::E_PROTO, "{}: {} reply of {} bytes, limit {}", name_, what, reply.body.size(),
                    sizeof(T));
    return *answer;
}

Result<DeviceInfo> Client::device_info()
{
    DeviceInfo question{};
    question.argsz = sizeof question;
    return ask(Command::DEVICE_GET_INFO, question, "GET_INFO");
}

Result<IrqInfo> Client::irq_info(unsigned index)
{
    IrqInfo question{};
    question.argsz = sizeof question;
    question.index = index;
    QAIC_TRY(const auto answer, ask(Command::DEVICE_GET_IRQ_INFO, question, "GET_IRQ_INFO"));
    if (answer.index != index)
        return fail(Code::E_PROTO, "{}: GET_IRQ_INFO {} answered for {}", name_, index, answer.index.get());
    return answer;
}

// Asked once for the size and once for all of it, as every client does.
Result<MappedRegion> Client::region(unsigned index)
{
    RegionInfo question{};
    question.argsz = sizeof question;
    question.index = index;
    auto reply = call(Command::DEVICE_GET_REGION_INFO, bytes_of(question), -1, sizeof question);
    if (!reply) return tl::unexpected(std::move(reply).error());
    const auto bytes = region_reply_bytes(reply->body, index);
    if (!bytes) return fail_at(name_, bytes.error());
    if (*bytes > sizeof question) {
        question.argsz = *bytes;
        reply = call(Command::DEVICE_GET_REGION_INFO, bytes_of(question), -1, *bytes);
        if (!reply) return tl::unexpected(std::move(reply).error());
    }
    auto parsed = parse_region(reply->body, index);
    if (!parsed) return fail_at(name_, std::move(parsed).error());
    MappedRegion out{std::move(*parsed), {}};
    if (!reply->fds.empty()) out.file = std::move(reply->fds.front());
    return out;
}

Result<void> Client::read(unsigned region, std::uint64_t offset, MutSpan to)
{
    RegionAccess access{offset, region, static_cast<std::uint32_t>(to.size())};
    QAIC_TRY(const auto reply, call(Command::REGION_READ, bytes_of(access), -1, sizeof access + to.size()));
    const auto head = read_at<RegionAccess>(reply.body);
    if (!head || head->count != to.size() || reply.body.size() != sizeof access + to.size())
        return fail(Code::E_PROTO, "{}: REGION_READ of {} bytes answered with {}", name_, to.size(),
                    reply.body.size());
    std::memcpy(to.data(), reply.body.data() + sizeof access, to.size());
    return {};
}

Result<void> Client::write(unsigned region, std::uint64_t offset, ConstSpan from)
{
    auto body = joined(RegionAccess{offset, region, static_cast<std::uint32_t>(from.size())});
    body.insert(body.end(), from.begin(), from.end());
    QAIC_TRY(const auto reply, call(Command::REGION_WRITE, body, -1, sizeof(RegionAccess)));
    const auto head = read_at<RegionAccess>(reply.body);
    if (!head || head->count != from.size())
        return fail(Code::E_PROTO, "{}: REGION_WRITE of {} bytes answered for {}", name_, from.size(),
                    head ? head->count.get() : 0);
    return {};
}

Result<void> Client::dma_map(std::uint64_t iova, std::uint64_t bytes, int fd, std::uint64_t fd_offset)
{
    const DmaMap body{std::uint32_t{sizeof(DmaMap)}, dma_flag::READ | dma_flag::WRITE, fd_offset, iova,
                      bytes};
    const auto reply = call(Command::DMA_MAP, bytes_of(body), fd, sizeof body);
    if (reply) return {};
    return fail(reply.error().code, "{} got=0x{:x}+{}", reply.error().text, iova, bytes);
}

Result<void> Client::dma_unmap(std::uint64_t iova, std::uint64_t bytes)
{
    const DmaUnmap body{std::uint32_t{sizeof(DmaUnmap)}, std::uint32_t{0}, iova, bytes};
    const auto reply = call(Command::DMA_UNMAP, bytes_of(body), -1, sizeof body);
    if (reply) return {};
    return fail(reply.error().code, "{} got=0x{:x}+{}", reply.error().text, iova, bytes);
}

Result<void> Client::arm_irq(unsigned index, unsigned number, int fd)
{
    const SetIrqs body{std::uint32_t{sizeof(SetIrqs)}, irq_flag::DATA_EVENTFD | irq_flag::ACTION_TRIGGER,
                       index, number, std::uint32_t{1}};
    const auto reply = call(Command::DEVICE_SET_IRQS, bytes_of(body), fd, sizeof body);
    if (reply) return {};
    return fail(reply.error().code, "{} got={}", reply.error().text, number);
}

} // namespace qaic::vfu
