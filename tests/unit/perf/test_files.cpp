// SPDX-License-Identifier: BSD-3-Clause
// Files that are right, and files that are not: every refusal names the file and the rule.
#include "run_files.hpp"
#include "text_file.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace qaic;
using namespace qaic::perf;
namespace fs = std::filesystem;

class Files : public testing::Test {
  protected:
    void SetUp() override
    {
        std::string form = (fs::temp_directory_path() / "qaic-perf-XXXXXX").string();
        ASSERT_NE(::mkdtemp(form.data()), nullptr);
        folder = form;
        model.inputs = {{"image", {1, 4}, RTE_ML_IO_TYPE_INT8, 4, 4}};
        model.outputs = {{"a", {2}, RTE_ML_IO_TYPE_FP16, 2, 4}, {"b", {1}, RTE_ML_IO_TYPE_FP32, 1, 4}};
        options.models = {{write("model", 5)}};
    }
    void TearDown() override { fs::remove_all(folder); }

    std::string path(const std::string& name) const { return (folder / name).string(); }
    std::string write(const std::string& name, std::size_t size) const
    {
        std::ofstream(path(name), std::ios::binary) << std::string(size, '\1');
        return path(name);
    }
    /// The error text of a set of files; empty when they are taken.
    std::string refusal()
    {
        auto files = read_run_files(options);
        if (!files) return files.error().message();
        auto tensors = to_tensors(options, model, *files);
        return tensors ? std::string() : tensors.error().message();
    }

    fs::path folder;
    ModelFacts model;
    RunOptions options;
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(Files, Float32FilesAreSizedByElements)
{
    options.input = write("in", 3 * 16);
    options.expect = write("out", 3 * 12);
    options.labels = write("labels", 3);
    auto files = read_run_files(options);
    ASSERT_TRUE(files);
    const auto tensors = to_tensors(options, model, *files);
    ASSERT_TRUE(tensors) << tensors.error().message();
    EXPECT_EQ(tensors->input.count, 3U);
    EXPECT_EQ(tensors->input.tensor(2).size(), 16U);
    EXPECT_EQ(tensors->expect.tensor_bytes, 12U);
}

TEST_F(Files, DeviceFilesAreSizedByTheModelsTypes)
{
    options.device_io = true;
    options.input = write("in", 3 * 4);
    options.expect = write("out", 3 * 8);
    EXPECT_EQ(refusal(), "");
}

TEST_F(Files, WithoutInputThereIsOneTensorOfZeros)
{
    auto files = read_run_files(options);
    ASSERT_TRUE(files);
    const auto tensors = to_tensors(options, model, *files);
    ASSERT_TRUE(tensors);
    EXPECT_EQ(tensors->input.count, 1U);
    EXPECT_EQ(tensors->input.data, Bytes(16));
    EXPECT_EQ(tensors->expect.count, 0U);
}

TEST_F(Files, RefusesAPartOfATensor)
{
    options.input = write("in", 17);
    EXPECT_HAS(refusal(),
               "E_FORMAT: " + path("in") +
                   ": 17 bytes is not a multiple of 16, the size of one input (image 1x4 INT8 as float32)");
}

TEST_F(Files, RefusesAnotherNumberOfExpectedOutputsOrLabels)
{
    options.input = write("in", 3 * 16);
    options.expect = write("out", 2 * 12);
    EXPECT_HAS(refusal(), path("out") + ": holds 2 x output (a 2 FP16 + b 1 FP32 as float32), but " +
                              path("in") + " holds 3");
    options.expect.clear();
    options.labels = write("labels", 4);
    EXPECT_HAS(refusal(), "holds 4 x label");
}

TEST_F(Files, RefusesMissingEmptyAndIrregularFiles)
{
    options.models = {{path("none")}};
    EXPECT_HAS(refusal(), path("none") + ": cannot open");
    options.models = {{write("empty", 0)}};
    EXPECT_HAS(refusal(), "E_FORMAT: " + path("empty") + ": is empty");
    options.models = {{folder.string()}};
    EXPECT_HAS(refusal(), "is not a regular file");
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    options.models = {{path("fifo")}}; // must not hang either
    EXPECT_HAS(refusal(), "is not a regular file");
}

TEST_F(Files, RefusesAFileBeyondTheLimitWithoutReadingIt)
{
    options.models = {{write("big", 1)}};
    fs::resize_file(path("big"), max_file_bytes + 1); // sparse
    EXPECT_HAS(refusal(), "E_LIMIT: " + path("big"));
}

TEST_F(Files, TextIsReplacedAsAWhole)
{
    ASSERT_TRUE(check_writable("--json", path("r.json")));
    EXPECT_FALSE(fs::exists(path("r.json")));
    ASSERT_TRUE(write_file("--json", path("r.json"), std::as_bytes(std::span("old", 3))));
    ASSERT_TRUE(write_file("--json", path("r.json"), std::as_bytes(std::span("new", 3))));
    std::string text;
    std::ifstream(path("r.json")) >> text;
    EXPECT_EQ(text, "new");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2); // with the model: nothing temporary left
}

TEST_F(Files, UnwritableJsonIsRefusedBeforeTheRun)
{
    const auto no = check_writable("--json", path("no/such/r.json"));
    ASSERT_FALSE(no);
    EXPECT_HAS(no.error().message(), "--json " + path("no/such/r.json") + ": cannot write");
    EXPECT_FALSE(check_writable("--json", folder.string()));
}

} // namespace
