// SPDX-License-Identifier: BSD-3-Clause
// What the sub-commands of qaic-pipe are asked to do.
#pragma once
#include <cstdint>
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

struct CheckOptions {
    FileOptions pipeline;
    std::string host;        ///< as above
    double inference_us = 0; ///< of one inference alone; 0: unknown
    unsigned slots = 1;      ///< inferences a card computes at once
};

enum class GraphFormat { DOT, SVG };

struct GraphOptions {
    FileOptions pipeline;
    GraphFormat format = GraphFormat::DOT;
    std::string host;    ///< as above; with it, or with `placed`, lcores are shown
    bool placed = false; ///< as placed on this machine
    std::string output;  ///< empty: standard output
};

struct RunOptions {
    FileOptions pipeline;
    std::string host; ///< as above
    std::vector<std::string>
        devices;             ///< PCI addresses and virtual devices; empty: an emulated card if one is needed
    std::string driver;      ///< plugin with the card's driver; empty: look for it
    double seconds = 0;      ///< then it drains; 0: until its sources end
    double drain_limit = 10; ///< seconds that draining may take
    int metrics_port = -1;   ///< below 0: no metrics; 0: any that is free
    bool json = false, no_live = false;
    std::uint32_t items = 0;      ///< EngineOptions::items
    std::string svg, dot;         ///< files to draw the graph to as it ran; empty: none
    std::vector<std::string> eal; ///< everything behind "--"
};

/// Declare every option on a sub-command.
void add_file_options(CLI::App& command, FileOptions& options);
void add_plan_options(CLI::App& command, PlanOptions& options);
void add_check_options(CLI::App& command, CheckOptions& options);
void add_graph_options(CLI::App& command, GraphOptions& options);
void add_run_options(CLI::App& command, RunOptions& options);

} // namespace qaic_pipe
