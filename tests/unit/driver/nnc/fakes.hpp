// SPDX-License-Identifier: BSD-3-Clause
// A bus whose time moves only in relax(), and a control channel whose card is a function of the test.
#pragma once
#include "qaic/nnc/channel.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/nnc/message.hpp"
#include <cstdlib>
#include <deque>
#include <map>

namespace qaic::nnc {

class FakeBus final : public Bus {
  public:
    std::uint32_t mhi_read32(std::uint32_t) noexcept override { return 0; }
    void mhi_write32(std::uint32_t, std::uint32_t) noexcept override {}
    std::uint32_t mhi_bytes() const noexcept override { return 4096; }
    volatile std::byte* dbc_window() noexcept override { return nullptr; }
    std::uint64_t dbc_bytes() const noexcept override { return 0; }
    Result<void> set_bus_master(bool) noexcept override { return {}; }
    Result<DmaMemory> dma_alloc(std::size_t bytes, std::size_t, const char*) override
    {
        if (bytes > largest || used() + bytes > total)
            return fail(Code::E_HUGE, "no piece of {} bytes", bytes);
        auto* va = static_cast<std::byte*>(std::calloc(1, bytes));
        const Iova iova{next_iova_};
        next_iova_ += (bytes + 8191) / 4096 * 4096; // a hole after each, so that pieces never merge
        live[iova.value] = {va, bytes};
        most = std::max(most, used());
        return DmaMemory(this, va, iova, bytes);
    }
    Result<void> dma_map(void*, Iova, std::size_t) override { return {}; }
    Result<void> dma_unmap(Iova, std::size_t) override { return {}; }
    void dma_free(std::byte* va, Iova iova, std::size_t) noexcept override
    {
        live.erase(iova.value);
        std::free(va);
    }
    const Clock& clock() const noexcept override { return clock_; }
    void relax(Nanos at_most) noexcept override { clock_.advance(at_most); }
    const std::string& name() const noexcept override { return name_; }

    /// What the card would read there; nothing when the memory is gone.
    [[nodiscard]] std::optional<Bytes> read(std::uint64_t iova, std::uint64_t bytes) const
    {
        const auto it = live.find(iova);
        if (it == live.end() || bytes > it->second.second) return std::nullopt;
        return Bytes(it->second.first, it->second.first + bytes);
    }
    ~FakeBus() override
    {
        for (auto& [iova, block] : live) std::free(block.first);
    }

    [[nodiscard]] std::size_t used() const
    {
        std::size_t sum = 0;
        for (const auto& [iova, block] : live) sum += block.second;
        return sum;
    }

    std::size_t largest = ~std::size_t{0}, total = ~std::size_t{0};
    std::size_t most = 0; ///< in use at once
    std::map<std::uint64_t, std::pair<std::byte*, std::size_t>> live;

  private:
    ManualClock clock_;
    std::uint64_t next_iova_ = 0x100000;
    std::string name_ = "aic0";
};

/// Replies are delivered by poll(), one posted buffer each, like a card's.
class FakeChannel final : public Channel {
  public:
    using Card = std::function<void(FakeChannel&, ConstSpan message)>;
    explicit FakeChannel(Card card) : card_(std::move(card)) {}

    Result<void> start(Receiver receiver) override
    {
        receiver_ = std::move(receiver);
        posted = 0, ++starts;
        return {};
    }
    Result<void> post() override { return ++posted, Result<void>{}; }
    Result<void> send(ConstSpan message) override
    {
        if (full > 0) return --full, fail(Code::E_AGAIN, "ring is full");
        if (posted == 0) return fail(Code::E_STATE, "request without a receive buffer");
        sent.emplace_back(message.begin(), message.end());
        if (card_) card_(*this, sent.back());
        return {};
    }
    void poll() override
    {
        while (!pending.empty() && posted > 0) {
            auto packet = std::move(pending.front());
            pending.pop_front();
            --posted;
            receiver_(packet, more);
        }
    }
    Result<void> alive() override
    {
        if (dead != Code::OK) return fail(dead, "aic0: not there");
        return {};
    }
    void reply(Bytes packet) { pending.push_back(std::move(packet)); }

    std::deque<Bytes> pending;
    std::vector<Bytes> sent;
    unsigned posted = 0, starts = 0, full = 0;
    bool more = false;
    Code dead = Code::OK;

  private:
    Card card_;
    Receiver receiver_;
};

// ---- making replies, independently of the driver's encoder
// --------------------------------------------------------------------------------------------------------

inline aic100::NncHeader header_of(ConstSpan message) { return *read_at<aic100::NncHeader>(message); }

/// A whole message from the card: header for `sequence`, then the given transactions, then the CRC.
inline Bytes card_message(std::uint32_t sequence, std::initializer_list<Bytes> transactions, bool crc = true)
{
    aic100::NncHeader h{};
    h.magic = aic100::nnc_magic;
    h.sequence = sequence;
    h.partition = -1;
    h.count = static_cast<std::uint32_t>(transactions.size());
    Bytes out(sizeof h);
    for (const auto& t : transactions) out.insert(out.end(), t.begin(), t.end());
    h.length = static_cast<std::uint32_t>(out.size());
    std::memcpy(out.data(), &h, sizeof h);
    if (crc) {
        h.crc = message_crc(out);
        std::memcpy(out.data(), &h, sizeof h);
    }
    return out;
}
template<class T>
Bytes transaction(aic100::NncType type, T t)
{
    t.head.type = static_cast<std::uint32_t>(type);
    t.head.length = sizeof t;
    Bytes out;
    append(out, t);
    return out;
}
template<class Response>
Bytes passthrough(const Response& r)
{
    aic100::NncTransaction head;
    head.type = 3;
    head.length = static_cast<std::uint32_t>(sizeof head + sizeof r);
    Bytes out;
    append(out, head);
    append(out, r);
    return out;
}
inline Bytes status_reply(std::uint32_t sequence, std::uint64_t flags, std::uint16_t major = 5,
                          bool crc = true)
{
    aic100::NncStatusFromDev s{};
    s.major = major;
    s.flags = flags;
    return card_message(sequence, {transaction(aic100::NncType::STATUS_FROM_DEV, s)}, crc);
}
/// Type of the passthrough command at the start of a request; 0 for other requests.
inline std::uint32_t command_of(ConstSpan message)
{
    const auto head = read_at<aic100::NncTransaction>(message, 32);
    return head && head->type == 4 ? read_at<le32>(message, 40)->get() : 0;
}
inline Bytes hex(std::string_view text)
{
    Bytes out;
    unsigned nibbles = 0, value = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
        if (++nibbles % 2 == 0) out.push_back(static_cast<std::byte>(value)), value = 0;
    }
    return out;
}

/// Client, fake card and bus in one.
struct Bench {
    explicit Bench(FakeChannel::Card card, Limits limits = {})
    {
        auto owned = std::make_unique<FakeChannel>(std::move(card));
        channel = owned.get();
        client = std::make_unique<Client>(bus, std::move(owned), limits, 7);
    }
    FakeBus bus;
    FakeChannel* channel = nullptr;
    std::unique_ptr<Client> client;
};

} // namespace qaic::nnc
