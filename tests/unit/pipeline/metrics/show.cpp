// SPDX-License-Identifier: BSD-3-Clause
// The invented snapshot, for tests in Python: `show text|json|table|families`, or `show serve`, which prints
// the port and serves until its input ends.
#include "pipeline/metrics/families.hpp"
#include "pipeline/metrics/live_table.hpp"
#include "pipeline/metrics/openmetrics.hpp"
#include "pipeline/metrics/server.hpp"
#include "pipeline/metrics/snapshot_json.hpp"
#include "support/pipe_snapshot.hpp"
#include <cstdio>
#include <fmt/format.h>
#include <string_view>

namespace {

std::string text() { return pipeline::metrics::openmetrics(std::vector{test::pipe_snapshot()}); }

/// A line a family: name|type|unit|labels|help
std::string families()
{
    std::string out;
    for (const auto& f : pipeline::metrics::families())
        out += fmt::format("{}|{}|{}|{}|{}\n", f.name, word_of(f.type), f.unit, f.labels, f.help);
    return out;
}

int serve()
{
    auto server = pipeline::metrics::MetricsServer::start(0, &text);
    if (!server) {
        fmt::print(stderr, "{}\n", server.error().message());
        return 1;
    }
    fmt::print("{}\n", (*server)->port());
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const std::string_view what = argc == 2 ? argv[1] : "";
    if (what == "serve") return serve();
    if (what == "text")
        fmt::print("{}", text());
    else if (what == "families")
        fmt::print("{}", families());
    else if (what == "json")
        fmt::print("{}\n", pipeline::metrics::snapshot_json(test::pipe_snapshot()).dump(2));
    else if (what == "table")
        fmt::print("{}", pipeline::metrics::live_table(test::pipe_snapshot(), nullptr));
    else
        return 2;
    return 0;
}
