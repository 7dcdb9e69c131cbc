// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/served_card.hpp"
#include "card_server/card_thread.hpp"
#include "card_server/client_seat.hpp"
#include "card_server/task_queue.hpp"
#include <algorithm>
#include <atomic>
#include <thread>

namespace card_server {
namespace {

// While a client has the doorbell pages mapped its writes wake nobody: a sleeping card must look by itself.
constexpr qaic::Nanos mapped_nap = 100us;
constexpr qaic::Nanos trapped_nap = 5ms;
/// A spinning card looks at its socket once in so many rounds: a look is a system call.
constexpr unsigned rounds_per_look = 16;

} // namespace

struct ServedCard::Impl final : card::HostPort {
    Impl(card::CardConfig with, Options chosen, vfio_user::Listener listener)
        : config(std::move(with)), options(std::move(chosen)), card(config, *this, clock),
          device(card, config.pci_device, {options.trap, options.reset}),
          seat(std::move(listener), device, clock, {options.message_limit, vfio_user::max_dma_maps},
               options.log)
    {}

    // ---- the card's way to its host
    [[nodiscard]] bool read(std::uint64_t iova, card::MutSpan to) noexcept override
    {
        auto* session = seat.session();
        const bool done = session != nullptr && session->dma_read(iova, to);
        device.counters().dma(false, to.size(), done);
        return done;
    }
    [[nodiscard]] bool write(std::uint64_t iova, card::ConstSpan from) noexcept override
    {
        auto* session = seat.session();
        const bool done = session != nullptr && session->dma_write(iova, from);
        device.counters().dma(true, from.size(), done);
        return done;
    }
    void raise_msi(unsigned vector) noexcept override
    {
        device.counters().msi(vector);
        if (const auto* session = seat.session()) session->interrupt(vfio_user::irq_msi, vector);
    }

    bool look();
    bool step(qaic::Nanos wait);
    void add_waits(std::vector<pollfd>& list) const;
    [[nodiscard]] qaic::Nanos patience() const;
    void sleep(qaic::Nanos most);
    void serve();
    void publish();

    const card::CardConfig config;
    const Options options;
    const qaic::SteadyClock clock;
    card::Card card;
    CardDevice device;
    ClientSeat seat;
    TaskQueue tasks;
    std::thread thread;
    std::atomic<bool> stopping{false}, attached{false}, hosted{false};
    std::atomic<std::uint64_t> accepted{0}, refused{0}, broken{0};
};

/// Everything that comes from outside.
bool ServedCard::Impl::look()
{
    bool did = tasks.run([this](const Task& task) { task(card, device); });
    did |= seat.step();
    if (seat.take_ended()) device.detach();
    if (did) publish();
    return did;
}

void ServedCard::Impl::publish()
{
    attached.store(seat.session() != nullptr, std::memory_order_relaxed);
    accepted.store(seat.accepted(), std::memory_order_relaxed);
    refused.store(seat.refused(), std::memory_order_relaxed);
    broken.store(seat.broken(), std::memory_order_relaxed);
}

bool ServedCard::Impl::step(qaic::Nanos wait)
{
    bool did = look();
    did |= card.poll();
    if (!did && wait > qaic::Nanos{0}) sleep(wait);
    return did;
}

qaic::Nanos ServedCard::Impl::patience() const
{
    auto most = seat.patience();
    if (attached.load(std::memory_order_relaxed))
        most = std::min(most, options.trap ? trapped_nap : mapped_nap);
    if (const auto due = card.next_due()) most = std::min(most, *due - clock.now());
    return std::max(most, qaic::Nanos{0});
}

void ServedCard::Impl::add_waits(std::vector<pollfd>& list) const
{
    for (const auto& one : seat.wait_for()) list.push_back(one);
    list.push_back({tasks.fd(), POLLIN, 0});
}

void ServedCard::Impl::sleep(qaic::Nanos most)
{
    std::vector<pollfd> list;
    add_waits(list);
    wait_for_any(list, std::min(most, patience()));
}

void ServedCard::Impl::serve()
{
    while (!stopping.load(std::memory_order_acquire)) {
        const bool news = look();
        bool busy = false;
        for (unsigned i = 0; i < rounds_per_look; ++i) {
            const bool did = card.poll();
            busy |= did;
            if (!did && options.idle) break;
        }
        if (options.idle && !news && !busy) sleep(1s);
    }
}

ServedCard::ServedCard(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServedCard::~ServedCard() { stop(); }

qaic::Result<std::unique_ptr<ServedCard>> ServedCard::create(card::CardConfig config, Options options)
{
    if (!options.log) options.log = [](const std::string&) {};
    QAIC_TRY(auto listener, vfio_user::Listener::open(options.socket, {.allowed = options.allowed}));
    auto impl = std::make_unique<Impl>(std::move(config), std::move(options), std::move(listener));
    return std::unique_ptr<ServedCard>(new ServedCard(std::move(impl)));
}

void ServedCard::start()
{
    if (impl_->thread.joinable()) return;
    impl_->stopping.store(false);
    hosted(true);
    impl_->thread = std::thread([this] { impl_->serve(); });
}

void ServedCard::stop() noexcept
{
    if (!impl_->thread.joinable()) return;
    impl_->stopping.store(true, std::memory_order_release);
    impl_->tasks.wake();
    impl_->thread.join();
    hosted(false);
}

void ServedCard::hosted(bool on) noexcept { impl_->hosted.store(on); }
bool ServedCard::look() { return impl_->look(); }
bool ServedCard::poll() { return impl_->card.poll(); }
void ServedCard::add_waits(std::vector<pollfd>& list) const { impl_->add_waits(list); }
qaic::Nanos ServedCard::patience() const { return impl_->patience(); }
void ServedCard::wake() const noexcept { impl_->tasks.wake(); }

bool ServedCard::step(qaic::Nanos wait) { return impl_->step(wait); }

bool ServedCard::run(Task what, qaic::Nanos limit)
{
    if (!impl_->hosted.load()) {
        what(impl_->card, impl_->device);
        return true;
    }
    return impl_->tasks.run_and_wait(std::move(what), limit);
}

const std::string& ServedCard::socket() const noexcept { return impl_->seat.path(); }
const card::CardConfig& ServedCard::config() const noexcept { return impl_->config; }
const Options& ServedCard::options() const noexcept { return impl_->options; }
bool ServedCard::attached() const noexcept { return impl_->attached.load(std::memory_order_relaxed); }
ServedCard::Connections ServedCard::connections() const noexcept
{
    return {impl_->accepted.load(), impl_->refused.load(), impl_->broken.load()};
}

} // namespace card_server
