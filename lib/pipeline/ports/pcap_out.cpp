// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/capture_writer.hpp"
#include "pipeline/ports/ports.hpp"
#include "pipeline/stage_of.hpp"
#include <rte_cycles.h>
#include <vector>

namespace pipeline::ports {
namespace {

constexpr const char* PCAP_OUT_OPTIONS[] = {"path", "limit_mib", nullptr};
constexpr const char* PCAP_OUT_REASONS[] = {"no_packet", "file_limit", "file_error", nullptr};
constexpr std::uint8_t PCAP_NO_PACKET = QAIC_PIPE_DROP, FILE_LIMIT = QAIC_PIPE_DROP + 1,
                       FILE_ERROR = QAIC_PIPE_DROP + 2;

class PcapOut {
  public:
    static Result<std::unique_ptr<PcapOut>> make(const qaic_pipe_setup& setup);

    void run(Burst b)
    {
        for (std::size_t i = 0; i < b.items.size(); ++i) b.verdict[i] = write(*b.items[i]);
    }

    Result<void> finish() { return writer_ ? writer_->flush() : Result<void>{}; }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        const qaic_pipe_count all[] = {{"file_bytes", bytes_.get()}};
        return give_counts(out, all);
    }

  private:
    PcapOut() = default;

    std::uint8_t write(rte_mbuf& m)
    {
        if (m.pkt_len == 0) return PCAP_NO_PACKET;
        const void* at = rte_pktmbuf_mtod(&m, const void*);
        if (m.nb_segs > 1) {
            // A chain longer than any packet is cut: a record holds no more.
            const auto n = std::min<std::uint32_t>(m.pkt_len, static_cast<std::uint32_t>(scratch_.size()));
            at = rte_pktmbuf_read(&m, 0, n, scratch_.data());
            if (at == nullptr) return PCAP_NO_PACKET;
            return put(m, {static_cast<const std::byte*>(at), n});
        }
        return put(m, {static_cast<const std::byte*>(at), m.data_len});
    }

    std::uint8_t put(rte_mbuf& m, std::span<const std::byte> bytes)
    {
        const auto& item = *qaic_pipe_item_of(&m);
        const auto wrote =
            writer_->write(item.captured_ns != 0 ? item.captured_ns : wall_ns(item.born), bytes);
        bytes_.raise_to(writer_->bytes());
        if (wrote == CaptureWriter::Wrote::YES) return QAIC_PIPE_PASS;
        return wrote == CaptureWriter::Wrote::FULL ? FILE_LIMIT : FILE_ERROR;
    }

    [[nodiscard]] std::uint64_t wall_ns(std::uint64_t tsc) const
    {
        const auto cycles = static_cast<double>(static_cast<std::int64_t>(tsc - tsc_));
        return wall_ns_ + static_cast<std::uint64_t>(static_cast<std::int64_t>(cycles * ns_per_cycle_));
    }

    std::unique_ptr<CaptureWriter> writer_; ///< nullptr when only checked
    std::vector<std::byte> scratch_;
    LiveCount bytes_;
    std::uint64_t tsc_ = 0, wall_ns_ = 0; ///< the same moment
    double ns_per_cycle_ = 0;
};

Result<std::unique_ptr<PcapOut>> PcapOut::make(const qaic_pipe_setup& setup)
{
    const Options options(setup);
    if (setup.replicas > 1)
        return fail(Code::E_INVAL, "{}: stage {}: {} replicas cannot write one file; replicas = 1",
                    setup.place, setup.stage, setup.replicas);
    QAIC_TRY(const auto path, options.path("path"));
    QAIC_TRY(const auto limit, options.integer("limit_mib", 0, std::int64_t{1} << 40, 0));
    std::error_code none;
    if (!path.parent_path().empty() && !std::filesystem::is_directory(path.parent_path(), none))
        return options.wrong("path", "a file in a folder that exists, not " + path.string());
    std::unique_ptr<PcapOut> out(new PcapOut);
    if (setup.pool == nullptr) return out;
    auto writer = CaptureWriter::open(path, static_cast<std::uint64_t>(limit) << 20);
    if (!writer) return fail_at(setup.place, writer.error());
    out->writer_ = std::move(*writer);
    out->scratch_.resize(262144);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    out->tsc_ = rte_rdtsc();
    out->wall_ns_ =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
    out->ns_per_cycle_ = 1e9 / static_cast<double>(setup.tsc_hz);
    return out;
}

} // namespace
} // namespace pipeline::ports

const qaic_pipe_stage stage_pcap_out = pipeline::stage_of<pipeline::ports::PcapOut>(
    "pcap-out", QAIC_PIPE_SINK, pipeline::ports::PCAP_OUT_OPTIONS, pipeline::ports::PCAP_OUT_REASONS);
