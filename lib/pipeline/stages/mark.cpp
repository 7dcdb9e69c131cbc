// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/mark.hpp"
#include "flow/rewrite.hpp"
#include "pipeline/stage_of.hpp"
#include <array>
#include <charconv>

namespace pipeline {

namespace {

constexpr const char* mark_options[] = {"field", "dscp", nullptr};
constexpr std::string_view mark_fields[] = {"dscp", "vlan-pcp", "mbuf"};
enum class MarkField : std::size_t { DSCP, VLAN_PCP, MBUF };

/// DSCP by label.
struct Codes {
    std::array<std::uint8_t, 64> of{0, 8, 16, 24, 32, 40, 48, 56};
    std::size_t n = 8;
};

/// "0,8,16"; blanks around the numbers. nullopt: not such a list.
std::optional<Codes> parse_codes(std::string_view text)
{
    Codes codes{{}, 0};
    const auto* p = text.data();
    const auto* const end = p + text.size();
    const auto skip_blanks = [&] {
        while (p != end && *p == ' ') ++p;
    };
    while (codes.n < codes.of.size()) {
        unsigned value = 64;
        skip_blanks();
        const auto [next, error] = std::from_chars(p, end, value);
        if (error != std::errc{} || value > 63) return std::nullopt;
        codes.of[codes.n++] = static_cast<std::uint8_t>(value);
        p = next;
        skip_blanks();
        if (p == end) return codes;
        if (*p++ != ',') return std::nullopt;
    }
    return std::nullopt;
}

class Mark {
  public:
    static Result<std::unique_ptr<Mark>> make(const qaic_pipe_setup& setup)
    {
        const Options options(setup);
        QAIC_TRY(const auto field, options.choice("field", mark_fields, 0));
        Codes codes;
        if (options.has("dscp")) {
            QAIC_TRY(const auto text, options.text("dscp"));
            const auto given = parse_codes(text);
            if (!given)
                return options.wrong("dscp", "1 to 64 numbers from 0 to 63 with commas between: \"0,8,16\"");
            if (static_cast<MarkField>(field) != MarkField::DSCP)
                return options.wrong("dscp", "a list only with field = \"dscp\"");
            codes = *given;
        }
        return std::make_unique<Mark>(static_cast<MarkField>(field), codes);
    }
    Mark(MarkField field, const Codes& codes) : field_(field), codes_(codes) {}

    void run(Burst burst)
    {
        std::uint64_t marked = 0;
        for (auto* const m : burst.items) {
            const auto label = qaic_pipe_item_of(m)->label;
            marked += label != QAIC_PIPE_NO_LABEL && mark(*m, label) ? 1 : 0;
        }
        marked_.add(marked), unmarked_.add(burst.items.size() - marked);
    }

    std::uint32_t counts(std::span<qaic_pipe_count> out) const
    {
        const qaic_pipe_count all[] = {{"marked", marked_.get()}, {"unmarked", unmarked_.get()}};
        return give_counts(out, all);
    }

  private:
    [[nodiscard]] bool mark(rte_mbuf& m, std::uint32_t label) const
    {
        if (field_ == MarkField::MBUF) {
            m.hash.fdir.hi = label;
            m.ol_flags |= RTE_MBUF_F_RX_FDIR | RTE_MBUF_F_RX_FDIR_ID;
            return true;
        }
        if (rte_mbuf_refcnt_read(&m) != 1 || RTE_MBUF_CLONED(&m)) return false;
        const std::span packet(rte_pktmbuf_mtod(&m, std::uint8_t*), m.data_len);
        if (field_ == MarkField::VLAN_PCP)
            return label <= 7 && flow::set_vlan_priority(packet, static_cast<std::uint8_t>(label));
        return label < codes_.n && flow::set_dscp(packet, codes_.of[label]);
    }

    MarkField field_;
    Codes codes_;
    LiveCount marked_, unmarked_;
};

} // namespace

constexpr qaic_pipe_stage stage_mark = stage_of<Mark>("mark", QAIC_PIPE_SHAPE, mark_options, nullptr);

} // namespace pipeline
