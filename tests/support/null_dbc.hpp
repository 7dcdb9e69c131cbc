// SPDX-License-Identifier: BSD-3-Clause
// The card's end of one DBC with nothing behind it: takes request elements and answers those that ask for it.
// Used to measure the driver alone, and to break its queues in every way a card could. Shares no code with
// lib/card.
#pragma once
#include "aic100/wire/dbc.hpp"
#include "qaic/dbc/queue_setup.hpp"
#include <atomic>
#include <cstring>
#include <functional>
#include <vector>

namespace test {

class NullDbc {
  public:
    NullDbc(qaic::dbc::Queue& queue, std::uint32_t* registers)
        : requests_(reinterpret_cast<const aic100::RequestElement*>(queue.request_fifo().value)),
          responses_(reinterpret_cast<std::uint32_t*>(queue.response_fifo().value)), regs_(registers),
          n_(queue.elements())
    {}
    /// Fetches everything published and answers at once. Number of responses.
    std::uint32_t poll() noexcept
    {
        const auto tail = reg(1);
        std::uint32_t answered = 0;
        for (; head_ != tail; head_ = (head_ + 1) & (n_ - 1)) {
            const auto& e = requests_[head_];
            if (e.cmd & aic100::req_cmd::RESPONSE) put(e.req_id), ++answered;
        }
        if (answered != 0) publish();
        return answered;
    }
    /// The work of poll() without its effect: what the null device itself costs a benchmark.
    void rehearse() noexcept
    {
        scratch_.resize(n_);
        std::uint32_t answered = 0;
        for (auto at = head_; at != reg(1); at = (at + 1) & (n_ - 1)) {
            const auto& e = requests_[at];
            if (e.cmd & aic100::req_cmd::RESPONSE)
                std::atomic_ref<std::uint32_t>(scratch_[answered++])
                    .store(e.req_id, std::memory_order_relaxed);
        }
        std::atomic_ref<std::uint32_t>(scratch_[answered]).store(answered, std::memory_order_release);
    }
    /// Fetches everything published; the ids that want an answer.
    std::vector<std::uint16_t> fetch()
    {
        std::vector<std::uint16_t> ids;
        for (const auto tail = reg(1); head_ != tail; head_ = (head_ + 1) & (n_ - 1))
            if (requests_[head_].cmd & aic100::req_cmd::RESPONSE) ids.push_back(requests_[head_].req_id);
        return ids;
    }
    [[nodiscard]] const aic100::RequestElement& request(std::uint32_t i) const
    {
        return requests_[i & (n_ - 1)];
    }
    void answer(std::uint16_t id, std::uint16_t code = 0)
    {
        put(id, code);
        publish();
    }
    void put(std::uint16_t id, std::uint16_t code = 0) noexcept
    {
        std::atomic_ref<std::uint32_t>(responses_[rsp_tail_])
            .store(id | std::uint32_t{code} << 16, std::memory_order_release);
        rsp_tail_ = (rsp_tail_ + 1) & (n_ - 1);
    }
    void publish() noexcept { set_response_tail(rsp_tail_); }
    /// What RSPTP reads, whatever it should be.
    void set_response_tail(std::uint32_t v) noexcept
    {
        std::atomic_ref<std::uint32_t>(regs_[3]).store(v, std::memory_order_release);
    }
    [[nodiscard]] std::uint32_t response_tail() const noexcept { return rsp_tail_; }

  private:
    [[nodiscard]] std::uint32_t reg(unsigned i) const noexcept
    {
        return std::atomic_ref<std::uint32_t>(regs_[i]).load(std::memory_order_acquire);
    }
    const aic100::RequestElement* requests_;
    std::uint32_t* responses_;
    std::uint32_t* regs_;
    std::uint32_t n_, head_ = 0, rsp_tail_ = 0;
    std::vector<std::uint32_t> scratch_;
};

} // namespace test
