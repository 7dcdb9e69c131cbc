// SPDX-License-Identifier: BSD-3-Clause
#include "card/sahara.hpp"
#include <fmt/format.h>

namespace card {
using aic100::SaharaCmd;
using aic100::SaharaMode;
namespace channel = aic100::channel;
namespace {

constexpr std::uint32_t hello_max_length = 0x10000; // [M]: hosts ignore it
constexpr std::uint32_t bad_hello_response = 0x15, invalid_command = 0x01;

template<class T>
aic100::SaharaHeader header(SaharaCmd command)
{
    return {static_cast<std::uint32_t>(command), static_cast<std::uint32_t>(sizeof(T))};
}

bool is(ConstSpan bytes, SaharaCmd command, std::size_t size)
{
    const auto head = read_at<aic100::SaharaHeader>(bytes);
    return head && bytes.size() == size && head->command == static_cast<std::uint32_t>(command) &&
           head->length == size;
}

const aic100::ImageInfo& image(std::size_t index) { return aic100::image_table[index]; }

} // namespace

void Sahara::reset()
{
    state_ = State::IDLE;
    index_ = 0;
    reader_.reset();
}

/// A boot that failed stays failed, whatever the host does with the channels, until the next reset().
void Sahara::stopped(std::uint8_t)
{
    if (state_ != State::FAILED) state_ = State::IDLE;
}

void Sahara::started(std::uint8_t)
{
    if (state_ == State::FAILED || !port_.running(channel::SAHARA) || !port_.running(channel::SAHARA + 1))
        return;
    index_ = 0;
    reader_.reset();
    state_ = State::IDLE;
    hello(faults_.dump.empty() ? SaharaMode::IMAGE_TX_PENDING : SaharaMode::MEMORY_DEBUG);
}

bool Sahara::poll()
{
    // HELLO withheld by a test goes out when the test lets it.
    const bool due = state_ == State::IDLE && !faults_.mute_sahara && port_.running(channel::SAHARA) &&
                     port_.running(channel::SAHARA + 1);
    if (due) started(channel::SAHARA);
    return due;
}

bool Sahara::finished() const { return state_ == State::FINISHED && port_.pending(channel::SAHARA + 1) == 0; }

void Sahara::hello(SaharaMode mode)
{
    if (faults_.mute_sahara) return;
    mode_ = mode;
    state_ = State::HELLO;
    const aic100::SaharaHello packet{header<aic100::SaharaHello>(SaharaCmd::HELLO),
                                     aic100::sahara_version,
                                     1,
                                     hello_max_length,
                                     static_cast<std::uint32_t>(mode),
                                     {}};
    send(bytes_of(packet));
}

void Sahara::packet(Bytes bytes)
{
    if (faults_.mute_sahara) return;
    switch (state_) {
    case State::HELLO: return take_hello_response(bytes);
    case State::READING: return take_image_data(bytes);
    case State::DONE: return take_done(bytes);
    case State::DUMP: return take_dump_request(bytes);
    case State::IDLE:
    case State::FINISHED:
    case State::FAILED: log_.line(fmt::format("SAHARA: {} bytes ignored", bytes.size()));
    }
}

void Sahara::take_hello_response(ConstSpan bytes)
{
    const auto answer = read_at<aic100::SaharaHelloResp>(bytes);
    const bool good = is(bytes, SaharaCmd::HELLO_RESP, sizeof(aic100::SaharaHelloResp)) &&
                      answer->version == aic100::sahara_version && answer->status == 0 &&
                      answer->mode == static_cast<std::uint32_t>(mode_);
    if (!good) return stop_boot(bad_hello_response, "HELLO_RESP is malformed or refuses");
    if (mode_ == SaharaMode::MEMORY_DEBUG) {
        state_ = State::DUMP;
        const aic100::SaharaMemDebug64 offer{header<aic100::SaharaMemDebug64>(SaharaCmd::MEM_DEBUG64),
                                             dump_table_address, faults_.dump.table_bytes()};
        return send(bytes_of(offer));
    }
    state_ = State::READING;
    reader_.emplace(image(index_).id, aic100::sahara_max_read);
    ask();
}

void Sahara::ask()
{
    const auto want = reader_->want();
    if (!want) {
        const aic100::SaharaEndOfImage end{header<aic100::SaharaEndOfImage>(SaharaCmd::END_OF_IMAGE),
                                           image(index_).id, aic100::sahara_status::SUCCESS};
        log_.line(fmt::format("SBL: image {} ({}) loaded, {} bytes", image(index_).id, reader_->version(),
                              reader_->end()));
        state_ = State::DONE;
        return send(bytes_of(end));
    }
    const aic100::SaharaReadData read{header<aic100::SaharaReadData>(SaharaCmd::READ_DATA), image(index_).id,
                                      static_cast<std::uint32_t>(want->offset), want->bytes};
    send(bytes_of(read));
}

void Sahara::take_image_data(ConstSpan bytes)
{
    const auto want = reader_->want();
    // Data has no header: only a request for exactly 8 bytes could be mistaken, and then it counts as data.
    const bool refused = want->bytes != sizeof(aic100::SaharaHeader) &&
                         is(bytes, SaharaCmd::RESET, sizeof(aic100::SaharaHeader));
    if (refused)
        reader_->fail(ImageFault::TRUNCATED);
    else
        reader_->feed(bytes);
    if (reader_->fault() != ImageFault::NONE) return refuse_image();
    ask();
}

void Sahara::refuse_image()
{
    const auto& why = image_fault_info(reader_->fault());
    const auto& row = image(index_);
    const bool missing = why.fault == ImageFault::TRUNCATED && reader_->position() == 0;
    if (!missing || !faults_.image_optional(row.id))
        return stop_boot(why.sahara,
                         fmt::format("{}: {} (expected {:#x}, found {:#x}, at byte {})", row.file, why.text,
                                     reader_->expected(), reader_->found(), reader_->position()));
    log_.line(fmt::format("SBL: {} is optional and missing", row.file));
    const aic100::SaharaEndOfImage end{header<aic100::SaharaEndOfImage>(SaharaCmd::END_OF_IMAGE), row.id,
                                       why.sahara};
    send(bytes_of(end));
    next_image(false); // a non-zero status gets no DONE: the next READ_DATA follows at once (8.4)
}

void Sahara::stop_boot(std::uint32_t status, std::string_view why)
{
    log_.line(fmt::format("SBL: boot stops, status {:#x} ({}): {}", status,
                          aic100::sahara_status_text(status), why));
    const aic100::SaharaEndOfImage end{header<aic100::SaharaEndOfImage>(SaharaCmd::END_OF_IMAGE),
                                       image(index_).id, status};
    state_ = State::FAILED;
    send(bytes_of(end));
}

void Sahara::take_done(ConstSpan bytes)
{
    if (!is(bytes, SaharaCmd::DONE, sizeof(aic100::SaharaHeader)))
        return stop_boot(invalid_command, "expected DONE after END_OF_IMAGE");
    const bool last = index_ + 1 == aic100::image_table.size();
    const aic100::SaharaDoneResp done{header<aic100::SaharaDoneResp>(SaharaCmd::DONE_RESP), last ? 1u : 0u};
    send(bytes_of(done));
    next_image(true);
}

void Sahara::next_image(bool hello_again)
{
    ++index_;
    if (index_ == aic100::image_table.size()) {
        state_ = State::FINISHED;
        return;
    }
    if (hello_again) return hello(SaharaMode::IMAGE_TX_PENDING);
    reader_.emplace(image(index_).id, aic100::sahara_max_read);
    ask();
}

void Sahara::take_dump_request(ConstSpan bytes)
{
    if (is(bytes, SaharaCmd::RESET, sizeof(aic100::SaharaHeader))) {
        const auto answer = header<aic100::SaharaHeader>(SaharaCmd::RESET_RESP);
        send(bytes_of(answer));
        faults_.dump = {};
        return hello(SaharaMode::IMAGE_TX_PENDING);
    }
    const auto read = read_at<aic100::SaharaMemRead64>(bytes);
    const bool asked = is(bytes, SaharaCmd::MEM_READ64, sizeof(aic100::SaharaMemRead64));
    const auto data = asked ? faults_.dump.read(read->address, read->length) : std::nullopt;
    if (data && data->size() == read->length && data->size() <= aic100::sahara_dump_chunk) return send(*data);
    // 3.4 point 4: 16 bytes are never asked for, so this cannot be taken for data.
    const aic100::SaharaEndOfImage error{header<aic100::SaharaEndOfImage>(SaharaCmd::END_OF_IMAGE), 0, 0x19};
    send(bytes_of(error));
}

} // namespace card
