// SPDX-License-Identifier: BSD-3-Clause
#include "card/firmware_image.hpp"
#include "aic100/wire/sahara.hpp"
#include <algorithm>
#include <array>
#include <cstring>
#include <zlib.h>

namespace card {
namespace status = aic100::sahara_status;
namespace {

constexpr std::array<ImageFaultInfo, 9> faults{{
    {ImageFault::NONE, status::SUCCESS, "accepted"},
    {ImageFault::NOT_ELF, status::BAD_ELF_HEADER, "not a little-endian ELF64 file"},
    {ImageFault::HEADERS, status::BAD_IMAGE_HEADER_SIZE, "program headers are not those of a firmware image"},
    {ImageFault::NOTE, status::BAD_IMAGE_HEADER_SIZE, "the note that describes the image is malformed"},
    {ImageFault::WRONG_ID, status::BAD_IMAGE_TYPE, "the file is another image"},
    {ImageFault::SIZE, status::BAD_DATA_SIZE, "sizes in headers, note and file disagree"},
    {ImageFault::CRC, status::READ_DATA_ERROR, "payload does not match its CRC"},
    {ImageFault::TRUNCATED, status::READ_DATA_ERROR, "the host has no such bytes"},
    {ImageFault::UNREADABLE, status::READ_DATA_ERROR, "host memory is not readable"},
}};

constexpr unsigned program_headers = 2; // one PT_NOTE, one PT_LOAD
constexpr std::uint32_t pt_load = 1, pt_note = 4;
constexpr std::array<unsigned char, 7> elf_ident{0x7f, 'E', 'L', 'F', 2, 1, 1};
constexpr std::array<char, 8> note_name{'Q', 'A', 'I', 'C', 0, 0, 0, 0};

std::uint32_t add_crc(std::uint32_t crc, ConstSpan bytes)
{
    return static_cast<std::uint32_t>(
        ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

} // namespace

const ImageFaultInfo& image_fault_info(ImageFault fault) noexcept
{
    const auto i = static_cast<std::size_t>(fault);
    return faults[i < faults.size() ? i : 0];
}

std::optional<ImageReader::Want> ImageReader::want() const
{
    switch (phase_) {
    case Phase::ELF_HEADER: return Want{0, sizeof(ElfHeader)};
    case Phase::PROGRAM_HEADERS: return Want{headers_offset_, program_headers * sizeof(ElfProgramHeader)};
    case Phase::NOTE: return Want{note_offset_, sizeof(ImageNote)};
    case Phase::PAYLOAD:
        return Want{position_,
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(longest_read_, end() - position_))};
    case Phase::COMPLETE:
    case Phase::REFUSED: break;
    }
    return std::nullopt;
}

void ImageReader::feed(ConstSpan bytes)
{
    const auto wanted = want();
    if (!wanted) return;
    if (bytes.size() != wanted->bytes)
        return refuse(ImageFault::TRUNCATED, wanted->bytes, static_cast<std::uint32_t>(bytes.size()));
    position_ = wanted->offset + wanted->bytes;
    switch (phase_) {
    case Phase::ELF_HEADER: return take_elf_header(bytes);
    case Phase::PROGRAM_HEADERS: return take_program_headers(bytes);
    case Phase::NOTE: return take_note(bytes);
    default: return take_payload(bytes);
    }
}

void ImageReader::refuse(ImageFault fault, std::uint32_t expected, std::uint32_t found)
{
    phase_ = Phase::REFUSED;
    fault_ = fault, expected_ = expected, found_ = found;
}

void ImageReader::take_elf_header(ConstSpan bytes)
{
    const auto elf = *read_at<ElfHeader>(bytes);
    if (!std::equal(elf_ident.begin(), elf_ident.end(), elf.ident))
        return refuse(ImageFault::NOT_ELF, 0x464c457f, *read_at<le32>(bytes));
    if (elf.phnum != program_headers || elf.phentsize != sizeof(ElfProgramHeader) ||
        elf.phoff != sizeof(ElfHeader))
        return refuse(ImageFault::HEADERS, program_headers, elf.phnum);
    headers_offset_ = elf.phoff;
    phase_ = Phase::PROGRAM_HEADERS;
}

void ImageReader::take_program_headers(ConstSpan bytes)
{
    const auto note = *read_at<ElfProgramHeader>(bytes, 0);
    const auto load = *read_at<ElfProgramHeader>(bytes, sizeof(ElfProgramHeader));
    const std::uint64_t after = position_;
    if (note.type != pt_note || load.type != pt_load) return refuse(ImageFault::HEADERS, pt_load, load.type);
    if (note.offset != after || note.filesz != sizeof(ImageNote) || load.offset != after + sizeof(ImageNote))
        return refuse(ImageFault::HEADERS, sizeof(ImageNote), static_cast<std::uint32_t>(note.filesz));
    if (load.filesz == 0 || load.filesz > max_image_bytes)
        return refuse(ImageFault::SIZE, static_cast<std::uint32_t>(max_image_bytes),
                      static_cast<std::uint32_t>(load.filesz));
    note_offset_ = note.offset;
    payload_offset_ = load.offset, payload_bytes_ = load.filesz;
    phase_ = Phase::NOTE;
}

void ImageReader::take_note(ConstSpan bytes)
{
    note_ = *read_at<ImageNote>(bytes);
    const bool good = note_.name_bytes == 5 && note_.desc_bytes == image_note_desc &&
                      note_.note_type == image_note_type && note_.magic == image_magic &&
                      std::equal(note_name.begin(), note_name.end(), note_.name);
    if (!good) return refuse(ImageFault::NOTE, image_magic, note_.magic);
    if (note_.image != image_) return refuse(ImageFault::WRONG_ID, image_, note_.image);
    if (note_.payload_bytes != payload_bytes_)
        return refuse(ImageFault::SIZE, note_.payload_bytes, static_cast<std::uint32_t>(payload_bytes_));
    wanted_crc_ = note_.payload_crc;
    phase_ = Phase::PAYLOAD;
}

void ImageReader::take_payload(ConstSpan bytes)
{
    crc_ = add_crc(crc_, bytes);
    if (position_ < end()) return;
    if (crc_ != wanted_crc_) return refuse(ImageFault::CRC, wanted_crc_, crc_);
    phase_ = Phase::COMPLETE;
}

std::string ImageReader::version() const
{
    return {note_.version, ::strnlen(note_.version, sizeof note_.version)};
}

} // namespace card
