// SPDX-License-Identifier: BSD-3-Clause
// Text for other tools: percentile files, comma-separated values, gnuplot scripts and the pictures of them.
#include "load/csv.hpp"
#include "load/gnuplot.hpp"
#include "load/hgrm.hpp"
#include "load/percentiles.hpp"
#include "load/plot.hpp"
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace {
using namespace qaic::load;
using namespace std::chrono_literals;
using qaic::stats::Histogram;

TEST(Percentiles, HalveTheWayToOne)
{
    Histogram h;
    for (unsigned v = 1; v <= 100; ++v) h.record(v);
    const auto levels = percentile_levels(h);
    const double want[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.775};
    for (std::size_t i = 0; i < std::size(want); ++i) EXPECT_DOUBLE_EQ(levels.at(i).fraction, want[i]);
    for (const auto& l : levels) EXPECT_EQ(l.below, l.value);
    EXPECT_EQ(levels.back().fraction, 1);
    EXPECT_EQ(levels.back().value, 100u);
    EXPECT_EQ(levels[levels.size() - 2].value, 100u);
    EXPECT_EQ(levels[levels.size() - 3].value, 99u);
    EXPECT_TRUE(percentile_levels(Histogram{}).empty());
}

TEST(Hgrm, IsWhatPlottersRead)
{
    Histogram h;
    for (unsigned i = 0; i < 4; ++i)
        h.record(64000); // the lowest of a bucket of 1000 ns, clamped to the recorded
    EXPECT_EQ(hgrm_text(h), "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                            "\n"
                            "      64.000 0.000000000000          4           1.00\n"
                            "      64.000 1.000000000000          4\n"
                            "#[Mean    =       64.000, StdDeviation   =        0.000]\n"
                            "#[Max     =       64.000, Total count    =            4]\n"
                            "#[Buckets =           58, SubBuckets     =          128]\n");
}

TEST(Hgrm, RisesAndEndsAtTheMaximum)
{
    Histogram h;
    for (std::uint64_t i = 1; i <= 100000; ++i) h.record(i * i);
    std::istringstream text(hgrm_text(h));
    std::string line;
    std::getline(text, line), std::getline(text, line);
    double value = 0, fraction = 0, last_value = 0, last_fraction = -1;
    std::uint64_t count = 0;
    unsigned rows = 0;
    while (std::getline(text, line) && line[0] != '#') {
        ASSERT_TRUE(std::istringstream(line) >> value >> fraction >> count) << line;
        EXPECT_GE(value, last_value);
        EXPECT_GT(fraction, last_fraction);
        EXPECT_GE(static_cast<double>(count), fraction * 100000 - 1);
        last_value = value, last_fraction = fraction, ++rows;
    }
    EXPECT_EQ(fraction, 1);
    EXPECT_EQ(value, 1e10 / 1000);
    EXPECT_EQ(count, 100000u);
    EXPECT_GT(rows, 40u); // until the last bucket, which holds 0.4 %
}

std::size_t columns_of(const std::string& line)
{
    return static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
}

TEST(Csv, HeaderAndRowsFit)
{
    const std::vector<std::string> labels{"model", "depth"}, values{"resnet", "32"};
    const auto header = csv_header(labels), row = csv_row(values, Figures{.achieved = 1.5, .failed = 3});
    EXPECT_EQ(header.rfind("model,depth,offered_per_s,achieved_per_s,seconds,", 0), 0u) << header;
    EXPECT_EQ(row.rfind("resnet,32,0,1.5,0,0,3,", 0), 0u) << row;
    EXPECT_EQ(columns_of(header), columns_of(row));
    EXPECT_EQ(columns_of(csv_header({})), columns_of(csv_row({}, {})));
    EXPECT_EQ(header.back(), '\n');
}

TEST(Csv, QuotesWhatWouldBreakARow)
{
    const std::vector<std::string> values{"", "a,b", "say \"x\"", "two\nlines"};
    EXPECT_EQ(csv_row(values, {}).rfind(",\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",0,", 0), 0u)
        << csv_row(values, {});
}

Histogram waiting(double scale)
{
    Histogram h;
    for (int i = 0; i < 100000; ++i)
        h.record(static_cast<std::uint64_t>(-std::log((i + 0.5) / 100000) * scale));
    return h;
}

std::vector<SweepRow> grid()
{
    std::vector<SweepRow> rows;
    for (const std::uint32_t depth : {4U, 64U})
        for (double rate = 1e6; rate <= 9e6; rate += 1e6) {
            Outcome o;
            o.offered = rate, o.seconds = 1, o.succeeded = static_cast<std::uint64_t>(rate);
            o.latency = waiting(1e11 / (1e7 - rate) * (depth == 4 ? 1 : 1.3));
            rows.push_back({{depth, 4, 1, rate}, figures_of(o)});
        }
    return rows;
}

class Picture : public testing::Test {
  protected:
    void SetUp() override
    {
        std::string name = (std::filesystem::temp_directory_path() / "qaic_plot_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string at(const char* name) const { return (folder_ / name).string(); }
    [[nodiscard]] static std::string content(const std::string& path)
    {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::size_t files() const
    {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
    }
    std::filesystem::path folder_;
};

TEST_F(Picture, OfLatencies)
{
    const auto a = waiting(1e5), b = waiting(4e5);
    const LatencyCurve curves[] = {{"it's 1 'Mega'", &a}, {"2 M/s", &b}, {"empty", nullptr}};
    const auto made = render_svg(latency_plot("digits, one_lcore", curves, 2000), at("latency.svg"));
    ASSERT_TRUE(made) << made.error().text;
    const auto svg = content(at("latency.svg"));
    for (const char* text :
         {"<svg", "</svg>", "digits, one_lcore", "it's 1 'Mega'", "99.99 %", "limit 2000 µs"})
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    EXPECT_EQ(svg.find(">empty<"), std::string::npos);
    EXPECT_EQ(files(), 1u) << "only the picture stays";
}

TEST_F(Picture, OfASweep)
{
    auto made = render_svg(sweep_plot("sweep", grid()), at("sweep.svg"));
    ASSERT_TRUE(made) << made.error().text;
    const auto svg = content(at("sweep.svg"));
    for (const char* text : {"p99, depth 4", "p99, depth 64", "operations/s that came back"})
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    auto one = grid();
    one.resize(9);
    made = render_svg(sweep_plot("one", one), at("one.svg"));
    ASSERT_TRUE(made) << made.error().text;
    for (const char* text : {">p50<", ">p99<", ">p99.9<"})
        EXPECT_NE(content(at("one.svg")).find(text), std::string::npos) << text;
}

TEST_F(Picture, OfNothingSaysSo)
{
    ASSERT_TRUE(render_svg(latency_plot("none", {}), at("none.svg")));
    EXPECT_NE(content(at("none.svg")).find("nothing came back"), std::string::npos);
    ASSERT_TRUE(render_svg(sweep_plot("none", {}), at("none.svg")));
}

TEST_F(Picture, TextsAndNamesAreNeverCommands)
{
    const auto a = waiting(1e5);
    const LatencyCurve curves[] = {{"x'; system('touch pwned'); '\nsystem 'touch pwned'", &a}};
    const auto old = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    const auto made = render_svg(latency_plot("t\nsystem 'touch pwned'", curves), "|touch 'pwned'");
    std::filesystem::current_path(old);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(files(), 1u);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "|touch 'pwned'"));
}

TEST_F(Picture, FailuresAreOneLineAndKeepTheOldFile)
{
    std::ofstream(at("p.svg")) << "old";
    const auto bad = render_svg("plot nonsense nonsense\n", at("p.svg"));
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, qaic::Code::E_INVAL);
    EXPECT_NE(bad.error().text.find("p.svg: gnuplot failed: "), std::string::npos) << bad.error().text;
    EXPECT_EQ(bad.error().text.find('\n'), std::string::npos);
    const auto slow = render_svg("pause 100\n", at("p.svg"), 200ms);
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().code, qaic::Code::E_TIMEOUT);
    EXPECT_EQ(content(at("p.svg")), "old");
    EXPECT_EQ(files(), 1u);
    EXPECT_NE(render_svg("", at("no/such/p.svg")).error().text.find("cannot write"), std::string::npos);
    EXPECT_FALSE(render_svg("", ""));
}

TEST_F(Picture, WithoutGnuplotSaysWhatToInstall)
{
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", folder_.c_str(), 1);
    const auto made = render_svg("", at("p.svg"));
    ::setenv("PATH", path.c_str(), 1);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, qaic::Code::E_UNSUPP);
    EXPECT_NE(made.error().text.find("gnuplot is not installed: apt-get install gnuplot-nox"),
              std::string::npos);
}

} // namespace
