// SPDX-License-Identifier: BSD-3-Clause
// A primary or secondary process for secondary_test.py: EAL options, "--", PROGRAM; then commands on stdin,
// one line each, and one line of answer. It ends with its stdin.
#include "qaic/dpdk_compat/dpdk.hpp"
#include "qaic/op_fate.hpp"
#include "qaic/rte_pmd_qaic.h"
#include "qaic/rte_pmd_qaic_mp.h"
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <sched.h>
#include <sstream>
#include <vector>

namespace {

constexpr std::int16_t dev = 0;
constexpr std::uint16_t model = 0;
constexpr std::size_t in_flight = 32;

/// Operations of an echo model, and what each was sent.
class Echoes {
  public:
    Echoes()
    {
        rte_ml_model_info info{};
        if (rte_ml_model_info_get(dev, model, &info) != 0) return;
        bytes_ = info.input_info[0].size;
        for (auto& p : places_) {
            for (auto& s : p.segs) {
                s.addr = rte_zmalloc("echo", bytes_, 64);
                if (s.addr == nullptr) return;
                s.iova_addr = rte_malloc_virt2iova(s.addr), s.length = static_cast<std::uint32_t>(bytes_);
            }
            p.lists[0] = &p.segs[0], p.lists[1] = &p.segs[1];
            p.op.model_id = model, p.op.nb_batches = 1;
            p.op.input = &p.lists[0], p.op.output = &p.lists[1];
            p.op.user_ptr = &p;
            idle_.push_back(&p.op);
        }
        ready_ = true;
    }
    /// `total` verified inferences; an empty text, or what went wrong.
    std::string run(std::uint16_t qp, std::uint64_t total)
    {
        if (!ready_) return "no model, or no memory";
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(240);
        std::uint64_t sent = 0, back = 0;
        while (back < total) {
            while (!idle_.empty() && sent < total && send(qp, sent)) ++sent;
            rte_ml_op* done[in_flight];
            const auto n = rte_ml_dequeue_burst(dev, qp, done, in_flight);
            for (std::uint16_t i = 0; i < n; ++i) {
                idle_.push_back(done[i]);
                if (auto wrong = check(*done[i]); !wrong.empty()) return wrong;
            }
            back += n;
            if (n == 0) ::sched_yield(); // cores are few, and the card wants one
            if (std::chrono::steady_clock::now() > end)
                return "time is over: sent " + std::to_string(sent) + ", back " + std::to_string(back);
        }
        return {};
    }

  private:
    struct Place {
        rte_ml_op op{};
        rte_ml_buff_seg segs[2]{};
        rte_ml_buff_seg* lists[2]{};
    };
    bool send(std::uint16_t qp, std::uint64_t number)
    {
        auto* op = idle_.back();
        auto& p = *static_cast<Place*>(op->user_ptr);
        std::memset(p.segs[0].addr, static_cast<int>(number * 7 + qp + 1), 256);
        std::memset(p.segs[1].addr, 0, 256);
        if (rte_ml_enqueue_burst(dev, qp, &op, 1) != 1) return false;
        idle_.pop_back();
        return true;
    }
    std::string check(rte_ml_op& op)
    {
        const auto& p = *static_cast<Place*>(op.user_ptr);
        if (op.status != RTE_ML_OP_STATUS_SUCCESS) {
            rte_ml_op_error error{};
            rte_ml_op_error_get(dev, &op, &error);
            return std::string("operation: ") + error.message;
        }
        return std::memcmp(p.segs[0].addr, p.segs[1].addr, bytes_) == 0 ? "" : "wrong bytes";
    }
    std::size_t bytes_ = 0;
    bool ready_ = false;
    Place places_[in_flight];
    std::vector<rte_ml_op*> idle_;
};

Echoes& echoes()
{
    static Echoes all;
    return all;
}

std::string bring_up(const char* file, std::uint16_t pairs)
{
    std::ifstream in(file, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    rte_ml_dev_config config{};
    config.socket_id = -1, config.nb_models = 2, config.nb_queue_pairs = pairs;
    rte_ml_dev_qp_conf queue{};
    queue.nb_desc = 64;
    rte_ml_model_params params{bytes.data(), bytes.size()};
    std::uint16_t id = 0;
    int result = rte_ml_dev_configure(dev, &config);
    for (std::uint16_t q = 0; result == 0 && q < pairs; ++q)
        result = rte_ml_dev_queue_pair_setup(dev, q, &queue, -1);
    if (result == 0) result = rte_ml_dev_start(dev);
    if (result == 0) result = rte_ml_model_load(dev, &params, &id);
    if (result == 0) result = rte_ml_model_start(dev, id);
    return result == 0 ? "ok" : "error " + std::to_string(result);
}

/// What each control call says.
std::string control()
{
    rte_ml_dev_config config{};
    config.socket_id = -1, config.nb_models = 1, config.nb_queue_pairs = 1;
    rte_ml_model_params params{&config, sizeof config};
    std::uint16_t id = 0;
    const int results[] = {
        rte_ml_dev_stop(dev),          rte_ml_model_load(dev, &params, &id),
        rte_ml_model_stop(dev, model), rte_ml_model_unload(dev, model),
        rte_ml_dev_selftest(dev),      rte_ml_dev_xstats_reset(dev, RTE_ML_DEV_XSTATS_DEVICE, -1, nullptr, 0),
        rte_pmd_qaic_reset(dev)};
    for (const int r : results)
        if (r != -ENOTSUP) return "error " + std::to_string(r);
    return "refused";
}

std::string xstat(const std::string& name)
{
    std::uint64_t value = 0;
    const int result = rte_ml_dev_xstats_by_name_get(dev, name.c_str(), nullptr, &value);
    return result == 0 ? std::to_string(value) : "error " + std::to_string(result);
}

std::string obey(const std::string& line, const char* program)
{
    std::istringstream words(line);
    std::string what, name;
    std::uint64_t a = 0, b = 0;
    words >> what;
    if (what == "xstat") return words >> name, xstat(name);
    words >> a >> b;
    const auto qp = static_cast<std::uint16_t>(a);
    if (what == "up") return bring_up(program, qp);
    if (what == "claim") return std::to_string(rte_pmd_qaic_queue_pair_claim(dev, qp));
    if (what == "release") return std::to_string(rte_pmd_qaic_queue_pair_release(dev, qp));
    if (what == "control") return control();
    if (what == "stats") {
        rte_ml_dev_stats s{};
        const int result = rte_ml_dev_stats_get(dev, &s);
        return result == 0 ? std::to_string(s.dequeued_count) : "error " + std::to_string(result);
    }
    if (what == "infer") {
        const auto wrong = echoes().run(qp, b);
        return wrong.empty() ? "ok" : wrong;
    }
    return "unknown command";
}

} // namespace

int main(int argc, char** argv)
{
    const int used = rte_eal_init(argc, argv);
    if (used < 0 || argc - used != 2) return 2;
    std::cout << "devices " << rte_ml_dev_count() << std::endl;
    for (std::string line; std::getline(std::cin, line);)
        std::cout << obey(line, argv[used + 1]) << std::endl;
    rte_eal_cleanup();
}
