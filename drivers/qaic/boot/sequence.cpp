// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/boot/sequence.hpp"
#include "qaic/boot/attach.hpp"
#include "qaic/boot/bhi.hpp"
#include <algorithm>

namespace qaic::boot {
using namespace aic100;

namespace {

constexpr std::uint8_t sahara_from_device = channel::SAHARA + 1;
constexpr Nanos packet_step = 100us;

std::int64_t ms(Nanos t) { return std::chrono::duration_cast<std::chrono::milliseconds>(t).count(); }

// Any value of 1 .. 0x3fffffff will do, as long as two downloads differ (3.2).
std::uint32_t session_id(const Clock& clock)
{
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
    const auto mixed = (static_cast<std::uint64_t>(clock.now().count()) + 1) * odd >> 34;
    return static_cast<std::uint32_t>(mixed % bhi_session.mask()) + 1;
}

} // namespace

Nanos Sequence::left() const { return std::max(Nanos{0}, p_.config.limits.firmware - stages_.elapsed()); }

Result<void> Sequence::deadline() const
{
    if (p_.host.interrupted()) return fail(Code::E_RESET, "{}: boot was interrupted", p_.bus.name());
    if (left() > Nanos{0}) return {};
    return fail(Code::E_TIMEOUT, "{}: boot did not end within {} ms", p_.bus.name(),
                ms(p_.config.limits.firmware));
}

Result<void> Sequence::run()
{
    // Nothing of the last owner may move data while we set up: the bit is set again once the card is clean.
    QAIC_CHECK(p_.bus.set_bus_master(false));
    p_.host.fenced();
    QAIC_TRY(const auto start, attach());
    QAIC_CHECK(p_.bus.set_bus_master(true));
    if (start == Start::PBL) QAIC_CHECK(load_sbl());
    QAIC_TRY(const auto env, p_.host.power_up());
    if (env == ExecEnv::SBL) {
        stages_.done("sbl");
        QAIC_CHECK(serve_images());
        stages_.done("sahara");
    }
    QAIC_CHECK(p_.host.wait_exec_env(ExecEnv::AMSS, left()));
    stages_.done("amss");
    return {};
}

// What is kept: a clean PBL; an AMSS when the policy says so. All else goes back to the PBL (1.7 step 6, 8.9
// points 16 and 46).
Result<Sequence::Start> Sequence::attach()
{
    QAIC_CHECK(p_.host.locate_blocks());
    QAIC_TRY(auto found, look(p_.host));
    found_ = fmt::format("{}{}", to_string(found.env), found.sys_err ? " in SYS_ERR" : "");
    const bool warm = p_.config.attach == AttachPolicy::WARM && found.env == ExecEnv::AMSS && !found.sys_err;
    if (warm && p_.host.mhi_reset()) {
        stages_.done("mhi_reset");
        return Start::WARM;
    }
    if (p_.host.health() == mhi::Health::GONE)
        return fail(Code::E_REMOVED, "{}: card is gone", p_.bus.name());
    if (found.clean_pbl && !found.sys_err) return Start::PBL;
    // A PBL that announces its restart by SYS_ERR needs no second restart, only the RESET that clears it.
    if (found.clean_pbl && p_.host.mhi_reset()) {
        stages_.done("mhi_reset");
        return Start::PBL;
    }
    QAIC_CHECK(reset_soc());
    return Start::PBL;
}

Result<void> Sequence::reset_soc()
{
    QAIC_CHECK(soc_reset(p_.bus, p_.host, p_.config.limits));
    soc_was_reset_ = true;
    stages_.done("soc_reset");
    return {};
}

// One retry behind a SoC reset (D34): when the PBL fell silent or crashed, and also when it refused while the
// last owner's download may have been the one that failed.
Result<void> Sequence::load_sbl()
{
    QAIC_TRY(const auto* image, firmware_.get(sbl_file));
    auto first = download(*image);
    if (first) return first;
    const auto code = first.error().code;
    const bool may_pass =
        code == Code::E_TIMEOUT || code == Code::E_RESET || (code == Code::E_FW && !soc_was_reset_);
    if (!may_pass) return first;
    QAIC_CHECK(deadline());
    QAIC_CHECK(p_.bus.set_bus_master(false));
    QAIC_CHECK(reset_soc());
    QAIC_CHECK(p_.bus.set_bus_master(true));
    return download(*image);
}

Result<void> Sequence::download(const FirmwareSet::Image& image)
{
    QAIC_TRY(const auto env, p_.host.read_bhi(bhi_reg::EXECENV));
    if (env != static_cast<std::uint32_t>(ExecEnv::PBL))
        return fail(Code::E_RESET, "{}: left the PBL before its image came (EXECENV={})", p_.bus.name(), env);
    QAIC_CHECK(bhi_download(p_.bus, p_.host, p_.config.limits, image, session_id(p_.bus.clock())));
    stages_.done("pbl");
    return {};
}

Result<std::shared_ptr<Sequence::Session>> Sequence::start_sahara()
{
    auto& host = p_.host;
    const auto session = std::make_shared<Session>(Session{
        Sahara(firmware_, [&host](ConstSpan packet) { return host.send(channel::SAHARA, packet); }), {}, {}});
    const auto& clock = p_.bus.clock();
    const auto receive = [&host, &clock, session](ConstSpan packet, bool more) {
        session->last_packet = clock.now();
        // Posted before the answer, which the card's next packet follows.
        auto done = host.post(sahara_from_device, mhi_max_transfer);
        if (done && more)
            done = fail(Code::E_FW, "Sahara S-HDR packet longer than {} bytes", mhi_max_transfer);
        if (done && !session->error) done = session->sahara.handle(packet);
        if (!done && !session->error) session->error = done.error();
    };
    QAIC_CHECK(host.start_pair(channel::SAHARA, receive));
    QAIC_CHECK(host.post(sahara_from_device, mhi_max_transfer));
    session->last_packet = clock.now();
    return session;
}

Result<void> Sequence::serve_images()
{
    // Log and time first: the images may be on their way as soon as the Sahara channels run.
    QAIC_CHECK(p_.log.start());
    QAIC_CHECK(p_.time.start_boot());
    QAIC_TRY(const auto session, start_sahara());
    for (;;) {
        p_.host.poll();
        p_.counters.sahara_bytes = session->sahara.bytes_served();
        if (auto good = check(*session); !good) return tl::unexpected(explain(*session, good.error()));
        if (session->sahara.complete() || p_.host.announced(ExecEnv::AMSS)) return {};
        p_.bus.relax(packet_step);
    }
}

Result<void> Sequence::check(Session& session)
{
    if (session.error) return tl::unexpected(*session.error);
    if (p_.host.health() == mhi::Health::GONE)
        return fail(Code::E_REMOVED, "{}: card is gone", p_.bus.name());
    if (p_.host.health() != mhi::Health::OK)
        return fail(Code::E_RESET, "{}: card failed while images were served", p_.bus.name());
    const auto& limits = p_.config.limits;
    const auto gap = session.sahara.declined() ? std::min(limits.sahara, limits.mhi) : limits.sahara;
    if (p_.bus.clock().now() - session.last_packet > gap)
        return fail(Code::E_TIMEOUT, "{}: {} did not happen within {} ms", p_.bus.name(),
                    session.sahara.waiting_for(), ms(gap));
    return deadline();
}

// A card that stopped after it was denied an image stopped for want of that image.
Error Sequence::explain(const Session& session, Error error)
{
    if (session.sahara.missing().empty() || error.code == Code::E_FW || error.code == Code::E_REMOVED)
        return error;
    return {Code::E_FW, fmt::format("{}; then {}", session.sahara.missing(), error.text)};
}

} // namespace qaic::boot
