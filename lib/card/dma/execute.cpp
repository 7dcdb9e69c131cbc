// SPDX-License-Identifier: BSD-3-Clause
// What one request element does once its fences and presync are met: transfer, postsync, doorbell (5.4).
#include "base/endian.hpp"
#include "card/dma/channel.hpp"
#include <atomic>
#include <cstring>

namespace card {
namespace {
constexpr std::uint16_t code_ok = 0, code_failed = 1;
/// Responses ready so far go out before a transfer that takes longer than they should wait.
constexpr std::uint64_t long_transfer = 32u << 10;
} // namespace

void Channel::run(const aic100::RequestElement& element, const SyncPlan& plan, std::uint64_t order)
{
    if (plan.bad) return complete(element, code_failed);
    if (plan.presync != 0) semaphores_->apply(plan.presync);
    if (timing_ == nullptr || !depart(element, plan, order)) execute(element, plan);
}

void Channel::execute(const aic100::RequestElement& element, const SyncPlan& plan)
{
    const auto code = transfer(element);
    unsigned slot = 0;
    if (plan.postsync && !postsync(element, slot)) {
        parked_.push_back({element, code, slot});
        return;
    }
    finish(element, code);
}

std::uint16_t Channel::transfer(const aic100::RequestElement& element)
{
    const auto direction = element.cmd & aic100::req_cmd::DIRECTION;
    if (direction == aic100::req_cmd::NO_TRANSFER) return code_ok;
    const std::uint64_t length = element.length;
    bool ok = false;
    if (direction != aic100::req_cmd::ILLEGAL && (element.cmd & aic100::req_cmd::BULK) != 0) {
        if (copy_ && length >= long_transfer) flush();
        ok = length == 0 ||
             (direction == aic100::req_cmd::TO_DEVICE ? copy_in(element, length) : copy_out(element, length));
    }
    if (ok) {
        counters_.bytes += length;
        return code_ok;
    }
    ++counters_.transfer_failed;
    return code_failed;
}

bool Channel::copy_in(const aic100::RequestElement& element, std::uint64_t length)
{
    ActivationMemory::Copies to;
    const auto places = memory_->resolve(element.destination, length, to);
    if (places == 0) return false;
    if (!copy_) return true;
    if (!host_.read(element.source, {to[0], length})) return false;
    for (unsigned i = 1; i < places; ++i) std::memcpy(to[i], to[0], length);
    return true;
}

bool Channel::copy_out(const aic100::RequestElement& element, std::uint64_t length)
{
    ActivationMemory::Copies from; // a read of several NSPs at once means nothing (workload 4.3.5)
    return memory_->resolve(element.source, length, from) == 1 &&
           (!copy_ || host_.write(element.destination, {from[0], length}));
}

bool Channel::postsync(const aic100::RequestElement& element, unsigned& slot)
{
    namespace w = aic100::sem_word;
    for (; slot < 4; ++slot) {
        const std::uint32_t word = element.sem[slot];
        if ((word & w::ENABLE) == 0 || (word & w::PRESYNC) != 0) continue;
        if (!semaphores_->ready(word)) return false;
        semaphores_->apply(word);
    }
    return true;
}

bool Channel::ring_doorbell(const aic100::RequestElement& element)
{
    const auto size = element.doorbell_attr & aic100::doorbell_attr::SIZE;
    if (size > aic100::doorbell_attr::BITS8) return false;
    const std::uint64_t bytes = 4u >> size; // 0 = 32 bits, 1 = 16, 2 = 8
    const std::uint64_t address = element.doorbell_addr;
    ActivationMemory::Copies to;
    if (address % bytes != 0) return false;
    const auto places = memory_->resolve(address, bytes, to);
    // The NSP may be another process that looks at the word right now: the data comes first.
    std::atomic_thread_fence(std::memory_order_release);
    for (unsigned i = 0; i < places; ++i) std::memcpy(to[i], &element.doorbell_data, bytes);
    return places != 0;
}

void Channel::finish(const aic100::RequestElement& element, std::uint16_t code)
{
    if ((element.doorbell_attr & aic100::doorbell_attr::WRITE) != 0 && !ring_doorbell(element))
        code = code_failed;
    complete(element, code);
}

void Channel::complete(const aic100::RequestElement& element, std::uint16_t code)
{
    ++counters_.executed;
    if ((element.cmd & aic100::req_cmd::RESPONSE) != 0)
        return respond({element.req_id, final_code(element.req_id, code)},
                       force_msi_enabled_ && (element.cmd & aic100::req_cmd::FORCE_MSI) != 0);
    if (code == code_ok) return;
    if (!failed_ids_) failed_ids_ = std::make_unique<std::bitset<65536>>();
    if (!failed_ids_->test(element.req_id)) {
        failed_ids_->set(element.req_id);
        ++failed_count_;
    }
}

std::uint16_t Channel::final_code(std::uint16_t req_id, std::uint16_t code) noexcept
{
    if (failed_count_ != 0 && failed_ids_->test(req_id)) {
        failed_ids_->reset(req_id);
        --failed_count_;
        code = code_failed;
    }
    if (forced_left_ != 0) {
        --forced_left_;
        return forced_code_;
    }
    return code;
}

} // namespace card
