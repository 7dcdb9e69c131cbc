// SPDX-License-Identifier: BSD-3-Clause
// What must be true of a served device before a driver touches it.
#include "aic100/regs/registers.hpp"
#include "qaic/bus/vfio_user.hpp"
#include "qaic/pci_ids.hpp"
#include <array>

namespace qaic {
using namespace aic100;
using namespace vfio_user;

namespace {

struct RegionRule {
    unsigned index;
    std::uint64_t least, most;
    const char* what;
};
constexpr std::uint64_t largest = 1u << 20;
// The set of BARs must be exactly {0, 2, 4} (1.2).
constexpr RegionRule region_rules[] = {
    {bar_mhi, bar_mhi_bytes, bar_mhi_bytes, "MHI BAR 0"},
    {1, 0, 0, "BAR 1"},
    {bar_dbc, bar_dbc_bytes, bar_dbc_bytes, "DMA Bridge BAR 2"},
    {3, 0, 0, "BAR 3"},
    {bar_spare, 1, largest, "spare BAR 4"},
    {5, 0, 0, "BAR 5"},
    {region_config, 64, 4096, "configuration space"},
};

Result<void> check_region(const vfu::Region& r, const RegionRule& rule)
{
    if (r.bytes < rule.least || r.bytes > rule.most)
        return fail(Code::E_PROTO, "D-BAR {} has {} bytes, limit {}..{}", rule.what, r.bytes, rule.least,
                    rule.most);
    constexpr auto both = region_flag::READ | region_flag::WRITE;
    if (rule.least != 0 && (r.flags & both) != both)
        return fail(Code::E_PROTO, "D-BAR {} is not readable and writable (flags 0x{:x})", rule.what,
                    r.flags);
    return {};
}

bool known_card(std::uint16_t vendor, std::uint16_t device)
{
#define QAIC_SAME(v, d) (vendor == (v) && device == (d))
#define QAIC_OR_SAME(v, d) || QAIC_SAME(v, d)
    return QAIC_PCI_IDS(QAIC_SAME, QAIC_OR_SAME);
#undef QAIC_OR_SAME
#undef QAIC_SAME
}

Result<void> check_device(const DeviceInfo& info)
{
    if ((info.flags & device_flag::PCI) == 0)
        return fail(Code::E_UNSUPP, "not a PCI device (flags 0x{:x})", info.flags.get());
    if (info.regions < regions || info.irqs <= irq_msi)
        return fail(Code::E_PROTO, "device with {} regions and {} kinds of interrupt, limit {} and {}",
                    info.regions.get(), info.irqs.get(), regions, irq_msi + 1);
    return {};
}

} // namespace

VfioUserLink::VfioUserLink(std::unique_ptr<vfu::Client> client)
    : client_(std::move(client)), shares_(*client_)
{
    client_->on_lost([this](const Error& why) {
        window_.tear();
        if (hook_) hook_(why);
    });
}

Result<std::unique_ptr<VfioUserLink>> VfioUserLink::open(const std::string& path, vfu::ClientLimits limits)
{
    QAIC_TRY(auto socket, vfu::Socket::connect(path, limits.message));
    return over(std::move(socket), fmt::format("socket {}", path), limits);
}

Result<std::unique_ptr<VfioUserLink>> VfioUserLink::over(vfu::Socket socket, const std::string& name,
                                                         vfu::ClientLimits limits)
{
    QAIC_TRY(auto client, vfu::Client::over(std::move(socket), name, limits));
    std::unique_ptr<VfioUserLink> link(new VfioUserLink(std::move(client)));
    QAIC_CHECK(link->look(name));
    return link;
}

Result<void> VfioUserLink::look(const std::string& name)
{
    QAIC_TRY(const auto info, client_->device_info());
    if (auto ok = check_device(info); !ok) return fail_at(name, std::move(ok).error());
    QAIC_CHECK(check_identity());
    for (const auto& rule : region_rules) {
        QAIC_TRY(auto bar, client_->region(rule.index));
        if (auto ok = check_region(bar.region, rule); !ok) return fail_at(name, std::move(ok).error());
        if (rule.index != bar_dbc) continue;
        auto window = vfu::Window::map(bar);
        if (!window) return fail_at(name, std::move(window).error());
        window_ = std::move(*window);
    }
    QAIC_TRY(const auto msi, client_->irq_info(irq_msi));
    if (msi.count > msi_vectors_offered)
        return fail(Code::E_PROTO, "{}: MSI vectors got={} limit={}", name, msi.count.get(),
                    msi_vectors_offered);
    msi_vectors_ = msi.count;
    return {};
}

Result<void> VfioUserLink::check_identity()
{
    std::array<std::byte, 4> raw{};
    QAIC_CHECK(client_->read(region_config, 0, raw));
    const auto vendor = read_at<le16>(raw)->get();
    const auto device = read_at<le16>(raw, 2)->get();
    if (known_card(vendor, device)) return {};
    return fail(Code::E_UNSUPP,
                "device {:04x}:{:04x} behind the socket is no Cloud AI 100: name a socket of qaic-card",
                vendor, device);
}

} // namespace qaic
