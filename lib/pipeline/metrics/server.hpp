// SPDX-License-Identifier: BSD-3-Clause
// GET /metrics on 127.0.0.1, by libmicrohttpd. It never listens anywhere else: what a machine does is nobody
// else's business, and who wants it elsewhere has a proxy that knows whom to ask for a password.
#pragma once
#include "base/result.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pipeline::metrics {
using namespace qaic;

/// Serves text from start() until it dies. One thread of its own, libmicrohttpd's: a control thread, no
/// lcore. It inherits the CPUs that its starter may use, so start it from a thread that is not pinned to an
/// lcore's CPU; it takes no signals.
class MetricsServer {
  public:
    static constexpr unsigned connections = 16;         ///< at once; others wait to be accepted
    static constexpr unsigned idle_seconds = 3;         ///< then a silent client is cut off
    static constexpr std::size_t request_limit = 16384; ///< bytes a connection may take for its request

    /// The body of /metrics, in that thread, one call at a time. What it throws is answered with 500.
    using Body = std::function<std::string()>;

    /// `port` 0: any that is free. E_BUSY: the port is taken. E_NORES: no thread or socket. E_PERM: below
    /// 1024.
    static Result<std::unique_ptr<MetricsServer>> start(std::uint16_t port, Body body);
    /// Cuts off whoever is connected; after it `body` is not called again. Waits for a call that runs.
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// "http://127.0.0.1:PORT/metrics"
    [[nodiscard]] std::string url() const;

  private:
    struct Daemon;
    MetricsServer(Body body, std::uint16_t port);
    std::unique_ptr<Daemon> daemon_;
    std::uint16_t port_;
};

} // namespace pipeline::metrics
