// SPDX-License-Identifier: BSD-3-Clause
#include "card/control_server.hpp"
#include <utility>

namespace card {
namespace {

class RealControl final : public ControlServer {
  public:
    RealControl(const CardConfig& config, QsmPorts ports) : qsm_(config, std::move(ports)) {}
    std::optional<Bytes> control(ConstSpan message) override { return qsm_.control(message); }
    void control_started() override { qsm_.control_started(); }
    void reset() override { qsm_.reset(); }
    bool poll() override { return qsm_.poll(); }
    [[nodiscard]] std::optional<Nanos> next_due() const override { return qsm_.next_due(); }
    bool ssr_begin(unsigned dbc) override { return qsm_.ssr_begin(dbc); }
    void ssr_end(unsigned dbc) override { qsm_.ssr_end(dbc); }
    [[nodiscard]] Qsm* qsm() noexcept override { return &qsm_; }

  private:
    Qsm qsm_;
};

} // namespace

ControlFactory real_control()
{
    return [](const CardConfig& config, QsmPorts ports) -> std::unique_ptr<ControlServer> {
        return std::make_unique<RealControl>(config, std::move(ports));
    };
}

} // namespace card
