// SPDX-License-Identifier: MIT
// Matrix products: activations by the weights of a layer. Counters beside the speed in
// multiplications and additions:
//   of_fma, of_vnni   the share of the peak of binary32 FMAs, of 8-bit integers in registers
//   of_amx_bf16, of_amx_int8   the same by tile registers
//   of_read           for a few rows of A: the share of reading the weights alone
//   of_<library>      the speed as a multiple of theirs, in the type that the name says
//   of_one_thread     for two
//   of_plain          for epilogues: as a multiple of the product in binary32 without one; for
//                     activations that are quantized first: of the product alone
//   of_k32            for modeled sums: as a multiple of those in the order k32
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gemm_peers.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "peaks.hpp"
#include "ratio.hpp"
#include "trial.hpp"
#include "two_threads.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

struct shape {
  std::size_t m, n, k;
  [[nodiscard]] std::string name() const {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  }
};
/// The fourth does not fit the caches in 4 bits.
constexpr shape shapes[] = {{1, 4096, 4096},  {8, 4096, 4096},   {32, 4096, 4096},
                            {1, 65536, 4096}, {512, 4096, 4096}, {1024, 1024, 1024}};

matrix_view<const float> sample_values(std::vector<float>& values, std::size_t rows,
                                       std::size_t cols) {
  values.resize(rows * cols);
  fill_sample(values.data(), values.size());
  return {values.data(), rows, cols};
}

/// How operands are made of values, and how many bytes the kernels read of them.
struct as_float {
  using type = matrix_view<const float>;
  static type make(matrix_view<const float> values) { return values; }
  static const type& operand(const type& x) { return x; }
  static std::span<const std::byte> bytes(const type& x) {
    return std::as_bytes(std::span(x.data, x.rows * x.cols));
  }
};
template <auto F>
struct as_numbers {
  struct type {
    std::size_t rows, cols;
    std::vector<number<F>> list;
  };
  static type make(matrix_view<const float> values) {
    type x{values.rows, values.cols, {}};
    for (std::size_t i = 0; i < x.rows * x.cols; ++i) x.list.push_back(number<F>(values.data[i]));
    return x;
  }
  static matrix_view<const number<F>> operand(const type& x) {
    return {x.list.data(), x.rows, x.cols};
  }
  static std::span<const std::byte> bytes(const type& x) {
    return std::as_bytes(std::span(x.list));
  }
};
template <auto B>
struct as_blocks {
  using type = block_matrix<B>;
  static type make(matrix_view<const float> values) { return quantize<B>(values); }
  static const type& operand(const type& x) { return x; }
  static std::span<const std::byte> bytes(const type& x) { return std::as_bytes(x.codes()); }
};
/// The same, packed.
template <auto B>
struct as_packed {
  using type = packed_operand<block_matrix<B>>;
  static type make(matrix_view<const float> values) { return type(quantize<B>(values)); }
  static const type& operand(const type& x) { return x; }
  static std::span<const std::byte> bytes(const type& x) { return std::as_bytes(x.codes()); }
};

/// Integers of any value, with a scale, and a zero point if Zeros, for each `Group` of a row.
template <auto F, int Group, bool Zeros>
struct as_affine {
  struct type {
    std::size_t rows, cols;
    std::vector<std::uint8_t> bytes;
    std::vector<float> scales;
    std::vector<std::int32_t> zeros;
  };
  static type make(matrix_view<const float> values) {
    const std::size_t per_row = values.cols / block_shape{1, Group}.cols_in(values.cols);
    const std::size_t groups = values.rows * per_row;
    type x{values.rows, values.cols,
           std::vector<std::uint8_t>(values.rows * packed_bytes(values.cols, F.bits())),
           std::vector<float>(values.data, values.data + groups),
           std::vector<std::int32_t>(Zeros ? groups : 0, F.is_signed ? -1 : 7)};
    std::memcpy(x.bytes.data(), values.data, x.bytes.size());
    return x;
  }
  static affine_matrix_view<F> operand(const type& x) {
    return {packed_matrix_view<F>(x.bytes, x.rows, x.cols), {1, Group}, x.scales, x.zeros};
  }
  static std::span<const std::byte> bytes(const type& x) {
    return std::as_bytes(std::span(x.bytes));
  }
};

template <class A, class B, auto P>
void run(benchmark::State& state, const shape& s, unsigned threads, isa level) {
  std::vector<float> a_values, b_values, c(s.m * s.n);
  const auto a = A::make(sample_values(a_values, s.m, s.k));
  const auto b = B::make(sample_values(b_values, s.n, s.k));
  const matrix_view<float> out(c.data(), s.m, s.n);
  const team crew(threads);
  const execution how = crew.on(level);
  const std::size_t products = s.m * s.n * s.k;

  std::vector<contender> others;
#if LOWP_X86_TARGETS
  const auto each = [&](const auto& part) {
    return [&how, threads, part] { how.run(threads, task(part)); };
  };
  others.push_back(
      {"fma", each([=](std::size_t) { multiply_add_peak(level, products / threads); })});
  if (level >= isa::avx512vbmi) {
    others.push_back({"vnni", each([=](std::size_t) { integer_peak(products / threads); })});
  }
  if (kernels::has_dot_products(level)) {
    others.push_back({"bf16_dots", each([=](std::size_t) { dot_peak(products / threads); })});
  }
  if (level >= isa::amx) {
    others.push_back(
        {"amx_bf16", each([=](std::size_t) { bfloat16_tile_peak(products / threads); })});
    others.push_back(
        {"amx_int8", each([=](std::size_t) { integer_tile_peak(products / threads); })});
  }
  if (s.m <= 8) {
    const auto weights = B::bytes(b);
    const auto* const from = reinterpret_cast<const std::uint8_t*>(weights.data());
    const std::size_t size = weights.size() / threads;
    const bool streams = kernels::prefers_page_streams();
    others.push_back({"read", each([=](std::size_t i) {
                        (streams ? read_four_streams : read_one_stream)(from + i * size, size);
                      })});
  }
#endif
  if (threads == 1 && level == highest_isa() && s.n <= 4096) {
    for (gemm_peer& peer : gemm_peers(s.m, s.n, s.k)) others.push_back({peer.name, peer.run});
  }
  if (threads > 1)
    others.push_back({"one_thread", [&] { gemm<P>(A::operand(a), B::operand(b), out, level); }});
  crew.watch(state, [&] {
    compare(
        state, 2 * products, [&] { gemm<P>(A::operand(a), B::operand(b), out, how); }, others);
  });
}

template <class A, class B, auto P = policies::k32>
void add_product(const std::string& job) {
  const auto add = [&](const shape& s, unsigned threads, isa level) {
    const std::string suffix = (threads == 1 ? "/1_thread/" : "/2_threads/");
    add_row("gemm/" + job + "/" + s.name() + suffix + std::string(name(level)),
            [=](benchmark::State& state) { run<A, B, P>(state, s, threads, level); });
  };
  for (const shape& s : shapes) {
    add(s, 1, highest_isa());
    if (std::thread::hardware_concurrency() > 1) add(s, 2, highest_isa());
  }
  for (const isa level : isas) {
    const bool is_other = kernels::is_compiled(level) && level < highest_isa();
    if (level != isa::portable && is_other) add(shapes[4], 1, level);
  }
}

/// A bias, an activation and rounding to bfloat16 besides.
template <class A, class B>
void run_epilogue(benchmark::State& state, const shape& s, activation function) {
  std::vector<float> a_values, b_values, c(s.m * s.n);
  const auto a = A::make(sample_values(a_values, s.m, s.k));
  const auto b = B::make(sample_values(b_values, s.n, s.k));
  std::vector<bfloat16> rounded(s.m * s.n);
  const matrix_view<float> out(c.data(), s.m, s.n);
  const matrix_view<bfloat16> rounded_out(rounded.data(), s.m, s.n);
  const std::vector<float> bias = sample(s.n);
  const epilogue e{.bias = bias, .activation = function};
  const isa level = highest_isa();
  compare(state, 2 * s.m * s.n * s.k, [&] { gemm(a, b, rounded_out, e, level); },
          {{"plain", [&] { gemm(a, b, out, level); }}});
}
template <class A, class B>
void add_epilogue(const std::string& job) {
  const auto add = [&](const shape& s, const char* name, activation function) {
    add_row("gemm/" + job + "/bias_" + name + "_bfloat16/" + s.name(),
            [=](benchmark::State& state) { run_epilogue<A, B>(state, s, function); });
  };
  for (const std::size_t depth : {4096u, 512u}) {
    add({512, 4096, depth}, "silu", activation::silu);
    add({512, 4096, depth}, "gelu", activation::gelu);
  }
}

/// Activations that are quantized first.
template <class A, class B>
void add_quantizing(const std::string& job) {
  for (const shape& s : {shape{512, 4096, 4096}, shape{1024, 1024, 1024}}) {
    add_row("gemm/" + job + "/quantizing/" + s.name(), [s](benchmark::State& state) {
      std::vector<float> a_values, b_values, c(s.m * s.n);
      const auto values = sample_values(a_values, s.m, s.k);
      const auto a = A::make(values);
      const auto b = B::make(sample_values(b_values, s.n, s.k));
      const matrix_view<float> out(c.data(), s.m, s.n);
      const isa level = highest_isa();
      compare(state, 2 * s.m * s.n * s.k, [&] { gemm(A::make(values), b, out, level); },
              {{"plain", [&] { gemm(a, b, out, level); }}});
    });
  }
}

/// Modeled sums, as a share of the speed of the order k32.
template <auto P, class T, class R>
void run_model(benchmark::State& state, const R& mode, isa level) {
  const shape s{128, 1024, 1024};
  std::vector<float> a_values, b_values, c(s.m * s.n);
  const auto numbers = [](matrix_view<const float> values) {
    std::vector<T> list;
    for (std::size_t i = 0; i < values.rows * values.cols; ++i) list.push_back(T(values.data[i]));
    return list;
  };
  const std::vector<T> a = numbers(sample_values(a_values, s.m, s.k));
  const std::vector<T> b = numbers(sample_values(b_values, s.n, s.k));
  const matrix_view<const T> x(a.data(), s.m, s.k), y(b.data(), s.n, s.k);
  const matrix_view<float> out(c.data(), s.m, s.n);
  const auto multiply = [&] {
    if constexpr (has_rounding(P)) {
      gemm<P>(x, y, out, mode, level);
    } else {
      gemm<P>(x, y, out, level);
    }
  };
  compare(state, 2 * s.m * s.n * s.k, multiply, {{"k32", [&] { gemm(x, y, out, level); }}});
}
template <auto P, class T = float, class R = nearest_even_t>
void add_model(const std::string& name, const R& mode = {}) {
  for (const isa level : isas) {
    if ((level != isa::avx2 || level > highest_isa()) && level != highest_isa()) continue;
    add_row("gemm/model/" + name + "/" + std::string(lowp::name(level)),
            [=](benchmark::State& state) { run_model<P, T>(state, mode, level); });
  }
}
constexpr rounded_sums sequential_in(const float_format& f, product p = product::exact) {
  return {.accumulator = f, .product = p};
}
void add_models() {
  constexpr rounded_sums bf16 = sequential_in(formats::bfloat16);
  constexpr rounded_sums half = sequential_in(formats::binary16);
  constexpr rounded_sums halves = sequential_in(formats::binary16, product::rounded);
  constexpr rounded_sums l_mul = sequential_in(formats::binary32, product::l_mul);
  constexpr rounded_sums tree{
      .order = summation::pairwise, .accumulator = formats::bfloat16, .chunk = 128};
  add_model<policies::sequential_binary32>("binary32");
  add_model<bf16>("bfloat16");
  add_model<bf16>("bfloat16_toward_zero", toward_zero);
  add_model<bf16>("bfloat16_stochastic_8", stochastic{.random_bits = 8});
  add_model<half>("binary16");
  add_model<halves>("binary16_rounded_products");
  add_model<tree>("bfloat16_trees_of_128");
  add_model<l_mul>("binary32_l_mul");
  add_model<policies::hopper_fp8, e4m3fn>("hopper_fp8");
  add_model<policies::hopper_fp8_promoted, e4m3fn>("hopper_fp8_promoted");
  add_model<policies::hopper_fp16, binary16>("hopper_fp16");
  add_model<policies::hopper_fp16_in_fp16, binary16>("hopper_fp16_in_fp16");
  add_model<policies::ampere_tf32>("ampere_tf32");
  add_model<policies::cdna1_fp16, binary16>("cdna1_fp16");
  add_model<policies::cdna2_bf16, bfloat16>("cdna2_bf16");
  add_model<policies::cdna3_fp16, binary16>("cdna3_fp16");
  add_model<policies::cdna3_fp8, number<formats::e4m3fnuz>>("cdna3_fp8");
  add_model<policies::amx_bf16, bfloat16>("amx_bf16");
  add_model<policies::arm_bfdot, bfloat16>("arm_bfdot");
  add_model<policies::sequential_binary64>("binary64");
  add_model<policies::exact>("exact");
  add_model<policies::exact, e4m3fn>("exact_e4m3fn");
  add_model<policies::exact, bfloat16>("exact_bfloat16");
  add_model<policies::exact>("exact_stochastic", stochastic{});
}

}  // namespace

void lowp_bench::add_rows() {
  add_models();
  add_epilogue<as_float, as_float>("float_float");
  add_epilogue<as_blocks<formats::mxfp4>, as_blocks<formats::mxfp4>>("mxfp4_mxfp4");
  add_quantizing<as_blocks<formats::mxfp8_e4m3>, as_blocks<formats::mxfp8_e4m3>>("mxfp8_mxfp8");
  add_quantizing<as_blocks<formats::mxfp4>, as_blocks<formats::mxfp4>>("mxfp4_mxfp4");
  add_product<as_float, as_float>("float_float");
  add_product<as_float, as_blocks<formats::mxfp4>>("float_mxfp4");
  add_product<as_float, as_packed<formats::mxfp4>>("float_packed_mxfp4");
  using bfloat16s = as_numbers<formats::bfloat16>;
  add_product<bfloat16s, bfloat16s>("bfloat16_bfloat16");
  add_product<bfloat16s, as_blocks<formats::mxfp4>>("bfloat16_mxfp4");
  add_product<as_float, as_blocks<formats::mxfp8_e4m3>>("float_mxfp8");
  add_product<as_float, as_packed<formats::mxfp8_e4m3>>("float_packed_mxfp8");
  add_product<as_float, as_blocks<formats::nvfp4>>("float_nvfp4");
  add_product<as_float, as_packed<formats::nvfp4>>("float_packed_nvfp4");
  add_product<as_blocks<formats::nvfp4>, as_blocks<formats::nvfp4>>("nvfp4_nvfp4");
  add_product<as_blocks<formats::mxfp8_e4m3>, as_blocks<formats::mxfp8_e4m3>>("mxfp8_mxfp8");
  add_product<as_blocks<formats::mxfp4>, as_blocks<formats::mxfp4>>("mxfp4_mxfp4");
  add_product<as_blocks<formats::mxint8>, as_blocks<formats::mxfp4>>("mxint8_mxfp4");
  add_product<as_blocks<formats::mxint8>, as_blocks<formats::mxint8>>("mxint8_mxint8");
  constexpr int row = block_shape::whole;
  add_product<as_affine<formats::int_n<8>, row, false>, as_affine<formats::int_n<8>, row, false>,
              policies::integers>("int8_int8_of_rows");
  add_product<as_affine<formats::int_n<8>, row, false>, as_affine<formats::uint_n<4>, 128, true>,
              policies::integers>("int8_uint4_of_128");
  add_product<as_affine<formats::uint_n<8>, row, true>, as_affine<formats::int_n<8>, row, false>,
              policies::integers>("uint8_int8_of_rows");
}
