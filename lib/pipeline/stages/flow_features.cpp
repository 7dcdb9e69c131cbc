// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/flow_features.hpp"
#include "flow/table.hpp"
#include "pipeline/stage_of.hpp"
#include <array>

namespace pipeline {

namespace {

constexpr std::uint32_t feature_bytes = flow::n_features * sizeof(float);
constexpr const char* features_options[] = {"flows", "idle_s", "drop_unparsed", nullptr};
constexpr const char* features_reasons[] = {"malformed", "no_room", nullptr};
constexpr std::uint8_t malformed = QAIC_PIPE_DROP, no_room = QAIC_PIPE_DROP + 1;

class FlowFeatures {
  public:
    static Result<std::unique_ptr<FlowFeatures>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        if (setup.replicas > 1)
            return fail(Code::E_INVAL,
                        "{}: stage {}: each of {} replicas would see a part of each flow; replicas = 1",
                        setup.place, setup.stage, setup.replicas);
        QAIC_TRY(const auto flows, options.integer("flows", 8, 1 << 22, 65536));
        QAIC_TRY(const auto idle_s, options.integer("idle_s", 1, 86400, 120));
        QAIC_TRY(const auto drop, options.boolean("drop_unparsed", true));
        return std::make_unique<FlowFeatures>(setup, static_cast<std::size_t>(flows),
                                              static_cast<std::uint64_t>(idle_s), drop);
    }
    FlowFeatures(const qaic_pipe_setup& setup, std::size_t flows, std::uint64_t idle_s, bool drop)
        : table_(flows, idle_s * 1'000'000),
          tsc_per_us_(std::max<std::uint64_t>(setup.tsc_hz / 1'000'000, 1)), drop_unparsed_(drop)
    {}

    [[nodiscard]] std::uint32_t room() const { return feature_bytes + 63; }

    void run(Burst burst)
    {
        for (std::size_t at = 0; at < burst.items.size(); at += seen_.size()) {
            const auto n = std::min(seen_.size(), burst.items.size() - at);
            // All are parsed first: the table's lines are on their way while the next ones are read.
            for (std::size_t i = 0; i < n; ++i) look_at(*burst.items[at + i], seen_[i]);
            for (std::size_t i = 0; i < n; ++i)
                burst.verdict[at + i] = write_features(*burst.items[at + i], seen_[i]);
        }
        flows_.raise_to(table_.counts().flows), evicted_.raise_to(table_.counts().evicted);
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        static constexpr const char* names[flow::n_refusals] = {"",
                                                                "refused_not_ip",
                                                                "refused_cut_short",
                                                                "refused_bad_length",
                                                                "refused_bad_header",
                                                                "refused_too_deep"};
        std::uint32_t n = 0;
        const auto say = [&](const char* name, std::uint64_t value) {
            if (n < out.size()) out[n++] = {name, value};
        };
        say("flows", flows_.get()), say("evicted", evicted_.get());
        for (std::size_t i = 1; i < flow::n_refusals; ++i) say(names[i], refused_[i].get());
        return n;
    }

  private:
    struct Seen {
        flow::Packet packet;
        std::uint64_t hash = 0;
        flow::Refusal refusal = flow::Refusal::NONE;
    };

    void look_at(rte_mbuf& m, Seen& s) const
    {
        s.refusal = flow::parse_packet({rte_pktmbuf_mtod(&m, const std::uint8_t*), m.data_len}, s.packet);
        if (s.refusal != flow::Refusal::NONE) return;
        s.hash = flow::Table::hash_of(s.packet.key);
        table_.prefetch(s.hash);
    }

    std::uint8_t write_features(rte_mbuf& m, const Seen& s)
    {
        const bool refused = s.refusal != flow::Refusal::NONE;
        if (refused) refused_[static_cast<std::size_t>(s.refusal)].add(1);
        if (refused && drop_unparsed_) return malformed;
        auto* const tensor = qaic_pipe_new_tensor(&m, feature_bytes);
        if (tensor == nullptr) return no_room;
        const flow::Features out(static_cast<float*>(tensor), flow::n_features);
        if (refused) {
            std::fill(out.begin(), out.end(), 0.0f);
            return QAIC_PIPE_PASS;
        }
        const auto* const item = qaic_pipe_item_of(&m);
        const auto now_us = item->captured_ns != 0 ? item->captured_ns / 1000 : item->born / tsc_per_us_;
        flow::update(table_.find(s.packet.key, s.hash, now_us), s.packet, now_us, out);
        return QAIC_PIPE_PASS;
    }

    flow::Table table_;
    std::uint64_t tsc_per_us_;
    bool drop_unparsed_;
    std::array<Seen, 64> seen_;
    // the table's counts are its own thread's: these are for others
    LiveCount flows_, evicted_;
    std::array<LiveCount, flow::n_refusals> refused_;
};

} // namespace

constexpr qaic_pipe_stage stage_flow_features =
    stage_of<FlowFeatures>("flow-features", QAIC_PIPE_SHAPE, features_options, features_reasons);

} // namespace pipeline
