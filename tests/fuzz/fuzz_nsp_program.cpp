// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as the configuration of an NSP program, as a shared object the tools are to pack, and as
// the ELF a card is to load. Seeds (corpus/fuzz_nsp_program): the configurations of config/programs, and a
// small object with metadata.
#include "aic100/wire/nsp_native.hpp"
#include "card/nsp/program.hpp"
#include "qpc/native_builder.hpp"
#include "qpc/native_elf.hpp"
#include "qpc/program_description.hpp"
#include <cstdlib>

namespace {
using namespace qaic;

void expect_one_line(const Error& error)
{
    if (error.text.empty() || error.text.find('\n') != std::string::npos || error.text.size() > 4096)
        std::abort();
}

template<class R>
bool worked(const R& result)
{
    if (!result) expect_one_line(result.error());
    return static_cast<bool>(result);
}

/// What is accepted can be laid out, and describes itself rightly.
void try_config(std::string_view text)
{
    const auto c = qpc::parse_program_config(text);
    if (!worked(c)) return;
    const auto m = qpc::program_metadata(*c, 0, aic100::nsp_native_context);
    if (!worked(m)) return;
    if (qpc::encode_program_description(*c).size() != m->static_constants) std::abort();
    if (!worked(qpc::decode_metadata(qpc::encode_metadata(*m)))) std::abort();
}

void try_object(ConstSpan bytes)
{
    (void)worked(qpc::exported_function(bytes, aic100::nsp_native_entry));
    const Bytes note(16, std::byte{1});
    const auto longer = qpc::with_section(bytes, "note", note);
    if (worked(longer) && qpc::with_section(*longer, "note", note)) std::abort(); // it is there now
}

/// A program the card accepts lies within its bounds.
void try_card(ConstSpan bytes)
{
    const auto p = card::load_program(bytes);
    if (!p) return;
    if (p->nsps == 0 || p->nsps > card::max_nsps || p->receive.size() != p->nsps || p->semaphores > 32)
        std::abort();
    if (p->host_native &&
        (p->native.entries.size() > aic100::nsp_max_threads || p->native.elf_bytes != bytes.size()))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    try_config({reinterpret_cast<const char*>(data), size});
    try_object(bytes);
    try_card(bytes);
    return 0;
}
