// SPDX-License-Identifier: BSD-3-Clause
// Arbitrary bytes as a program container, and as each of the parts that lie in one: the parts are reached
// without a sound container around them too. Seeds (corpus/fuzz_qpc): small built containers, some without
// checksums, and their segments.
#include "qpc/nsp_image.hpp"
#include "qpc/onnx_info.hpp"
#include "qpc/program.hpp"
#include <cstdlib>

namespace {
using namespace qaic;

/// What load_program promises of its result: every span lies inside the bytes given.
void expect_inside(ConstSpan part, ConstSpan whole)
{
    if (part.empty()) return;
    if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()) std::abort();
}

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

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    if (const auto p = qpc::load_program(bytes, "fuzz\n.qpc"); worked(p)) {
        expect_inside(p->elf, bytes);
        expect_inside(p->static_constants, bytes);
        expect_inside(p->dynamic_constants, bytes);
        for (const auto& s : p->container.segments) expect_inside(s.data, bytes);
        for (const auto& r : p->metadata.requests)
            if (r.num != qpc::no_buffer && r.host_offset + r.size > p->network.buffers.at(r.num).size)
                std::abort();
        if (const auto* nsp = p->elf_file.find(aic100::nsp_section)) worked(qpc::decode_nsp_image(nsp->data));
    }
    if (const auto elf = qpc::parse_elf(bytes); worked(elf))
        for (const auto& s : elf->sections) expect_inside(s.data, bytes);
    // What is accepted can be written and is then accepted again.
    if (const auto m = qpc::decode_metadata(bytes);
        worked(m) && !worked(qpc::decode_metadata(qpc::encode_metadata(*m))))
        std::abort();
    if (const auto d = qpc::parse_network_desc(bytes); worked(d)) {
        const auto again = qpc::write_network_desc(*d);
        if (!worked(again)) std::abort();
    }
    worked(qpc::decode_nsp_image(bytes));
    worked(qpc::read_onnx_info(bytes));
    return 0;
}
