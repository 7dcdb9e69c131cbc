// SPDX-License-Identifier: BSD-3-Clause
#include "words.hpp"
#include <bit>
#include <elf.h>
#include <zlib.h>

namespace qpc_app {

std::string shape_text(const std::vector<std::uint32_t>& dims)
{
    return dims.empty() ? "scalar" : fmt::format("{}", fmt::join(dims, "x"));
}

std::string bytes_text(std::uint64_t bytes)
{
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
    const bool whole = value == static_cast<double>(static_cast<std::uint64_t>(value));
    return whole ? fmt::format("{:.0f} {}", value, units[unit])
                 : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string semaphore_text(const qpc::SemaphoreOp& op)
{
    std::string out;
    switch (op.op) {
    case 1: out = fmt::format("sem{} := {}", op.number, op.value); break;
    case 2: out = fmt::format("sem{} += 1", op.number); break;
    case 3: out = fmt::format("sem{} -= 1", op.number); break;
    case 4: out = fmt::format("wait sem{} == {}", op.number, op.value); break;
    case 5: out = fmt::format("wait sem{} >= {}", op.number, op.value); break;
    case 6: out = fmt::format("wait sem{} > 0, -= 1", op.number); break;
    default: out = "nop"; break;
    }
    if (op.in_fence) out += ", fence in";
    if (op.out_fence) out += ", fence out";
    return out;
}

std::string device_text(const qpc::DmaRequest& r)
{
    switch (r.space) {
    case qpc::AddrSpace::DDR: return fmt::format("DDR+{:#x}", r.dev_offset);
    case qpc::AddrSpace::DYNAMIC_DDR: return fmt::format("dynamic DDR+{:#x}", r.dev_offset);
    case qpc::AddrSpace::MULTICAST: break;
    }
    return fmt::format("MCID {}+{:#x}", r.mcid, r.dev_offset);
}

std::string doorbell_text(const qpc::DoorbellOp& d)
{
    return fmt::format("MCID {}+{:#x} := {} ({} bit)", d.mcid, d.offset, d.data, d.width * 8);
}

std::string thread_text(const qpc::ThreadDesc& t)
{
    static constexpr const char* names[] = {"none", "HMX", "HVX", "HVX+HMX"};
    return t.type_mask < std::size(names) ? names[t.type_mask] : fmt::format("{:#x}", t.type_mask);
}

std::string nsp_text(const qpc::NspImage& image)
{
    if (image.kind == aic100::NspKind::ONNX) return "ONNX network in constants.bin";
    if (image.kind != aic100::NspKind::BUILTIN)
        return fmt::format("unknown kind {}", static_cast<int>(image.kind));
    auto text = fmt::format("built-in {}", qpc::builtin_name(image.builtin));
    if (image.builtin == aic100::NspBuiltin::SCALE)
        text += fmt::format(", factor {}", std::bit_cast<float>(static_cast<std::uint32_t>(image.arg0)));
    if (image.builtin == aic100::NspBuiltin::WAIT || image.builtin == aic100::NspBuiltin::TIMED)
        text += fmt::format(", {} us", image.arg0 / 1000);
    return text;
}

std::string machine_text(const qpc::ElfFile& elf)
{
    if (!elf.is_64 && elf.machine == EM_QDSP6) return "Hexagon (a real card's)";
    if (elf.is_64 && elf.machine == EM_NONE) return "emulated NSP";
    if (elf.is_64 && elf.machine == EM_X86_64) return "host-native NSP program (x86-64, emulated card only)";
    return fmt::format("ELF{} machine {}", elf.is_64 ? 64 : 32, elf.machine);
}

std::uint32_t crc32_of(qaic::ConstSpan bytes) noexcept
{
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::optional<qpc::NspImage> nsp_image_of(const qpc::Program& program)
{
    const auto* section = program.elf_file.find(aic100::nsp_section);
    if (section == nullptr) return std::nullopt;
    auto image = qpc::decode_nsp_image(section->data);
    if (!image) return std::nullopt;
    return std::move(*image);
}

} // namespace qpc_app
