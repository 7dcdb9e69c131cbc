// SPDX-License-Identifier: BSD-3-Clause
// What the sub-commands of qaic-pipe are asked to do.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qaic_pipe {

/// Common to all: the pipeline, and where its kinds come from.
struct FileOptions {
    std::string file;
    std::vector<std::string> plugins; ///< shared objects with a user's own stages
};

struct PlanOptions {
    FileOptions pipeline;
    std::string host; ///< description of another host (config/topo/); empty: this machine
    std::string svg;  ///< file to write the picture to; empty: none
};

enum class GraphFormat { DOT, SVG };

struct GraphOptions {
    FileOptions pipeline;
    GraphFormat format = GraphFormat::DOT;
    std::string host;    ///< as above; with it, or with `placed`, lcores are shown
    bool placed = false; ///< as placed on this machine
    std::string output;  ///< empty: standard output
};

/// Declare every option on a sub-command.
void add_file_options(CLI::App& command, FileOptions& options);
void add_plan_options(CLI::App& command, PlanOptions& options);
void add_graph_options(CLI::App& command, GraphOptions& options);

} // namespace qaic_pipe
