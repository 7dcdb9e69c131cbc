// SPDX-License-Identifier: BSD-3-Clause
// Flatbuffer -> Metadata. Nothing is read before the verifier passed, and it runs on an aligned copy: a
// section's offset in the ELF file is arbitrary.
#include "qpc/metadata_decode.hpp"
#include "base/endian.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <array>

namespace qpc {
namespace {
constexpr std::size_t terminator_bytes = 8;

struct Terminator {
    le16 one, zero;
    le32 reserved;
};
static_assert(sizeof(Terminator) == terminator_bytes);

/// 16-byte aligned copy of file bytes.
class AlignedCopy {
  public:
    explicit AlignedCopy(ConstSpan bytes)
        : words_((bytes.size() + sizeof(Word) - 1) / sizeof(Word)), size_(bytes.size())
    {
        if (!bytes.empty()) std::memcpy(words_.data(), bytes.data(), bytes.size());
    }
    [[nodiscard]] const std::uint8_t* data() const noexcept
    {
        return words_.empty() ? nullptr : words_[0].bytes;
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    struct alignas(16) Word {
        std::uint8_t bytes[16];
    };
    std::vector<Word> words_;
    std::size_t size_;
};

bool verified(const AlignedCopy& copy)
{
    // The smallest root is an offset and a table; the verifier itself assumes a non-empty buffer.
    if (copy.size() < 2 * sizeof(flatbuffers::uoffset_t)) return false;
    flatbuffers::Verifier verifier(copy.data(), copy.size(), limits::fb_depth, limits::fb_tables);
    return fb::VerifyMetadataBuffer(verifier);
}

Result<void> check_required_fields(const fb::Metadata& m)
{
    QAIC_CHECK(check_count("required fields", count(m.required_fields()), limits::required_fields));
    for (std::size_t i = 0; i < count(m.required_fields()); ++i) {
        const auto* s = m.required_fields()->Get(static_cast<flatbuffers::uoffset_t>(i));
        if (const std::string_view name(s->c_str(), s->size()); !known_required_field(name))
            return fail(Code::E_FORMAT,
                        "metadata: requires field \"{}\", which this version does not know: compiled "
                        "for a newer runtime",
                        printable(name, 96));
    }
    return {};
}

Result<void> decode_lists(const fb::Metadata& m, Metadata& out)
{
    QAIC_CHECK(check_count("semaphore initial values", count(m.semaphore_init_state()), limits::semaphores));
    QAIC_CHECK(check_count("threads", count(m.thread_descriptors()), limits::threads));
    QAIC_CHECK(check_count("constant mappings", count(m.constant_mappings()), limits::nsps));
    QAIC_CHECK(check_count("bytes of initial L2TCM", count(m.l2tcm_init_state()), limits::l2tcm_bytes));
    QAIC_CHECK(check_count("ports", count(m.port_table()), 0xffff));
    if (count(m.l2tcm_init_state()) != m.l2tcm_init_size())
        return fail(Code::E_FORMAT,
                    "metadata: initial L2TCM has another length than stated got={} expected={}",
                    count(m.l2tcm_init_state()), m.l2tcm_init_size());
    if (m.semaphore_init_state() != nullptr)
        out.semaphore_init.assign(m.semaphore_init_state()->begin(), m.semaphore_init_state()->end());
    const auto copy = [](const flatbuffers::Vector<std::uint8_t>* from, Bytes& to) {
        if (from == nullptr || from->size() == 0) return;
        const auto bytes = std::as_bytes(std::span(from->data(), from->size()));
        to.assign(bytes.begin(), bytes.end());
    };
    copy(m.l2tcm_init_state(), out.l2tcm_init);
    copy(m.exec_context(), out.exec_context);
    if (m.thread_descriptors() != nullptr)
        for (const auto* t : *m.thread_descriptors())
            out.threads.push_back({t->entry_point(), t->type_mask()});
    if (m.constant_mappings() != nullptr)
        for (const auto* c : *m.constant_mappings())
            out.constant_mappings.push_back({c->base_offset(), c->core_mask(), c->size()});
    if (m.port_table() != nullptr)
        for (const auto* p : *m.port_table()) out.ports.push_back({p->port_id(), p->port_type()});
    return {};
}

void decode_scalars(const fb::Metadata& m, Metadata& out)
{
    out.version_major = m.version_major();
    out.version_minor = m.version_minor();
    out.static_ddr = m.static_shared_ddr_size();
    out.dynamic_ddr = m.dynamic_shared_ddr_size();
    out.static_constants = m.static_constants_size();
    out.dynamic_constants = m.dynamic_constants_size();
    out.exit_doorbell = m.exit_doorbell_offset();
    out.l2_cached_ddr = m.l2_cached_ddr_size();
    out.exec_context_major = m.exec_context_major_version();
    out.nsps = m.num_nsps();
    out.semaphores = m.num_semaphores();
    out.hw_major = m.hw_version_major();
    out.hw_minor = m.hw_version_minor();
    out.static_ddr_ecc = m.static_shared_ddr_ecc();
    out.dynamic_ddr_ecc = m.dynamic_shared_ddr_ecc();
    out.static_constants_ecc = m.static_constants_ecc();
    out.dynamic_constants_ecc = m.dynamic_constants_ecc();
    out.single_vtcm_page = m.single_vtcm_page();
    out.hvx_fp = m.has_hvx_fp();
    out.hmx_fp = m.has_hmx_fp();
    out.vtcm = m.vtcm_size();
    out.l2tcm = m.l2tcm_size();
    out.heap = m.network_heap_size();
}

Result<Metadata> decode_verified(const fb::Metadata& m)
{
    if (m.version_major() != 1)
        return fail(Code::E_FORMAT, "metadata: unknown major version got={} expected=1", m.version_major());
    QAIC_CHECK(check_required_fields(m));
    Metadata out;
    if (m.network_name() != nullptr) {
        QAIC_CHECK(check_count("characters in the network name", m.network_name()->size(), limits::name));
        out.network_name = m.network_name()->str();
    }
    decode_scalars(m, out);
    QAIC_CHECK(decode_lists(m, out));
    QAIC_CHECK(decode_requests(m, out));
    QAIC_CHECK(decode_multicast(m, out));
    QAIC_CHECK(check_metadata(out));
    return out;
}

} // namespace

Result<Metadata> decode_metadata(ConstSpan section)
{
    if (section.size() > limits::metadata)
        return fail(Code::E_LIMIT, "metadata too large got={} limit={}", section.size(), limits::metadata);
    const AlignedCopy whole(section);
    if (verified(whole)) return decode_verified(*fb::GetMetadata(whole.data()));
    const auto first = read_at<Terminator>(section);
    if (first && first->one == 1 && first->zero == 0) {
        const AlignedCopy rest(section.subspan(terminator_bytes));
        if (verified(rest)) return decode_verified(*fb::GetMetadata(rest.data()));
        return fail(Code::E_FORMAT,
                    "metadata: no valid flatbuffer behind the terminator record (the old raw structure is "
                    "not supported)");
    }
    return fail(Code::E_FORMAT, "metadata: not a valid flatbuffer (verifier, depth {} tables {})",
                limits::fb_depth, limits::fb_tables);
}

} // namespace qpc
