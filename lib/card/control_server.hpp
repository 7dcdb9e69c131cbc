// SPDX-License-Identifier: BSD-3-Clause
// What the card's core needs of QSM, so that a test can put something smaller in its place. The meaning of
// every call is that of the member of Qsm with the same name (qsm.hpp).
#pragma once
#include "card/qsm.hpp"
#include <functional>

namespace card {

class ControlServer {
  public:
    virtual ~ControlServer() = default;
    [[nodiscard]] virtual std::optional<Bytes> control(ConstSpan message) = 0;
    virtual void control_started() = 0;
    virtual void reset() = 0;
    virtual bool poll() = 0;
    [[nodiscard]] virtual std::optional<Nanos> next_due() const = 0;
    virtual bool ssr_begin(unsigned dbc) = 0;
    virtual void ssr_end(unsigned dbc) = 0;
    /// The real thing, when it is that.
    [[nodiscard]] virtual Qsm* qsm() noexcept { return nullptr; }
};

using ControlFactory = std::function<std::unique_ptr<ControlServer>(const CardConfig&, QsmPorts)>;
/// The QSM of qsm.hpp.
[[nodiscard]] ControlFactory real_control();

} // namespace card
