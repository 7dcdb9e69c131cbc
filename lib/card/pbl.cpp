// SPDX-License-Identifier: BSD-3-Clause
#include "card/pbl.hpp"
#include "card/faults.hpp"

namespace card {
namespace bhi = aic100::bhi_reg;
namespace {

constexpr std::uint32_t piece = 64u << 10;
constexpr std::uint32_t at(std::uint32_t reg) { return layout::bhi + reg; }

} // namespace

void Pbl::offer(const BhiRequest& request)
{
    request_ = request;
    segments_ = 0;
    reader_.emplace(sbl_image_id, piece);
    for (const auto reg : {bhi::STATUS, bhi::ERRCODE, bhi::ERRDBG1, bhi::ERRDBG2, bhi::ERRDBG3})
        bar0_.set(at(reg), 0);
}

bool Pbl::step()
{
    if (!reader_ || faults_.stall_bhi) return false;
    if (faults_.bhi_error) {
        report(ImageFault::NONE, *faults_.bhi_error, 0, 0);
        faults_.bhi_error.reset();
        return false;
    }
    if (const auto want = reader_->want()) {
        if (want->offset + want->bytes > request_.bytes) {
            reader_->fail(ImageFault::TRUNCATED);
        } else {
            Bytes bytes(want->bytes);
            if (gate_.read(request_.iova + want->offset, bytes))
                reader_->feed(bytes), ++segments_;
            else if (gate_.open())
                reader_->fail(ImageFault::UNREADABLE);
            else
                return false; // bus mastering went off: the download waits for it
        }
    }
    if (reader_->complete() && reader_->end() != request_.bytes) reader_->fail(ImageFault::SIZE);
    if (reader_->complete()) {
        bar0_.set(at(bhi::NUMSEG), segments_);
        report(ImageFault::NONE, 0, 0, 0);
        return true;
    }
    const auto fault = reader_->fault();
    if (fault != ImageFault::NONE)
        report(fault, static_cast<std::uint32_t>(fault), reader_->expected(), reader_->found());
    return false;
}

void Pbl::report(ImageFault fault, std::uint32_t code, std::uint32_t expected, std::uint32_t found)
{
    const auto position = static_cast<std::uint32_t>(reader_->position());
    reader_.reset();
    const bool good = fault == ImageFault::NONE && code == 0;
    if (!good) {
        bar0_.set(at(bhi::ERRCODE), code);
        bar0_.set(at(bhi::ERRDBG1), position);
        bar0_.set(at(bhi::ERRDBG2), expected);
        bar0_.set(at(bhi::ERRDBG3), found);
    }
    const auto status = good ? aic100::BhiStatus::SUCCESS : aic100::BhiStatus::ERROR;
    bar0_.set(at(bhi::STATUS), aic100::bhi_status_state.put(static_cast<std::uint32_t>(status)));
    gate_.raise_msi(bar0_.get(at(bhi::INTVEC)));
}

} // namespace card
