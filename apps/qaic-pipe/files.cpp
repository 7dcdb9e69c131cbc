// SPDX-License-Identifier: BSD-3-Clause
#include "files.hpp"
#include "pipeline/registry.hpp"
#include "place/host_file.hpp"
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace qaic_pipe {

namespace {

constexpr std::size_t most_bytes = (1U << 20) + 1; ///< one more than TOML may have: the parser says so

struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, Close>;

Result<std::string> read_text(const std::string& path)
{
    const File file(std::fopen(path.c_str(), "rb"));
    if (!file) return fail(Code::E_INVAL, "{}: cannot open: {}", path, std::strerror(errno));
    std::string text(most_bytes, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0)
        return fail(Code::E_INVAL, "{}: cannot read: {}", path, std::strerror(errno));
    return text;
}

} // namespace

Result<pipeline::PipelineSpec> read_pipeline(const FileOptions& options)
{
    for (const auto& plugin : options.plugins) QAIC_CHECK(pipeline::load_plugin(plugin));
    QAIC_TRY(const auto text, read_text(options.file));
    return pipeline::parse_pipeline(text, options.file, pipeline::known_kinds());
}

Result<place::Host> read_host(const std::string& file, const pipeline::PipelineSpec& spec)
{
    if (!file.empty()) {
        QAIC_TRY(const auto text, read_text(file));
        return place::parse_host(text, file);
    }
    QAIC_TRY(auto host, place::this_host());
    for (const auto& s : spec.stages)
        if (s.wish.wish == place::Wish::NEAR_CARD && host.card(s.wish.of) == nullptr)
            host.cards.push_back({s.wish.of, -1});
    return host;
}

Result<place::Placement> place_on(const place::Host& host, const pipeline::PipelineSpec& spec)
{
    std::vector<place::StageWish> wishes;
    for (const auto& s : spec.stages) wishes.push_back(s.wish);
    return place::place_stages(host, wishes);
}

Result<void> write_text(const std::string& path, std::string_view text)
{
    const auto put = [&](std::FILE* to) {
        return std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0;
    };
    const File file(path.empty() ? nullptr : std::fopen(path.c_str(), "wb"));
    if (!path.empty() && !file)
        return fail(Code::E_INVAL, "{}: cannot make it: {}", path, std::strerror(errno));
    if (!put(path.empty() ? stdout : file.get()))
        return fail(Code::E_INVAL, "{}: cannot write: {}", path.empty() ? "standard output" : path,
                    std::strerror(errno));
    return {};
}

Result<void> replace_text(const std::string& path, std::string_view text)
{
    std::error_code failed;
    const auto there = std::filesystem::status(path, failed);
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
        return write_text(path, text);
    const auto part = path + ".part";
    QAIC_CHECK(write_text(part, text));
    std::filesystem::rename(part, path, failed);
    if (failed) return fail(Code::E_INVAL, "{}: cannot write: {}", path, failed.message());
    return {};
}

int refused(const Error& error)
{
    auto line = error.message();
    for (auto& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    fmt::print(stderr, "qaic-pipe: {}\n", line);
    return exit_data;
}

} // namespace qaic_pipe
