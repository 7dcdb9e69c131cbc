// SPDX-License-Identifier: BSD-3-Clause
// Programs and constants: the commands that hand host memory to the card. aic100-device.md 4.7, 4.13,
// aic100-workload.md 3, 5.4; guard N-CONT
#include "base/checked.hpp"
#include "qaic/nnc/client_impl.hpp"
#include <algorithm>
#include <cstring>
#include <unistd.h>

namespace qaic::nnc {
using namespace aic100;

namespace {

constexpr std::size_t smallest_piece = 4096, piece_align = 4096;

template<std::size_t N>
void set_name(char (&field)[N], std::string_view name)
{
    std::memcpy(field, name.data(), std::min(name.size(), N - 1)); // the rest is zero already
}

std::uint32_t process_id() { return static_cast<std::uint32_t>(getpid()); }

} // namespace

/// Contiguous pieces if the pool has them, else smaller and smaller ones.
Result<void> Client::Impl::Stage::allocate(Bus& from, std::size_t bytes, std::size_t largest,
                                           std::size_t pieces)
{
    auto piece = std::min(largest, bytes);
    for (std::size_t have = 0; have < bytes && memory.size() < pieces;) {
        const auto n = std::min(piece, bytes - have);
        auto made = from.dma_alloc(n, piece_align, "nnc_staging");
        if (!made) {
            const bool full = made.error().code == Code::E_HUGE || made.error().code == Code::E_NOMEM;
            if (full && piece / 2 < smallest_piece && have != 0) return {}; // it takes more parts then
            if (!full || piece / 2 < smallest_piece) return tl::unexpected<Error>(std::move(made).error());
            piece = (piece / 2 + piece_align - 1) / piece_align * piece_align;
            continue;
        }
        have += n;
        memory.push_back(std::move(*made));
    }
    return {};
}

/// Copies as much as there is room for and describes it; how much that was.
std::size_t Client::Impl::Stage::fill(ConstSpan bytes)
{
    std::size_t at = 0;
    pairs.clear();
    for (const auto& m : memory) {
        const auto n = std::min(m.size(), bytes.size() - at);
        if (n == 0) break;
        std::memcpy(m.data(), bytes.data() + at, n);
        NncDmaPair& p = pairs.emplace_back();
        p.address = m.iova().value;
        p.size = n;
        at += n;
    }
    return at;
}

template<class Response>
Result<Response> Client::Impl::transfer(Message& message, NncCmd sent, std::string_view what,
                                        std::uint32_t tag, ConstSpan bytes)
{
    Stage stage;
    const auto window = std::min(bytes.size(), staging_window);
    QAIC_CHECK(stage.allocate(bus, window, staging_piece, message.pairs_that_fit()));
    const auto staged = stage.fill(bytes);
    if (staged < bytes.size())
        return stream<Response>(message, sent, what, tag, bytes, std::move(stage), staged);
    message.dma_xfer(tag, 0, stage.pairs);
    return command<Response>(message, sent, what, stage.memory);
}

/// More than one message describes, or than is staged at once: the card asks for the rest, part by part
/// (4.7), and the next part is copied while it reads the one before. The answer to the last part is the
/// answer to the command. A restart in between fails the command; the caller may repeat it.
template<class Response>
Result<Response> Client::Impl::stream(Message& message, NncCmd sent, std::string_view what, std::uint32_t tag,
                                      ConstSpan bytes, Stage stage, std::size_t done)
{
    const auto chunk = next_chunk++;
    if (next_chunk == 0) next_chunk = 1;
    message.dma_xfer(tag, chunk, stage.pairs);
    Stage other;
    // Without memory for a second part this one is filled again, once the card has read it.
    (void)other.allocate(bus, std::min(bytes.size() - done, staging_window), staging_piece,
                         Message(handle).pairs_that_fit());
    Message* part = &message;
    Message next(handle);
    for (;;) {
        std::size_t ahead = 0;
        QAIC_TRY(auto reply, exchange.request(*part, what, stage.memory,
                                              [&] { ahead = other.fill(bytes.subspan(done)); }));
        const auto more = reply.template only<NncDmaCont>(NncType::DMA_XFER_CONT);
        if (!more) {
            QAIC_TRY(const auto response, response_in<Response>(reply, sent, what, 1));
            if (const auto s = status_of(response); s != nnc_status::OK)
                return tl::unexpected<Error>(status_error(bus.name(), what, s));
            return response;
        }
        if (more->chunk_id != chunk || more->transferred != done || done == bytes.size()) {
            // Our end of the transfer is void; the card must drop its part too (4.7, abort).
            Message abort(handle);
            abort.dma_xfer(0, chunk, {});
            (void)exchange.request(abort, "DMA transfer abort", stage.memory);
            return broken(counters.n_cont, "N-CONT {}: got chunk={} bytes={} limit chunk={} bytes={} of {}",
                          what, more->chunk_id.get(), more->transferred.get(), chunk, done, bytes.size());
        }
        if (ahead != 0)
            std::swap(stage, other);
        else
            ahead = stage.fill(bytes.subspan(done));
        next = Message(handle);
        next.dma_xfer(tag, chunk, stage.pairs);
        done += ahead;
        part = &next;
    }
}

Result<std::uint32_t> Client::load_elf(ConstSpan bytes, std::string_view name)
{
    if (bytes.empty()) return fail(Code::E_FORMAT, "{}: LOAD_ELF: program is empty", impl_->bus.name());
    LoadElf cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::LOAD_ELF);
    cmd.tag = nnc_tag_elf;
    cmd.process_id = process_id();
    cmd.data_length = bytes.size();
    set_name(cmd.name, name);
    auto message = impl_->message();
    message.command(cmd);
    QAIC_TRY(const auto r,
             impl_->transfer<LoadResp>(message, NncCmd::LOAD_ELF, "LOAD_ELF", nnc_tag_elf, bytes));
    if (r.id == 0) return impl_->broken(impl_->counters.n_trx, "N-TRX LOAD_ELF: id got=0 with status 0");
    return r.id.get();
}

Result<std::uint32_t> Client::load_constants(const ConstantsDescriptor& descriptor, ConstSpan static_part,
                                             ConstSpan dynamic_part)
{
    auto& i = *impl_;
    if (static_part.empty() && dynamic_part.empty()) return 0u;
    LoadConstantsEx cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::LOAD_CONSTANTS_EX);
    cmd.process_id = process_id();
    cmd.descriptor_length = sizeof descriptor;
    set_name(cmd.name, "ConstantsDescriptor");
    auto message = i.message();
    message.command(cmd, bytes_of(descriptor));
    QAIC_TRY(const auto created,
             i.command<LoadResp>(message, NncCmd::LOAD_CONSTANTS_EX, "LOAD_CONSTANTS_EX"));
    if (created.id == 0) return i.broken(i.counters.n_trx, "N-TRX LOAD_CONSTANTS_EX: id got=0 with status 0");

    // Static part at 0, dynamic part after it. A payload that fails makes the card drop the object (3).
    std::uint64_t offset = 0;
    for (const auto part : {static_part, dynamic_part}) {
        if (part.empty()) continue;
        LoadConstantsPayload payload{};
        payload.type = static_cast<std::uint32_t>(NncCmd::LOAD_CONSTANTS_PAYLOAD);
        payload.process_id = process_id();
        payload.tag = nnc_tag_constants;
        payload.constants_id = created.id;
        payload.data_length = part.size();
        payload.offset = offset;
        Message data(i.handle);
        data.command(payload);
        QAIC_TRY(const auto r, i.transfer<LoadResp>(data, NncCmd::LOAD_CONSTANTS_PAYLOAD,
                                                    "LOAD_CONSTANTS_PAYLOAD", nnc_tag_constants, part));
        (void)r; // its id is not defined (4.14)
        offset += part.size();
    }
    return created.id.get();
}

Result<void> Client::Impl::unload(NncCmd type, std::uint32_t id, std::string_view what)
{
    UnloadId cmd{};
    cmd.type = static_cast<std::uint32_t>(type);
    cmd.id = id;
    auto message = this->message();
    message.command(cmd);
    QAIC_TRY(const auto r, command<StatusResp>(message, type, what));
    (void)r;
    return {};
}

Result<void> Client::unload_elf(std::uint32_t id)
{
    return impl_->unload(NncCmd::UNLOAD_ELF, id, "UNLOAD_ELF");
}
Result<void> Client::unload_constants(std::uint32_t id)
{
    return impl_->unload(NncCmd::UNLOAD_CONSTANTS, id, "UNLOAD_CONSTANTS");
}

} // namespace qaic::nnc
