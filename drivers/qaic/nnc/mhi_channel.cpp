// SPDX-License-Identifier: BSD-3-Clause
#include "aic100/wire/nnc.hpp"
#include "qaic/controller.hpp"
#include "qaic/nnc/channel.hpp"
#include "qaic/nnc/client.hpp"

namespace qaic::nnc {
namespace {

constexpr std::uint8_t to_card = 10, from_card = 11;

class MhiChannel final : public Channel {
  public:
    MhiChannel(Controller& controller, std::string device)
        : controller_(controller), device_(std::move(device))
    {}

    Result<void> start(Receiver receiver) override
    {
        auto& mhi = controller_.mhi();
        if (mhi.running(to_card)) QAIC_CHECK(mhi.reset_pair(to_card));
        return mhi.start_pair(to_card, std::move(receiver));
    }
    Result<void> post() override { return controller_.mhi().post(from_card, aic100::nnc_max_from_device); }
    Result<void> send(ConstSpan message) override { return controller_.mhi().send(to_card, message); }
    void poll() override { controller_.poll(); }
    Result<void> alive() override
    {
        if (controller_.interrupted()) return fail(Code::E_RESET, "{}: interrupted", device_);
        switch (controller_.health()) {
        case mhi::Health::OK: return {};
        case mhi::Health::GONE: return fail(Code::E_REMOVED, "{}: card is gone", device_);
        case mhi::Health::OFF: return fail(Code::E_STATE, "{}: card is not running", device_);
        case mhi::Health::SYS_ERR: return fail(Code::E_RESET, "{}: card reported SYS_ERR", device_);
        case mhi::Health::BROKEN: break;
        }
        return fail(Code::E_RESET, "{}: card broke the MHI protocol", device_);
    }

  private:
    Controller& controller_;
    std::string device_;
};

} // namespace

std::unique_ptr<Channel> make_mhi_channel(Controller& controller, std::string device)
{
    return std::make_unique<MhiChannel>(controller, std::move(device));
}

Client::Client(Bus& bus, Controller& controller, const Limits& limits, std::uint32_t handle)
    : Client(bus, make_mhi_channel(controller, bus.name()), limits, handle)
{}

} // namespace qaic::nnc
