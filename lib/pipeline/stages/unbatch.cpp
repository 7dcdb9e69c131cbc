// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/unbatch.hpp"
#include "pipeline/batch_item.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include <cassert>

namespace pipeline {

namespace {

constexpr const char* unbatch_options[] = {"bytes", nullptr};
constexpr const char* unbatch_reasons[] = {"wrong_size", "not_a_batch", "no_room", nullptr};
enum : std::uint8_t { UNBATCH_WRONG_SIZE = QAIC_PIPE_DROP, UNBATCH_NOT_A_BATCH, UNBATCH_NO_ROOM };

class Unbatch {
  public:
    static Result<std::unique_ptr<Unbatch>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        auto made = std::make_unique<Unbatch>();
        QAIC_TRY(const auto bytes, options.integer("bytes", 1, most_tensor_bytes));
        made->bytes_ = static_cast<std::uint32_t>(bytes);
        made->waiting_.resize(std::max(setup.batch, 1U));
        return made;
    }
    Unbatch() = default;
    Unbatch(const Unbatch&) = delete;
    Unbatch& operator=(const Unbatch&) = delete;
    ~Unbatch()
    {
        for (; count_ != 0; next_batch()) give_up(waiting_[first_]);
    }

    [[nodiscard]] std::uint32_t room() const { return room_of(bytes_); }
    [[nodiscard]] std::uint32_t ready() const { return static_cast<std::uint32_t>(waiting_.size()) - count_; }
    [[nodiscard]] std::uint32_t held() const { return members_; }
    void drain() {} // whatever is here comes by poll without being asked

    void run(Burst b) // HOT
    {
        assert(b.items.size() <= ready());
        for (std::size_t i = 0; i < b.items.size(); ++i) b.verdict[i] = one(b.items[i]);
    }

    std::uint16_t poll(Burst b) // HOT
    {
        std::uint16_t n = 0;
        for (; n < b.items.size() && count_ != 0; ++n) {
            rte_mbuf* const batch = waiting_[first_];
            b.items[n] = take_off(batch);
            b.verdict[n] = part(batch, b.items[n]);
            if (++given_ == batch_head(batch)->count) {
                free_item(batch); // nothing hangs on it any more
                next_batch();
            }
        }
        return n;
    }

  private:
    std::uint8_t one(rte_mbuf* m)
    {
        if (!is_batch(m)) return UNBATCH_NOT_A_BATCH;
        const auto whole = std::uint64_t{bytes_} * batch_head(m)->size;
        if (qaic_pipe_item_of(m)->tensor_bytes != whole) return UNBATCH_WRONG_SIZE;
        waiting_[(first_ + count_++) % waiting_.size()] = m;
        members_ += batch_head(m)->count;
        return QAIC_PIPE_TAKEN;
    }

    /// The next member, with its own segments alone. It hangs right on the batch: those before are gone.
    rte_mbuf* take_off(rte_mbuf* batch)
    {
        rte_mbuf* const member = batch_members(batch)[given_];
        rte_mbuf* last = member;
        for (unsigned s = 1; s < member->nb_segs; ++s) last = last->next;
        batch->next = last->next;
        last->next = nullptr;
        --members_;
        return member;
    }

    std::uint8_t part(rte_mbuf* batch, rte_mbuf* member) const
    {
        void* const out = qaic_pipe_new_tensor(member, bytes_);
        if (out == nullptr) return UNBATCH_NO_ROOM;
        std::memcpy(out, static_cast<std::byte*>(qaic_pipe_tensor(batch)) + std::size_t{given_} * bytes_,
                    bytes_);
        return QAIC_PIPE_PASS;
    }

    void give_up(rte_mbuf* batch)
    {
        members_ -= batch_head(batch)->count - given_;
        free_item(batch);
    }

    void next_batch()
    {
        first_ = static_cast<std::uint32_t>((first_ + 1) % waiting_.size());
        --count_;
        given_ = 0;
    }

    std::uint32_t bytes_ = 0;
    std::vector<rte_mbuf*> waiting_;      ///< a ring of batches
    std::uint32_t first_ = 0, count_ = 0; ///< in waiting_
    std::uint32_t given_ = 0;             ///< members of the first one that have gone
    std::uint32_t members_ = 0;           ///< here, of all
};

} // namespace

constinit const qaic_pipe_stage stage_unbatch =
    stage_of<Unbatch>("unbatch", QAIC_PIPE_SHAPE, unbatch_options, unbatch_reasons, QAIC_PIPE_REGROUPS);

} // namespace pipeline
