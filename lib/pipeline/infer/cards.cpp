// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/infer/cards.hpp"
#include "base/clock.hpp"
#include "qpc/program.hpp"
#include <algorithm>
#include <cstring>
#include <mutex>
#include <rte_mldev.h>
#include <thread>

namespace pipeline::infer {

namespace {

constexpr std::uint32_t most_model_bytes = 1U << 30;
constexpr unsigned alignment = 64; ///< of tensors in items

struct Model {
    std::string path;
    ModelSizes sizes;
    CurrentModel current;
};

struct Card {
    std::int16_t id = -1;
    std::uint32_t depth = 1;
    bool running = false;
    std::vector<std::unique_ptr<Model>> models;
    std::vector<std::weak_ptr<Lane>> lanes;
};

struct Cards {
    std::mutex lock;
    std::vector<std::unique_ptr<Card>> all;
};

Cards& cards()
{
    static Cards c;
    return c;
}

tl::unexpected<Error> refused(std::int16_t id, const std::string& what, int error)
{
    return fail(Code::E_STATE, "ML device {} does not {}: {} ({})", id, what, std::strerror(-error), error);
}

Result<rte_ml_dev_info> info_of(std::int16_t id)
{
    rte_ml_dev_info info{};
    if (rte_ml_dev_is_valid_dev(id) == 0)
        return fail(Code::E_REMOVED, "there is no ML device {}; there are {} (from 0 on)", id,
                    rte_ml_dev_count());
    if (const int e = rte_ml_dev_info_get(id, &info); e != 0) return refused(id, "describe itself", e);
    return info;
}

Result<std::uint16_t> load(std::int16_t id, const Model& model)
{
    QAIC_TRY(const auto file, qpc::read_file(model.path));
    rte_ml_model_params params{};
    // the interface takes a pointer to what it does not change
    params.addr = const_cast<std::byte*>(file.span().data());
    params.size = file.span().size();
    std::uint16_t loaded = 0;
    if (const int e = rte_ml_model_load(id, &params, &loaded); e != 0)
        return refused(id, fmt::format("load {}", model.path), e);
    if (const int e = rte_ml_model_start(id, loaded); e != 0) {
        (void)rte_ml_model_unload(id, loaded);
        return refused(id, fmt::format("start {}", model.path), e);
    }
    return loaded;
}

void unload(std::int16_t id, std::uint16_t model)
{
    (void)rte_ml_model_stop(id, model);
    (void)rte_ml_model_unload(id, model);
}

/// One segment must do for all of its inputs, and one for its outputs. How many batches an operation has.
Result<std::uint16_t> check_layout(std::int16_t id, const Model& model)
{
    rte_ml_model_info info{};
    if (const int e = rte_ml_model_info_get(id, model.current.get().id, &info); e != 0)
        return refused(id, "describe " + model.path, e);
    const bool one = info.nb_inputs == 1 && info.nb_outputs == 1;
    if (info.io_layout == RTE_ML_IO_LAYOUT_PACKED || one) return std::max<std::uint16_t>(info.min_batches, 1);
    return fail(Code::E_UNSUPP,
                "{}: {} inputs and {} outputs that ML device {} wants apart; an item has one tensor",
                model.path, info.nb_inputs, info.nb_outputs, id);
}

Result<void> start(Card& card)
{
    QAIC_TRY(const auto info, info_of(card.id));
    const auto pairs = static_cast<std::uint16_t>(card.lanes.size());
    // twice: while a model is read again, old and new are both there
    const auto models = std::min<std::size_t>(2 * card.models.size(), info.max_models);
    const rte_ml_dev_config config{rte_ml_dev_socket_id(card.id), static_cast<std::uint16_t>(models), pairs};
    if (const int e = rte_ml_dev_configure(card.id, &config); e != 0) return refused(card.id, "configure", e);
    const rte_ml_dev_qp_conf queue{card.depth, nullptr};
    for (std::uint16_t p = 0; p < pairs; ++p)
        if (const int e = rte_ml_dev_queue_pair_setup(card.id, p, &queue, rte_ml_dev_socket_id(card.id));
            e != 0)
            return refused(card.id, "set up a queue pair", e);
    if (const int e = rte_ml_dev_start(card.id); e != 0) return refused(card.id, "start", e);
    card.running = true;
    for (const auto& model : card.models) {
        QAIC_TRY(const auto loaded, load(card.id, *model));
        model->current.set({loaded, 0});
        QAIC_TRY(const auto batches, check_layout(card.id, *model));
        for (const auto& lane : card.lanes)
            if (const auto l = lane.lock(); l && l->model == &model->current) l->batches = batches;
    }
    return {};
}

void stop(Card& card)
{
    if (!card.running) return;
    for (const auto& model : card.models) unload(card.id, model->current.get().id);
    (void)rte_ml_dev_stop(card.id);
    card.running = false;
}

/// Waits, at most 10 s.
template<class Done>
bool wait_for(Done done)
{
    const SteadyClock clock;
    const auto end = clock.now() + 10s;
    while (!done()) {
        if (clock.now() > end) return false;
        std::this_thread::sleep_for(100us);
    }
    return true;
}

} // namespace

Result<ModelSizes> model_sizes(const std::string& path)
{
    QAIC_TRY(const auto owned, qpc::load_program_file(path));
    const auto sum = [](const std::vector<qpc::Binding>& list) {
        std::uint64_t bytes = 0;
        for (const auto& b : list) bytes += b.bytes;
        return bytes;
    };
    const auto in = sum(owned.program.network.inputs), out = sum(owned.program.network.outputs);
    if (in > most_model_bytes || out > most_model_bytes)
        return fail(Code::E_LIMIT, "{}: {} bytes of input and {} of output, limit {}", path, in, out,
                    most_model_bytes);
    return ModelSizes{static_cast<std::uint32_t>(in), static_cast<std::uint32_t>(out)};
}

Result<std::shared_ptr<Lane>> want_lane(std::int16_t id, const std::string& path, std::uint32_t depth)
{
    const std::lock_guard guard(cards().lock);
    auto& all = cards().all;
    QAIC_TRY(const auto info, info_of(id));
    auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c->id == id; });
    if (at == all.end()) {
        all.push_back(std::make_unique<Card>());
        all.back()->id = id;
        at = all.end() - 1;
    }
    auto& card = **at;
    if (card.running)
        return fail(Code::E_STATE, "ML device {} runs for another pipeline of this process", id);
    if (depth > info.max_desc || card.lanes.size() >= info.max_queue_pairs)
        return fail(Code::E_LIMIT, "ML device {} has {} queue pairs of depth {} at most", id,
                    info.max_queue_pairs, info.max_desc);
    if (info.align_size > alignment)
        return fail(Code::E_UNSUPP, "ML device {} wants buffers aligned to {} bytes, items have {}", id,
                    info.align_size, alignment);
    card.depth = std::max(card.depth, depth);
    auto model =
        std::find_if(card.models.begin(), card.models.end(), [&](const auto& m) { return m->path == path; });
    if (model == card.models.end()) {
        auto made = std::make_unique<Model>();
        made->path = path;
        QAIC_TRY(made->sizes, model_sizes(path));
        card.models.push_back(std::move(made));
        model = card.models.end() - 1;
    }
    auto lane = std::make_shared<Lane>();
    lane->device = id;
    lane->pair = static_cast<std::uint16_t>(card.lanes.size());
    lane->model = &(*model)->current;
    card.lanes.push_back(lane);
    return lane;
}

Result<void> start_cards()
{
    const std::lock_guard guard(cards().lock);
    for (const auto& card : cards().all)
        if (!card->running) QAIC_CHECK(start(*card));
    return {};
}

Result<void> reload_model(const Lane& lane)
{
    const std::lock_guard guard(cards().lock);
    for (const auto& card : cards().all)
        for (const auto& model : card->models) {
            if (&model->current != lane.model) continue;
            QAIC_TRY(const auto sizes, model_sizes(model->path));
            if (sizes != model->sizes)
                return fail(Code::E_INVAL,
                            "{}: {} bytes in, {} out now, was {} and {}: start the pipeline anew",
                            model->path, sizes.input, sizes.output, model->sizes.input, model->sizes.output);
            QAIC_TRY(const auto loaded, load(card->id, *model));
            const auto old = model->current.get();
            model->current.set({loaded, static_cast<std::uint16_t>(old.generation + 1)});
            // Nobody can still have read the old value once two rounds have passed; then the old half only
            // empties.
            std::vector<std::pair<std::shared_ptr<Lane>, std::uint64_t>> users;
            for (const auto& l : card->lanes)
                if (const auto user = l.lock(); user && user->model == lane.model)
                    users.emplace_back(user, user->rounds.get());
            const bool empty = wait_for([&] {
                return std::all_of(users.begin(), users.end(), [&](const auto& u) {
                    return u.first->rounds.get() >= u.second + 2 &&
                           u.first->submitted[old.half()].get() == u.first->completed[old.half()].get();
                });
            });
            if (!empty)
                return fail(Code::E_TIMEOUT,
                            "{}: inferences of the old model on ML device {} do not come back; "
                            "the new one is in use, the old one stays loaded",
                            model->path, card->id);
            unload(card->id, old.id);
            return {};
        }
    return fail(Code::E_STATE, "the lane's card is gone");
}

void release_cards()
{
    const std::lock_guard guard(cards().lock);
    std::erase_if(cards().all, [](const auto& card) {
        const bool unused =
            std::all_of(card->lanes.begin(), card->lanes.end(), [](const auto& l) { return l.expired(); });
        if (unused) stop(*card);
        return unused;
    });
}

} // namespace pipeline::infer
