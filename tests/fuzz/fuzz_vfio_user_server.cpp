// SPDX-License-Identifier: BSD-3-Clause
// A vfio-user server under a byte-driven client: frame decoder, every command handler, the memory map with
// real memory files, and the card's own DMA in between. Input: a list of steps, each a kind, a count and so
// many bytes.
#include "base/checked.hpp"
#include "card/card.hpp"
#include "card_server/card_device.hpp"
#include "vfio_user/session.hpp"
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <memory>
#include <sys/eventfd.h>
#include <sys/mman.h>

namespace {
using namespace vfio_user;
using qaic::Bytes, qaic::ConstSpan, qaic::MutSpan, qaic::Nanos;

/// What the client does next.
enum Step : std::uint8_t {
    SEND,
    SEND_FILE,
    SEND_EVENT,
    SEND_MANY,
    DMA_READ_STEP,
    DMA_WRITE_STEP,
    WAIT,
    STEPS
};

struct Chunk {
    Bytes bytes;
    std::vector<Fd> fds;
};

/// Hands out what was sent, in pieces as they were sent; time passes when there is nothing.
class FuzzChannel final : public Channel {
  public:
    explicit FuzzChannel(qaic::ManualClock& clock) : clock_(clock) {}
    Input receive(MutSpan to, std::size_t& bytes, std::vector<Fd>& fds, Nanos wait) override
    {
        if (chunks.empty()) {
            clock_.advance(wait);
            return Input::NOTHING;
        }
        auto& first = chunks.front();
        bytes = std::min(to.size(), first.bytes.size());
        std::copy_n(first.bytes.begin(), bytes, to.begin());
        fds = std::move(first.fds);
        first.fds.clear();
        first.bytes.erase(first.bytes.begin(), first.bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
        if (first.bytes.empty()) chunks.pop_front();
        return Input::DATA;
    }
    /// What the server says must itself be well-formed.
    bool send(ConstSpan bytes, int, Nanos) override
    {
        const auto header = qaic::read_at<Header>(bytes);
        if (!header || header->size != bytes.size()) std::abort();
        const std::uint32_t flags = header->flags;
        if ((flags & header_flag::ERROR) != 0 && (bytes.size() != sizeof(Header) || header->error == 0))
            std::abort();
        return true;
    }
    std::deque<Chunk> chunks;

  private:
    qaic::ManualClock& clock_;
};

/// The card's way out, as in a served card.
struct Host final : card::HostPort {
    [[nodiscard]] bool read(std::uint64_t iova, MutSpan to) noexcept override
    {
        return session->dma_read(iova, to);
    }
    [[nodiscard]] bool write(std::uint64_t iova, ConstSpan from) noexcept override
    {
        return session->dma_write(iova, from);
    }
    void raise_msi(unsigned vector) noexcept override { session->interrupt(irq_msi, vector); }
    Session* session = nullptr;
};

int shared_file()
{
    static const int file = [] {
        const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
        return ::ftruncate(fd, 64 << 10) == 0 ? fd : -1;
    }();
    return file;
}

std::vector<Fd> descriptors(Step step)
{
    std::vector<Fd> fds;
    const auto some = step == SEND_FILE ? 1u : step == SEND_EVENT ? 2u : step == SEND_MANY ? max_fds + 1 : 0u;
    for (unsigned i = 0; i < some; ++i)
        fds.emplace_back(step == SEND_EVENT ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
                                            : ::fcntl(shared_file(), F_DUPFD_CLOEXEC, 0));
    return fds;
}

/// One step of the input; nothing when it is used up.
bool next_step(ConstSpan& input, Step& step, ConstSpan& bytes)
{
    if (input.size() < 3) return false;
    step = static_cast<Step>(static_cast<unsigned>(input[0]) % STEPS);
    const auto length = static_cast<std::size_t>(input[1]) | static_cast<std::size_t>(input[2]) << 8;
    input = input.subspan(3);
    bytes = input.first(std::min(length, input.size()));
    input = input.subspan(bytes.size());
    return true;
}

void card_dma(Session& session, Step step, ConstSpan bytes)
{
    const auto address = qaic::read_at<le64>(bytes), length = qaic::read_at<le64>(bytes, 8);
    Bytes data(length ? *length % 10000 : 1);
    if (step == DMA_READ_STEP)
        (void)session.dma_read(address.value_or(0), data);
    else
        (void)session.dma_write(address.value_or(0), data);
}

void run(ConstSpan input)
{
    qaic::ManualClock clock;
    FuzzChannel channel(clock);
    Host host;
    card::Card card({}, host, clock);
    card_server::CardDevice device(card, aic100::pci_device_aic100, {});
    Session session(device, channel, clock, {std::chrono::seconds(2), 64});
    host.session = &session;
    Step step{};
    ConstSpan bytes;
    for (unsigned i = 0; i < 256 && !session.ended() && next_step(input, step, bytes); ++i) {
        if (step == DMA_READ_STEP || step == DMA_WRITE_STEP) {
            card_dma(session, step, bytes);
        } else if (step == WAIT) {
            clock.advance(std::chrono::milliseconds(500));
        } else if (!bytes.empty()) {
            channel.chunks.push_back({Bytes(bytes.begin(), bytes.end()), descriptors(step)});
            if (static_cast<unsigned>(bytes.front()) % 8 == 7)
                continue; // stays for a while: a DMA may find it
        }
        session.step();
        card.poll();
    }
    for (unsigned i = 0; i < 64 && !session.ended() && !channel.chunks.empty(); ++i) session.step();
    device.detach();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    run(std::as_bytes(std::span(data, size)));
    return 0;
}
