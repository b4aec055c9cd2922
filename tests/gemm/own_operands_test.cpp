// SPDX-License-Identifier: MIT
// Matrix types that only this file knows are operands of everything that multiplies, with the bits
// of a matrix of the library that has the same values; so are matrices whose formats are known when
// a program runs, and any way in which codes, scales and zero points lie.
#include "lowp/gemm/operands/description.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::constant_format;
using lowp::matrix_view;
using lowp::operand_description;
using lowp::variable_format;
using tg::kind;
using tg::matrix;

namespace user {

/// A Toeplitz matrix: element (r, c) is value c - r + rows - 1 of a list, each row the one before,
/// moved by one.
template <auto F>
struct toeplitz {
  std::size_t rows, cols;
  std::vector<lowp::number<F>> diagonals;  ///< rows + cols - 1

  lowp::number<F> at(std::size_t r, std::size_t c) const { return diagonals[c + rows - 1 - r]; }
};
template <auto F>
auto describe(const toeplitz<F>& t) {
  constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(lowp::number<F>));
  return operand_description<constant_format<F>>{
      .row_count = t.rows,
      .col_count = t.cols,
      .elements = {.bytes = reinterpret_cast<const std::uint8_t*>(t.diagonals.data() + t.rows - 1),
                   .row_bytes = -size,
                   .order = {.container_bits = 8 * static_cast<int>(size)}}};
}

/// Records of 17 bytes, as in files of ggml: the scale of 32 codes of 4 bits in front of them.
struct records {
  std::size_t rows, cols;  ///< cols is a multiple of 32
  std::vector<std::uint8_t> bytes;
};
/// Their description, a class of its own: codes do not follow each other along a row.
struct description_of_records {
  const records& of;
  float tensor_scale = 1;
  using element_format = constant_format<formats::e2m1>;
  using scale_format = constant_format<formats::e8m0>;
  const lowp::float_format& format() const { return element_format::value; }
  const lowp::float_format& scale_value_format() const { return scale_format::value; }
  std::size_t rows() const { return of.rows; }
  std::size_t cols() const { return of.cols; }
  std::size_t group_rows() const { return 1; }
  std::size_t group_cols() const { return 32; }
  bool has_scales() const { return true; }
  bool has_zeros() const { return false; }
  bool has_dyadic_scales() const { return true; }
  const std::uint8_t* record(std::size_t row, std::size_t col) const {
    return of.bytes.data() + (row * of.cols + col) / 32 * 17;
  }
  lowp::unpacked element(std::size_t row, std::size_t col) const {
    return decode(format(), lowp::load_code(record(row, col) + 1, col % 32, 4));
  }
  lowp::unpacked scale(std::size_t row, std::size_t col) const {
    return decode(scale_value_format(), record(row, col)[0]);
  }
  lowp::unpacked value(std::size_t row, std::size_t col) const {
    return lowp::exact::multiply(element(row, col), scale(row, col));
  }
};
inline description_of_records describe(const records& x) { return {x}; }

/// A matrix with a shape and any format of floating point, known when the program runs.
struct any_floats {
  lowp::float_format format;
  std::size_t rows, cols;
  std::vector<std::uint8_t> bytes;  ///< dense, the low bits first
};
inline auto describe(const any_floats& x) {
  return operand_description<variable_format<lowp::float_format>>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {
          .format = {x.format},
          .bytes = x.bytes.data(),
          .row_bytes = static_cast<std::ptrdiff_t>(lowp::packed_bytes(x.cols, x.format.bits()))}};
}

/// Blocks of a format that is known when the program runs.
struct any_blocks {
  lowp::float_format element, scale;
  std::size_t rows, cols, block_cols;
  std::span<const std::uint8_t> codes, scales;
  float tensor_scale = 1;
};
inline auto describe(const any_blocks& x) {
  using format = variable_format<lowp::float_format>;
  return operand_description<format, format>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.format = {x.element},
                   .bytes = x.codes.data(),
                   .row_bytes =
                       static_cast<std::ptrdiff_t>(lowp::packed_bytes(x.cols, x.element.bits()))},
      .scales = {.format = {x.scale},
                 .bytes = x.scales.data(),
                 .order = lowp::packings::byte_low,
                 .group_cols = x.block_cols,
                 .groups_per_row = (x.cols + x.block_cols - 1) / x.block_cols},
      .tensor_scale = x.tensor_scale};
}

}  // namespace user

namespace {

using result = std::vector<std::uint32_t>;
result bits(const std::vector<float>& c) {
  result list;
  for (const float x : c) list.push_back(std::bit_cast<std::uint32_t>(x));
  return list;
}

/// That x and `same`, of equal values, are multiplied to equal bits by `with`, on either side.
template <auto P, class X, class Y, class With, class... Mode>
void check(oracle::tally& t, const std::string& name, const X& x, const Y& same, const With& with,
           const Mode&... mode) {
  const std::size_t m = describe(with).rows(), n = describe(x).rows();
  std::vector<float> c(m * n), expected(m * n), turned(n * m), turned_expected(n * m);
  const auto view = [](std::vector<float>& list, std::size_t rows, std::size_t cols) {
    return matrix_view<float>(list.data(), rows, cols);
  };
  lowp::reference::gemm<P>(with, same, view(expected, m, n), mode...);
  lowp::reference::gemm<P>(same, with, view(turned_expected, n, m), mode...);
  const auto compare = [&](const std::string& how) {
    t.check(bits(c) == bits(expected), [&](auto& text) { text << name << ", second, " << how; });
    t.check(bits(turned) == bits(turned_expected),
            [&](auto& text) { text << name << ", first, " << how; });
    c.assign(c.size(), 7.0f);
    turned.assign(turned.size(), 7.0f);
  };
  lowp::reference::gemm<P>(with, x, view(c, m, n), mode...);
  lowp::reference::gemm<P>(x, with, view(turned, n, m), mode...);
  compare("definition");
  for (const lowp::isa level : test::isas()) {
    lowp::gemm<P>(with, x, view(c, m, n), mode..., level);
    lowp::gemm<P>(x, with, view(turned, n, m), mode..., level);
    compare(std::string(lowp::name(level)));
  }
}

/// Every policy, and every function of the default one.
template <class X, class Y>
void check_all(oracle::tally& t, const std::string& name, const X& x, const Y& same,
               std::size_t few) {
  const std::size_t depth = describe(x).cols(), n = describe(x).rows();
  for (const std::size_t m : {few, std::size_t{19}}) {
    const matrix a(m, depth, m, kind::ordinary);
    const tg::of_numbers<formats::bfloat16> b(a);
    check<policies::k32>(t, name + ", k32", x, same, a.view());
    check<policies::k32>(t, name + ", k32 with bfloat16", x, same, b.operand);
    check<policies::exact>(t, name + ", exact", x, same, a.view());
    check<policies::exact>(t, name + ", exact, upward", x, same, b.operand, lowp::upward);
    check<policies::sequential_binary64>(t, name + ", binary64", x, same, a.view());
    check<lowp::rounded_sums{.accumulator = formats::bfloat16}>(t, name + ", in bfloat16", x, same,
                                                                a.view());
    check<policies::hopper_fp8_promoted>(t, name + ", hopper", x, same, b.operand);
  }
  const matrix a(few, depth, 5, kind::ordinary);
  std::vector<float> c(few * n, 0.5f), expected(few * n, 0.5f);
  const matrix_view<float> out(c.data(), few, n), by_same(expected.data(), few, n);
  const auto compare = [&](const char* what) {
    t.check(bits(c) == bits(expected), [&](auto& text) { text << name << ", " << what; });
  };
  if (describe(x).tensor_scale == 1.0f) {
    lowp::gemm_accumulate(a.view(), x, out);
    lowp::gemm_accumulate(a.view(), same, by_same);
    compare("gemm_accumulate");
  }
  const std::vector<float> bias(n, 0.125f);
  lowp::gemm(a.view(), x, out, lowp::epilogue{.bias = bias, .activation = lowp::activation::silu});
  lowp::gemm(a.view(), same, by_same,
             lowp::epilogue{.bias = bias, .activation = lowp::activation::silu});
  compare("epilogue");
  const std::vector<matrix_view<const float>> as{a.view()};
  const std::vector<X> xs{x};
  std::vector<matrix_view<float>> cs{out};
  lowp::gemm_batched(as, xs, cs);
  lowp::gemm(a.view(), same, by_same);
  compare("gemm_batched");
  const matrix d(few, n, 6, kind::ordinary);
  std::vector<float> e(few * depth), f(few * depth);
  lowp::gemm(d.view(), lowp::transposed(x), matrix_view<float>(e.data(), few, depth));
  lowp::gemm(d.view(), lowp::transposed(same), matrix_view<float>(f.data(), few, depth));
  t.check(bits(e) == bits(f), [&](auto& text) { text << name << ", transposed"; });
  CHECK_FALSE(lowp::explain(a.view(), x).strategy.empty());
}

template <auto F>
user::toeplitz<F> make_toeplitz(std::size_t rows, std::size_t cols) {
  const matrix values(1, rows + cols - 1, rows, kind::ordinary);
  user::toeplitz<F> x{rows, cols, {}};
  for (const float v : values.data) {
    x.diagonals.push_back(lowp::convert<F>(v, lowp::nearest_even, lowp::overflow::saturate));
  }
  return x;
}

}  // namespace

TEST_CASE("A matrix type of a user's own, whose rows overlap and run backwards") {
  oracle::tally t;
  const auto run = [&]<auto F>(const std::string& name, std::size_t rows, std::size_t cols) {
    const auto x = make_toeplitz<F>(rows, cols);
    std::vector<lowp::number<F>> all;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) all.push_back(x.at(r, c));
    }
    const matrix_view<const lowp::number<F>> same(all.data(), rows, cols);
    check_all(t, name, x, same, 3);
    if constexpr (F.bits() <= 8) {
      const lowp::packed_operand packed(x);
      const lowp::packed_operand packed_same(same);
      CHECK(std::ranges::equal(packed.codes(), packed_same.codes()));
      check<policies::k32>(t, name + ", packed", packed, same,
                           matrix(2, cols, 8, kind::wide).view());
      const auto loaded = lowp::packed_operand<user::toeplitz<F>>::load(packed.save());
      CHECK(loaded == packed);
    }
  };
  run.template operator()<formats::e4m3fn>("e4m3fn", 40, 97);
  run.template operator()<formats::bfloat16>("bfloat16", 9, 600);
  run.template operator()<formats::binary32>("binary32", 17, 33);
  // Integers, under int32_sums, too.
  const auto x = make_toeplitz<formats::int_n<8>>(21, 70);
  std::vector<lowp::number<formats::int_n<8>>> all;
  for (std::size_t i = 0; i < 21 * 70; ++i) all.push_back(x.at(i / 70, i % 70));
  const matrix_view<const lowp::number<formats::int_n<8>>> same(all.data(), 21, 70);
  const tg::of_numbers<formats::int_n<8>> with(matrix(11, 70, 3, kind::ordinary));
  const tg::of_numbers<formats::int_n<8>> few(matrix(2, 70, 3, kind::ordinary));
  check<policies::integers>(t, "integers", x, same, with.operand);
  check<policies::integers>(t, "integers, few", x, same, few.operand);
  check<lowp::int32_sums{.chunk = 9, .range = lowp::overflow::wrap}>(t, "chunks", x, same,
                                                                     with.operand);
  check<policies::k32>(t, "integers by k32", x, same, with.operand);
  // What it shares with a result is seen.
  std::vector<float> list(17 + 33 - 1 + 40);
  user::toeplitz<formats::binary32> floats{17, 33, {}};
  floats.diagonals.resize(17 + 33 - 1);
  const matrix a(2, 33, 1, kind::ordinary);
  const auto inside = [&](std::size_t at) {
    return matrix_view<float>(reinterpret_cast<float*>(floats.diagonals.data()) + at, 2, 17, 17);
  };
  CHECK_THROWS_AS(lowp::gemm(a.view(), floats, inside(0)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(a.view(), floats, inside(15)), std::invalid_argument);
  CHECK_NOTHROW(lowp::gemm(a.view(), floats, matrix_view<float>(list.data(), 2, 17)));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Formats that are known when the program runs") {
  oracle::tally t;
  const auto run = [&]<auto F>(const std::string& name) {
    const matrix values(23, 130, 4, kind::ordinary);
    user::any_floats x{F, 23, 130, {}};
    const std::size_t row_bytes = lowp::packed_bytes(130, F.bits());
    x.bytes.resize(23 * row_bytes);
    for (std::size_t i = 0; i < 23 * 130; ++i) {
      const auto v = lowp::convert<F>(values.data[i], lowp::nearest_even, lowp::overflow::saturate);
      lowp::store_code(x.bytes.data() + i / 130 * row_bytes, i % 130, F.bits(), v.code());
    }
    const lowp::packed_matrix_view<F> same(x.bytes, 23, 130);
    check_all(t, name, x, same, 2);
    check<policies::k32>(t, name + " by itself", x, same, x);
    check<policies::exact>(t, name + " by itself, exact", x, same, x);
    // The strategy is that of the same format known before.
    CHECK(lowp::explain(x, x).strategy == lowp::explain(same, same).strategy);
  };
  run.template operator()<formats::e2m1>("e2m1");
  run.template operator()<formats::e2m3>("e2m3");
  run.template operator()<formats::e5m2>("e5m2");
  run.template operator()<formats::bfloat16>("bfloat16");
  run.template operator()<formats::binary32>("binary32");
  run.template operator()<lowp::float_format{.exponent_bits = 6, .mantissa_bits = 5}>("of 12 bits");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks of formats that are known when the program runs") {
  oracle::tally t;
  const auto run = [&]<auto B>(const std::string& name) {
    for (const kind values : {kind::ordinary, kind::special}) {
      const auto same = lowp::quantize<B>(matrix(23, 130, 4, values).view());
      const user::any_blocks x{B.element,     scaled_blocks_of(B).scale,  23,
                               130,           same.block_cols(),          same.codes(),
                               same.scales(), describe(same).tensor_scale};
      check_all(t, name, x, same, 2);
      CHECK(lowp::explain(x, x).strategy == lowp::explain(same, same).strategy);
    }
  };
  run.template operator()<formats::mxfp4>("mxfp4");
  run.template operator()<formats::nvfp4>("nvfp4");
  run.template operator()<formats::mxfp8_e4m3>("mxfp8_e4m3");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A description of a user's own") {
  oracle::tally t;
  const auto same = lowp::quantize<formats::mxfp4>(matrix(23, 96, 4, kind::ordinary).view());
  user::records x{23, 96, std::vector<std::uint8_t>(23 * 3 * 17)};
  for (std::size_t i = 0; i < 23 * 3; ++i) {
    x.bytes[i * 17] = same.scales()[i];
    std::memcpy(x.bytes.data() + i * 17 + 1, same.codes().data() + i * 16, 16);
  }
  check_all(t, "records", x, same, 2);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Groups, orders of codes and zero points that no block of the library has") {
  oracle::tally t;
  constexpr std::size_t rows = 22, cols = 90;
  const auto run = [&]<auto F, auto S>(const std::string& name, lowp::packing order,
                                       std::size_t group_rows, std::size_t group_cols,
                                       bool has_zeros) {
    const std::size_t row_bytes = lowp::packed_bytes(cols, F.bits(), order) + 5;
    const std::size_t per_row = (cols + group_cols - 1) / group_cols;
    const std::size_t groups = (rows + group_rows - 1) / group_rows * per_row;
    const lowp::packing scale_order{.container_bits = (S.bits() + 7) / 8 * 8};
    tg::source random(group_cols);
    std::vector<std::uint8_t> codes(rows * row_bytes);
    std::vector<std::uint8_t> scales(lowp::packed_bytes(groups, S.bits(), scale_order));
    std::vector<std::int32_t> zeros;
    for (auto& byte : codes) byte = static_cast<std::uint8_t>(random.word());
    for (std::size_t i = 0; i < groups; ++i) {
      const auto scale = lowp::convert<S>(1.0f / static_cast<float>(1 + random.below(40)));
      lowp::store_code(scales.data(), i, S.bits(), scale.code(), scale_order);
      zeros.push_back(static_cast<std::int32_t>(random.below(8)));
    }
    operand_description<constant_format<F>, constant_format<S>> x{
        .row_count = rows,
        .col_count = cols,
        .elements = {.bytes = codes.data(),
                     .row_bytes = static_cast<std::ptrdiff_t>(row_bytes),
                     .order = order},
        .scales = {.bytes = scales.data(),
                   .order = scale_order,
                   .group_rows = group_rows,
                   .group_cols = group_cols,
                   .groups_per_row = per_row},
        .zeros = has_zeros ? zeros.data() : nullptr};
    // The values once more, which are few enough bits that binary64 has them.
    std::vector<float> values;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const std::size_t group = r / group_rows * per_row + c / group_cols;
        const auto code = lowp::load_code(codes.data() + r * row_bytes, c, F.bits(), order);
        const auto scale = lowp::number<S>::from_code(
            lowp::load_code(scales.data(), group, S.bits(), scale_order));
        const double q = static_cast<double>(lowp::number<F>::from_code(code)) -
                         (has_zeros ? static_cast<double>(zeros[group]) : 0.0);
        values.push_back(static_cast<float>(q * static_cast<double>(scale)));
      }
    }
    const matrix_view<const float> same(values.data(), rows, cols);
    for (const std::size_t m : {2u, 19u}) {
      const matrix a(m, cols, m, kind::ordinary);
      check<policies::k32>(t, name, x, same, a.view());
      check<lowp::rounded_sums{.accumulator = formats::bfloat16}>(t, name + ", in bfloat16", x,
                                                                  same, a.view());
      check<policies::sequential_binary64>(t, name + ", in binary64", x, same, a.view());
    }
  };
  using namespace formats;
  run.template operator()<uint_n<4>, binary16>("awq", lowp::packings::awq, 1, 24, true);
  run.template operator()<uint_n<4>, binary32>("groups along columns", {}, 11, 1, true);
  run.template operator()<e2m1, ue4m3>("tiles of 3 x 20", lowp::packings::high_first, 3, 20, false);
  run.template operator()<e2m1, e8m0>("split halves", lowp::packings::split_half<32>, 1, 32, false);
  run.template operator()<int_n<8>, e8m0>("int8", {}, 1, 64, false);
  run.template operator()<int_n<3>, bfloat16>("one group", {}, 1000, 1000, true);
  REQUIRE_NO_MISMATCH(t);
}
