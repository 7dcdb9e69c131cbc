// SPDX-License-Identifier: BSD-3-Clause
// A stage as the engine has it: through its table, with options as a pipeline file gives them.
#pragma once
#include "support/pipe_items.hpp"
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>

namespace support {

using PipeOptions = std::map<std::string, std::variant<bool, int, double, std::string>>;

/// What create() is given; everything it points to lives as long.
class PipeSetup {
  public:
    explicit PipeSetup(const PipeOptions& options, rte_mempool* pool = nullptr, unsigned batch = 32)
    {
        setup.stage = "s", setup.place = "p.toml:2:1", setup.folder = "", setup.replicas = 1;
        setup.batch = batch, setup.tsc_hz = 1'000'000'000, setup.numa = -1, setup.pool = pool;
        for (const auto& [name, value] : options) {
            qaic_pipe_option o{};
            o.name = texts_.emplace_back(name).c_str();
            o.place = texts_.emplace_back("p.toml:9:" + std::to_string(all_.size() + 1)).c_str();
            if (const auto* b = std::get_if<bool>(&value)) o.type = QAIC_PIPE_BOOL, o.integer = *b ? 1 : 0;
            if (const auto* i = std::get_if<int>(&value))
                o.type = QAIC_PIPE_INTEGER, o.integer = *i, o.real = *i;
            if (const auto* d = std::get_if<double>(&value)) o.type = QAIC_PIPE_REAL, o.real = *d;
            if (const auto* t = std::get_if<std::string>(&value))
                o.type = QAIC_PIPE_TEXT, o.text = texts_.emplace_back(*t).c_str();
            all_.push_back(o);
        }
        setup.options = all_.data();
        setup.n_options = static_cast<unsigned>(all_.size());
    }
    PipeSetup(const PipeSetup&) = delete; // setup points into the rest
    PipeSetup& operator=(const PipeSetup&) = delete;
    qaic_pipe_setup setup{};

  private:
    std::deque<std::string> texts_;
    std::vector<qaic_pipe_option> all_;
};

/// What create() says is wrong; "" when it is content.
inline std::string refusal(const qaic_pipe_stage& table, const PipeOptions& options,
                           rte_mempool* pool = nullptr)
{
    const PipeSetup s(options, pool);
    char error[512] = "";
    void* const self = table.create(&s.setup, error, sizeof error);
    if (self != nullptr) table.destroy(self);
    return error;
}

class PipeStage {
  public:
    using Items = std::vector<rte_mbuf*>;

    explicit PipeStage(const qaic_pipe_stage& table, const PipeOptions& options = {},
                       rte_mempool* pool = nullptr, unsigned batch = 32)
        : table_(table)
    {
        const PipeSetup s(options, pool, batch);
        char error[512] = "";
        self_ = table.create(&s.setup, error, sizeof error);
        if (self_ == nullptr) throw std::runtime_error(error);
    }
    ~PipeStage() { table_.destroy(self_); }
    PipeStage(const PipeStage&) = delete;
    PipeStage& operator=(const PipeStage&) = delete;

    [[nodiscard]] std::uint32_t room() const { return table_.room != nullptr ? table_.room(self_) : 0; }
    [[nodiscard]] void* self() const { return self_; }

    /// Verdicts in words: "pass", "taken" or the reason of the drop.
    std::vector<std::string> run(Items items)
    {
        std::vector<std::uint8_t> verdict(items.size());
        table_.run(self_, items.data(), static_cast<std::uint16_t>(items.size()), verdict.data());
        return words(verdict);
    }
    /// Of one item, which stays the caller's.
    std::string run(rte_mbuf* item) { return run(Items{item})[0]; }

    /// A source's; `ended` says whether it is at its end.
    Items source(std::uint16_t most)
    {
        Items items(most);
        std::vector<std::uint8_t> verdict(most);
        const auto n = table_.run(self_, items.data(), most, verdict.data());
        ended = n == QAIC_PIPE_END;
        items.resize(ended ? 0 : n);
        return items;
    }
    bool ended = false;

    Items poll(std::uint16_t most, std::vector<std::string>* said = nullptr)
    {
        Items items(most);
        std::vector<std::uint8_t> verdict(most);
        items.resize(table_.poll(self_, items.data(), most, verdict.data()));
        verdict.resize(items.size());
        if (said != nullptr) *said = words(verdict);
        return items;
    }
    std::uint32_t ready() { return table_.ready(self_); }
    std::uint32_t held() { return table_.held(self_); }
    void drain() { table_.drain(self_); }

    /// "" or what it says is wrong.
    std::string finish()
    {
        char error[512] = "";
        const int rc = table_.finish(self_, error, sizeof error);
        return rc == 0 ? "" : error;
    }
    std::map<std::string, std::uint64_t> counts()
    {
        qaic_pipe_count all[32];
        const auto n = table_.counts(self_, all, 32);
        std::map<std::string, std::uint64_t> named;
        for (std::uint32_t i = 0; i < n; ++i) named[all[i].name] = all[i].value;
        return named;
    }

  private:
    [[nodiscard]] std::vector<std::string> words(const std::vector<std::uint8_t>& verdict) const
    {
        std::vector<std::string> all;
        for (const auto v : verdict)
            all.push_back(v == QAIC_PIPE_PASS    ? "pass"
                          : v == QAIC_PIPE_TAKEN ? "taken"
                                                 : table_.drop_reasons[v - QAIC_PIPE_DROP]);
        return all;
    }
    const qaic_pipe_stage& table_;
    void* self_ = nullptr;
};

} // namespace support
