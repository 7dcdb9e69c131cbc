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

std::vector<NncDmaPair> pairs_of(const std::vector<DmaMemory>& memory, std::size_t bytes)
{
    std::vector<NncDmaPair> pairs;
    for (const auto& m : memory) {
        NncDmaPair p;
        p.address = m.iova().value;
        p.size = std::min(m.size(), bytes);
        bytes -= p.size;
        pairs.push_back(p);
    }
    return pairs;
}

} // namespace

/// One contiguous piece if the pool has it, else smaller and smaller ones.
Result<std::vector<DmaMemory>> Client::Impl::stage(ConstSpan bytes)
{
    std::vector<DmaMemory> out;
    auto piece = std::min(staging_piece, bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const auto n = std::min(piece, bytes.size() - at);
        auto memory = bus.dma_alloc(n, piece_align, "nnc_staging");
        if (!memory) {
            const bool full = memory.error().code == Code::E_HUGE || memory.error().code == Code::E_NOMEM;
            if (!full || piece / 2 < smallest_piece) return tl::unexpected<Error>(std::move(memory).error());
            piece = (piece / 2 + piece_align - 1) / piece_align * piece_align;
            continue;
        }
        std::memcpy(memory->data(), bytes.data() + at, n);
        out.push_back(std::move(*memory));
        at += n;
    }
    return out;
}

template<class Response>
Result<Response> Client::Impl::transfer(Message& message, NncCmd sent, std::string_view what,
                                        std::uint32_t tag, ConstSpan bytes)
{
    QAIC_TRY(auto memory, stage(bytes));
    const auto pairs = pairs_of(memory, bytes.size());
    const auto fit = message.pairs_that_fit();
    if (pairs.size() <= fit) {
        message.dma_xfer(tag, 0, pairs);
        return command<Response>(message, sent, what, memory);
    }

    // More pairs than one message holds: the card asks for the rest, chunk by chunk (4.7). The answer to the
    // last chunk is the answer to the command. A restart in between fails the command; the caller may repeat
    // it.
    const auto chunk = next_chunk++;
    if (next_chunk == 0) next_chunk = 1;
    message.dma_xfer(tag, chunk, std::span(pairs).first(fit));
    QAIC_TRY(auto reply, exchange.request(message, what, memory));
    std::size_t done = fit;
    while (const auto more = reply.template only<NncDmaCont>(NncType::DMA_XFER_CONT)) {
        std::uint64_t given = 0;
        for (std::size_t k = 0; k < done; ++k) given += pairs[k].size;
        if (more->chunk_id != chunk || more->transferred != given || done == pairs.size()) {
            // Our end of the transfer is void; the card must drop its part too (4.7, abort).
            Message abort(handle);
            abort.dma_xfer(0, chunk, {});
            (void)exchange.request(abort, "DMA transfer abort", memory);
            return broken(counters.n_cont,
                          "N-CONT {}: got chunk={} bytes={} remaining={} limit chunk={} bytes={}", what,
                          more->chunk_id.get(), more->transferred.get(), pairs.size() - done, chunk, given);
        }
        Message next(handle);
        const auto n = std::min(next.pairs_that_fit(), pairs.size() - done);
        next.dma_xfer(tag, chunk, std::span(pairs).subspan(done, n));
        done += n;
        QAIC_TRY(reply, exchange.request(next, what, memory));
    }
    QAIC_TRY(const auto response, response_in<Response>(reply, sent, what, 1));
    if (const auto s = status_of(response); s != nnc_status::OK)
        return tl::unexpected<Error>(status_error(bus.name(), what, s));
    return response;
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
    Message message(impl_->handle);
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
    Message message(i.handle);
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
    Message message(handle);
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
