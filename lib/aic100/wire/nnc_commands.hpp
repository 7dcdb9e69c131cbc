// SPDX-License-Identifier: BSD-3-Clause
// NNC commands: the payload of passthrough transactions. Packed, little-endian. aic100-device.md 4.13
#pragma once
#include "base/endian.hpp"
#include <cstddef>

namespace aic100 {
using namespace qaic;

enum class NncCmd : std::uint32_t {
    LOAD_CONSTANTS = 1,
    LOAD_CONSTANTS_RESP = 2,
    LOAD_ELF = 3,
    UNLOAD_CONSTANTS = 5,
    UNLOAD_ELF = 7,
    ACTIVATE = 9,
    DEACTIVATE = 11,
    STATUS = 13,
    LOAD_CONSTANTS_EX = 15,
    LOAD_CONSTANTS_PAYLOAD = 16,
    TERMINATE = 17,
    RESERVE_VC = 19,
    RELEASE_VC = 22,
    AC_RESERVATION = 24,
    AC_RELEASE = 26,
    CREATE_RESOURCE_GROUP = 28,
    RELEASE_RESOURCE_GROUP = 30,
    RESOURCE_INFO = 32,
    PERFORMANCE_INFO = 34,
    ACTIVATE_STATE_CMD = 36,
    DEVICE_CONFIG = 38,
    UPDATE_AC_RESERVATION = 44
};
/// The response to a command has its number plus one, but for the two constants forms, which answer as 2.
[[nodiscard]] constexpr std::uint32_t nnc_response_of(std::uint32_t command) noexcept
{
    return command == 15 || command == 16 ? 2 : command + 1;
}
inline constexpr std::size_t nnc_name_bytes = 64;
/// A request's transaction is 16 + sizeof(command): header, command, 8 zero bytes (length quirk of 4.13).
inline constexpr std::uint32_t nnc_passthrough_extra = 16;
inline constexpr std::uint32_t nnc_tag_elf = 100, nnc_tag_constants = 300;

/// Status codes this project sends or treats apart (4.13).
namespace nnc_status {
inline constexpr std::int32_t OK = 0, GENERAL = -1, DMA_CONFIG = -2, UNDEFINED_REQUEST = -3, NO_MEMORY = -4,
                              METADATA = -5, PARAMETER = -6, TIMED_OUT = -7, NOT_INITIALISED = -8,
                              NOT_PERMITTED = -9, NOT_FOUND = -11, NO_MCID = -12, NO_NSP = -13, NO_VC = -14,
                              NO_SEMAPHORE = -15, NSP_RESPONSE = -16, COMMAND_LENGTH = -17,
                              NO_RESERVATION_ID = -18, ID_NOT_FOUND = -19, NO_ID = -20, SSR = -36,
                              L2TCM_INIT = -49, MCID_LIMIT = -65, EXEC_CONTEXT = -102, DEACTIVATE_ACK = -114,
                              NOTHING_TO_DEACTIVATE = -116;
}

struct CmdHead { // also UNDEFINED: every command starts with its type
    le32 type, word;
};
struct LoadConstants {
    le32 type, process_id, tag, crc;
    le64 data_length;
    char name[nnc_name_bytes];
};
struct LoadResp { // 2 and 4: constants or ELF
    le32 type, id;
    les32 status;
    le32 pad;
};
struct LoadElf {
    le32 type, tag, process_id, metadata_crc;
    char name[nnc_name_bytes];
    le64 data_length;
    le32 metadata_fb_crc, pad;
};
struct UnloadId { // UNLOAD_CONSTANTS, UNLOAD_ELF, RELEASE_VC, AC_RELEASE, RELEASE_RESOURCE_GROUP
    le32 type, id;
};
struct StatusResp { // 6, 8, 12, 23, 27, 31, 37, 39, 45
    le32 type;
    les32 status;
};
struct Activate {
    le32 type, process_id, constants_id, elf_id, reservation_type;
    les32 reservation_id;
    le32 vc_setup;
    les32 vc_reservation_id, initial_state;
    le32 dma_type;
    std::uint8_t data_path_switching, pad[7];
};
struct ActivateResp {
    le32 type;
    les32 status;
    le32 activation_id, vc_id;
    le64 ddr_base, dynamic_ddr_base, mcid_base, mcid_base_dma_cmd;
    le32 dma_type, physical_channel_mask;
    le64 cmd_polling_addr;
    le32 cmd_polling_size, cmd_polling_data;
    le64 cmd_doorbell_addr;
    std::uint8_t cmd_doorbell_length, cmd_doorbell_valid; ///< length 3 = invalid
    le32 nsp_mask;                                        ///< unaligned, at 82
    std::uint8_t pad[2];
};
struct Deactivate {
    le32 type, activation_id, vc_teardown, pad;
};
struct ConstantsDescriptor { // also constantsdesc.bin of a container (aic100-workload.md 3)
    le64 static_bytes, dynamic_bytes;
    std::uint8_t static_ecc, dynamic_ecc, pad[6];
};
struct LoadConstantsEx { // followed by descriptor_length bytes
    le32 type, process_id;
    char name[nnc_name_bytes];
    le32 descriptor_length, pad;
};
struct LoadConstantsPayload {
    le32 type, process_id, tag, constants_id;
    le64 data_length, offset;
};
struct ReserveVc {
    le32 type, process_id, semaphores;
    les32 source_group;
    le32 dma_option, command_block_bytes;
    std::uint8_t special_semaphore, pad[7];
};
struct ReserveVcResp {
    le32 type;
    les32 status;
    le32 reservation_id, vc_id, dma_type, physical_channel_mask;
    std::uint8_t special_valid, pad;
    le16 special_semaphore;
    le32 command_block_bytes;
    le64 command_block_addr;
};
struct AcReservation {
    le32 type, process_id;
    les32 source_group;
    le32 pad0;
    le64 shared_ddr;
    le32 nsps, mcids;
    le64 l2_region;
    le16 networks;
    std::uint8_t pad1[6];
};
struct ReservationResp { // AC_RESERVATION and CREATE_RESOURCE_GROUP
    le32 type;
    les32 status, id;
    le32 pad;
};
struct CreateResourceGroup {
    le32 type, process_id;
    les32 source_group;
    le32 nsps, mcids, semaphores, vcs, pad0;
    le64 shared_ddr, l2_region, memory;
    le16 networks;
    std::uint8_t pad1[6];
};
struct ResourceInfo {
    le32 type, process_id;
    les32 group_id;
    le32 pad;
};
struct ResourceBlock {
    le32 dram_total_mb, dram_free_mb, fragmentation_percent;
    std::uint8_t vc_total, vc_free, nsp_total, nsp_free;
    le32 mcid_total, mcid_free, semaphore_total, semaphore_free;
    std::uint8_t physical_channels_total, physical_channels_dedicated, pad[6];
};
struct ResourceInfoResp {
    le32 type;
    les32 group_id;
    ResourceBlock block;
    les32 status;
    le32 pad;
};
struct PerformanceBlock {
    le32 nsp_hz, ddr_hz, compute_noc_hz, memory_noc_hz, system_noc_hz, pad;
    le64 peak_ops, dram_bandwidth_kbps, reserved[2];
};
struct PerformanceInfo {
    le32 type, pad;
};
struct PerformanceInfoResp {
    le32 type;
    les32 status;
    PerformanceBlock block;
};
struct ActivationState {
    le32 activation_id;
    les32 state; ///< 0 standby, 1 ready, 2 deactivated (low power), 3 invalid
};
struct ActivateStateCmd {
    le32 type, count;
    ActivationState entries[8];
};
struct DeviceConfig {
    le32 type, process_id, option, count;
};
struct UpdateAcReservation {
    le32 type, process_id;
    les32 reservation_id;
    le32 nsps;
    le64 reserved;
};
struct StatusQuery {
    le32 type;
    std::uint8_t info_type, pad[3];
};
/// 496 bytes: header, device data (320), NSP data (168).
struct InfoBlock {
    std::uint8_t format, pad0[7];
    std::uint8_t fw_major, fw_minor, fw_patch, fw_build;
    char qc_image[38], oem_image[38], image_variant[16];
    le32 hw_version;
    char serial[16], board_serial[32];
    le32 max_compiler_version;
    ResourceBlock resources;
    PerformanceBlock performance;
    le32 constants_loaded, constants_in_use;
    std::uint8_t networks_loaded, networks_active;
    le16 metadata_major, metadata_minor, nnc_cmd_major, nnc_cmd_minor;
    char sbl_image[24];
    std::uint8_t reset_needed, pad1;
    le32 pvs_version;
    le64 defective_nsps, time_offset_us;
    le32 retired_pages;
    std::uint8_t sku, complex_id, pad2[2];
    std::uint8_t nsp_major, nsp_minor, nsp_patch, nsp_build;
    le32 pad3;
    char nsp_qc[64], nsp_oem[48], nsp_variant[48];
};
struct StatusQueryResp {
    le32 type;
    les32 status;
    InfoBlock info;
};
inline constexpr std::uint8_t info_format = 12;
inline constexpr std::uint16_t nnc_cmd_protocol_major = 17, metadata_major_version = 1;

static_assert(sizeof(LoadConstants) == 88 && offsetof(LoadConstants, data_length) == 0x10 &&
              offsetof(LoadConstants, name) == 0x18);
static_assert(sizeof(LoadResp) == 16 && offsetof(LoadResp, status) == 8);
static_assert(sizeof(LoadElf) == 96 && offsetof(LoadElf, name) == 0x10 &&
              offsetof(LoadElf, data_length) == 0x50 && offsetof(LoadElf, metadata_fb_crc) == 0x58);
static_assert(sizeof(UnloadId) == 8 && sizeof(StatusResp) == 8 && sizeof(CmdHead) == 8);
static_assert(sizeof(Activate) == 48 && offsetof(Activate, elf_id) == 0x0c &&
              offsetof(Activate, vc_setup) == 0x18 && offsetof(Activate, initial_state) == 0x20 &&
              offsetof(Activate, data_path_switching) == 0x28);
static_assert(sizeof(ActivateResp) == 88 && offsetof(ActivateResp, vc_id) == 0x0c &&
              offsetof(ActivateResp, ddr_base) == 0x10 && offsetof(ActivateResp, mcid_base) == 0x20 &&
              offsetof(ActivateResp, dma_type) == 0x30 && offsetof(ActivateResp, cmd_polling_addr) == 0x38 &&
              offsetof(ActivateResp, cmd_doorbell_addr) == 0x48 &&
              offsetof(ActivateResp, cmd_doorbell_length) == 0x50 && offsetof(ActivateResp, nsp_mask) == 82);
static_assert(sizeof(Deactivate) == 16 && sizeof(ConstantsDescriptor) == 24);
static_assert(sizeof(LoadConstantsEx) == 80 && offsetof(LoadConstantsEx, descriptor_length) == 0x48);
static_assert(sizeof(LoadConstantsPayload) == 32 && offsetof(LoadConstantsPayload, offset) == 0x18);
static_assert(sizeof(ReserveVc) == 32 && sizeof(ReserveVcResp) == 40 &&
              offsetof(ReserveVcResp, special_valid) == 0x18 &&
              offsetof(ReserveVcResp, special_semaphore) == 0x1a &&
              offsetof(ReserveVcResp, command_block_addr) == 0x20);
static_assert(sizeof(AcReservation) == 48 && offsetof(AcReservation, shared_ddr) == 0x10 &&
              offsetof(AcReservation, l2_region) == 0x20 && offsetof(AcReservation, networks) == 0x28);
static_assert(sizeof(ReservationResp) == 16 && sizeof(CreateResourceGroup) == 64 &&
              offsetof(CreateResourceGroup, shared_ddr) == 0x20 &&
              offsetof(CreateResourceGroup, networks) == 0x38);
static_assert(sizeof(ResourceInfo) == 16 && sizeof(ResourceBlock) == 40 && sizeof(ResourceInfoResp) == 56 &&
              offsetof(ResourceInfoResp, block) == 8 && offsetof(ResourceInfoResp, status) == 0x30);
static_assert(offsetof(ResourceBlock, vc_total) == 0x0c && offsetof(ResourceBlock, mcid_total) == 0x10 &&
              offsetof(ResourceBlock, physical_channels_total) == 0x20);
static_assert(sizeof(PerformanceBlock) == 56 && offsetof(PerformanceBlock, peak_ops) == 0x18);
static_assert(sizeof(PerformanceInfo) == 8 && sizeof(PerformanceInfoResp) == 64);
static_assert(sizeof(ActivateStateCmd) == 72 && sizeof(DeviceConfig) == 16 &&
              sizeof(UpdateAcReservation) == 24);
static_assert(sizeof(StatusQuery) == 8 && sizeof(InfoBlock) == 496 && sizeof(StatusQueryResp) == 504);
static_assert(offsetof(InfoBlock, fw_major) == 8 && offsetof(InfoBlock, qc_image) == 0x0c &&
              offsetof(InfoBlock, oem_image) == 0x32 && offsetof(InfoBlock, image_variant) == 0x58 &&
              offsetof(InfoBlock, hw_version) == 0x68 && offsetof(InfoBlock, serial) == 0x6c &&
              offsetof(InfoBlock, board_serial) == 0x7c &&
              offsetof(InfoBlock, max_compiler_version) == 0x9c && offsetof(InfoBlock, resources) == 0xa0 &&
              offsetof(InfoBlock, performance) == 0xc8 && offsetof(InfoBlock, constants_loaded) == 0x100 &&
              offsetof(InfoBlock, networks_loaded) == 0x108 && offsetof(InfoBlock, metadata_major) == 0x10a &&
              offsetof(InfoBlock, nnc_cmd_major) == 0x10e && offsetof(InfoBlock, sbl_image) == 0x112 &&
              offsetof(InfoBlock, reset_needed) == 0x12a && offsetof(InfoBlock, pvs_version) == 0x12c &&
              offsetof(InfoBlock, defective_nsps) == 0x130 && offsetof(InfoBlock, time_offset_us) == 0x138 &&
              offsetof(InfoBlock, retired_pages) == 0x140 && offsetof(InfoBlock, sku) == 0x144 &&
              offsetof(InfoBlock, nsp_major) == 0x148 && offsetof(InfoBlock, nsp_qc) == 0x150 &&
              offsetof(InfoBlock, nsp_oem) == 0x190 && offsetof(InfoBlock, nsp_variant) == 0x1c0);

/// Multicast windows in the card's DMA address map: window m at mcid_base + m * 8 MiB (4.14).
inline constexpr std::uint64_t mcid_window_bytes = 0x800000;

} // namespace aic100
