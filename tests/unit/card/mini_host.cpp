// SPDX-License-Identifier: BSD-3-Clause
#include "mini_host.hpp"
#include <utility>
#include <zlib.h>

namespace test {

unsigned MiniHost::load_sbl(ConstSpan image, std::uint32_t session)
{
    host_.map(image_at, image);
    const auto base = r(0x28);
    w(base + 0x2c, 0);
    w(base + 0x0c, static_cast<std::uint32_t>(image_at >> 32));
    w(base + 0x08, static_cast<std::uint32_t>(image_at));
    w(base + 0x10, static_cast<std::uint32_t>(image.size()));
    w(base + 0x18, session);
    settle();
    return bhi(0x2c) >> 30;
}

bool MiniHost::wait_ready(Nanos limit)
{
    const auto until = clock_.now() + limit;
    for (;;) {
        settle();
        const auto status = r(0x48);
        if (status == 0xffffffff) return false;
        if ((r(0x38) & 2) == 0 && (status & 1) != 0) return true;
        if (clock_.now() >= until) return false;
        clock_.advance(25ms);
    }
}

void MiniHost::program()
{
    channel_.clear();
    host_.map(contexts, 128 * 44);
    host_.map(event_context, 44);
    host_.map(command_context, 44);
    host_.map(event_ring, 512);
    host_.map(command_ring, 2048);
    const auto context = [this](std::uint64_t at, std::uint64_t base, std::uint64_t bytes) {
        host_.put<std::uint64_t>(at + 0x0c, base);
        host_.put<std::uint64_t>(at + 0x14, bytes);
        host_.put<std::uint64_t>(at + 0x1c, base);
        host_.put<std::uint64_t>(at + 0x24, base);
    };
    context(event_context, event_ring, 512);
    context(command_context, command_ring, 2048);
    host_.put<std::uint32_t>(event_context + 4, 1);
    event_rp_ = event_ring, event_wp_ = event_ring + 512 - 16, command_wp_ = command_ring;
    host_.put(event_context + 0x24, event_wp_);
    w64(0x58, contexts), w64(0x60, event_context), w64(0x68, command_context);
    w64(0x80, 0), w64(0x98, 0), w64(0x88, 0xfffffffffffffffe), w64(0xa0, 0xfffffffffffffffe);
    w(0x10, (r(0x10) & ~0x00ff0000u) | 1u << 16);
    w(0x10, r(0x10) & ~0xff000000u);
    ring_events();
}

std::vector<Event> MiniHost::drain(bool ring_doorbell)
{
    std::vector<Event> events;
    // A ring has 31 events at most; the bound is for a context that a test has overwritten.
    while (events.size() < 32 && host_.get<std::uint64_t>(event_context + 0x1c) != event_rp_) {
        const auto dw0 = host_.get<std::uint32_t>(event_rp_ + 8),
                   dw1 = host_.get<std::uint32_t>(event_rp_ + 12);
        const Event event{host_.get<std::uint64_t>(event_rp_), dw1 >> 16 & 0xff, dw0 >> 24, dw0 & 0xffff,
                          dw1 >> 24};
        event_rp_ = event_rp_ + 16 == event_ring + 512 ? event_ring : event_rp_ + 16;
        event_wp_ = event_wp_ + 16 == event_ring + 512 ? event_ring : event_wp_ + 16;
        host_.put(event_context + 0x24, event_wp_);
        if (event.type == 0x22) take_transfer(event);
        events.push_back(event);
    }
    history.insert(history.end(), events.begin(), events.end());
    if (ring_doorbell && !events.empty()) ring_events();
    return events;
}

void MiniHost::take_transfer(const Event& event)
{
    auto& ring = channel_[event.channel];
    const bool inbound = event.channel % 2 != 0;
    // 2.9: the event names the last element of the oldest TD.
    while (!ring.buffers.empty() && ring.buffers.front().chained && ring.buffers.front().tre != event.ptr)
        host_.unmap(ring.buffers.front().iova), ring.buffers.pop_front();
    if (ring.buffers.empty() || ring.buffers.front().tre != event.ptr) {
        ++ring.errors;
        return;
    }
    const auto buffer = ring.buffers.front();
    ring.buffers.pop_front();
    ++ring.completed;
    if (event.code != 2 && event.code != 3) ++ring.errors;
    if (inbound && (event.code == 2 || event.code == 3)) {
        const auto bytes = host_.copy(buffer.iova, event.length);
        ring.partial.insert(ring.partial.end(), bytes.begin(), bytes.end());
        if (event.code == 3)
            ++ring.overflows;
        else
            ring.packets.push_back(std::exchange(ring.partial, {}));
    }
    host_.unmap(buffer.iova);
}

std::uint64_t MiniHost::push_command(unsigned type, unsigned channel)
{
    const auto at = command_wp_;
    host_.put<std::uint64_t>(at, 0);
    host_.put<std::uint32_t>(at + 8, 0);
    host_.put<std::uint32_t>(at + 12, channel << 24 | type << 16);
    command_wp_ = at + 16 == command_ring + 2048 ? command_ring : at + 16;
    host_.put(command_context + 0x24, command_wp_);
    w64(0x70, command_wp_);
    return at;
}

unsigned MiniHost::command(unsigned type, unsigned channel)
{
    const auto at = push_command(type, channel);
    settle();
    for (const auto& event : drain())
        if (event.type == 0x21 && event.ptr == at) return event.code;
    return 0;
}

void MiniHost::fill_context(unsigned channel, unsigned elements, bool enabled)
{
    const auto at = contexts + 44 * channel;
    const auto base = rings + 0x4000 * channel;
    host_.map(base, elements * 16);
    host_.put<std::uint32_t>(at, enabled ? 0x201 : 0x200);
    host_.put<std::uint32_t>(at + 4, channel % 2 == 0 ? 1 : 2);
    host_.put<std::uint32_t>(at + 8, 0);
    host_.put<std::uint64_t>(at + 0x0c, base);
    host_.put<std::uint64_t>(at + 0x14, elements * 16);
    host_.put<std::uint64_t>(at + 0x1c, base);
    host_.put<std::uint64_t>(at + 0x24, base);
    channel_[channel] = Ring{base, elements * 16, base, {}, {}, {}, 0, 0, 0};
}

unsigned MiniHost::start(unsigned channel, unsigned elements)
{
    fill_context(channel, elements);
    return command(0x12, channel);
}

std::uint64_t MiniHost::push(unsigned channel, std::uint64_t ptr, std::uint32_t length, std::uint32_t dw1)
{
    auto& ring = channel_.at(channel);
    const auto at = ring.wp;
    host_.put<std::uint64_t>(at, ptr);
    host_.put<std::uint32_t>(at + 8, length);
    host_.put<std::uint32_t>(at + 12, dw1);
    ring.wp = at + 16 == ring.base + ring.bytes ? ring.base : at + 16;
    host_.put(contexts + 44 * channel + 0x24, ring.wp);
    ring.buffers.push_back({at, ptr, length, (dw1 & 1) != 0});
    return at;
}

void MiniHost::post(unsigned channel, std::uint32_t bytes)
{
    host_.map(next_buffer_, bytes);
    push(channel, next_buffer_, bytes, 0x00020200);
    next_buffer_ += 0x20000;
    ring(channel);
}

void MiniHost::send(unsigned channel, ConstSpan bytes, std::uint32_t piece, bool ring_each)
{
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto n = std::min<std::size_t>(piece, bytes.size() - at);
        const bool last = at + n == bytes.size();
        host_.map(next_buffer_, bytes.subspan(at, n));
        push(channel, next_buffer_, static_cast<std::uint32_t>(n), last ? 0x00020200 : 0x00020001);
        next_buffer_ += 0x20000;
        if (ring_each || last) ring(channel);
        if (ring_each) settle();
    }
}

std::optional<Bytes> MiniHost::receive(unsigned channel)
{
    settle();
    drain();
    auto& packets = channel_[channel].packets;
    if (packets.empty()) return std::nullopt;
    auto packet = std::move(packets.front());
    packets.pop_front();
    return packet;
}

bool MiniHost::serve_sahara(const std::map<unsigned, Bytes>& images)
{
    const auto packet = receive(3);
    if (!packet) return false;
    const auto word = [&](std::size_t i) {
        std::uint32_t v = 0;
        if (packet->size() >= 4 * i + 4) std::memcpy(&v, packet->data() + 4 * i, 4);
        return v;
    };
    const Bytes reset = from_hex("0700000008000000");
    switch (word(0)) {
    case 1:
        send(2, from_hex("0200000030000000020000000200000000000000000000000000000000000000"
                         "00000000000000000000000000000000"));
        break;
    case 3: {
        const auto it = images.find(word(2));
        const bool known = it != images.end() && (active_ == nullptr || active_ == &it->second);
        const bool inside = known && word(4) <= 0x80000 && word(3) < it->second.size() &&
                            word(4) <= it->second.size() - word(3);
        if (known) active_ = &it->second;
        if (inside)
            send(2, ConstSpan(it->second).subspan(word(3), word(4)));
        else
            send(2, reset);
        break;
    }
    case 4:
        active_ = nullptr;
        if (word(3) == 0) send(2, from_hex("0500000008000000"));
        break;
    default: break;
    }
    post(3, 65535);
    return true;
}

bool MiniHost::serve_sbl(const std::map<unsigned, Bytes>& images)
{
    active_ = nullptr;
    if (!start_pair(2)) return false;
    post(3, 65535);
    if (!start_pair(12)) return false;
    for (int i = 0; i < 16; ++i) post(13, 512);
    if (!start_pair(20)) return false;
    post(21, 8);
    for (;;) {
        bool moved = serve_sahara(images);
        if (exec_env() == 2) return true;
        while (const auto line = receive(13)) {
            log_text.append(reinterpret_cast<const char*>(line->data()), line->size());
            if (!log_text.empty() && log_text.back() == '\0') log_text.pop_back();
            while (channel(13).buffers.size() < 16) post(13, 512);
            moved = true;
        }
        if (const auto sync = receive(21)) {
            post(21, 8);
            if (*sync == from_hex("aa55000000000000"))
                send(20, from_hex("aa5500000001000000f15365000000007b00000000000000"));
            moved = true;
        }
        if (!moved) return false;
    }
}

bool MiniHost::boot(const std::map<unsigned, Bytes>& images)
{
    if (load_sbl(images.at(0)) != 2 || !wait_ready()) return false;
    program();
    request_m0();
    drain();
    if (!serve_sbl(images)) return false;
    drain();
    return exec_env() == 2;
}

bool MiniHost::warm()
{
    if (!wait_ready()) return false;
    program();
    request_m0();
    const auto events = drain();
    return events == std::vector<Event>{{0, 0x20, 2, 0, 0}, {0, 0x40, 2, 0, 0}};
}

Bytes make_image(unsigned id, std::size_t payload)
{
    Bytes image = from_hex("7f454c46020101000000000000000000020000000100000000000000000000004000000000000000"
                           "000000000000000000000000400038000200000000000000");
    const auto put = [&image](std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            image.push_back(static_cast<std::byte>(i < 8 ? value >> 8 * i & 0xff : 0));
    };
    const auto program_header = [&](unsigned type, std::uint64_t offset, std::uint64_t size) {
        put(type, 4), put(4, 4), put(offset, 8), put(0, 8), put(0, 8), put(size, 8), put(size, 8), put(1, 8);
    };
    program_header(4, 176, 68);
    program_header(1, 244, payload);
    const auto data = pattern(payload, id);
    put(5, 4), put(48, 4), put(1, 4), put(0x43494151, 8), put(0x57464941, 4), put(id, 4), put(payload, 4);
    put(::crc32(0, reinterpret_cast<const unsigned char*>(data.data()), static_cast<unsigned>(payload)), 4);
    put(0x796e6974, 32); // "tiny"
    image.insert(image.end(), data.begin(), data.end());
    return image;
}

const std::map<unsigned, Bytes>& tiny_images()
{
    static const auto images = [] {
        std::map<unsigned, Bytes> all;
        for (const unsigned id : {0, 1, 2, 4, 5, 6, 8, 9, 10}) all[id] = make_image(id, 16 + id);
        return all;
    }();
    return images;
}

} // namespace test
