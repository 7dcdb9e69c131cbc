// SPDX-License-Identifier: BSD-3-Clause
// One stage with its options and a real mbuf pool, driven through its table as the engine does.
#pragma once
#include "capture_files.hpp"
#include "pipeline/ports/ports.hpp"
#include <deque>
#include <memory>
#include <rte_cycles.h>
#include <rte_mempool.h>
#include <variant>

namespace stage_rig {

using Pool = std::unique_ptr<rte_mempool, decltype(&rte_mempool_free)>;

inline Pool pool_of(unsigned n = 1023)
{
    static int made = 0;
    const auto name = "pool" + std::to_string(made++);
    Pool pool(rte_pktmbuf_pool_create(name.c_str(), n, std::min(64u, n / 2), sizeof(qaic_pipe_item),
                                      RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY),
              &rte_mempool_free);
    EXPECT_NE(pool, nullptr);
    return pool;
}

using Value = std::variant<std::int64_t, std::string>;
using Wishes = std::vector<std::pair<std::string, Value>>;

class Stage {
  public:
    Stage(const qaic_pipe_stage& kind, Wishes wishes, rte_mempool* pool, std::string folder = "/",
          unsigned replicas = 1)
        : kind_(kind), wishes_(std::move(wishes)), folder_(std::move(folder))
    {
        for (const auto& [name, value] : wishes_) {
            qaic_pipe_option o{name.c_str(), "p.toml:7:1", QAIC_PIPE_TEXT, 0, 0, ""};
            if (const auto* text = std::get_if<std::string>(&value)) {
                o.text = text->c_str();
            } else {
                o.type = QAIC_PIPE_INTEGER;
                o.integer = std::get<std::int64_t>(value);
                o.real = static_cast<double>(o.integer);
            }
            options_.push_back(o);
        }
        qaic_pipe_setup setup{};
        setup.stage = "s", setup.place = "p.toml:5:1", setup.folder = folder_.c_str();
        setup.replicas = replicas, setup.batch = 32, setup.tsc_hz = rte_get_tsc_hz(), setup.numa = -1;
        setup.pool = pool, setup.options = options_.data(),
        setup.n_options = static_cast<unsigned>(options_.size());
        char why[512] = "";
        self_ = kind.create(&setup, why, sizeof why);
        error = why;
    }
    ~Stage()
    {
        if (self_ != nullptr) kind_.destroy(self_);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] bool made() const { return self_ != nullptr; }
    std::uint16_t run(rte_mbuf** items, std::uint16_t n, std::uint8_t* verdict)
    {
        return kind_.run(self_, items, n, verdict);
    }
    [[nodiscard]] std::uint32_t room() const { return kind_.room(self_); }
    int finish()
    {
        char why[512] = "";
        const int got = kind_.finish(self_, why, sizeof why);
        error = why;
        return got;
    }
    [[nodiscard]] std::uint64_t count(const std::string& name) const
    {
        qaic_pipe_count all[16];
        const auto n = kind_.counts(self_, all, 16);
        for (std::uint32_t i = 0; i < n; ++i)
            if (name == all[i].name) return all[i].value;
        ADD_FAILURE() << "no counter " << name;
        return 0;
    }

    std::string error;

  private:
    const qaic_pipe_stage& kind_;
    Wishes wishes_;
    std::string folder_;
    std::vector<qaic_pipe_option> options_;
    void* self_ = nullptr;
};

/// Items of a source until it ends, or until `enough`; at most 10 s.
inline std::vector<rte_mbuf*> all_of(Stage& source, std::size_t enough = SIZE_MAX)
{
    std::vector<rte_mbuf*> out;
    const auto limit = rte_rdtsc() + 10 * rte_get_tsc_hz();
    while (out.size() < enough && rte_rdtsc() < limit) {
        rte_mbuf* burst[32];
        const auto n = source.run(burst, 32, nullptr);
        if (n == QAIC_PIPE_END) return out;
        out.insert(out.end(), burst, burst + n);
    }
    EXPECT_GE(out.size(), enough) << "the source did not end within 10 s";
    return out;
}

/// Hands all items to a sink in bursts; frees what the sink has not taken. The verdicts.
inline std::vector<std::uint8_t> give(Stage& sink, std::vector<rte_mbuf*> items)
{
    std::vector<std::uint8_t> verdicts(items.size());
    for (std::size_t at = 0; at < items.size(); at += 100) {
        const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(100, items.size() - at));
        sink.run(items.data() + at, n, verdicts.data() + at);
    }
    for (std::size_t i = 0; i < items.size(); ++i)
        if (verdicts[i] != QAIC_PIPE_TAKEN) rte_pktmbuf_free(items[i]);
    return verdicts;
}

inline capture_files::Packet packet_of(rte_mbuf* m)
{
    capture_files::Packet p{qaic_pipe_item_of(m)->captured_ns, std::vector<std::uint8_t>(m->pkt_len), 0};
    const auto* at = static_cast<const std::uint8_t*>(rte_pktmbuf_read(m, 0, m->pkt_len, p.bytes.data()));
    if (at != p.bytes.data()) std::copy_n(at, m->pkt_len, p.bytes.data());
    return p;
}

inline std::vector<capture_files::Packet> packets_of(const std::vector<rte_mbuf*>& items)
{
    std::vector<capture_files::Packet> out;
    for (auto* m : items) out.push_back(packet_of(m));
    return out;
}

/// An item with one packet.
inline rte_mbuf* item_of(rte_mempool* pool, const capture_files::Packet& p)
{
    rte_mbuf* const m = qaic_pipe_new_item(pool);
    EXPECT_NE(m, nullptr);
    if (!p.bytes.empty())
        std::memcpy(rte_pktmbuf_append(m, static_cast<std::uint16_t>(p.bytes.size())), p.bytes.data(),
                    p.bytes.size());
    qaic_pipe_item_of(m)->captured_ns = p.ns;
    qaic_pipe_item_of(m)->born = rte_rdtsc();
    return m;
}

inline void expect_whole(const Pool& pool)
{
    EXPECT_EQ(rte_mempool_in_use_count(pool.get()), 0u) << "items are missing";
}

} // namespace stage_rig
