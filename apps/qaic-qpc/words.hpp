// SPDX-License-Identifier: BSD-3-Clause
// How values of a container are put into words, for the screen and for JSON alike.
#pragma once
#include "qpc/nsp_image.hpp"
#include "qpc/program.hpp"

namespace qpc_app {

std::string shape_text(const std::vector<std::uint32_t>& dims); ///< "1x8x8", "scalar"
std::string bytes_text(std::uint64_t bytes);                    ///< "256 B", "4 KiB", "1.5 MiB"
std::string semaphore_text(const qpc::SemaphoreOp& op);         ///< "wait sem0 == 1", "sem1 := 0, fence in"
std::string device_text(const qpc::DmaRequest& request);        ///< "DDR+0x100", "MCID 2+0x0"
std::string doorbell_text(const qpc::DoorbellOp& doorbell);     ///< "MCID 0+0x4 := 1 (32 bit)"
std::string thread_text(const qpc::ThreadDesc& thread);         ///< "HVX", "HMX", "HVX+HMX"
std::string nsp_text(const qpc::NspImage& image);               ///< "built-in scale, factor 0.5"
std::string machine_text(const qpc::ElfFile& elf);              ///< "emulated NSP", "Hexagon"
std::uint32_t crc32_of(qaic::ConstSpan bytes) noexcept;

/// The NSP program of a container for the emulated card; nothing for others.
std::optional<qpc::NspImage> nsp_image_of(const qpc::Program& program);

} // namespace qpc_app
