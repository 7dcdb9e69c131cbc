// SPDX-License-Identifier: BSD-3-Clause
#include "job_file.hpp"

#include "toml_file/keys.hpp"

#include <algorithm>
#include <sstream>

namespace qaic::perf {

namespace {

constexpr std::size_t max_values = 1024;

std::string place_of(const std::string& name, const toml::source_region& at)
{
    return fmt::format("{}:{}:{}", name, at.begin.line, at.begin.column);
}

/// A value as a command line would have it.
Result<std::string> word_of(const toml::node& node, const std::string& name)
{
    if (const auto* s = node.as_string()) return s->get();
    if (const auto* i = node.as_integer()) return std::to_string(i->get());
    if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
    return fail(Code::E_FORMAT, "{}: a value is a text or a number", place_of(name, node.source()));
}

Result<std::vector<std::string>> words_of(const toml::node& node, const std::string& name)
{
    std::vector<std::string> words;
    const auto* const list = node.as_array();
    if (list == nullptr) {
        QAIC_TRY(auto word, word_of(node, name));
        words.push_back(std::move(word));
        return words;
    }
    if (list->size() > max_values)
        return fail(Code::E_LIMIT, "{}: more than {} values", place_of(name, node.source()), max_values);
    for (const auto& one : *list) {
        QAIC_TRY(auto word, word_of(one, name));
        words.push_back(std::move(word));
    }
    return words;
}

/// "--name", "--name=value"
bool has(const std::vector<std::string>& line, const std::string& name)
{
    return std::any_of(line.begin(), line.end(), [long_name = "--" + name](const auto& word) {
        return word == long_name || word.rfind(long_name + "=", 0) == 0;
    });
}

std::vector<std::string> line_of(const JobOption& option)
{
    if (option.is_flag) return {"--" + option.name};
    std::vector<std::string> words;
    for (const auto& value : option.values) words.push_back(fmt::format("--{}={}", option.name, value));
    return words;
}

} // namespace

Result<Job> parse_job(std::string_view text, const std::string& name)
{
    QAIC_TRY(const auto table, toml_file::parse(text, name));
    Job job;
    for (const auto& [key, node] : table) {
        JobOption option{std::string(key.str()), false, {}, place_of(name, key.source())};
        if (const auto* flag = node.as_boolean()) {
            if (!flag->get()) continue;
            option.is_flag = true;
        } else {
            QAIC_TRY(option.values, words_of(node, name));
        }
        if (option.name == "eal")
            job.eal = option.values;
        else
            job.options.push_back(std::move(option));
    }
    return job;
}

Result<std::vector<std::string>>
with_job(const Job& job, const std::vector<std::string>& line,
         const std::function<std::string(const std::vector<std::string>&)>& check)
{
    auto out = line;
    for (const auto& option : job.options) {
        const auto words = line_of(option);
        if (const auto wrong = check(words); !wrong.empty())
            return fail(Code::E_FORMAT, "{}: {}", option.place, wrong);
        if (!has(line, option.name)) out.insert(out.end(), words.begin(), words.end());
    }
    return out;
}

} // namespace qaic::perf
