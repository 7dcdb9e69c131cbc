// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/player.hpp"
#include "pipeline/ports/ports.hpp"
#include "pipeline/stage_of.hpp"
#include <array>
#include <rte_cycles.h>

namespace pipeline::ports {
namespace {

class PcapFile {
  public:
    static Result<std::unique_ptr<PcapFile>> make(const qaic_pipe_setup& setup);

    [[nodiscard]] std::uint32_t room() const { return capture_.largest; }

    // HOT
    std::uint16_t run(Burst b)
    {
        if (player_.ended()) return QAIC_PIPE_END;
        const auto n = player_.due(rte_rdtsc(), static_cast<std::uint32_t>(b.items.size()));
        std::uint16_t made = 0;
        while (made < n && !player_.ended()) {
            rte_mbuf* const m = qaic_pipe_new_item(pool_);
            if (m == nullptr) {
                no_item_.add(1);
                break;
            }
            const auto [record, ns] = player_.next();
            const auto from = capture_.bytes(*record);
            std::memcpy(rte_pktmbuf_mtod(m, void*), from.data(), from.size());
            m->data_len = static_cast<std::uint16_t>(from.size());
            m->pkt_len = m->data_len;
            auto& item = *qaic_pipe_item_of(m);
            item.free_off = std::uint32_t{m->data_off} + m->data_len;
            item.captured_ns = ns;
            b.items[made++] = m;
        }
        return made;
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        const qaic_pipe_count all[] = {{"no_item", no_item_.get()}};
        return give_counts(out, all);
    }

  private:
    PcapFile(Capture capture, Playing how, rte_mempool* pool)
        : capture_(std::move(capture)), player_(capture_, how), pool_(pool)
    {}

    Capture capture_;
    Player player_;
    rte_mempool* pool_;
    LiveCount no_item_; ///< bursts cut short because no item was free
};

Result<std::unique_ptr<PcapFile>> PcapFile::make(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    if (setup.replicas > 1)
        return fail(Code::E_INVAL,
                    "{}: stage {}: {} replicas would each play the whole capture; replicas = 1", setup.place,
                    setup.stage, setup.replicas);
    constexpr std::array<std::string_view, 2> timings{"asap", "capture"};
    QAIC_TRY(const auto path, options.path("path"));
    QAIC_TRY(const auto repeat, options.integer("repeat", 0, INT64_MAX, 1));
    QAIC_TRY(const auto rate, options.real("rate", 0, 1e9, 0.0));
    QAIC_TRY(const auto timing, options.choice("timing", timings, 0));
    if (timing == 1 && rate > 0) return options.wrong("rate", "0 where timing is \"capture\"");
    CaptureLimits limits;
    if (setup.pool != nullptr) {
        const auto holds = rte_pktmbuf_data_room_size(setup.pool);
        limits.record = holds > RTE_PKTMBUF_HEADROOM ? holds - RTE_PKTMBUF_HEADROOM : 0;
    }
    auto capture = load_capture(path, limits);
    if (!capture) return fail_at(setup.place, capture.error());
    const Playing how{static_cast<std::uint64_t>(repeat), rate, timing == 1, setup.tsc_hz};
    return std::unique_ptr<PcapFile>(new PcapFile(std::move(*capture), how, setup.pool));
}

constexpr const char* PCAP_FILE_OPTIONS[] = {"path", "repeat", "rate", "timing", nullptr};

} // namespace
} // namespace pipeline::ports

const qaic_pipe_stage stage_pcap_file = pipeline::stage_of<pipeline::ports::PcapFile>(
    "pcap-file", QAIC_PIPE_SOURCE, pipeline::ports::PCAP_FILE_OPTIONS, nullptr);
