// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/server.hpp"
#include "pipeline/metrics/openmetrics.hpp"
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <exception>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string_view>
#include <thread>

namespace pipeline::metrics {

/// The handle, and what libmicrohttpd said while it started: it returns no reason, only logs one.
struct MetricsServer::Daemon {
    Body body;
    MHD_Daemon* handle = nullptr;
    std::thread::id starter = std::this_thread::get_id();
    int error = 0;
    std::string reason;
};

namespace {

/// No signal in this thread, and so in none that it starts, for a scope.
class Deaf {
  public:
    Deaf()
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~Deaf() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Deaf(const Deaf&) = delete;
    Deaf& operator=(const Deaf&) = delete;

  private:
    sigset_t before_{};
};

template<class D>
void on_log(void* daemon, const char* format, va_list arguments)
{
    const int error = errno;
    auto& d = *static_cast<D*>(daemon);
    // What the server's own thread logs is about clients, and none of the application's business.
    if (std::this_thread::get_id() != d.starter || !d.reason.empty()) return;
    std::array<char, 200> text{};
    (void)std::vsnprintf(text.data(), text.size(), format, arguments);
    d.reason = text.data();
    if (const auto end = d.reason.find('\n'); end != std::string::npos) d.reason.resize(end);
    d.error = error;
}

MHD_Result respond(MHD_Connection* to, unsigned status, const char* type, const std::string& text)
{
    // MUST_COPY only reads, though its parameter does not say so.
    auto* const response =
        MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
    if (response == nullptr) return MHD_NO; // no memory: the connection is closed
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    const auto queued = MHD_queue_response(to, status, response);
    MHD_destroy_response(response);
    return queued;
}

MHD_Result answer(const MetricsServer::Body& body, MHD_Connection* to, std::string_view path,
                  std::string_view method)
{
    static constexpr const char* plain = "text/plain; charset=utf-8";
    if (method != "GET" && method != "HEAD")
        return respond(to, MHD_HTTP_METHOD_NOT_ALLOWED, plain, "only GET and HEAD\n");
    if (path == "/metrics") return respond(to, MHD_HTTP_OK, content_type, body());
    if (path == "/") return respond(to, MHD_HTTP_OK, plain, "the metrics of pipelines are at /metrics\n");
    return respond(to, MHD_HTTP_NOT_FOUND, plain, "there is only /metrics\n");
}

/// No exception may go through C.
template<class D>
MHD_Result on_request(void* daemon, MHD_Connection* to, const char* path, const char* method, const char*,
                      const char*, std::size_t*, void**)
{
    try {
        return answer(static_cast<D*>(daemon)->body, to, path, method);
    } catch (const std::exception&) {
        return respond(to, MHD_HTTP_INTERNAL_SERVER_ERROR, "text/plain", "the metrics could not be made\n");
    }
}

} // namespace

MetricsServer::MetricsServer(Body body, std::uint16_t port) : daemon_(std::make_unique<Daemon>()), port_(port)
{
    daemon_->body = std::move(body);
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(std::uint16_t port, Body body)
{
    std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(body), port));
    auto& d = *server->daemon_;
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_port = htons(port);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    {
        const Deaf while_it_starts;
        d.handle = MHD_start_daemon(
            MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG, port, nullptr, nullptr, &on_request<Daemon>, &d,
            MHD_OPTION_EXTERNAL_LOGGER, &on_log<Daemon>, &d, // first, or it misses what the others log
            MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&loopback), MHD_OPTION_CONNECTION_LIMIT,
            connections, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            request_limit, MHD_OPTION_END);
    }
    if (d.handle == nullptr) {
        const auto code = d.error == EADDRINUSE ? Code::E_BUSY
                          : d.error == EACCES   ? Code::E_PERM
                                                : Code::E_NORES;
        return fail(code, "metrics on 127.0.0.1:{}: {}; take another port, or 0 for any", port,
                    d.reason.empty() ? "the server did not start" : d.reason);
    }
    const auto* const info = MHD_get_daemon_info(d.handle, MHD_DAEMON_INFO_BIND_PORT);
    if (info == nullptr || info->port == 0)
        return fail(Code::E_NORES, "metrics on 127.0.0.1:{}: the server does not say its port", port);
    server->port_ = info->port;
    return server;
}

MetricsServer::~MetricsServer()
{
    if (daemon_->handle != nullptr) MHD_stop_daemon(daemon_->handle);
}

std::string MetricsServer::url() const { return fmt::format("http://127.0.0.1:{}/metrics", port_); }

} // namespace pipeline::metrics
