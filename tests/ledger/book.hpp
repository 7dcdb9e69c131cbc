// SPDX-License-Identifier: BSD-3-Clause
// The books of one queue pair: which of its operations are out, and that each comes back exactly once, from
// its own queue pair, after the card has done it. No lock: an operation belongs to its producer while it is
// home and to whoever dequeues while it is out, and its state says which.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <rte_mldev.h>

namespace test {

/// What went wrong, counted. All zero at the end, or the ledger does not balance.
struct Wrongs {
    std::uint64_t doubled = 0;   ///< handed back while it was not out
    std::uint64_t misrouted = 0; ///< by another queue pair's dequeue
    std::uint64_t failed = 0;    ///< not SUCCESS
    std::uint64_t early = 0;     ///< output is not this issue's: handed back before the card was done with it
    [[nodiscard]] std::uint64_t sum() const noexcept { return doubled + misrouted + failed + early; }
};

class Book {
  public:
    static constexpr std::uint32_t tensor = 64; ///< bytes of input and of output

    /// `memory`: 2 * tensor bytes an operation, at `iova` for the card.
    Book(std::uint32_t operations, std::uint16_t number, std::uint16_t model, std::byte* memory,
         std::uint64_t iova)
        : pages_(operations), page_(std::make_unique<Page[]>(operations)), number_(number)
    {
        for (std::uint32_t i = 0; i < operations; ++i) {
            auto& p = page_[i];
            const auto at = std::uint64_t{i} * 2 * tensor;
            p.book = this, p.in = memory + at, p.out = memory + at + tensor;
            p.segment[0].addr = p.in, p.segment[0].iova_addr = iova + at;
            p.segment[1].addr = p.out, p.segment[1].iova_addr = iova + at + tensor;
            for (unsigned k = 0; k < 2; ++k) p.segment[k].length = tensor, p.list[k] = &p.segment[k];
            p.op.model_id = model, p.op.nb_batches = 1, p.op.user_ptr = &p;
            p.op.input = &p.list[0], p.op.output = &p.list[1];
        }
    }

    // ---- the queue pair's producer
    /// Up to `most` operations that are home, marked out and stamped with what the card must bring back.
    std::uint16_t issue(rte_ml_op** ops, std::uint16_t most) noexcept
    {
        std::uint16_t n = 0;
        for (; n < most; ++n) {
            auto& p = page_[next_];
            if (p.state.load(std::memory_order_acquire) != State::HOME) break;
            p.stamp = std::uint64_t{number_} << 56 | ++issued_;
            issued_sum_ += mix(p.stamp);
            put(p.in, p.stamp), put(p.out, ~p.stamp);
            p.state.store(State::OUT, std::memory_order_relaxed); // the queue pair carries it to the taker
            ops[n] = &p.op;
            if (++next_ == pages_) next_ = 0;
        }
        return n;
    }
    [[nodiscard]] std::uint64_t issued() const noexcept { return issued_; }

    // ---- the queue pair's taker
    void take(const rte_ml_op& op) noexcept
    {
        auto& p = *static_cast<Page*>(op.user_ptr);
        ++taken_;
        if (p.book != this) {
            ++wrongs_.misrouted;
            return;
        }
        wrongs_.failed += op.status != RTE_ML_OP_STATUS_SUCCESS;
        wrongs_.early += !holds(p.out, p.stamp);
        taken_sum_ += mix(p.stamp);
        wrongs_.doubled += p.state.exchange(State::HOME, std::memory_order_acq_rel) != State::OUT;
    }
    [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

    // ---- when all threads are done
    [[nodiscard]] bool balanced() const noexcept
    {
        return wrongs_.sum() == 0 && issued_ == taken_ && issued_sum_ == taken_sum_;
    }
    [[nodiscard]] const Wrongs& wrongs() const noexcept { return wrongs_; }

  private:
    enum class State : std::uint8_t { HOME, OUT };
    struct alignas(64) Page {
        rte_ml_op op{};
        rte_ml_buff_seg segment[2]{};
        rte_ml_buff_seg* list[2]{};
        Book* book = nullptr;
        std::byte *in = nullptr, *out = nullptr;
        std::uint64_t stamp = 0;
        std::atomic<State> state{State::HOME};
    };
    /// Sums of stamps alone would hide two errors that cancel out.
    static std::uint64_t mix(std::uint64_t x) noexcept
    {
        x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
        return x ^ x >> 29;
    }
    /// First and last word of a tensor.
    static void put(std::byte* at, std::uint64_t stamp) noexcept
    {
        std::memcpy(at, &stamp, 8);
        std::memcpy(at + tensor - 8, &stamp, 8);
    }
    static bool holds(const std::byte* at, std::uint64_t stamp) noexcept
    {
        return std::memcmp(at, &stamp, 8) == 0 && std::memcmp(at + tensor - 8, &stamp, 8) == 0;
    }

    const std::uint32_t pages_;
    std::unique_ptr<Page[]> page_;
    const std::uint16_t number_;
    alignas(64) std::uint32_t next_ = 0; // producer
    std::uint64_t issued_ = 0, issued_sum_ = 0;
    alignas(64) std::uint64_t taken_ = 0, taken_sum_ = 0; // taker
    Wrongs wrongs_;
};

} // namespace test
