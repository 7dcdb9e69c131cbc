// SPDX-License-Identifier: BSD-3-Clause
// The firmware files of the emulated card, as config/firmware/make_firmware.py writes them: an ELF64 file
// with one PT_NOTE that describes it and one PT_LOAD that is its payload, in this order and without gaps. The
// real images are opaque to a host, so any format serves (aic100-device.md 3.1); this one can be told from a
// missing, truncated or altered file.
#pragma once
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include <optional>
#include <string>
#include <string_view>

namespace card {
using namespace qaic;

// ---- layout. The standard ELF64 header and program headers, little-endian.
struct ElfHeader {
    unsigned char ident[16];
    le16 type, machine;
    le32 version;
    le64 entry, phoff, shoff;
    le32 flags;
    le16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct ElfProgramHeader {
    le32 type, flags;
    le64 offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(ElfHeader) == 64 && sizeof(ElfProgramHeader) == 56);

/// The whole PT_NOTE segment: note header, name "QAIC", description.
struct ImageNote {
    le32 name_bytes, desc_bytes, note_type;
    char name[8];
    le32 magic, image, payload_bytes, payload_crc;
    char version[32];
};
static_assert(sizeof(ImageNote) == 68 && offsetof(ImageNote, magic) == 20 &&
              offsetof(ImageNote, version) == 36);
inline constexpr std::uint32_t image_magic = 0x57464941; // "AIFW"
inline constexpr std::uint32_t image_note_desc = 48, image_note_type = 1;
inline constexpr std::uint32_t sbl_image_id = 0; ///< id in the note of sbl.bin; the others use Sahara's ids
inline constexpr std::uint64_t max_image_bytes = 64u << 20;

/// Why an image was refused. The number is BHI ERRCODE; `sahara` is the status of END_OF_IMAGE (3.3.6).
enum class ImageFault : std::uint32_t {
    NONE = 0,
    NOT_ELF,
    HEADERS,
    NOTE,
    WRONG_ID,
    SIZE,
    CRC,
    TRUNCATED, ///< the host has less than the headers promise, or nothing at all
    UNREADABLE ///< host memory refused the access (BHI)
};
struct ImageFaultInfo {
    ImageFault fault;
    std::uint32_t sahara;
    std::string_view text;
};
const ImageFaultInfo& image_fault_info(ImageFault fault) noexcept;

/// Reads one image in the order the card does: says what it wants next, takes it, checks it.
class ImageReader {
  public:
    struct Want {
        std::uint64_t offset = 0;
        std::uint32_t bytes = 0;
    };
    ImageReader(std::uint32_t image, std::uint32_t longest_read) : image_(image), longest_read_(longest_read)
    {}

    /// What to read next; nothing when it is complete or refused.
    [[nodiscard]] std::optional<Want> want() const;
    /// The bytes of the last want().
    void feed(ConstSpan bytes);
    /// They cannot be had.
    void fail(ImageFault fault) { refuse(fault, 0, 0); }

    [[nodiscard]] bool complete() const noexcept { return phase_ == Phase::COMPLETE; }
    [[nodiscard]] ImageFault fault() const noexcept { return fault_; }
    [[nodiscard]] std::uint32_t expected() const noexcept { return expected_; }
    [[nodiscard]] std::uint32_t found() const noexcept { return found_; }
    /// First byte behind the image.
    [[nodiscard]] std::uint64_t end() const noexcept { return payload_offset_ + payload_bytes_; }
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    [[nodiscard]] std::string version() const;

  private:
    enum class Phase : std::uint8_t { ELF_HEADER, PROGRAM_HEADERS, NOTE, PAYLOAD, COMPLETE, REFUSED };
    void refuse(ImageFault fault, std::uint32_t expected, std::uint32_t found);
    void take_elf_header(ConstSpan bytes);
    void take_program_headers(ConstSpan bytes);
    void take_note(ConstSpan bytes);
    void take_payload(ConstSpan bytes);

    std::uint32_t image_, longest_read_;
    Phase phase_ = Phase::ELF_HEADER;
    ImageFault fault_ = ImageFault::NONE;
    std::uint32_t expected_ = 0, found_ = 0;
    std::uint64_t position_ = 0, payload_offset_ = 0, payload_bytes_ = 0, note_offset_ = 0;
    std::uint64_t headers_offset_ = 0;
    std::uint32_t crc_ = 0, wanted_crc_ = 0;
    ImageNote note_{};
};

} // namespace card
