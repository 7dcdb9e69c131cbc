// SPDX-License-Identifier: BSD-3-Clause
// STATUS, RESOURCE_INFO, PERFORMANCE_INFO, DEVICE_CONFIG. aic100-device.md 4.13
#include "card/nnc/commands.hpp"
#include <algorithm>
#include <set>

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NncCmd;
constexpr std::uint32_t hw_version_2_0 = 0x00020000;
constexpr std::uint32_t dedicate_channels = 1;
constexpr std::uint8_t sku_pcie = 2, sku_pcie_080 = 8;

/// NUL-terminated within its field.
template<std::size_t N>
void put_text(char (&field)[N], std::string_view text)
{
    std::copy_n(text.begin(), std::min(text.size(), N - 1), field);
}

void describe_card(const CardConfig& config, aic100::InfoBlock& i)
{
    i.format = aic100::info_format;
    i.fw_major = 1;
    put_text(i.qc_image, "QAIC-PMD.EMU.1.0");
    put_text(i.oem_image, "QAIC-PMD.EMU.1.0");
    put_text(i.image_variant, "EMULATED");
    i.hw_version = hw_version_2_0;
    put_text(i.serial, fmt::format("{:#010x}", config.serial));
    put_text(i.board_serial, config.board_serial);
    put_text(i.sbl_image, "EMU.SBL.1.0");
    i.sku = config.pci_device == aic100::pci_device_aic080 ? sku_pcie_080 : sku_pcie;
    i.metadata_major = aic100::metadata_major_version;
    i.nnc_cmd_major = aic100::nnc_cmd_protocol_major;
    i.nsp_major = 1;
    put_text(i.nsp_qc, "QAIC-PMD.NSP.EMU.1.0");
    put_text(i.nsp_oem, "QAIC-PMD.NSP.EMU.1.0");
    put_text(i.nsp_variant, "EMULATED");
}

void count_objects(const Firmware& firmware, aic100::InfoBlock& i)
{
    std::set<const void*> constants, networks;
    for (const auto& [id, a] : firmware.activations) {
        if (a->constants) constants.insert(a->constants.get());
        if (a->runner) networks.insert(a.get());
    }
    i.constants_loaded = static_cast<std::uint32_t>(firmware.constants.size());
    i.constants_in_use = static_cast<std::uint32_t>(constants.size());
    i.networks_loaded = static_cast<std::uint8_t>(firmware.images.size());
    i.networks_active = static_cast<std::uint8_t>(networks.size());
}

NncStatus query_status(Call& call, const aic100::StatusQuery&, aic100::StatusQueryResp& out)
{
    const auto pool = call.firmware.pool_of(call.caller.partition);
    if (!pool) return pool.error();
    describe_card(call.firmware.config, out.info);
    count_objects(call.firmware, out.info);
    out.info.resources = call.firmware.resources(**pool);
    out.info.performance = call.firmware.performance();
    return status::OK;
}

NncStatus resource_info(Call& call, const aic100::ResourceInfo& c, aic100::ResourceInfoResp& out)
{
    const auto pool = call.firmware.pool_of(c.group_id);
    if (!pool) return pool.error();
    out.group_id = c.group_id;
    out.block = call.firmware.resources(**pool);
    return status::OK;
}

NncStatus performance_info(Call& call, const aic100::PerformanceInfo&, aic100::PerformanceInfoResp& out)
{
    out.block = call.firmware.performance();
    return status::OK;
}

NncStatus device_config(Call& call, const aic100::DeviceConfig& c, aic100::StatusResp&)
{
    if (c.option != dedicate_channels || c.count > physical_channels) return status::PARAMETER;
    call.firmware.dedicated_channels = static_cast<std::uint8_t>(c.count);
    return status::OK;
}

/// Numbered, but its layout and meaning are not public (9 #20).
NncStatus terminate(Call&, const aic100::CmdHead&, aic100::StatusResp&) { return status::UNDEFINED_REQUEST; }

constexpr Command info_table[] = {
    commands::entry<NncCmd::STATUS, aic100::StatusQuery, aic100::StatusQueryResp, query_status>(),
    commands::entry<NncCmd::RESOURCE_INFO, aic100::ResourceInfo, aic100::ResourceInfoResp, resource_info>(),
    commands::entry<NncCmd::PERFORMANCE_INFO, aic100::PerformanceInfo, aic100::PerformanceInfoResp,
                    performance_info>(),
    commands::entry<NncCmd::DEVICE_CONFIG, aic100::DeviceConfig, aic100::StatusResp, device_config>(),
    commands::entry<NncCmd::TERMINATE, aic100::CmdHead, aic100::StatusResp, terminate>(),
};
} // namespace

std::span<const Command> commands::info_commands() noexcept { return info_table; }

} // namespace card
