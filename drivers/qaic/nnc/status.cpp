// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/nnc/status.hpp"

namespace qaic::nnc {
namespace {

struct Row {
    std::int32_t status;
    Code code;
    std::string_view text;
};
// Resources run out -> E_NORES; restart -> E_BUSY; -9 -> E_PERM; program does not suit this card -> E_FORMAT.
constexpr Row rows[] = {
    {-1, Code::E_DMA, "general failure"},
    {-2, Code::E_DMA, "DMA channel configuration failed"},
    {-3, Code::E_UNSUPP, "undefined request"},
    {-4, Code::E_NORES, "out of card memory"},
    {-5, Code::E_FORMAT, "metadata version or contents"},
    {-6, Code::E_INVAL, "bad parameter"},
    {-7, Code::E_TIMEOUT, "timed out waiting for a state change"},
    {-8, Code::E_DMA, "not initialised"},
    {-9, Code::E_PERM, "not permitted: wrong owner, or in use"},
    {-10, Code::E_INVAL, "buffer too small"},
    {-11, Code::E_INVAL, "resource not found"},
    {-12, Code::E_NORES, "no free multicast ids"},
    {-13, Code::E_NORES, "no free NSPs"},
    {-14, Code::E_NORES, "no free virtual channel"},
    {-15, Code::E_NORES, "no free semaphores"},
    {-16, Code::E_DMA, "NSP answered with an error or not at all"},
    {-17, Code::E_DMA, "unexpected command length"},
    {-18, Code::E_NORES, "reservation ids exhausted"},
    {-19, Code::E_INVAL, "id not found"},
    {-20, Code::E_NORES, "ids exhausted"},
    {-21, Code::E_NORES, "outbound address translation exhausted"},
    {-22, Code::E_NORES, "inbound address translation exhausted"},
    {-34, Code::E_DMA, "peer-to-peer queue too small"},
    {-35, Code::E_DMA, "virtual channel configuration failed"},
    {-36, Code::E_BUSY, "subsystem restart in progress"},
    {-37, Code::E_DMA, "activation record corrupt"},
    {-38, Code::E_DMA, "metadata corrupt on the card"},
    {-39, Code::E_DMA, "G-link check failed"},
    {-40, Code::E_DMA, "MHI check failed"},
    {-41, Code::E_DMA, "safety check of the metadata failed"},
    {-42, Code::E_DMA, "safety check of the constants failed"},
    {-43, Code::E_DMA, "safety check of the ELF failed"},
    {-44, Code::E_DMA, "protection unit"},
    {-45, Code::E_DMA, "table update failed"},
    {-46, Code::E_FORMAT, "program information in the metadata"},
    {-47, Code::E_DMA, "multicast configuration failed"},
    {-48, Code::E_FORMAT, "L2TCM initialisation missing"},
    {-49, Code::E_FORMAT, "L2TCM initialisation invalid"},
    {-50, Code::E_FORMAT, "dynamic constants"},
    {-51, Code::E_DMA, "semaphore block configuration failed"},
    {-52, Code::E_DMA, "virtual channel set-up failed"},
    {-64, Code::E_UNSUPP, "protocol not supported"},
    {-65, Code::E_NORES, "multicast ids beyond the card's maximum"},
    {-66, Code::E_UNSUPP, "data-path switching not enabled"},
    {-100, Code::E_DMA, "activation synchronisation failed"},
    {-101, Code::E_DMA, "mapping failed"},
    {-102, Code::E_FORMAT, "execution context version"},
    {-103, Code::E_DMA, "waiting for an NSP process failed"},
    {-104, Code::E_DMA, "message to an NSP failed"},
    {-107, Code::E_DMA, "NSP not ready before activation"},
    {-111, Code::E_DMA, "NSP synchronisation failed"},
    {-112, Code::E_TIMEOUT, "NSP synchronisation timed out"},
    {-113, Code::E_DMA, "deactivation message failed"},
    {-114, Code::E_DMA, "deactivation was not acknowledged"},
    {-116, Code::E_INVAL, "nothing to deactivate"},
};
const Row& row(std::int32_t status) noexcept
{
    static constexpr Row unknown{0, Code::E_DMA, "status without a public meaning"};
    for (const auto& r : rows)
        if (r.status == status) return r;
    return unknown;
}

} // namespace

Code status_code(std::int32_t status) noexcept { return row(status).code; }
std::string_view status_text(std::int32_t status) noexcept { return row(status).text; }

Error status_error(std::string_view device, std::string_view what, std::int32_t status)
{
    return {status_code(status), fmt::format("{}: {} refused by the card: NNC status {} ({})", device, what,
                                             status, status_text(status))};
}

} // namespace qaic::nnc
