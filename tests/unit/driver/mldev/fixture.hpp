// SPDX-License-Identifier: BSD-3-Clause
// Emulated cards as vdevs, plugged and unplugged per test, and operations in EAL memory.
#pragma once
#include "qaic/dpdk_compat/dpdk.hpp"
#include "support/programs.hpp"
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <rte_malloc.h>
#include <string>
#include <thread>
#include <vector>

namespace test {

inline qaic::Bytes builtin(aic100::NspBuiltin kind, std::uint32_t bytes, std::uint64_t arg0 = 0,
                           qpc::DataType type = qpc::DataType::INT8)
{
    return builtin_program(kind, bytes, "net", arg0, type);
}
inline qaic::Bytes echo(std::uint32_t bytes) { return builtin(aic100::NspBuiltin::ECHO, bytes); }

/// A plugged card; unplugged at the end.
class Plugged {
  public:
    explicit Plugged(std::string name = "ml_qaic_emu0", const std::string& args = "") : name_(std::move(name))
    {
        result = rte_eal_hotplug_add("vdev", name_.c_str(), args.c_str());
        if (auto* d = rte_ml_dev_pmd_get_named_dev(name_.c_str())) id = d->data->dev_id;
    }
    ~Plugged() { unplug(); }
    Plugged(const Plugged&) = delete;
    Plugged& operator=(const Plugged&) = delete;
    int unplug()
    {
        if (result != 0) return 0;
        result = -1;
        return rte_eal_hotplug_remove("vdev", name_.c_str());
    }
    int result = -1;
    std::int16_t id = -1;

  private:
    std::string name_;
};

/// One operation with packed buffers in EAL memory.
class Op {
  public:
    Op(std::uint16_t model, std::uint32_t in_bytes, std::uint32_t out_bytes)
    {
        const std::uint32_t sizes[] = {in_bytes, out_bytes};
        for (int i = 0; i < 2; ++i) {
            seg_[i] = {};
            seg_[i].addr = rte_zmalloc("op", sizes[i], 64);
            EXPECT_NE(seg_[i].addr, nullptr);
            seg_[i].iova_addr = rte_malloc_virt2iova(seg_[i].addr);
            seg_[i].length = sizes[i];
            list_[i] = &seg_[i];
        }
        op = {};
        op.model_id = model;
        op.nb_batches = 1;
        op.input = &list_[0];
        op.output = &list_[1];
    }
    ~Op()
    {
        for (auto& s : seg_) rte_free(s.addr);
    }
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;
    [[nodiscard]] std::uint8_t* in() { return static_cast<std::uint8_t*>(seg_[0].addr); }
    [[nodiscard]] std::uint8_t* out() { return static_cast<std::uint8_t*>(seg_[1].addr); }
    rte_ml_op op;

  private:
    rte_ml_buff_seg seg_[2];
    rte_ml_buff_seg* list_[2];
};

class MlTest : public ::testing::Test {
  protected:
    static int configure(std::int16_t id, std::uint16_t pairs = 1, std::uint16_t models = 4)
    {
        rte_ml_dev_config c{};
        c.socket_id = -1;
        c.nb_models = models;
        c.nb_queue_pairs = pairs;
        return rte_ml_dev_configure(id, &c);
    }
    static int queue(std::int16_t id, std::uint16_t qp = 0, std::uint32_t depth = 64,
                     rte_ml_dev_stop_flush_t cb = nullptr)
    {
        rte_ml_dev_qp_conf c{};
        c.nb_desc = depth;
        c.cb = cb;
        return rte_ml_dev_queue_pair_setup(id, qp, &c, -1);
    }
    static int load(std::int16_t id, qaic::Bytes bytes, std::uint16_t* model)
    {
        rte_ml_model_params p{};
        p.addr = bytes.data();
        p.size = bytes.size();
        const int result = rte_ml_model_load(id, &p, model);
        std::fill(bytes.begin(), bytes.end(), std::byte{0xdd}); // the caller may do so at once
        return result;
    }
    /// Configured, started, one echo model started.
    void run(std::int16_t id, const qaic::Bytes& program, std::uint16_t* model, std::uint16_t pairs = 1)
    {
        ASSERT_EQ(configure(id, pairs), 0);
        for (std::uint16_t q = 0; q < pairs; ++q) ASSERT_EQ(queue(id, q), 0);
        ASSERT_EQ(rte_ml_dev_start(id), 0);
        ASSERT_EQ(load(id, program, model), 0);
        ASSERT_EQ(rte_ml_model_start(id, *model), 0);
    }
    /// Dequeues `n` operations within 20 s.
    static std::vector<rte_ml_op*> dequeue(std::int16_t id, std::size_t n, std::uint16_t qp = 0)
    {
        std::vector<rte_ml_op*> out(n);
        std::size_t got = 0;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (got < n && std::chrono::steady_clock::now() < end) {
            const auto k =
                rte_ml_dequeue_burst(id, qp, out.data() + got, static_cast<std::uint16_t>(n - got));
            got += k;
            if (k == 0) std::this_thread::yield();
        }
        out.resize(got);
        return out;
    }
    /// One inference; its status.
    static rte_ml_op_status infer(std::int16_t id, Op& op, std::uint16_t qp = 0)
    {
        rte_ml_op* p = &op.op;
        EXPECT_EQ(rte_ml_enqueue_burst(id, qp, &p, 1), 1);
        const auto back = dequeue(id, 1, qp);
        if (back.size() != 1 || back[0] != p) ADD_FAILURE() << "the operation did not come back";
        return op.op.status;
    }
};

} // namespace test
