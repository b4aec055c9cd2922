// SPDX-License-Identifier: MIT
// Operands of slices: the values of INT8, INT4 and binary16 slices, which this file chooses, are
// added in the order of K by its own sums: exact ones in 64-bit integers, chains of std::fma, and
// integers for each slice that are scaled then.
#include "lowp/gemm/slices.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "isas.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/gemm/slice_sums.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
using lowp::block_shape;
using lowp::column_slices;
using lowp::matrix_view;
using lowp::row_slices;
using lowp::slice;

namespace {

using half = lowp::number<formats::binary16>;
constexpr auto int8 = formats::int_n<8>;
constexpr auto int4 = formats::int_n<4>;

/// What an oracle knows of a slice: values are integers times the scale of their row, whole
/// multiples of 2^-4.
struct known {
  std::size_t rows, cols;
  std::vector<std::int64_t> integers;
  std::vector<float> scales;

  known(std::size_t r, std::size_t c, int bits, int scale_bits, std::uint64_t seed)
      : rows(r), cols(c) {
    test::split_mix random(seed);
    const auto below = [&](int n) { return static_cast<int>(random.below(1u << n)); };
    for (std::size_t i = 0; i < r * c; ++i) integers.push_back(below(bits) - (1 << (bits - 1)));
    for (std::size_t i = 0; i < r; ++i) {
      scales.push_back(static_cast<float>(1 + below(scale_bits)) / 16);
    }
  }
  std::int64_t integer(std::size_t row, std::size_t col) const {
    return integers[row * cols + col];
  }
  float value(std::size_t row, std::size_t col) const {
    return static_cast<float>(integer(row, col)) * scales[row];
  }
};

template <auto F>
struct integer_slice : known {
  std::vector<std::uint8_t> bytes;

  integer_slice(std::size_t r, std::size_t c, std::uint64_t seed)
      : known(r, c, F.bits(), 5, seed), bytes(r * lowp::packed_bytes(c, F.bits())) {
    for (std::size_t i = 0; i < r * c; ++i) {
      lowp::store_code(bytes.data() + i / c * (bytes.size() / r), i % c, F.bits(),
                       static_cast<lowp::code_t>(integers[i]) & lowp::low_mask(F.bits()));
    }
  }
  lowp::packed_matrix_view<F> plain() const { return {bytes, rows, cols}; }
  lowp::affine_matrix_view<F> view() const {
    const auto of_rows = cols == 0 ? std::span<const float>() : std::span<const float>(scales);
    return {plain(), {1, block_shape::whole}, of_rows};
  }
};
struct half_slice : known {
  std::vector<half> codes;

  half_slice(std::size_t r, std::size_t c, std::uint64_t seed) : known(r, c, 10, 0, seed) {
    for (std::size_t i = 0; i < r * c; ++i) codes.push_back(half(value(i / c, i % c)));
  }
  matrix_view<const half> view() const { return {codes.data(), rows, cols}; }
};

/// The three side by side: an operand, and what it is.
struct operand {
  integer_slice<int8> first;
  half_slice second;
  integer_slice<int4> third;
  float tensor[3];

  operand(std::size_t rows, std::vector<std::size_t> cols, std::uint64_t seed,
          std::vector<float> scales = {1, 1, 1})
      : first(rows, cols[0], seed),
        second(rows, cols[1], seed + 1),
        third(rows, cols[2], seed + 2),
        tensor{scales[0], scales[1], scales[2]} {}
  auto slices() const {
    return column_slices(slice(first.view(), tensor[0]), slice(second.view(), tensor[1]),
                         slice(third.view(), tensor[2]));
  }
  bool is_common() const { return tensor[0] == tensor[1] && tensor[1] == tensor[2]; }
  /// Values in the order of K, times the tensor scales that are no factor of the whole sum.
  std::vector<float> row(std::size_t index) const {
    std::vector<float> values;
    const auto append = [&](const known& k, float scale) {
      for (std::size_t i = 0; i < k.cols; ++i) {
        values.push_back(k.value(index, i) * (is_common() ? 1 : scale));
      }
    };
    append(first, tensor[0]);
    append(second, tensor[1]);
    append(third, tensor[2]);
    return values;
  }
  float factor() const { return is_common() ? tensor[0] : 1; }
};

/// Multiples of 2^-6 each.
float exact_sum(const std::vector<float>& a, const std::vector<float>& b, float factors) {
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    sum += static_cast<std::int64_t>(a[k] * 64) * static_cast<std::int64_t>(b[k] * 64);
  }
  return static_cast<float>(static_cast<double>(sum) * static_cast<double>(factors) / 4096);
}
float k32_sum(const std::vector<float>& a, const std::vector<float>& b, float sum = 0) {
  for (std::size_t step = 0; step < a.size(); step += 32) {
    float chains[2] = {0, 0};
    for (std::size_t k = step; k < std::min(step + 32, a.size()); ++k) {
      chains[k % 2] = std::fma(a[k], b[k], chains[k % 2]);
    }
    sum += chains[0] + chains[1];
  }
  return sum;
}

struct matrix {
  std::size_t rows, cols;
  std::vector<float> values = std::vector<float>(rows * cols, -77.0f);
  matrix_view<float> view() { return {values.data(), rows, cols}; }
};
using find = std::function<float(std::size_t, std::size_t)>;
/// Compares bits.
std::size_t mismatches(const matrix& c, const find& expected) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    const float x = expected(i / c.cols, i % c.cols);
    count += std::bit_cast<std::uint32_t>(x) != std::bit_cast<std::uint32_t>(c.values[i]) ? 1u : 0u;
  }
  return count;
}
/// Of gemm on every instruction set, and of the definition.
template <auto P, class A, class B>
std::size_t mismatches_of(const A& a, const B& b, matrix c, const find& expected) {
  lowp::reference::gemm<P>(a, b, c.view());
  std::size_t count = mismatches(c, expected);
  for (const lowp::isa level : test::isas()) {
    c = {c.rows, c.cols};
    lowp::gemm<P>(a, b, c.view(), lowp::execution(level));
    count += mismatches(c, expected);
  }
  return count;
}

TEST_CASE("slices along K are one operand, whose values are added in the order of K") {
  const std::vector<std::size_t> cuts[] = {{64, 32, 40}, {33, 6, 600}, {0, 0, 37}};
  const std::vector<float> scales[] = {{1, 1, 1}, {0.75f, 0.75f, 0.75f}, {0.75f, 1.25f, 3}};
  std::uint64_t seed = 1;
  for (const auto& cut : cuts) {
    for (const auto& tensor : scales) {
      const operand a(11, cut, ++seed, tensor), b(19, cut, seed + 100);
      CAPTURE(cut, tensor);
      CHECK(mismatches_of<policies::exact>(a.slices(), b.slices(), {11, 19}, [&](auto i, auto j) {
              return exact_sum(a.row(i), b.row(j), a.factor());
            }) == 0);
      const find k32 = [&](auto i, auto j) { return k32_sum(a.row(i), b.row(j)) * a.factor(); };
      CHECK(mismatches_of<policies::k32>(a.slices(), b.slices(), {11, 19}, k32) == 0);
      // The other operand need not be cut.
      std::vector<float> values;
      for (std::size_t i = 0; i < 19; ++i) {
        for (const float x : b.row(i)) values.push_back(x);
      }
      const matrix_view<const float> whole(values.data(), 19, values.size() / 19);
      CHECK(mismatches_of<policies::k32>(a.slices(), whole, {11, 19}, k32) == 0);
      // Nor is it the second one that has to be.
      CHECK(mismatches_of<policies::k32>(whole, a.slices(), {19, 11}, [&](auto i, auto j) {
              return k32_sum(b.row(i), a.row(j)) * a.factor();
            }) == 0);
    }
  }
  const operand a(11, {64, 32, 40}, 5, {0.1f, 3, 7}), b(19, {64, 32, 40}, 6);
  CHECK(mismatches_of<policies::k32>(a.slices(), b.slices(), {11, 19}, [&](auto i, auto j) {
          return k32_sum(a.row(i), b.row(j));  // values rounded to binary32
        }) == 0);
  // Exact sums are of the values without that rounding.
  const column_slices x(slice(a.second.view(), 0.1f), a.first.plain());
  const column_slices y(b.second.view(), b.first.plain());
  matrix c{11, 19};
  lowp::gemm<policies::exact>(x, y, c.view());
  CHECK(mismatches(c, [&](std::size_t i, std::size_t j) {
          std::int64_t sum = 0;  // of multiples of 2^-8 by the significand of 0.1f
          for (std::size_t k = 0; k < 32; ++k) {
            sum += a.second.integer(i, k) * b.second.integer(j, k);
          }
          sum *= static_cast<std::int64_t>(0.1f * 0x1p27f);
          for (std::size_t k = 0; k < 64; ++k) {
            sum += a.first.integer(i, k) * b.first.integer(j, k) * (std::int64_t{1} << 35);
          }
          return static_cast<float>(sum) * 0x1p-35f;
        }) == 0);

  // Nor in another order of columns, or by columns.
  std::vector<std::size_t> back(96);
  for (std::size_t i = 0; i < 96; ++i) back[i] = 95 - i;
  matrix same{11, 19}, of_cols{1, 96};
  lowp::gemm<policies::exact>(lowp::gathered_columns(x, back), lowp::gathered_columns(y, back),
                              same.view());
  CHECK(same.values == c.values);
  const std::vector<float> ones(11, 1.0f);
  lowp::gemm<policies::exact>(matrix_view<const float>(ones.data(), 1, 11), lowp::transposed(x),
                              of_cols.view());
  CHECK(mismatches(of_cols, [&](std::size_t, std::size_t k) {
          std::int64_t sum = 0;
          for (std::size_t i = 0; i < 11; ++i) {
            sum += k < 32 ? a.second.integer(i, k) : a.first.integer(i, k - 32);
          }
          return static_cast<float>(static_cast<double>(sum) *
                                    (k < 32 ? static_cast<double>(0.1f) / 16 : 1.0));
        }) == 0);
}

TEST_CASE("slices of slices are kept, not referred to; scales differ in any environment") {
  const half_slice x(4, 8, 1), y(4, 8, 2);
  const row_slices nested(column_slices(x.view(), y.view()), column_slices(y.view(), x.view()));
  using kept = std::remove_cvref_t<decltype(nested.parts())>;
  STATIC_REQUIRE(!std::is_reference_v<std::tuple_element_t<0, kept>>);
  const lowp::transposed by_cols(column_slices(x.view(), y.view()));
  CHECK(describe(by_cols).rows() == 16);
  const test::float_environment unusual(0x8040u);  // subnormal numbers are zeros, but not here
  const column_slices tiny(slice(x.view(), 0x1p-140f), slice(y.view(), 0x1p-130f));
  CHECK(describe(tiny).have_own_scales);
}

TEST_CASE("sums go on from slice to slice by the kernels of each") {
  const operand a(40, {64, 32, 40}, 5), b(40, {64, 32, 40}, 6), c(40, {63, 33, 40}, 6);
  const auto way = lowp::explain(a.slices(), b.slices());
  REQUIRE(way.slices.size() == 3);
  CHECK(way.slices[1].strategy == lowp::explain(a.second.view(), b.second.view()).strategy);
  CHECK(lowp::explain(c.slices(), c.slices()).slices.empty());

  matrix held{40, 40};
  lowp::gemm_accumulate(a.slices(), b.slices(), held.view());
  CHECK(mismatches(held, [&](auto i, auto j) { return k32_sum(a.row(i), b.row(j), -77); }) == 0);
}

TEST_CASE("slices may be packed ahead of time") {
  const operand a(3, {64, 32, 40}, 5), b(40, {64, 32, 40}, 6);
  const lowp::packed_operand first(b.first.plain());
  const lowp::packed_operand third(b.third.plain());
  const column_slices weights(first, b.second.view(), third);
  const column_slices x(a.first.plain(), a.second.view(), a.third.plain());
  const auto row = [](const operand& of, std::size_t i) {
    std::vector<float> values;
    for (const known* k :
         {static_cast<const known*>(&of.first), static_cast<const known*>(&of.second),
          static_cast<const known*>(&of.third)}) {
      const bool is_half = k == &of.second;
      for (std::size_t col = 0; col < k->cols; ++col) {
        values.push_back(is_half ? k->value(i, col) : static_cast<float>(k->integer(i, col)));
      }
    }
    return values;
  };
  const find expected = [&](auto i, auto j) { return k32_sum(row(a, i), row(b, j)); };
  CHECK(mismatches_of<policies::k32>(x, weights, {3, 40}, expected) == 0);
  CHECK(lowp::explain(x, weights).slices.at(0).strategy ==
        lowp::explain(a.first.plain(), first).strategy);
}

TEST_CASE("a policy for each slice: integers scaled for each slice, binary32 of outliers") {
  constexpr auto sums = policies::by_slice<policies::integers, policies::k32, policies::integers>;
  const std::vector<float> bias(19, 0.3f);
  for (const std::vector<std::size_t>& cut :
       {std::vector<std::size_t>{61, 7, 40}, {61, 0, 40}, {61, 0, 0}, {0, 7, 0}, {0, 0, 0}}) {
    const operand a(11, cut, 7, {0.1f, 1.5f, 0.3f}), b(19, cut, 8, {1, 0.7f, 1});
    CAPTURE(cut);
    const find expected = [&](std::size_t i, std::size_t j) {
      float total = 0;
      bool is_first = true;
      const auto add = [&](float x) {
        total = is_first ? x : total + x;
        is_first = false;
      };
      const auto add_integers = [&](const known& x, const known& y, float s, float t) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < x.cols; ++k) sum += x.integer(i, k) * y.integer(j, k);
        if (x.cols != 0) add(static_cast<float>(sum) * x.scales[i] * y.scales[j] * s * t);
      };
      add_integers(a.first, b.first, 0.1f, 1);
      std::vector<float> x, y;
      for (std::size_t k = 0; k < cut[1]; ++k) x.push_back(a.second.value(i, k));
      for (std::size_t k = 0; k < cut[1]; ++k) y.push_back(b.second.value(j, k));
      if (cut[1] != 0) add(k32_sum(x, y) * 1.5f * 0.7f);
      add_integers(a.third, b.third, 0.3f, 1);
      return total;
    };
    CHECK(mismatches_of<sums>(a.slices(), b.slices(), {11, 19}, expected) == 0);
    // One epilogue, of the whole sum.
    std::vector<half> c(11 * 19), defined(11 * 19);
    const lowp::epilogue e{.bias = bias, .activation = lowp::activation::relu};
    lowp::gemm<sums>(a.slices(), b.slices(), matrix_view<half>(c.data(), 11, 19), e);
    lowp::reference::gemm<sums>(a.slices(), b.slices(), matrix_view<half>(defined.data(), 11, 19),
                                e);
    for (std::size_t i = 0; i < c.size(); ++i) {
      const float x = expected(i / 19, i % 19) + 0.3f;
      CHECK((c[i].code() == half(x > 0 ? x : 0.0f).code() && defined[i] == c[i]));
    }
  }
}

TEST_CASE("slices of rows lie beside each other in the result") {
  const integer_slice<int8> a(9, 70, 1), b(5, 70, 3);
  const integer_slice<int4> w(20, 70, 2);
  const auto dot = [](const known& x, std::size_t i, const known& y, std::size_t j) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < 70; ++k) sum += x.integer(i, k) * y.integer(j, k);
    return static_cast<float>(sum) * x.scales[i] * y.scales[j];
  };
  const row_slices weights(slice(w.view(), 0.1f), slice(b.view(), 3.0f));
  const row_slices both(slice(w.view(), 0.7f), slice(a.view(), 1.5f));
  const find expected = [&](std::size_t i, std::size_t j) {
    const float x = j < 20 ? dot(a, i, w, j) : dot(a, i, b, j - 20);
    return x * (j < 20 ? 0.1f : 3.0f);
  };
  CHECK(mismatches_of<policies::integers>(a.view(), weights, {9, 25}, expected) == 0);
  CHECK(mismatches_of<policies::integers>(both, weights, {29, 25}, [&](auto i, auto j) {
          const known &x = i < 20 ? static_cast<const known&>(w) : a,
                      &y = j < 20 ? static_cast<const known&>(w) : b;
          const float sum = dot(x, i < 20 ? i : i - 20, y, j < 20 ? j : j - 20);
          return sum * (i < 20 ? 0.7f : 1.5f) * (j < 20 ? 0.1f : 3.0f);
        }) == 0);
  matrix held{9, 25};
  CHECK_THROWS_AS(lowp::gemm_accumulate<policies::integers>(a.view(), weights, held.view()),
                  std::invalid_argument);

  // Random bits are those of the element in the whole result.
  std::vector<float> values;
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t k = 0; k < 70; ++k) values.push_back(w.value(i, k));
  }
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t k = 0; k < 70; ++k) values.push_back(b.value(i, k) * 1.0001f);
  }
  const matrix_view<const float> whole(values.data(), 25, 70), one(values.data(), 20, 70),
      other(whole.row(20), 5, 70);
  matrix c{9, 25}, d{9, 25};
  const lowp::stochastic random{.seed = 5};
  lowp::gemm<policies::exact>(a.plain(), whole, c.view(), random);
  lowp::gemm<policies::exact>(a.plain(), row_slices(one, other), d.view(), random);
  CHECK(c.values == d.values);
}

TEST_CASE("columns of an operand by lists: the other one is cut alike") {
  const half_slice x(6, 20, 1), w(7, 20, 2);
  const std::vector<std::size_t> outliers{3, 11, 4}, others = [] {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < 20; ++i) {
      if (i != 3 && i != 4 && i != 11) list.push_back(i);
    }
    return list;
  }();
  const auto a = lowp::gathered_slices(x.view(), others, outliers);
  const auto b = lowp::gathered_slices(w.view(), others, outliers);
  const auto row = [&](const known& k, std::size_t i) {
    std::vector<float> values;
    for (const std::size_t col : others) values.push_back(k.value(i, col));
    for (const std::size_t col : outliers) values.push_back(k.value(i, col));
    return values;
  };
  const find expected = [&](auto i, auto j) { return k32_sum(row(x, i), row(w, j)); };
  CHECK(mismatches_of<policies::k32>(a, b, {6, 7}, expected) == 0);
  // Columns twice, as residual channels have them.
  const lowp::gathered_columns again(w.view(), outliers);
  const lowp::gathered_columns twice(x.view(), outliers);
  CHECK(mismatches_of<policies::exact>(column_slices(x.view(), twice),
                                       column_slices(w.view(), again), {6, 7}, [&](auto i, auto j) {
                                         std::vector<float> p, q;
                                         for (std::size_t k = 0; k < 20; ++k)
                                           p.push_back(x.value(i, k));
                                         for (std::size_t k = 0; k < 20; ++k)
                                           q.push_back(w.value(j, k));
                                         for (const std::size_t k : outliers)
                                           p.push_back(x.value(i, k));
                                         for (const std::size_t k : outliers)
                                           q.push_back(w.value(j, k));
                                         return exact_sum(p, q, 1);
                                       }) == 0);
  // One sum of integers, though more columns than there are have the scale of their row.
  const integer_slice<int8> u(3, 20, 3), v(5, 20, 4);
  std::vector<std::size_t> more = others;
  more.insert(more.end(), others.begin(), others.end() - 4);
  CHECK(mismatches_of<policies::integers>(
            lowp::gathered_columns(u.view(), more), lowp::gathered_columns(v.view(), more), {3, 5},
            [&](std::size_t i, std::size_t j) {
              std::int64_t sum = 0;
              for (const std::size_t k : more) sum += u.integer(i, k) * v.integer(j, k);
              return static_cast<float>(sum) * u.scales[i] * v.scales[j];
            }) == 0);
}

TEST_CASE("an operand with columns in one slice is that slice, by any policy and kernel") {
  const operand a(20, {70, 0, 0}, 3, {0.1f, 2, 2}), b(20, {70, 0, 0}, 4);
  matrix c{20, 20}, d{20, 20};
  lowp::gemm<policies::integers>(a.slices(), b.slices(), c.view());
  lowp::gemm<policies::integers>(slice(a.first.view(), 0.1f), b.first.view(), d.view());
  CHECK(c.values == d.values);
  CHECK(lowp::explain<policies::integers>(a.slices(), b.slices()).strategy ==
        lowp::explain<policies::integers>(a.first.view(), b.first.view()).strategy);
}

std::string complaint(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("bad slices are refused, and nothing is written") {
  const operand a(6, {32, 8, 8}, 1), b(7, {32, 8, 8}, 2), other(7, {32, 9, 7}, 3);
  constexpr auto sums = policies::by_slice<policies::integers, policies::k32, policies::integers>;
  matrix c{6, 7};
  const auto untouched = c.values;
  const std::vector<std::size_t> some{0, 1, 40}, twice{1, 2, 1}, few{0, 1};
  const auto x = a.first.view();
  const std::vector<std::pair<std::string, std::function<void()>>> cases{
      {"column_slices: slice 1 has 7 rows, expected 6 as slice 0 has",
       [&] { column_slices(x, b.second.view()); }},
      {"row_slices: slice 1 has 8 columns, expected 32 as slice 0 has",
       [&] { row_slices(x, b.second.view()); }},
      {"slice: the tensor scale is 0.000000, expected a positive finite number",
       [&] { slice(x, 0.0f); }},
      {"slice: the tensor scale is -1.000000, expected a positive finite number",
       [&] { slice(x, -1.0f); }},
      {"slice: the tensor scale is nan, expected a positive finite number",
       [&] { slice(x, std::nanf("")); }},
      {"slice: the tensor scale is inf, expected a positive finite number",
       [&] { slice(x, INFINITY); }},
      {"slice: the tensor scale times that of x is inf, expected a positive finite number",
       [&] { slice(slice(x, 1e30f), 1e30f); }},
      {"gathered_columns: columns[2] is 40, expected less than the columns of x, 32",
       [&] { lowp::gathered_columns(x, some); }},
      {"gathered_slices: column 1 is there twice, expected each column in one slice",
       [&] { static_cast<void>(lowp::gathered_slices(x, twice)); }},
      {"gathered_slices: column 2 is in no slice, expected each column in one",
       [&] { static_cast<void>(lowp::gathered_slices(x, few)); }},
      {"gathered_slices: there is a column 40, expected less than the columns of x, 32",
       [&] { static_cast<void>(lowp::gathered_slices(x, some)); }},
      {"gemm: b is 7 x 32, expected 48 columns as a has",
       [&] { lowp::gemm(a.slices(), b.first.view(), c.view()); }},
      {"gemm: slice 1 of b has 9 columns, expected 8 as that of a has",
       [&] { lowp::gemm<sums>(a.slices(), other.slices(), c.view()); }},
      {"gemm: c is 6 x 7, expected 6 x 6",
       [&] { lowp::gemm<sums>(a.slices(), a.slices(), c.view()); }},
      {"gemm: slice 0 along K has scales, by which the policy multiplies sums; expected "
       "slice_sums, which give each slice sums of its own, or a policy that multiplies elements by "
       "them",
       [&] { lowp::gemm<policies::integers>(a.slices(), b.slices(), c.view()); }},
      {"gemm: c shares memory with an operand, expected another matrix",
       [&] {
         const std::vector<std::size_t> first{0};
         const matrix_view<const float> y(c.values.data(), 3, 6);
         const lowp::transposed by_cols(y);
         const lowp::gathered_columns column(by_cols, first);
         lowp::gemm<sums>(
             column_slices(a.first.plain(), column),
             column_slices(b.first.plain(), lowp::gathered_columns(b.second.view(), first)),
             c.view());
       }},
      {"gemm: c shares memory with an operand, expected another matrix", [&] {
         const matrix_view<const float> y(c.values.data(), 7, 6);
         lowp::gemm(row_slices(y, y), column_slices(y), matrix_view<float>(c.values.data(), 14, 7));
       }}};
  for (const auto& [message, f] : cases) CHECK(complaint(f) == message);
  CHECK(c.values == untouched);
}

}  // namespace
