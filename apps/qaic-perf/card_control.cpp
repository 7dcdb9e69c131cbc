// SPDX-License-Identifier: BSD-3-Clause
#include "card_control.hpp"
#include "card_server/ask.hpp"

namespace qaic::perf {

namespace {

Result<std::string> answer_of(const std::string& path, const char* request)
{
    auto answer = card_server::ask(path, request);
    if (!answer) return fail(answer.error().code, "--card-control {}", answer.error().text);
    if (answer->find("\"ok\":true") == std::string::npos)
        return fail(Code::E_STATE, "--card-control {}: refused {}: {}", path, request,
                    answer->substr(0, 200));
    return answer;
}

} // namespace

Result<void> reset_card_counts(const std::string& path)
{
    QAIC_TRY([[maybe_unused]] const auto answer, answer_of(path, R"({"op":"reset-stats"})"));
    return {};
}

Result<std::vector<CardCounts>> ask_card_counts(const std::string& path)
{
    QAIC_TRY(const auto answer, answer_of(path, R"({"op":"stats"})"));
    auto counts = parse_card_counts(answer);
    if (!counts) return fail(counts.error().code, "--card-control {}: {}", path, counts.error().text);
    return counts;
}

} // namespace qaic::perf
