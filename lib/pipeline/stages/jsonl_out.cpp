// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/jsonl_out.hpp"
#include "pipeline/stages/file_out.hpp"
#include "pipeline/stages/json_line.hpp"
#include "pipeline/stages/tensor_options.hpp"
#include "pipeline/stages/top_k.hpp"
#include <algorithm>
#include <rte_cycles.h>

namespace pipeline {

namespace {

constexpr const char* jsonl_options[] = {"path", "fields", nullptr};
constexpr const char* jsonl_reasons[] = {"wrong_size", "write_failed", nullptr};
enum : std::uint8_t { JSONL_WRONG_SIZE = QAIC_PIPE_DROP, JSONL_WRITE_FAILED };

enum class Field : std::uint8_t { SEQ, SOURCE, LABEL, SCORE, TOP, LATENCY };
constexpr std::string_view field_words[] = {"seq", "source", "label", "score", "top", "latency_us"};

Result<std::vector<Field>> fields_option(const Options& options)
{
    QAIC_TRY(const auto text, options.text("fields", "seq,label,score"));
    std::vector<Field> fields;
    for (std::string_view rest = text;;) {
        const auto comma = rest.find(',');
        const auto word = std::find(std::begin(field_words), std::end(field_words), rest.substr(0, comma));
        const auto field = static_cast<Field>(word - std::begin(field_words));
        if (word == std::end(field_words) || std::find(fields.begin(), fields.end(), field) != fields.end())
            return options.wrong("fields", "some of \"seq,source,label,score,top,latency_us\", each once");
        fields.push_back(field);
        if (comma == std::string_view::npos) return fields;
        rest.remove_prefix(comma + 1);
    }
}

class JsonlOut {
  public:
    static Result<std::unique_ptr<JsonlOut>> make(const qaic_pipe_setup& setup)
    {
        auto made = std::make_unique<JsonlOut>();
        QAIC_TRY(made->fields_, fields_option(Options(setup)));
        QAIC_TRY(made->file_, FileOut::make(setup, true));
        made->tops_ = std::count(made->fields_.begin(), made->fields_.end(), Field::TOP) != 0;
        made->us_per_tick_ = setup.tsc_hz != 0 ? 1e6 / static_cast<double>(setup.tsc_hz) : 0;
        return made;
    }

    void run(Burst b) // HOT
    {
        const auto now = rte_rdtsc();
        for (std::size_t i = 0; i < b.items.size(); ++i) b.verdict[i] = one(b.items[i], now);
    }

    Result<void> finish() { return file_->finish(); }

  private:
    std::uint8_t one(rte_mbuf* m, std::uint64_t now)
    {
        const auto& item = *qaic_pipe_item_of(m);
        const auto pairs = item.tensor_bytes / sizeof(TopPair);
        if (tops_ && (item.tensor_bytes % sizeof(TopPair) != 0 || pairs > most_top)) return JSONL_WRONG_SIZE;
        JsonLine line;
        for (const auto field : fields_) {
            line.key(field_words[static_cast<std::size_t>(field)]);
            value(line, field, item, m, now);
        }
        if (!file_->put(line.finished())) return JSONL_WRITE_FAILED;
        return QAIC_PIPE_PASS;
    }

    void value(JsonLine& line, Field field, const qaic_pipe_item& item, rte_mbuf* m, std::uint64_t now) const
    {
        const bool labelled = item.label != QAIC_PIPE_NO_LABEL;
        switch (field) {
        case Field::SEQ: return line.number(item.seq);
        case Field::SOURCE: return line.number(std::uint64_t{item.source});
        case Field::LABEL: return labelled ? line.number(std::uint64_t{item.label}) : line.null();
        case Field::SCORE: return labelled ? line.number(item.score) : line.null();
        case Field::TOP:
            return top(line, static_cast<const std::byte*>(qaic_pipe_tensor(m)), item.tensor_bytes);
        case Field::LATENCY: // cores' clocks may differ by a few ticks
            return line.number(static_cast<double>(now > item.born ? now - item.born : 0) * us_per_tick_);
        }
    }

    static void top(JsonLine& line, const std::byte* tensor, std::uint32_t bytes)
    {
        if (bytes == 0) return line.null();
        line.raw("[");
        for (std::uint32_t at = 0; at < bytes; at += sizeof(TopPair)) {
            TopPair pair;
            std::memcpy(&pair, tensor + at, sizeof pair);
            line.raw(at == 0 ? "[" : ",[");
            line.number(std::uint64_t{pair.cls});
            line.raw(",");
            line.number(pair.score);
            line.raw("]");
        }
        line.raw("]");
    }

    std::unique_ptr<FileOut> file_;
    std::vector<Field> fields_;
    bool tops_ = false;
    double us_per_tick_ = 0;
};

} // namespace

constinit const qaic_pipe_stage stage_jsonl_out =
    stage_of<JsonlOut>("jsonl-out", QAIC_PIPE_SINK, jsonl_options, jsonl_reasons);

} // namespace pipeline
