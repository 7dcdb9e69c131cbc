// SPDX-License-Identifier: BSD-3-Clause
// A stream of images through a classifier, many in flight: a pool of operations, bursts of them, results as
// they come, in whatever order. C++20 and nothing but DPDK's public API.
//
//   qaic-classify EAL-OPTIONS -- MODEL IMAGES.f32 [LABELS.u8]
//
// IMAGES holds float32 tensors one after the other. Prints how many there were of each class and, with
// LABELS, how many are right.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mldev.h>

namespace {

constexpr std::int16_t device = 0;
constexpr std::uint16_t queue = 0, burst = 8;
constexpr std::uint32_t depth = 32; ///< operations in flight

void check(int result, const char* what)
{
    if (result != 0) throw std::runtime_error(std::string(what) + ": " + rte_strerror(-result));
}

std::vector<char> read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in || bytes.empty()) throw std::runtime_error(path + ": cannot be read, or is empty");
    return bytes;
}

/// The device from configure to close.
class Device {
  public:
    Device()
    {
        rte_ml_dev_config config{};
        config.socket_id = SOCKET_ID_ANY, config.nb_models = 1, config.nb_queue_pairs = 1;
        check(rte_ml_dev_configure(device, &config), "configure");
        rte_ml_dev_qp_conf pair{};
        pair.nb_desc = depth;
        check(rte_ml_dev_queue_pair_setup(device, queue, &pair, SOCKET_ID_ANY), "queue pair setup");
        check(rte_ml_dev_start(device), "start");
    }
    ~Device()
    {
        rte_ml_dev_stop(device);
        rte_ml_dev_close(device);
    }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
};

/// A model from load to unload.
class Model {
  public:
    explicit Model(std::vector<char> file)
    {
        rte_ml_model_params params{};
        params.addr = file.data(), params.size = file.size();
        check(rte_ml_model_load(device, &params, &id), "load");
        if (const int result = rte_ml_model_start(device, id); result != 0) {
            rte_ml_model_unload(device, id);
            check(result, "start model");
        }
        check(rte_ml_model_info_get(device, id, &info), "model info");
        for (std::uint32_t i = 0; i < info.nb_inputs; ++i)
            in_bytes += static_cast<std::uint32_t>(info.input_info[i].size),
                in_values += info.input_info[i].nb_elements;
        for (std::uint32_t i = 0; i < info.nb_outputs; ++i)
            out_bytes += static_cast<std::uint32_t>(info.output_info[i].size),
                out_values += info.output_info[i].nb_elements;
    }
    ~Model()
    {
        rte_ml_model_stop(device, id);
        rte_ml_model_unload(device, id);
    }
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    std::uint16_t id = 0;
    rte_ml_model_info info{};
    std::uint32_t in_bytes = 0, out_bytes = 0; ///< in the types the model works with
    std::uint64_t in_values = 0, out_values = 0;
};

struct Free {
    void operator()(void* memory) const { rte_free(memory); }
};
using CardMemory = std::unique_ptr<void, Free>;

CardMemory card_memory(std::uint64_t bytes)
{
    CardMemory memory(rte_zmalloc("example", bytes, 64));
    if (!memory) throw std::runtime_error("no memory that the card can reach");
    return memory;
}

rte_ml_buff_seg segment(const CardMemory& memory, std::uint32_t bytes)
{
    rte_ml_buff_seg s{};
    s.addr = memory.get(), s.iova_addr = rte_malloc_virt2iova(memory.get()), s.length = bytes;
    return s;
}

/// One operation and its buffers. Stays where it is: the operation points into it.
class Slot {
  public:
    explicit Slot(const Model& model)
        : in_memory_(card_memory(model.in_bytes)), out_memory_(card_memory(model.out_bytes)),
          in_(segment(in_memory_, model.in_bytes)), out_(segment(out_memory_, model.out_bytes))
    {
        op.model_id = model.id, op.nb_batches = 1;
        op.input = &in_list_, op.output = &out_list_;
        op.user_ptr = this;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    /// float32 values become what the model takes.
    void fill(const Model& model, std::span<const float> values, std::size_t number)
    {
        std::vector<float> copy(values.begin(), values.end()); // the API takes no const memory
        auto plain = host(copy);
        rte_ml_buff_seg* list = &plain;
        check(rte_ml_io_quantize(device, model.id, &list, &in_list_), "quantize");
        image = number;
    }
    [[nodiscard]] std::size_t best(const Model& model)
    {
        std::vector<float> values(model.out_values);
        auto plain = host(values);
        rte_ml_buff_seg* list = &plain;
        check(rte_ml_io_dequantize(device, model.id, &out_list_, &list), "dequantize");
        return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
    }
    rte_ml_op op{};
    std::size_t image = 0;

  private:
    static rte_ml_buff_seg host(std::vector<float>& values)
    {
        rte_ml_buff_seg s{};
        s.addr = values.data(), s.length = static_cast<std::uint32_t>(values.size() * sizeof(float));
        return s;
    }
    CardMemory in_memory_, out_memory_;
    rte_ml_buff_seg in_, out_;
    rte_ml_buff_seg *in_list_ = &in_, *out_list_ = &out_;
};

[[noreturn]] void explain(rte_ml_op& op)
{
    rte_ml_op_error reason{};
    if (rte_ml_op_error_get(device, &op, &reason) != 0) throw std::runtime_error("an operation failed");
    throw std::runtime_error(std::string("an operation failed: ") + reason.message);
}

/// All images through the model; the class of each.
std::vector<std::size_t> classify(const Model& model, std::span<const float> values)
{
    const auto images = values.size() / model.in_values;
    std::vector<std::size_t> classes(images);
    std::vector<std::unique_ptr<Slot>> slots;
    std::vector<Slot*> idle;
    for (std::uint32_t i = 0; i < depth; ++i)
        idle.push_back(slots.emplace_back(std::make_unique<Slot>(model)).get());
    std::vector<rte_ml_op*> waiting; // filled, not accepted yet
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (std::size_t next = 0, done = 0; done < images;) {
        while (waiting.size() < burst && !idle.empty() && next < images) {
            auto& slot = *idle.back();
            idle.pop_back();
            slot.fill(model, values.subspan(next * model.in_values, model.in_values), next);
            ++next;
            waiting.push_back(&slot.op);
        }
        const auto taken =
            rte_ml_enqueue_burst(device, queue, waiting.data(), static_cast<std::uint16_t>(waiting.size()));
        waiting.erase(waiting.begin(), waiting.begin() + taken);
        std::array<rte_ml_op*, burst> back{};
        const auto n = rte_ml_dequeue_burst(device, queue, back.data(), burst);
        for (auto* op : std::span(back.data(), n)) {
            if (op->status != RTE_ML_OP_STATUS_SUCCESS) explain(*op);
            auto& slot = *static_cast<Slot*>(op->user_ptr);
            classes[slot.image] = slot.best(model);
            idle.push_back(&slot);
        }
        done += n;
        const auto now = std::chrono::steady_clock::now();
        if (n != 0) deadline = now + std::chrono::seconds(10);
        if (now >= deadline) throw std::runtime_error("no operation came back for 10 s");
    }
    return classes;
}

void report(std::span<const std::size_t> classes, std::span<const char> labels)
{
    const auto most = *std::max_element(classes.begin(), classes.end());
    for (std::size_t c = 0; c <= most; ++c)
        std::printf("class %zu: %td\n", c, std::count(classes.begin(), classes.end(), c));
    if (labels.empty()) return;
    std::size_t right = 0;
    for (std::size_t i = 0; i < classes.size() && i < labels.size(); ++i)
        right += classes[i] == static_cast<unsigned char>(labels[i]);
    std::printf("%zu of %zu right\n", right, classes.size());
}

void run(std::span<char*> words)
{
    if (words.size() < 2 || words.size() > 3)
        throw std::runtime_error("usage: EAL-OPTIONS -- MODEL IMAGES.f32 [LABELS.u8]");
    if (rte_ml_dev_count() == 0)
        throw std::runtime_error("no ML device: name one, as in --vdev=ml_qaic_emu0 or -a 0000:3b:00.0");
    const auto bytes = read_file(words[1]);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    const auto labels = words.size() > 2 ? read_file(words[2]) : std::vector<char>();
    const Device running;
    const Model model(read_file(words[0]));
    if (values.size() < model.in_values) throw std::runtime_error("the input holds less than one image");
    report(classify(model, values), labels);
}

} // namespace

int main(int argc, char** argv)
{
    const int used = rte_eal_init(argc, argv);
    if (used < 0) return 1;
    int result = 0;
    try {
        run(std::span(argv + std::min(used + 1, argc), argv + argc));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "qaic-classify: %s\n", e.what());
        result = 1;
    }
    rte_eal_cleanup();
    return result;
}
