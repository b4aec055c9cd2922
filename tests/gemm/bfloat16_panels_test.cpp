// SPDX-License-Identifier: MIT
// Products by instructions for bfloat16 have the bits of reference::gemm: by tile registers on a
// model of them, and by the instructions themselves where there are any.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gemm/product_cases.hpp"
#include "gemm/tile_model.hpp"
#include "lowp/gemm/engine/bfloat16_panels.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/kernels/products/product.hpp"
#include "skip.hpp"

using namespace test::gemm;
using lowp::has_bfloat16_panels;

namespace {

template <auto F>
using numbers = matrix_view<const number<F>>;

static_assert(has_bfloat16_panels<numbers<formats::bfloat16>>);
static_assert(has_bfloat16_panels<numbers<formats::e5m2>>);
static_assert(has_bfloat16_panels<numbers<formats::int_n<8>>>);
static_assert(has_bfloat16_panels<numbers<formats::uint_n<8>>>);
static_assert(has_bfloat16_panels<numbers<formats::posit<8, 2>>>);
static_assert(has_bfloat16_panels<packed_matrix_view<formats::e2m3>>);
static_assert(has_bfloat16_panels<block_matrix<formats::mxfp8_e5m2>>);
static_assert(has_bfloat16_panels<block_matrix<formats::nvfp4>>);
static_assert(has_bfloat16_panels<lowp::packed_operand<block_matrix<formats::mxint8>>>);
static_assert(has_bfloat16_panels<lowp::transposed<numbers<formats::e4m3fn>>>);
static_assert(!has_bfloat16_panels<matrix_view<const float>>);
static_assert(!has_bfloat16_panels<numbers<formats::binary16>>);
static_assert(!has_bfloat16_panels<lowp::affine_matrix_view<formats::int_n<8>>>);

}  // namespace

#if LOWP_X86_TARGETS

namespace {

using test::tile_model;

using lowp::bulk::dot_products;
using model_products = lowp::bulk::tile_products<tile_model>;

struct counted_dots : dot_products {
  static inline std::size_t calls = 0;
  static void multiply(const lowp::kernels::bfloat16_tile& t) {
    ++calls;
    dot_products::multiply(t);
  }
};

/// By the model, say: gemm's other half.
template <class Products, class A, class B>
std::vector<std::uint32_t> product_by(const A& a, const B& b, const execution& how) {
  const std::size_t rows = lowp::detail::operand_rows(a), cols = lowp::detail::operand_rows(b);
  const std::size_t stride = cols + 5;
  std::vector<float> c(rows * stride, 7.0f);
  const auto a_scale = std::bit_cast<std::uint32_t>(lowp::detail::operand_tensor_scale(a));
  const auto b_scale = std::bit_cast<std::uint32_t>(lowp::detail::operand_tensor_scale(b));
  const auto finish = [&](std::size_t row, std::size_t col, std::size_t count, const float* sums) {
    lowp::kernels::finish(how.level(), a_scale, b_scale, sums, count,
                          c.data() + row * stride + col);
  };
  const auto first = lowp::bulk::as_any_operand(a);
  const auto second = lowp::bulk::as_any_operand(b);
  const lowp::bulk::product_problem problem(lowp::policies::k32, first, second, lowp::nearest_even,
                                            how);
  lowp::bulk::multiply_bfloat16<Products>(problem, lowp::bulk::sum_sink(finish));
  std::vector<std::uint32_t> bits;
  for (const float& x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

constexpr const char* no_vectors = "this machine has no AVX-512 with VBMI";
constexpr isa vectors = isa::avx512vbmi, dots = isa::avx512bf16;

/// Also by dot products, on machines that have them. How many instructions the model took, which
/// tells by which kernel. Only for machines with the vectors.
template <class A, class B>
std::size_t compare_model(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  const auto expected = definition(a, b);
  counted_dots::calls = 0;
  if (test::highest_isa() >= dots) {
    compare_bits(t, name, a, b, "dot products", product_by<counted_dots>(a, b, dots), expected);
  }
  tile_model::instructions = 0;
  compare_bits(t, name, a, b, "the model", product_by<model_products>(a, b, vectors), expected);
  return tile_model::instructions;
}

template <class X, class Y>
void compare_formats(const std::string& name) {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const auto& [m, n, k] : shapes) {
    for (const kind values : {kind::ordinary, kind::special}) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      const X x(a);
      const Y y(b);
      CHECK(compare_model(t, name, x.operand, y.operand) != 0);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Formats of at most 8 significant bits as bfloat16") {
  if (test::highest_isa() < vectors) return test::skip(no_vectors);
  compare_formats<of_numbers<formats::bfloat16>, of_numbers<formats::bfloat16>>("bfloat16");
  compare_formats<of_numbers<formats::bfloat16>, of_blocks<formats::mxfp4>>("bfloat16 by mxfp4");
  compare_formats<of_numbers<formats::uint_n<8>>, of_packed<formats::e2m3>>("uint8 by e2m3");
  compare_formats<of_blocks<formats::nvfp4>, of_blocks<formats::nvfp4>>("nvfp4");
  compare_formats<of_blocks<formats::mxint8>, of_blocks<formats::mxfp8_e5m2>>("mxint8 by mxfp8");
}

TEST_CASE("Where subnormal numbers could occur, another kernel goes on") {
  if (test::highest_isa() < vectors) return test::skip(no_vectors);
  oracle::tally t;
  std::uint64_t seed = 1;
  using bfloat16s = of_numbers<formats::bfloat16>;
  for (const kind values : kinds) {
    for (const auto& [m, n, k] : shapes) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      const matrix other(n, k, ++seed, kind::ordinary);
      const bfloat16s x(a), y(b), z(other);
      compare_model(t, "kind " + std::to_string(static_cast<int>(values)), x.operand, y.operand);
      compare_model(t, "mixed kinds", x.operand, z.operand);
      compare_model(t, "mixed kinds", z.operand, x.operand);
    }
  }
  // Scales of any code, so that values of binary32 are subnormal and have bits below bfloat16's.
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::ordinary), b(n, k, ++seed, kind::huge);
    const of_any_codes<formats::mxfp8_e5m2> x(a);
    const bfloat16s y(b);
    compare_model(t, "any codes", x.operand, y.operand);
    compare_model(t, "any codes", y.operand, x.operand);
    compare_model(t, "any codes", x.operand, x.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}

// Of 40 x 40 sums over 1100 products of 2^-60, in tiles of 32 and chunks of 512. The rows of b, of
// which there are no more, are lanes.
TEST_CASE("Instructions for bfloat16 are left exactly where they must be") {
  if (test::highest_isa() < vectors) return test::skip(no_vectors);
  oracle::tally t;
  constexpr std::size_t size = 40, depth = 1100;
  const auto values = [](float x) { return std::vector(size * depth, lowp::bfloat16(x)); };
  const auto instructions = [&](const auto& a, const auto& b) {
    const std::size_t count =
        compare_model(t, "boundary", numbers<formats::bfloat16>(a.data(), size, depth),
                      numbers<formats::bfloat16>(b.data(), size, depth));
    if (test::highest_isa() >= dots) CHECK((counted_dots::calls == 0) == (count == 0));
    return count;
  };
  constexpr std::size_t steps = (depth + 31) / 32, all = 9 * steps;
  // 8 bits each: 2^-(56 + 7) times 2^-(56 + 7) is 2^-126.
  CHECK(instructions(values(0x1p-56f), values(0x1p-56f)) == all);
  CHECK(instructions(values(0x1p-56f), values(0x1.FEp-57f)) == 0);
  CHECK(instructions(values(0x1p-126f), values(0x1p14f)) == all);
  CHECK(instructions(values(0x1.FCp-127f), values(0x1p100f)) == 0);
  CHECK(instructions(values(0.0f), values(0x1p-126f)) == all);
  CHECK(instructions(values(0.0f), values(0x1p-127f)) == 0);

  // One small number, in lane 35, takes a tile of 16 lanes away: 3 of 9. In row 35, from its chunk
  // on: of the last 16 rows, 3 of 9 in the steps from 512 on.
  auto few = values(1.0f);
  few[35 * depth + 600] = lowp::bfloat16(0x1p-120f);
  CHECK(instructions(values(1.0f), few) == 6 * steps);
  CHECK(instructions(few, values(1.0f)) == all - 3 * (steps - 16));
  // What a chunk left subnormal must not be lost in the next.
  auto row = values(0.0f), lane = values(0.0f);
  for (std::size_t i = 0; i < size; ++i) {
    row[i * depth] = lane[i * depth] = lowp::bfloat16(0x1.5p-66f);
    row[i * depth + 1000] = lane[i * depth + 1000] = lowp::bfloat16(1.0f);
  }
  CHECK(instructions(row, lane) == 0);
  row[20 * depth + 1000] = lowp::bfloat16(0.0f);
  CHECK(instructions(row, lane) == 0);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("More than a block, in parts and threads") {
  if (test::highest_isa() < vectors) return test::skip(no_vectors);
  oracle::tally t;
  const matrix a(530, 70, 1, kind::ordinary), b(290, 70, 2, kind::ordinary);
  const of_numbers<formats::e4m3fn> x(a), y(b);
  compare_model(t, "lanes", x.operand, y.operand);
  compare_model(t, "rows", y.operand, x.operand);
  if (test::highest_isa() >= dots) {
    CHECK(product_by<dot_products>(x.operand, y.operand, {lowp::threads{3}, dots}) ==
          product_by<dot_products>(x.operand, y.operand, dots));
  }
  const auto all = product_by<model_products>(x.operand, y.operand, vectors);
  CHECK(product_by<model_products>(x.operand, y.operand, {lowp::threads{3}, vectors}) == all);
  REQUIRE_NO_MISMATCH(t);
}

namespace {

/// A product of integers as a kernel sees it, of random bits.
struct integer_case {
  using tile = lowp::kernels::integer_sum_tile;
  std::vector<float> lane_scales, row_scales, sums, rest;
  std::vector<std::uint32_t> lanes, rows, lane_offsets, lane_zeros, row_offsets, row_zeros;
  std::vector<tile::span> spans;
  tile t{};

  integer_case(std::size_t row_count, std::size_t width, bool has_zeros,
               std::vector<tile::span> cut, std::uint64_t seed)
      : spans(std::move(cut)) {
    source random(seed);
    const auto fill = [&](auto& list, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) {
        const auto bits = static_cast<std::uint32_t>(random.word());
        typename std::remove_reference_t<decltype(list)>::value_type x;
        std::memcpy(&x, &bits, sizeof x);
        list.push_back(x);
      }
    };
    const auto fill_values = [&](std::vector<float>& list, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) list.push_back(random.in_binades(120, 128));
    };
    std::size_t words = 0;
    for (const tile::span& s : spans) words += s.words;
    fill(lanes, words * width);
    fill(rows, 32 * tile::row_stride);
    fill(lane_offsets, spans.size() * width);
    fill(lane_zeros, spans.size() * width);
    fill(row_offsets, 32 * tile::max_spans);
    fill(row_zeros, 32 * tile::max_spans);
    fill(rest, 32 * width);
    fill_values(lane_scales, spans.size() * width);
    fill_values(row_scales, 32 * tile::max_spans);
    fill_values(sums, 32 * width);
    t = {lanes.data(),
         width,
         rows.data(),
         row_count,
         spans.data(),
         spans.size(),
         lane_offsets.data(),
         has_zeros ? lane_zeros.data() : nullptr,
         lane_scales.data(),
         row_offsets.data(),
         row_zeros.data(),
         row_scales.data(),
         sums.data(),
         rest.data(),
         false};
  }
  /// What is left in sums and rest.
  [[nodiscard]] std::vector<std::uint32_t> after(void (*kernel)(const tile&)) const {
    integer_case copy = *this;
    copy.t.sums = copy.sums.data();
    copy.t.rest = copy.rest.data();
    kernel(copy.t);
    std::vector<std::uint32_t> bits(copy.sums.size() + copy.rest.size());
    std::memcpy(bits.data(), copy.sums.data(), copy.sums.size() * 4);
    std::memcpy(bits.data() + copy.sums.size(), copy.rest.data(), copy.rest.size() * 4);
    return bits;
  }
};

}  // namespace

TEST_CASE("Integers by tiles as by vectors") {
  if (test::highest_isa() < vectors) return test::skip(no_vectors);
  namespace kernels = lowp::kernels::avx512vbmi;
  const std::vector<std::vector<integer_case::tile::span>> cuts{
      {{8, true, true}},
      {{16, true, true}},
      {{512, true, true}},
      {{24, false, true}, {32, true, true}, {40, true, false}},
      {{64, false, false}}};
  std::uint64_t seed = 0;
  for (const std::size_t rows : {1u, 4u, 15u, 16u, 17u, 31u, 32u}) {
    for (const std::size_t width : {16u, 32u}) {
      for (const bool has_zeros : {false, true}) {
        for (const auto& cut : cuts) {
          CAPTURE(rows, width, has_zeros, cut.front().words);
          const integer_case x(rows, width, has_zeros, cut, ++seed);
          const auto expected = x.after(&kernels::add_integer_fours);
          CHECK((x.after(&kernels::add_integer_fours_by_tiles<tile_model>) == expected));
        }
      }
    }
  }
}

TEST_CASE("The registers do what the model does", "[tile_registers]") {
  if (test::highest_isa() < isa::amx) return test::skip("this machine has no tiles of AMX");
  oracle::tally t;
  std::uint64_t seed = 0;
  for (const kind values : kinds) {
    const matrix a(40, 100, ++seed, values), b(50, 100, ++seed, values);
    const of_numbers<formats::bfloat16> x(a), y(b);
    compare(t, "registers", x.operand, y.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}

#else

TEST_CASE("Formats of at most 8 significant bits as bfloat16") {
  test::skip("these kernels are for x86-64");
}
TEST_CASE("The registers do what the model does", "[tile_registers]") {
  test::skip("tile registers are of x86-64");
}

#endif
