// SPDX-License-Identifier: BSD-3-Clause
#include "fake_device.hpp"
#include <cstdlib>

namespace test {

namespace {

FakeDevice devices[2];

std::uint16_t enqueue(rte_ml_dev* d, std::uint16_t pair, rte_ml_op** ops, std::uint16_t n)
{
    auto& f = FakeDevice::of(d);
    if (f.refuses) return 0;
    const std::lock_guard guard(f.lock);
    std::uint16_t took = 0;
    for (; took < n && f.pairs[pair].size() < 64; ++took) {
        f.pairs[pair].push_back(ops[took]);
        ++f.seen;
        if (ops[took]->model_id >= f.started.size() || f.started[ops[took]->model_id] == 0) ++f.wrong_model;
    }
    return took;
}

std::uint16_t dequeue(rte_ml_dev* d, std::uint16_t pair, rte_ml_op** ops, std::uint16_t n)
{
    auto& f = FakeDevice::of(d);
    if (f.keeps) return 0;
    const std::lock_guard guard(f.lock);
    std::uint16_t got = 0;
    auto& q = f.pairs[pair];
    for (; got < n && !q.empty(); ++got) {
        auto* const op = f.turns_round ? q.back() : q.front();
        if (f.turns_round)
            q.pop_back();
        else
            q.pop_front();
        op->status = RTE_ML_OP_STATUS_SUCCESS;
        if (f.fails != 0) {
            --f.fails;
            op->status = RTE_ML_OP_STATUS_ERROR;
        } else {
            std::memcpy(op->output[0]->addr, op->input[0]->addr, op->input[0]->length);
            static_cast<std::uint8_t*>(op->output[0]->addr)[0] = static_cast<std::uint8_t>(op->model_id);
        }
        ops[got] = op;
    }
    return got;
}

int info(rte_ml_dev*, rte_ml_dev_info* i)
{
    *i = {};
    i->driver_name = "ml_fake";
    i->max_models = 8, i->max_queue_pairs = 8, i->max_desc = 1024, i->max_io = 1, i->max_segments = 1;
    i->align_size = 64;
    return 0;
}

int configure(rte_ml_dev* d, const rte_ml_dev_config* c)
{
    d->data->nb_queue_pairs = c->nb_queue_pairs;
    FakeDevice::of(d).pairs.assign(c->nb_queue_pairs, {});
    return 0;
}

int load(rte_ml_dev* d, rte_ml_model_params*, std::uint16_t* id)
{
    auto& f = FakeDevice::of(d);
    const std::lock_guard guard(f.lock);
    if (f.refuse_load != 0) return f.refuse_load;
    *id = static_cast<std::uint16_t>(f.started.size());
    f.started.push_back(0);
    ++f.loads;
    return 0;
}

int set_started(rte_ml_dev* d, std::uint16_t id, std::uint8_t to)
{
    auto& f = FakeDevice::of(d);
    const std::lock_guard guard(f.lock);
    f.started.at(id) = to;
    return 0;
}

int unload(rte_ml_dev* d, std::uint16_t)
{
    ++FakeDevice::of(d).unloads;
    return 0;
}

int model_info(rte_ml_dev*, std::uint16_t, rte_ml_model_info* i)
{
    *i = {};
    i->min_batches = i->max_batches = 1;
    i->io_layout = RTE_ML_IO_LAYOUT_SPLIT;
    i->nb_inputs = i->nb_outputs = 1;
    return 0;
}

rte_ml_dev_ops make_ops()
{
    rte_ml_dev_ops o{};
    o.dev_info_get = info;
    o.dev_configure = configure;
    o.dev_close = [](rte_ml_dev*) { return 0; };
    o.dev_start = [](rte_ml_dev*) { return 0; };
    o.dev_stop = [](rte_ml_dev*) { return 0; };
    o.dev_queue_pair_setup = [](rte_ml_dev*, std::uint16_t, const rte_ml_dev_qp_conf*, int) { return 0; };
    o.dev_queue_pair_release = [](rte_ml_dev*, std::uint16_t) { return 0; };
    o.model_load = load;
    o.model_unload = unload;
    o.model_start = [](rte_ml_dev* d, std::uint16_t id) { return set_started(d, id, 1); };
    o.model_stop = [](rte_ml_dev* d, std::uint16_t id) { return set_started(d, id, 0); };
    o.model_info_get = model_info;
    return o;
}

} // namespace

FakeDevice& fake(std::size_t n) { return devices[n]; }

void make_fakes()
{
    static rte_ml_dev_ops ops = make_ops();
    static rte_device parents[2]{};
    for (std::size_t i = 0; i < 2; ++i) {
        rte_ml_dev_pmd_init_params params{0, sizeof(FakeDevice*)};
        parents[i].name = i == 0 ? "ml_fake0" : "ml_fake1";
        auto* const d = rte_ml_dev_pmd_create(parents[i].name, &parents[i], &params);
        if (d == nullptr) std::abort();
        *static_cast<FakeDevice**>(d->data->dev_private) = &devices[i];
        d->dev_ops = &ops;
        d->enqueue_burst = enqueue;
        d->dequeue_burst = dequeue;
    }
}

} // namespace test
