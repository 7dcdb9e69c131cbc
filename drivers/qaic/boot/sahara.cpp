// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/boot/sahara.hpp"
#include "base/checked.hpp"
#include <algorithm>

namespace qaic::boot {
using namespace aic100;

namespace {

const ImageInfo* image_info(std::uint32_t id) noexcept
{
    const auto it =
        std::find_if(image_table.begin(), image_table.end(), [&](const auto& i) { return i.id == id; });
    return it == image_table.end() ? nullptr : &*it;
}

// Guard S-HDR: exact length, in the header and as received.
template<class T>
Result<T> decode(ConstSpan packet, std::string_view name)
{
    const auto header = read_at<SaharaHeader>(packet);
    if (packet.size() != sizeof(T) || !header || header->length != sizeof(T))
        return fail(Code::E_FW, "Sahara S-HDR {} length got={} received={} limit={}", name,
                    header ? header->length.get() : 0, packet.size(), sizeof(T));
    return *read_at<T>(packet);
}

} // namespace

std::string Sahara::image_name(std::uint32_t id) const
{
    const auto* info = image_info(id);
    return info == nullptr ? fmt::format("image {}", id) : fmt::format("{} (image {})", info->file, id);
}

std::string_view Sahara::waiting_for() const noexcept
{
    switch (phase_) {
    case Phase::HELLO: return "Sahara HELLO";
    case Phase::SERVE: return active_ ? "next Sahara READ_DATA or END_OF_IMAGE" : "Sahara READ_DATA";
    case Phase::DONE_RESP: break;
    }
    return "Sahara DONE_RESP";
}

Result<void> Sahara::handle(ConstSpan packet)
{
    const auto header = read_at<SaharaHeader>(packet);
    if (!header) return fail(Code::E_FW, "Sahara S-HDR packet too short got={} limit={}", packet.size(), 8);
    const auto command = header->command.get();
    declined_ = false;
    switch (static_cast<SaharaCmd>(command)) {
    case SaharaCmd::HELLO: return on_hello(packet);
    case SaharaCmd::READ_DATA: return on_read_data(packet);
    case SaharaCmd::END_OF_IMAGE: return on_end_of_image(packet);
    case SaharaCmd::DONE_RESP: return on_done_resp(packet);
    case SaharaCmd::RESET_RESP: {
        // Answer to our RESET; the card begins again, or goes on.
        QAIC_TRY(const auto ignored, decode<SaharaHeader>(packet, "RESET_RESP"));
        (void)ignored;
        if (refusals_ == 0) break;
        return {};
    }
    case SaharaCmd::MEM_DEBUG64: {
        // A dump is offered after a crash. It is declined; the card then reboots into image transfer (3.4).
        QAIC_TRY(const auto ignored, decode<SaharaMemDebug64>(packet, "MEM_DEBUG64"));
        (void)ignored;
        if (phase_ != Phase::SERVE || active_) break;
        phase_ = Phase::HELLO;
        return send_short(SaharaCmd::RESET);
    }
    default: return fail(Code::E_FW, "Sahara S-HDR unknown command got=0x{:x}", command);
    }
    return fail(Code::E_FW, "Sahara S-HDR command 0x{:x} while waiting for {}", command, waiting_for());
}

Result<void> Sahara::send_short(SaharaCmd command)
{
    if (command == SaharaCmd::RESET) ++refusals_;
    const SaharaHeader packet{static_cast<std::uint32_t>(command), std::uint32_t{sizeof(SaharaHeader)}};
    return send_(bytes_of(packet));
}

Result<void> Sahara::on_hello(ConstSpan packet)
{
    QAIC_TRY(const auto hello, decode<SaharaHello>(packet, "HELLO"));
    if (hello.version != sahara_version)
        return fail(Code::E_FW, "Sahara S-HDR HELLO version got={} limit={}", hello.version.get(),
                    sahara_version);
    if (hello.mode > static_cast<std::uint32_t>(SaharaMode::MEMORY_DEBUG))
        return fail(Code::E_FW, "Sahara S-HDR HELLO mode got={} limit={}", hello.mode.get(),
                    static_cast<std::uint32_t>(SaharaMode::MEMORY_DEBUG));
    if (active_ || phase_ == Phase::DONE_RESP)
        return fail(Code::E_FW, "Sahara S-HDR HELLO while waiting for {}", waiting_for());
    if (++hellos_ > hello_limit)
        return fail(Code::E_FW, "Sahara S-HDR HELLO sent too often got={} limit={}", hellos_, hello_limit);
    phase_ = Phase::SERVE;
    complete_ = false;
    SaharaHelloResp reply{};
    reply.header = {static_cast<std::uint32_t>(SaharaCmd::HELLO_RESP), std::uint32_t{sizeof reply}};
    reply.version = sahara_version, reply.version_compat = sahara_version, reply.status = 0u;
    reply.mode = hello.mode;
    return send_(bytes_of(reply));
}

Result<void> Sahara::on_read_data(ConstSpan packet)
{
    QAIC_TRY(const auto request, decode<SaharaReadData>(packet, "READ_DATA"));
    const auto id = request.image.get();
    if (phase_ != Phase::SERVE)
        return fail(Code::E_FW, "Sahara S-HDR READ_DATA of {} while waiting for {}", image_name(id),
                    waiting_for());
    if (active_ && *active_ != id)
        return fail(Code::E_FW, "Sahara S-RD READ_DATA of {} while {} is being read", image_name(id),
                    image_name(*active_));
    const auto* info = image_info(id);
    Result<const FirmwareSet::Image*> image =
        info != nullptr
            ? firmware_.get(info->file)
            : fail(Code::E_FW, "the card asks for image {}, which is not in the table of its family", id);
    if (image) return serve(request, **image);
    // Unknown or missing: RESET. Only the card knows which images it can do without (3.3.3).
    if (refusals_ >= hello_limit) return tl::unexpected(image.error());
    missing_ = image.error().text;
    refused_ = id;
    return send_short(SaharaCmd::RESET);
}

Result<void> Sahara::serve(const SaharaReadData& request, const FirmwareSet::Image& image)
{
    const auto id = request.image.get(), offset = request.offset.get(), bytes = request.bytes.get();
    const auto size = image.bytes.size();
    if (bytes == 0)
        return fail(Code::E_FW, "{}: Sahara S-RD READ_DATA of nothing at offset {}", image.path, offset);
    if (bytes > sahara_max_read)
        return fail(Code::E_FW, "{}: Sahara S-RD READ_DATA too long got={} limit={} offset={}", image.path,
                    bytes, sahara_max_read, offset);
    if (!range_inside(offset, bytes, size))
        return fail(Code::E_FW, "{}: Sahara S-RD READ_DATA beyond image got=0x{:x}+{} limit=0x{:x} image={}",
                    image.path, offset, bytes, size, id);
    auto& total = total_[id];
    if (total + bytes > reread_factor * size)
        return fail(Code::E_FW, "{}: Sahara S-RD read again and again got={} limit={}", image.path,
                    total + bytes, reread_factor * size);
    total += bytes;
    served_ += bytes;
    active_ = id;
    refused_.reset();
    return send_(ConstSpan(image.bytes).subspan(offset, bytes));
}

Result<void> Sahara::on_end_of_image(ConstSpan packet)
{
    QAIC_TRY(const auto end, decode<SaharaEndOfImage>(packet, "END_OF_IMAGE"));
    const auto id = end.image.get();
    if (phase_ != Phase::SERVE || (!active_ && refused_ != id))
        return fail(Code::E_FW, "Sahara S-HDR END_OF_IMAGE of {} while waiting for {}", image_name(id),
                    waiting_for());
    if (active_ && *active_ != id)
        return fail(Code::E_FW, "Sahara S-HDR END_OF_IMAGE of {} while {} is being read", image_name(id),
                    image_name(*active_));
    if (const auto status = end.status.get(); status != 0) {
        // For an image we could not serve this is the card's way to do without; it goes on, or it falls
        // silent.
        const bool ours = active_.has_value();
        active_.reset(), refused_.reset();
        declined_ = !ours;
        if (!ours) return {};
        const auto image = firmware_.get(image_info(id)->file);
        return fail(Code::E_FW, "{}: refused by the SBL, END_OF_IMAGE status=0x{:x} ({}) image={}",
                    image ? (*image)->path : image_name(id), status, sahara_status_text(status), id);
    }
    active_.reset(), refused_.reset();
    phase_ = Phase::DONE_RESP;
    return send_short(SaharaCmd::DONE);
}

Result<void> Sahara::on_done_resp(ConstSpan packet)
{
    QAIC_TRY(const auto resp, decode<SaharaDoneResp>(packet, "DONE_RESP"));
    if (phase_ != Phase::DONE_RESP)
        return fail(Code::E_FW, "Sahara S-HDR DONE_RESP while waiting for {}", waiting_for());
    complete_ = resp.status == 1;
    // More images follow with a new HELLO, or at once.
    phase_ = Phase::SERVE;
    return {};
}

} // namespace qaic::boot
