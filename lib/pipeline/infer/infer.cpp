// SPDX-License-Identifier: BSD-3-Clause
// run and poll are hot: no allocation, no lock, no system call. A failed operation is submitted again, at
// most `retries` times, on another card when there is one; a card that takes nothing for a while hands what
// waits for it to the others, and in the end its items go with the reason "card_lost".
#include "pipeline/infer/infer.hpp"
#include "pipeline/infer/cards.hpp"
#include "pipeline/infer/slots.hpp"
#include "pipeline/stage_of.hpp"
#include "place/host.hpp"
#include <array>
#include <atomic>
#include <rte_cycles.h>
#include <rte_errno.h>

namespace pipeline {

namespace infer {

namespace {

enum Reason : std::uint8_t { WRONG_SIZE = QAIC_PIPE_DROP, NO_ROOM, INFERENCE_FAILED, CARD_LOST };
constexpr const char* reasons[] = {"wrong_size", "no_room", "inference_failed", "card_lost", nullptr};
constexpr const char* options[] = {"model", "cards", "depth", "retries", "in_order", "patience_ms", nullptr};
constexpr std::uint16_t burst = 64;

class Infer {
  public:
    static Result<std::unique_ptr<Infer>> make(const qaic_pipe_setup& setup);
    ~Infer();

    [[nodiscard]] std::uint32_t room() const { return sizes_.output + 63; }
    Result<void> start() { return start_cards(); }
    void run(Burst b);
    std::uint16_t poll(Burst b);
    [[nodiscard]] std::uint32_t ready() const { return pool_less_ != 0 ? pool_less_ : free_now(); }
    [[nodiscard]] std::uint32_t held() const { return static_cast<std::uint32_t>(held_.get() - gone_.get()); }
    void drain() {}
    Result<void> reload();
    std::uint32_t counts(std::span<qaic_pipe_count> out) const;

  private:
    struct Card {
        explicit Card(std::size_t slots) : pending(slots) {}
        std::shared_ptr<Lane> lane;
        SlotRing pending;              ///< to be submitted
        std::uint32_t in_flight = 0;   ///< submitted and pending
        std::uint64_t stuck_since = 0; ///< it has taken nothing since; 0: it takes
        bool lost = false;             ///< for longer than anybody waits
        std::uint32_t failed = 0;      ///< operations in a row
        std::uint64_t rests_until = 0; ///< it fails all: others go first
        bool resting = false;
    };
    Infer() = default;

    [[nodiscard]] std::uint32_t free_now() const;
    [[nodiscard]] Card* least_loaded(const Card* not_this);
    void bind(Slot& s, rte_mbuf* item);
    void give_to(Card& c, Slot& s);
    void submit(Card& c, std::uint64_t now);
    void move_pending(Card& c, std::uint64_t now);
    void take_back(Card& c, std::uint64_t now);
    void came_back(Card& c, Slot& s, std::uint64_t now);
    void finish_slot(Slot& s, std::uint8_t verdict);
    std::uint16_t emit(Burst b);

    ModelSizes sizes_;
    std::uint32_t depth_ = 32, retries_ = 1;
    std::uint32_t pool_less_ = 0; ///< only checked: what it will be able to take
    bool in_order_ = true, first_replica_ = true;
    std::uint64_t patience_ = 0, stuck_limit_ = 0, rest_ = 0; ///< ticks
    Slots slots_;
    std::vector<Card> cards_;
    std::unique_ptr<SlotRing> leaving_; ///< in order: all that are inside; else: those that are done
    LiveCount held_, gone_, inferences_, retried_, moved_, errors_;
};

Result<std::unique_ptr<Infer>> Infer::make(const qaic_pipe_setup& setup)
{
    const Options o(setup);
    std::unique_ptr<Infer> s(new Infer);
    QAIC_TRY(const auto path, o.path("model"));
    QAIC_TRY(const auto card_text, o.text("cards", "0"));
    QAIC_TRY(const auto depth, o.integer("depth", 1, 1024, 32));
    QAIC_TRY(const auto retries, o.integer("retries", 0, 16, 1));
    QAIC_TRY(s->in_order_, o.boolean("in_order", true));
    QAIC_TRY(const auto patience, o.integer("patience_ms", 1, 600'000, 5000));
    const auto cards = place::cpu_list(card_text);
    if (!cards || cards->empty() || cards->size() > 64)
        return o.wrong("cards", "a list of at most 64 ML devices by number: \"0\", \"0-3\", \"0,2\"");
    const auto sizes = model_sizes(path.string());
    if (!sizes) return o.wrong("model", fmt::format("a program container: {}", sizes.error().text));
    s->sizes_ = *sizes;
    s->depth_ = static_cast<std::uint32_t>(depth);
    s->retries_ = static_cast<std::uint32_t>(retries);
    s->first_replica_ = setup.replica == 0;
    s->patience_ = static_cast<std::uint64_t>(patience) * setup.tsc_hz / 1000;
    s->stuck_limit_ = setup.tsc_hz / 5000; // 200 us
    s->rest_ = setup.tsc_hz / 10;
    const auto slots = static_cast<std::uint32_t>(depth) * static_cast<std::uint32_t>(cards->size());
    s->leaving_ = std::make_unique<SlotRing>(slots);
    if (setup.pool == nullptr) {
        s->pool_less_ = slots;
        return s;
    }
    QAIC_TRY(s->slots_, Slots::make(slots, setup.numa));
    for (const auto card : *cards) {
        auto lane = want_lane(static_cast<std::int16_t>(card), path.string(), s->depth_);
        if (!lane) return fail_at(fmt::format("{}: stage {}", setup.place, setup.stage), lane.error());
        s->cards_.emplace_back(slots);
        s->cards_.back().lane = std::move(*lane);
    }
    return s;
}

Infer::~Infer()
{
    // what a card never gave back stays its own: it might still write
    for (auto& c : cards_)
        while (!c.pending.empty()) rte_pktmbuf_free(c.pending.pop()->item);
    const bool any = !cards_.empty();
    cards_.clear();
    if (any) release_cards();
}

std::uint32_t Infer::free_now() const
{
    std::uint32_t fresh = 0, resting = 0;
    bool any_fresh = false;
    for (const auto& c : cards_) {
        if (c.stuck_since != 0) continue;
        any_fresh = any_fresh || !c.resting;
        (c.resting ? resting : fresh) += depth_ - std::min(depth_, c.in_flight);
    }
    return std::min(any_fresh ? fresh : resting, static_cast<std::uint32_t>(slots_.free.size()));
}

Infer::Card* Infer::least_loaded(const Card* not_this)
{
    // One that fails everything at once has always least to do: it comes last.
    const auto before = [](const Card& a, const Card& b) {
        return a.resting != b.resting ? b.resting : a.in_flight < b.in_flight;
    };
    Card* best = nullptr;
    for (auto& c : cards_)
        if (&c != not_this && c.stuck_since == 0 && (best == nullptr || before(c, *best))) best = &c;
    return best;
}

/// The input as it lies, and room for the output behind all else: a retry finds both again.
void Infer::bind(Slot& s, rte_mbuf* item)
{
    const auto piece = [&](std::uint32_t bytes) {
        const auto off = qaic_pipe_item_of(item)->tensor_off;
        return rte_ml_buff_seg{rte_mbuf_iova_get(item) + off, static_cast<char*>(item->buf_addr) + off, bytes,
                               0, nullptr};
    };
    s.item = item;
    s.in = piece(sizes_.input);
    s.verdict = qaic_pipe_new_tensor(item, sizes_.output) != nullptr ? std::uint8_t{QAIC_PIPE_PASS}
                                                                     : std::uint8_t{NO_ROOM};
    s.out = piece(sizes_.output);
    s.tries = 0;
    s.done = s.verdict != QAIC_PIPE_PASS;
}

void Infer::give_to(Card& c, Slot& s)
{
    s.card = static_cast<std::uint8_t>(&c - cards_.data());
    ++c.in_flight;
    c.pending.push(&s);
}

void Infer::run(Burst b)
{
    for (std::size_t i = 0; i < b.items.size(); ++i) {
        if (qaic_pipe_item_of(b.items[i])->tensor_bytes != sizes_.input) {
            b.verdict[i] = WRONG_SIZE;
            continue;
        }
        b.verdict[i] = QAIC_PIPE_TAKEN;
        auto& s = *slots_.free.back(); // there is one: the engine asks ready() first
        slots_.free.pop_back();
        bind(s, b.items[i]);
        held_.add(1);
        if (in_order_) leaving_->push(&s);
        auto* const card = s.done ? nullptr : least_loaded(nullptr);
        if (card != nullptr)
            give_to(*card, s);
        else
            finish_slot(s, s.done ? s.verdict : std::uint8_t{CARD_LOST});
    }
    const auto now = rte_rdtsc();
    for (auto& c : cards_) submit(c, now);
}

void Infer::submit(Card& c, std::uint64_t now)
{
    c.lane->rounds.add(1);
    while (!c.pending.empty()) {
        const auto model = c.lane->model->get();
        const auto some = c.pending.first(burst);
        std::array<rte_ml_op*, burst> ops;
        for (std::size_t i = 0; i < some.size(); ++i) {
            auto& s = *some[i];
            s.op->model_id = model.id;
            s.op->nb_batches = c.lane->batches;
            s.op->status = RTE_ML_OP_STATUS_NOT_PROCESSED;
            s.half = static_cast<std::uint8_t>(model.half());
            ops[i] = s.op;
        }
        const auto n = rte_ml_enqueue_burst(c.lane->device, c.lane->pair, ops.data(),
                                            static_cast<std::uint16_t>(some.size()));
        c.lane->submitted[model.half()].add(n);
        c.pending.drop_first(n);
        if (n != 0) c.stuck_since = 0, c.lost = false;
        if (n < some.size()) {
            if (n == 0 && c.stuck_since == 0 && c.pending.count() == c.in_flight) c.stuck_since = now;
            return;
        }
    }
}

/// From a card that takes nothing: to others, or away.
void Infer::move_pending(Card& c, std::uint64_t now)
{
    if (c.stuck_since == 0 || now - c.stuck_since < stuck_limit_) return;
    c.lost = c.lost || now - c.stuck_since > patience_;
    for (auto left = c.pending.count(); left > 0; --left) {
        auto* const other = least_loaded(&c);
        if (other == nullptr && !c.lost) return;
        auto& s = *c.pending.pop();
        --c.in_flight;
        if (other != nullptr) {
            moved_.add(1);
            give_to(*other, s);
        } else {
            finish_slot(s, CARD_LOST);
        }
    }
    if (c.pending.empty() && now - c.stuck_since > 50 * stuck_limit_) c.stuck_since = 0; // has it come back?
}

void Infer::finish_slot(Slot& s, std::uint8_t verdict)
{
    s.verdict = verdict;
    s.done = true;
    if (!in_order_) leaving_->push(&s);
}

void Infer::came_back(Card& c, Slot& s, std::uint64_t now)
{
    constexpr std::uint32_t too_many = 8;
    c.lane->completed[s.half].add(1);
    --c.in_flight;
    if (s.op->status == RTE_ML_OP_STATUS_SUCCESS) {
        inferences_.add(1);
        c.failed = 0, c.resting = false;
        return finish_slot(s, QAIC_PIPE_PASS);
    }
    errors_.add(1);
    if (++c.failed >= too_many) c.resting = true, c.rests_until = now + rest_;
    if (s.tries == retries_) return finish_slot(s, INFERENCE_FAILED);
    ++s.tries;
    retried_.add(1);
    auto* const other = least_loaded(&c);
    if (other != nullptr) moved_.add(1);
    give_to(other != nullptr ? *other : c, s);
}

void Infer::take_back(Card& c, std::uint64_t now)
{
    std::array<rte_ml_op*, burst> ops;
    while (c.in_flight > c.pending.count()) {
        const auto n = rte_ml_dequeue_burst(c.lane->device, c.lane->pair, ops.data(), burst);
        for (std::uint16_t i = 0; i < n; ++i) came_back(c, *static_cast<Slot*>(ops[i]->user_ptr), now);
        if (n < burst) return;
    }
}

std::uint16_t Infer::emit(Burst b)
{
    std::uint16_t n = 0;
    while (n < b.items.size() && !leaving_->empty() && leaving_->front()->done) {
        auto& s = *leaving_->pop();
        b.items[n] = s.item;
        b.verdict[n++] = s.verdict;
        slots_.free.push_back(&s);
    }
    gone_.add(n);
    return n;
}

std::uint16_t Infer::poll(Burst b)
{
    const auto now = rte_rdtsc();
    for (auto& c : cards_) {
        c.resting = c.resting && now < c.rests_until;
        take_back(c, now);
        submit(c, now);
        move_pending(c, now);
    }
    return emit(b);
}

Result<void> Infer::reload()
{
    if (!first_replica_) return {}; // replicas share the model
    for (const auto& c : cards_) QAIC_CHECK(reload_model(*c.lane));
    return {};
}

std::uint32_t Infer::counts(std::span<qaic_pipe_count> out) const
{
    const qaic_pipe_count all[] = {{"inferences", inferences_.get()},
                                   {"errors", errors_.get()},
                                   {"retries", retried_.get()},
                                   {"failovers", moved_.get()}};
    return give_counts(out, all);
}

} // namespace

Result<Slots> Slots::make(std::uint32_t count, int numa)
{
    static std::atomic<unsigned> made{0};
    Slots out;
    const auto name = fmt::format("qp_infer_{}", made++);
    out.pool.reset(rte_ml_op_pool_create(name.c_str(), count, 0, 0, numa));
    std::vector<void*> ops(count);
    if (!out.pool || rte_mempool_get_bulk(out.pool.get(), ops.data(), count) != 0)
        return fail(Code::E_NOMEM, "no pool of {} inference operations: {}", count, rte_strerror(rte_errno));
    out.all.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto& s = out.all[i];
        s.op = static_cast<rte_ml_op*>(ops[i]);
        s.in_list = &s.in, s.out_list = &s.out;
        s.op->input = &s.in_list, s.op->output = &s.out_list;
        s.op->mempool = out.pool.get();
        s.op->user_ptr = &s;
        out.free.push_back(&s);
    }
    return out;
}

} // namespace infer

const qaic_pipe_stage stage_infer =
    stage_of<infer::Infer>("infer", QAIC_PIPE_SHAPE, infer::options, infer::reasons);

} // namespace pipeline
