// SPDX-License-Identifier: BSD-3-Clause
// Conversions of a tensor: DPDK's scalar library functions, our scalar form, our vector forms, in one run.
// Sizes in elements: 4 Ki floats stay in L1 (16 KiB of input), 64 Ki in L2 (256 KiB), 147 Ki is an image of
// 224x224x3, 4 Mi is memory.
//
// Counters: cycles_per_element (TSC). The ratio to quote is library / vector form of the same size.
#include "qaic/quantize.hpp"
#include <benchmark/benchmark.h>
#include <rte_cycles.h>
#include <rte_mldev.h>

namespace {
using namespace qaic;

constexpr Scaling scaling{0.0371f, 3};

struct Data {
    explicit Data(std::size_t n) : floats(n), packed(n)
    {
        for (std::size_t i = 0; i < n; ++i)
            floats[i] = static_cast<float>(static_cast<int>(i * 2654435761u >> 16 & 0x3ff) - 512) * 0.01f;
    }
    std::vector<float> floats;
    std::vector<std::uint16_t> packed; ///< room for each type
};

template<class F>
void measure(benchmark::State& state, F&& convert)
{
    const auto n = static_cast<std::size_t>(state.range(0));
    Data data(n);
    // What dequantizing reads: something every type has.
    const auto to_half = scalar_kernels[static_cast<std::size_t>(qpc::DataType::FLOAT16)].quantize;
    to_half(reinterpret_cast<const std::byte*>(data.floats.data()),
            reinterpret_cast<std::byte*>(data.packed.data()), n, {});
    const auto from = rte_rdtsc();
    for (auto _ : state) {
        convert(data.floats.data(), data.packed.data(), n);
        benchmark::ClobberMemory();
    }
    const auto elements = static_cast<double>(state.iterations()) * static_cast<double>(n);
    state.counters["cycles_per_element"] = static_cast<double>(rte_rdtsc() - from) / elements;
    state.SetItemsProcessed(static_cast<std::int64_t>(elements));
}

struct Case {
    const char* name;
    qpc::DataType type;
    void (*quantize)(float*, void*, std::uint64_t);   ///< DPDK's
    void (*dequantize)(float*, void*, std::uint64_t); ///< DPDK's
};
constexpr Case cases[] = {
    {"int8", qpc::DataType::INT8_Q,
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_float32_to_int8(f, q, n, scaling.scale, scaling.zero_point);
     },
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_int8_to_float32(q, f, n, scaling.scale, scaling.zero_point);
     }},
    {"uint8", qpc::DataType::UINT8_Q,
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_float32_to_uint8(f, q, n, scaling.scale, scaling.zero_point);
     },
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_uint8_to_float32(q, f, n, scaling.scale, scaling.zero_point);
     }},
    {"int16", qpc::DataType::INT16_Q,
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_float32_to_int16(f, q, n, scaling.scale, scaling.zero_point);
     },
     [](float* f, void* q, std::uint64_t n) {
         (void)rte_ml_io_int16_to_float32(q, f, n, scaling.scale, scaling.zero_point);
     }},
    {"float16", qpc::DataType::FLOAT16,
     [](float* f, void* q, std::uint64_t n) { (void)rte_ml_io_float32_to_float16(f, q, n); },
     [](float* f, void* q, std::uint64_t n) { (void)rte_ml_io_float16_to_float32(q, f, n); }},
};

void add(const std::string& name, void (*f)(benchmark::State&, const Case&, Isa), const Case& c, Isa isa)
{
    auto* b = benchmark::RegisterBenchmark(name.c_str(), [f, &c, isa](benchmark::State& s) { f(s, c, isa); });
    b->Arg(4 << 10)->Arg(64 << 10)->Arg(224L * 224 * 3)->Arg(4 << 20);
}

} // namespace

int main(int argc, char** argv)
{
    using benchmark::State;
    for (const auto& c : cases) {
        const std::string to = std::string("float32_to_") + c.name + '/',
                          from = std::string(c.name) + "_to_float32/";
        add(
            to + "library", [](State& s, const Case& k, Isa) { measure(s, k.quantize); }, c, Isa::SCALAR);
        for (const auto isa : {Isa::SCALAR, Isa::AVX2, Isa::AVX512})
            if (cpu_has(isa))
                add(
                    to + std::string(to_string(isa)),
                    [](State& s, const Case& k, Isa i) {
                        const auto f = kernel_for(i, k.type, scaling.zero_point).quantize;
                        measure(s, [f](float* x, void* q, std::uint64_t n) {
                            f(reinterpret_cast<const std::byte*>(x), static_cast<std::byte*>(q), n, scaling);
                        });
                    },
                    c, isa);
        add(
            from + "library", [](State& s, const Case& k, Isa) { measure(s, k.dequantize); }, c, Isa::SCALAR);
        for (const auto isa : {Isa::SCALAR, Isa::AVX2, Isa::AVX512})
            if (cpu_has(isa))
                add(
                    from + std::string(to_string(isa)),
                    [](State& s, const Case& k, Isa i) {
                        const auto f = kernel_for(i, k.type, scaling.zero_point).dequantize;
                        measure(s, [f](float* x, void* q, std::uint64_t n) {
                            f(static_cast<const std::byte*>(q), reinterpret_cast<std::byte*>(x), n, scaling);
                        });
                    },
                    c, isa);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
