// SPDX-License-Identifier: BSD-3-Clause
#include "card_server/card_thread.hpp"
#include <algorithm>

namespace card_server {
namespace {

/// A look is a system call for all sockets together: so often while nothing comes, and at once after
/// something came, since a client that boots a card sends one message after the other.
constexpr qaic::Nanos between_looks = 50us;
/// Limits of time that a card watches over while its client says nothing.
constexpr qaic::Nanos between_full_looks = 10ms;
constexpr unsigned rounds_per_turn = 16;

} // namespace

void wait_for_any(std::vector<pollfd>& list, qaic::Nanos most)
{
    if (most <= qaic::Nanos{0}) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
    const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>((most - seconds).count())};
    (void)::ppoll(list.data(), list.size(), &time, nullptr); // woken early or not: the next round looks
}

CardThread::CardThread(std::vector<ServedCard*> cards)
    : cards_(std::move(cards)),
      idle_(std::all_of(cards_.begin(), cards_.end(), [](const auto* card) { return card->options().idle; }))
{}

CardThread::~CardThread() { stop(); }

void CardThread::start()
{
    if (thread_.joinable() || cards_.empty()) return;
    stopping_.store(false);
    for (auto* card : cards_) card->hosted(true);
    thread_ = std::thread([this] { serve(); });
}

void CardThread::stop() noexcept
{
    if (!thread_.joinable()) return;
    stopping_.store(true, std::memory_order_release);
    cards_.front()->wake();
    thread_.join();
    for (auto* card : cards_) card->hosted(false);
}

void CardThread::serve()
{
    while (!stopping_.load(std::memory_order_acquire)) {
        bool did = look();
        for (unsigned i = 0; i < rounds_per_turn; ++i) {
            bool busy = false;
            for (auto* card : cards_) busy |= card->poll();
            did |= busy;
            if (!busy && idle_) break;
        }
        if (!idle_ || did) continue;
        list_waits();
        wait_for_any(waits_, patience());
        next_look_ = qaic::Nanos{0};
    }
}

bool CardThread::look()
{
    const auto now = clock_.now();
    if (now < next_look_) return false;
    const bool full = now >= next_full_;
    list_waits();
    bool did = false;
    if (full || ::poll(waits_.data(), waits_.size(), 0) > 0) {
        for (std::size_t i = 0, card = cards_.size(); i < waits_.size(); ++i) {
            if (owner_[i] == card || (!full && waits_[i].revents == 0)) continue;
            card = owner_[i];
            did |= look_at(card);
        }
    }
    if (full) next_full_ = now + between_full_looks;
    next_look_ = did ? now : now + between_looks;
    return did;
}

/// A card with more to do than it took in one look has it done before the next one's turn.
bool CardThread::look_at(std::size_t card)
{
    bool did = false;
    for (unsigned i = 0; i < rounds_per_turn && cards_[card]->look(); ++i) did = true;
    if (did) listed_ = false; // connections may have come and gone
    return did;
}

void CardThread::list_waits()
{
    if (listed_) return;
    waits_.clear();
    owner_.clear();
    for (std::size_t i = 0; i < cards_.size(); ++i) {
        cards_[i]->add_waits(waits_);
        owner_.resize(waits_.size(), i);
    }
    listed_ = true;
}

qaic::Nanos CardThread::patience() const
{
    qaic::Nanos most = 1s;
    for (const auto* card : cards_) most = std::min(most, card->patience());
    return most;
}

} // namespace card_server
