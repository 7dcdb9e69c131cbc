// SPDX-License-Identifier: BSD-3-Clause
// A card with a timing model under a manual clock, and what a queue's recursion says about it.
#pragma once
#include "../qsm/rig.hpp"
#include "card/timing/service_time.hpp"
#include <algorithm>
#include <random>

namespace timing_test {
using namespace qsm_test;

inline card::CardConfig card_with(const card::TimingModel& model)
{
    card::CardConfig config;
    config.timing = model;
    return config;
}

/// The builtin "timed": one input and one output in DDR.
inline ProgramSpec timed_program(std::uint32_t in, std::uint32_t out, Nanos own = Nanos{0})
{
    ProgramSpec s;
    s.builtin = aic100::NspBuiltin::TIMED;
    s.arg0 = static_cast<std::uint64_t>(own.count());
    s.inputs = {{.size = in}};
    s.outputs = {{.dev_offset = in, .size = out}};
    s.static_ddr = std::uint64_t{in} + out;
    return s;
}

/// A card that runs that program on one channel.
struct TimedCard {
    TimedCard(const card::TimingModel& model, std::uint32_t in_bytes, std::uint32_t out_bytes,
              std::uint32_t n = 4096)
        : rig(card_with(model)), in(in_bytes), out(out_bytes)
    {
        rig.handshake();
        a = rig.run(timed_program(in, out), n);
        from = rig.host_memory(in), to = rig.host_memory(out);
    }
    /// As the metadata's requests say: one response, from the output.
    [[nodiscard]] std::vector<aic100::RequestElement> elements(std::uint16_t id) const
    {
        auto e0 = to_device(id, from, a.resp.ddr_base, in);
        e0.cmd = 0x09;
        e0.sem[0] = 0x84400001, e0.sem[1] = 0x81000000;
        add_doorbell(e0, a.resp.mcid_base, 1);
        auto e1 = from_device(id, a.resp.ddr_base + in, to, out);
        e1.sem[0] = 0x84410000, e1.sem[1] = 0x81010001;
        add_doorbell(e1, a.resp.mcid_base + 4, 1);
        return {e0, e1};
    }
    void arrive(std::uint16_t id)
    {
        rig.submit(a, elements(id));
        rig.settle();
    }
    void advance_to(Nanos at) { rig.clock.advance(at - rig.clock.now()); }

    /// When each inference came back, of those that arrive at `arrivals`; the card is polled at every arrival
    /// and whenever it says that something is due, or, with `every`, at the multiples of that alone.
    std::vector<Nanos> run(const std::vector<Nanos>& arrivals, Nanos every = Nanos{0})
    {
        std::vector<Nanos> back;
        std::size_t next = 0;
        while (back.size() < arrivals.size()) {
            auto at = next < arrivals.size() ? arrivals[next] : Nanos::max();
            if (every != Nanos{0})
                at = std::min(at, (rig.clock.now() / every + 1) * every);
            else if (const auto due = rig.qsm->next_due())
                at = std::min(at, *due);
            if (at == Nanos::max()) {
                ADD_FAILURE() << "nothing is due, and " << arrivals.size() - back.size() << " are missing";
                return back;
            }
            advance_to(at);
            for (; next < arrivals.size() && arrivals[next] == at; ++next)
                rig.submit(a, elements(static_cast<std::uint16_t>(next)));
            rig.settle();
            for (const auto& r : rig.responses(a)) {
                EXPECT_EQ(r.req_id, static_cast<std::uint16_t>(back.size()));
                EXPECT_EQ(r.code, 0);
                back.push_back(at);
            }
        }
        return back;
    }

    Rig rig;
    Active a;
    std::uint32_t in, out;
    std::uint64_t from = 0, to = 0;
};

inline std::vector<Nanos> poisson(std::size_t count, Nanos gap, unsigned seed)
{
    std::mt19937 engine(seed);
    std::exponential_distribution<double> between(1.0 / static_cast<double>(gap.count()));
    std::vector<Nanos> at;
    Nanos t{0};
    while (at.size() < count) at.push_back(t += Nanos(1 + static_cast<std::int64_t>(between(engine))));
    return at;
}

/// When those that come at `arrivals` leave `servers`, first come, first served, with these service times.
inline std::vector<Nanos> departures(const std::vector<Nanos>& arrivals, const std::vector<Nanos>& service,
                                     std::size_t servers = 1)
{
    std::vector<Nanos> free(servers, Nanos{0}), out;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        auto& server = *std::min_element(free.begin(), free.end());
        server = std::max(server, arrivals[i]) + service[i];
        out.push_back(server);
    }
    return out;
}
inline std::vector<Nanos> departures(const std::vector<Nanos>& arrivals, Nanos service,
                                     std::size_t servers = 1)
{
    return departures(arrivals, std::vector<Nanos>(arrivals.size(), service), servers);
}

} // namespace timing_test
