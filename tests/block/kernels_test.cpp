// SPDX-License-Identifier: MIT
// Whole matrices through the kernels give bit for bit what block/reference.hpp defines: on every
// instruction set, in any order of the pieces of work, for every kind of element, scale, rule,
// block shape and rounding mode, for data that look for trouble; and touch nothing beside the
// matrices.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "named_rules.hpp"
#include "oracle.hpp"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>

#include <new>
#define LOWP_TEST_HAS_GUARD_PAGES 1
#endif

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::any_rounding;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::execution;
using lowp::fixed_format;
using lowp::float_format;
using lowp::isa;
using lowp::matrix_view;
using lowp::number_format;
using lowp::posit_format;
using lowp::stochastic;
using lowp::stochastic_variant;
using lowp::unpacked;
using ob::scale_rule;

namespace {

using bits32 = std::uint32_t;
constexpr int whole = block_shape::whole;

// ------------------------------------------------------------------------------------------- runs
/// The pieces of work from the last to the first.
struct backwards {
  void operator()(std::size_t count, const lowp::task& part) const {
    while (count-- > 0) part(count);
  }
};

struct run {
  std::string name;
  execution how;
};

/// Every instruction set, with the pieces in a row, backwards and on threads.
const std::vector<run>& runs() {
  static constexpr backwards last_first;
  static constexpr lowp::threads three{3};
  static const std::vector<run> list = [] {
    std::vector<run> all;
    for (const isa level : test::isas()) {
      const std::string on(name(level));
      all.push_back({on, level});
      all.push_back({on + " backwards", {last_first, level}});
      all.push_back({on + " on threads", {three, level}});
    }
    return all;
  }();
  return list;
}

// ------------------------------------------------------------------------------------------- data
/// Kinds of data, each with a matrix of its own in mind.
enum class data : std::uint8_t {
  gaussian,
  wide,         // exponents all over binary32
  bits,         // any bit pattern: NaN and infinity among them
  zeros,        // of both signs
  subnormals,   // and zeros
  huge,         // near the largest binary32
  infinity,     // one in some blocks
  ties,         // grid points and midpoints of the elements under a power of two, and neighbours
  scaled_ties,  // the same under a number that is no power of two, rounded to binary32
  thresholds,   // where the exponent of a scale changes
  tiny,         // one smallest number in a matrix of zeros
  mixed         // the kinds above in turn, 16 elements of each
};
constexpr std::array<const char*, 12> data_names{"gaussian",    "wide",       "bits",     "zeros",
                                                 "subnormals",  "huge",       "infinity", "ties",
                                                 "scaled_ties", "thresholds", "tiny",     "mixed"};

bits32 bits_of(const float& x) { return std::bit_cast<bits32>(x); }
float float_of(bits32 x) { return std::bit_cast<float>(x); }

/// The magnitudes of a format and the midpoints between neighbours, as far as they are binary32.
template <number_format Element>
std::vector<float> grid_of(const Element& element) {
  const code_t last = largest_code(element);
  const code_t step = last / 256 + 1;
  std::vector<float> list;
  for (code_t code = 1; code < last; code += step) {
    const unpacked low = decode(element, code), high = decode(element, code + 1);
    list.push_back(lowp::pack_as<float>(low));
    list.push_back(lowp::pack_as<float>(
        lowp::exact::multiply(lowp::exact::add(low, high), lowp::unpack(0.5f))));
  }
  list.push_back(lowp::pack_as<float>(largest_value(element)));
  return list;
}

class source {
 public:
  explicit source(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  /// `count` values, given the grid of the element format.
  std::vector<float> draw(data kind, std::size_t count, const std::vector<float>& grid) {
    std::vector<float> list(count);
    const std::size_t only = count == 0 ? 0 : below(count);
    for (std::size_t i = 0; i < count; ++i) {
      const data k =
          kind == data::mixed ? static_cast<data>((i / 16 + only) % data_names.size()) : kind;
      list[i] = one(k, i, k == data::tiny ? i == only : below(70) == 0, grid);
    }
    return list;
  }

 private:
  float one(data kind, std::size_t i, bool is_chosen, const std::vector<float>& grid) {
    const auto word = static_cast<bits32>(engine_());
    const bits32 sign = word & 0x80000000u;
    switch (kind) {
      case data::gaussian: return normal_(engine_);
      case data::wide: return float_of((word & 0x807FFFFFu) | exponent(1, 254));
      case data::bits: return float_of(word);
      case data::zeros: return float_of(sign);
      case data::subnormals: return float_of(word % 3 == 0 ? sign : word & 0x80FFFFFFu);
      case data::huge: return float_of((word & 0x807FFFFFu) | exponent(248, 254));
      case data::infinity: return is_chosen ? float_of(sign | 0x7F800000u) : normal_(engine_);
      case data::ties: {
        if (i % 128 == 0) power_ = static_cast<int>(below(40)) - 20;
        if (i % 16 == 0) return float_of(sign | bits_of(std::ldexp(grid.back(), power_)));
        const bits32 x = bits_of(std::ldexp(grid[below(grid.size())], power_));
        return float_of(sign | (x == 0 ? 0 : x + static_cast<bits32>(below(3)) - 1));
      }
      case data::scaled_ties: {
        if (i % 128 == 0) {
          const std::size_t range = below(3);
          scale_ = float_of((word & 0x7FFFFFu) | (range == 0   ? exponent(1, 20)
                                                  : range == 1 ? exponent(100, 150)
                                                               : exponent(190, 230)));
        }
        const float x = i % 16 == 0 ? grid.back() : grid[below(grid.size())];
        return float_of(sign | bits_of(x * scale_));
      }
      case data::thresholds: {
        // Few mantissa bits set, give or take one in the last place.
        const bits32 kept = 0x7FFFFFu & ~(0x7FFFFFu >> below(6));
        const bits32 x = exponent(100, 140) | (word & kept);
        if (i % 16 != 0) return float_of(sign | exponent(90, 101) | (word & 0x7FFFFFu));
        return float_of(sign | (x + static_cast<bits32>(below(3)) - 1));
      }
      case data::tiny: return float_of(sign | (is_chosen ? 1 + (word >> 8) % 3 : 0));
      case data::mixed: break;
    }
    return 0;
  }
  bits32 exponent(std::size_t first, std::size_t last) {
    return static_cast<bits32>(first + below(last - first + 1)) << 23;
  }

  std::mt19937_64 engine_;
  std::normal_distribution<float> normal_;
  int power_ = 0;
  float scale_ = 1;
};

constexpr float padding = -123.25f;

struct matrix {
  std::size_t rows, cols, stride;
  std::vector<float> values;

  /// All padding.
  matrix(std::size_t row_count, std::size_t col_count, std::size_t row_stride)
      : rows(row_count),
        cols(col_count),
        stride(row_stride),
        values(row_count == 0 ? 1 : row_count * row_stride + 1, padding) {}

  [[nodiscard]] matrix_view<const float> view() const {
    return {values.data(), rows, cols, stride};
  }
  [[nodiscard]] matrix_view<float> view() { return {values.data(), rows, cols, stride}; }
};

/// Filled with values in a row, the padding between rows with NaN.
matrix matrix_of(const std::vector<float>& values, std::size_t rows, std::size_t cols,
                 std::size_t stride) {
  matrix m(rows, cols, stride);
  std::fill(m.values.begin(), m.values.end(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t row = 0; row < rows; ++row) {
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * cols), cols,
                m.values.begin() + static_cast<std::ptrdiff_t>(row * stride));
  }
  return m;
}

struct size {
  std::size_t rows, cols, extra;  // extra columns between rows
};
constexpr std::array<size, 17> small_sizes{{{0, 0, 0},
                                            {0, 7, 0},
                                            {7, 0, 2},
                                            {1, 1, 0},
                                            {1, 31, 0},
                                            {3, 33, 0},
                                            {2, 64, 0},
                                            {2, 128, 1},
                                            {5, 100, 3},
                                            {17, 48, 0},
                                            {18, 17, 15},
                                            {4, 256, 0},
                                            {40, 1, 0},
                                            {33, 2, 5},
                                            {1, 1025, 0},
                                            {1, 2100, 0},
                                            {2, 1100, 7}}};

const std::vector<any_rounding>& modes() {
  static const std::vector<any_rounding> list = [] {
    std::vector<any_rounding> all;
    for (const auto& named : lowp::rounding_modes) all.push_back(named.mode);
    using enum stochastic_variant;
    all.push_back(stochastic{5, 3, 8, c});
    all.push_back(stochastic{5, 1'000'000'000'000, 16, a});
    all.push_back(stochastic{9, 0, 32, b});
    all.push_back(stochastic{});
    all.push_back(stochastic{6, 2, 32, a});
    all.push_back(stochastic{9, 7, 8, equal});
    all.push_back(stochastic{1, ~std::uint64_t{100}, 8, b, lowp::generator::philox4x32_7});
    all.push_back(stochastic{3, 5, 11, c});
    all.push_back(stochastic{3, 1, 1, a});
    return all;
  }();
  return list;
}

/// A matrix with what it came from, for messages.
struct sample {
  std::string name;
  matrix values;
};

sample make_sample(source& random, data kind, const size& s, const std::vector<float>& grid) {
  const auto index = static_cast<std::size_t>(kind);
  return {std::to_string(s.rows) + " x " + std::to_string(s.cols) + " + " +
              std::to_string(s.extra) + " " + data_names[index],
          matrix_of(random.draw(kind, s.rows * s.cols, grid), s.rows, s.cols, s.cols + s.extra)};
}

// ----------------------------------------------------------------------------------------- checks
bool is_same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void describe_difference(std::ostream& text, const std::vector<float>& actual,
                         const std::vector<float>& expected) {
  std::size_t i = 0;
  while (i < actual.size() && bits_of(actual[i]) == bits_of(expected[i])) ++i;
  text << ": at " << i << " is " << std::hex << bits_of(actual[i]) << ", expected "
       << bits_of(expected[i]) << std::dec;
}

std::string name_of(const any_rounding& mode) {
  if (mode.is_stochastic()) return "stochastic " + std::to_string(mode.draw().random_bits);
  for (std::size_t i = 0; i < lowp::rounding_modes.size(); ++i) {
    const auto same = [&](const lowp::discarded& d) {
      return lowp::rounding_modes[i].mode.addend(d) == mode.addend(d);
    };
    if (!lowp::rounding_modes[i].mode.is_stochastic() && same({1, false, false}) &&
        same({1, false, true}) && same({1, true, false}) && same({1, true, true})) {
      return std::string(lowp::rounding_modes[i].name);
    }
  }
  return "";
}

std::string name_of(const auto& format, const std::string& rule) {
  const auto& f = scaled_blocks_of(format);
  return std::to_string(f.element.bits()) + "-bit elements, " + std::to_string(f.scale.bits()) +
         "-bit scales, " + std::to_string(f.shape.rows) + " x " + std::to_string(f.shape.cols) +
         ", " + rule + (f.has_tensor_scale ? ", tensor scale" : "");
}

template <class Format, class Rule>
void check_round(oracle::tally& t, const Format& f, const std::string& rule_name, const Rule& rule,
                 const sample& s, const any_rounding& mode) {
  const matrix& in = s.values;
  matrix expected(in.rows, in.cols, in.stride);
  lowp::reference::round_to(f, in.view(), expected.view(), rule, mode);
  const auto check = [&](const matrix& actual, const std::string& run_name) {
    t.check(is_same(actual.values, expected.values), [&](auto& text) {
      text << name_of(f, rule_name) << ", " << s.name << ", " << name_of(mode) << ", " << run_name;
      describe_difference(text, actual.values, expected.values);
    });
  };
  for (const run& r : runs()) {
    matrix actual(in.rows, in.cols, in.stride);
    lowp::round_to(f, in.view(), actual.view(), rule, mode, r.how);
    check(actual, r.name);
  }
  if (in.stride != in.cols) return;
  matrix in_place = in;
  in_place.values.back() = padding;
  lowp::round_to(f, in_place.view(), in_place.view(), rule, mode, test::highest_isa());
  check(in_place, "in place");
}

template <class Format>
void check_round(oracle::tally& t, const Format& f, scale_rule named, const sample& s,
                 const any_rounding& mode) {
  ob::with_rule(named,
                [&](const auto& rule) { check_round(t, f, ob::name_of(named), rule, s, mode); });
}
template <class Format>
void check_round(oracle::tally& t, const Format& f, const sample& s, const any_rounding& mode) {
  check_round(t, f, ob::default_rule(f), s, mode);
}

/// The same values in bfloat16, rounded once.
template <auto B>
void check_dequantize_to_bfloat16(oracle::tally& t, const block_matrix<B>& in,
                                  const std::string& label) {
  using lowp::bfloat16;
  const std::size_t rows = in.rows(), cols = in.cols(), count = rows * cols;
  std::vector<bfloat16> expected(count + 1), actual(count + 1);
  lowp::reference::dequantize(in, matrix_view<bfloat16>(expected.data(), rows, cols));
  for (const isa level : test::isas()) {
    std::fill(actual.begin(), actual.end(), bfloat16());
    dequantize(in, matrix_view<bfloat16>(actual.data(), rows, cols), level);
    const bool is_equal = std::equal(expected.begin(), expected.end(), actual.begin(),
                                     [](bfloat16 a, bfloat16 b) { return a.code() == b.code(); });
    t.check(is_equal, [&](auto& text) {
      text << "dequantize to bfloat16 " << name_of(block_matrix<B>::format, "") << ", " << label
           << ", " << name(level);
    });
  }
}

/// The values of a block matrix, to a matrix of another stride than its own as well.
template <auto B>
void check_dequantize(oracle::tally& t, const block_matrix<B>& in, const std::string& label) {
  check_dequantize_to_bfloat16(t, in, label);
  for (const std::size_t extra : {std::size_t{0}, std::size_t{3}}) {
    matrix expected(in.rows(), in.cols(), in.cols() + extra);
    lowp::reference::dequantize(in, expected.view());
    for (const run& r : runs()) {
      matrix actual(in.rows(), in.cols(), in.cols() + extra);
      dequantize(in, actual.view(), r.how);
      t.check(is_same(actual.values, expected.values), [&](auto& text) {
        text << "dequantize " << name_of(block_matrix<B>::format, "") << ", " << label << ", "
             << r.name;
        describe_difference(text, actual.values, expected.values);
      });
    }
  }
}

template <auto B>
constexpr bool has_tensor_scale = scaled_blocks_of(B).has_tensor_scale;

template <auto B, scale_rule Rule = ob::default_rule(B), class R>
void check_quantize(oracle::tally& t, const sample& s, const R& mode) {
  const block_matrix<B> expected =
      lowp::reference::quantize<B>(s.values.view(), ob::rule_of<Rule>(), mode);
  const std::size_t rows = expected.rows(), cols = expected.cols();
  for (const run& r : runs()) {
    // Into a matrix full of other things.
    block_matrix<B> actual(rows, cols);
    if constexpr (has_tensor_scale<B>) actual.set_tensor_scale(5.0f);
    // Bits beyond the end of a row of codes stay as they are: zero.
    std::fill(actual.scales().begin(), actual.scales().end(), std::uint8_t{0xA5});
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < cols; ++col) actual.set_code(row, col, code_t{1});
    }
    quantize(s.values.view(), actual, ob::rule_of<Rule>(), mode, r.how);
    t.check(actual == expected, [&](auto& text) {
      text << "quantize " << name_of(block_matrix<B>::format, ob::name_of(Rule)) << ", " << s.name
           << ", " << name_of(any_rounding(mode)) << ", " << r.name;
      for (std::size_t i = 0; i < rows * cols; ++i) {
        const std::size_t row = i / cols, col = i % cols;
        const code_t scale = actual.scale_of(row, col).code();
        const code_t expected_scale = expected.scale_of(row, col).code();
        if (actual.code(row, col) == expected.code(row, col) && scale == expected_scale) continue;
        text << ": element " << row << ", " << col << " of bits " << std::hex
             << bits_of(s.values.view()(row, col)) << " is " << actual.code(row, col)
             << " under scale " << scale << ", expected " << expected.code(row, col) << " under "
             << expected_scale << std::dec;
        break;
      }
    });
  }
  check_dequantize(t, expected, "quantized " + s.name);

  matrix transpose(cols, rows, rows + s.values.stride - cols);
  for (std::size_t i = 0; i < rows * cols; ++i) {
    transpose.view()(i % cols, i / cols) = s.values.view()(i / cols, i % cols);
  }
  for (const run& r : runs()) {
    block_matrix<B> actual(rows, cols);
    quantize_transposed(std::as_const(transpose).view(), actual, ob::rule_of<Rule>(), mode, r.how);
    t.check(actual == expected, [&](auto& text) {
      text << "quantize_transposed " << name_of(block_matrix<B>::format, ob::name_of(Rule)) << ", "
           << s.name << ", " << name_of(any_rounding(mode)) << ", " << r.name;
    });
  }
}

// ---------------------------------------------------------------------------------------- formats
constexpr std::array<block_shape, 22> shapes{
    {{1, 16},        {1, 32}, {1, 64}, {1, 128},    {1, 2048}, {16, 16},  {128, 128}, {1, whole},
     {whole, whole}, {1, 24}, {2, 32}, {whole, 32}, {1, 8},    {1, 1024}, {8, 8},     {32, 1},
     {1, 1},         {2, 3},  {1, 15}, {3, 37},     {1, 300},  {2, 1030}}};

constexpr std::array<float_format, 10> scales{
    formats::e8m0,     formats::ue4m3, formats::binary16, formats::bfloat16, formats::binary32,
    formats::binary64, formats::ue5m3, formats::e6m2,     formats::e3m2,     formats::tf32};

/// So small that quotients are subnormal in binary32 when they are not yet zero.
constexpr float_format tiny_element{.exponent_bits = 5, .mantissa_bits = 3, .bias = 125};
/// Below binary32, above it, and without subnormals.
constexpr float_format below_binary32{.exponent_bits = 4, .mantissa_bits = 3, .bias = 160};
constexpr float_format above_binary32{.exponent_bits = 4, .mantissa_bits = 3, .bias = -120};
constexpr float_format no_subnormals{
    .exponent_bits = 2, .mantissa_bits = 1, .at_exponent_zero = lowp::exponent_zero::zero_only};
constexpr std::array<float_format, 18> float_elements{
    formats::e2m1,     formats::e4m3fn,     formats::e5m2,        formats::e3m2,  formats::e2m3,
    formats::e1m2,     formats::e3m0,       formats::e4m3fnuz,    formats::ue4m3, formats::binary16,
    formats::bfloat16, formats::e1m2_bias0, formats::e4m3b11fnuz, formats::e3m4,  tiny_element,
    below_binary32,    above_binary32,      no_subnormals};
constexpr std::array<fixed_format, 8> fixed_elements{
    formats::fixed<8, 6>, formats::symmetric_int_n<4>, formats::int_n<8>,
    formats::uint_n<4>,   formats::fixed<16, 12>,      formats::symmetric_int_n<16>,
    formats::int_n<2>,    formats::symmetric_int_n<3>};
constexpr std::array<posit_format, 4> posit_elements{formats::posit<8>, formats::posit<16>,
                                                     formats::posit<6, 1>, formats::posit<8, 0>};

inline constexpr block_format int8_rows = formats::scaled_rows(formats::symmetric_int_n<8>);
inline constexpr block_format fp8_tensor = formats::scaled_tensor(formats::e4m3fn);
inline constexpr block_format int4_groups{formats::symmetric_int_n<4>, formats::binary16,
                                          block_shape{1, 128}};
inline constexpr block_format fp8_tiles{formats::e4m3fn, formats::binary32, block_shape{128, 128}};
inline constexpr block_format of_24{formats::e2m1, formats::e8m0, block_shape{1, 24}};
inline constexpr block_format of_3x5{formats::e2m1, formats::e8m0, block_shape{3, 5}};
inline constexpr block_format columns_of_32{formats::int_n<8>, formats::binary16,
                                            block_shape{32, 1}};
inline constexpr block_format fixed16{formats::fixed<16, 12>, formats::e8m0, block_shape{1, 64}};
inline constexpr block_format posit8{formats::posit<8>, formats::bfloat16, block_shape{1, 2048}};
/// Scales whose bits do not fill their bytes, and that have no NaN.
inline constexpr block_format scales_of_6{formats::e2m3, formats::e3m2, block_shape{1, 16}};
inline constexpr block_format scales_of_19{formats::e3m2, formats::scaled_tensor(formats::tf32),
                                           block_shape{16, 16}};
/// Products far below the smallest binary32.
inline constexpr block_format bfloat16_pairs{
    formats::bfloat16, formats::scaled_tensor(formats::bfloat16), block_shape{1, 16}};
/// Products below the smallest normal binary32, which are more than bfloat16 has room for.
inline constexpr block_format small_products{formats::fixed<16, 22>, formats::bfloat16,
                                             block_shape{1, 16}};
inline constexpr block_format scales_of_64{formats::e4m3fn, formats::binary64, block_shape{1, 32}};

/// Calls check.operator()<format>() for what is tested as types.
template <class Check>
void for_formats(const Check& check) {
  check.template operator()<formats::mxfp8_e4m3>();
  check.template operator()<formats::mxfp8_e5m2>();
  check.template operator()<formats::mxfp6_e3m2>();
  check.template operator()<formats::mxfp6_e2m3>();
  check.template operator()<formats::mxfp4>();
  check.template operator()<formats::mxint8>();
  check.template operator()<formats::nvfp4>();
  check.template operator()<formats::nvfp4_16x16>();
  check.template operator()<formats::nvfp4, scale_rule::torchao>();
  check.template operator()<formats::nvfp4, scale_rule::modelopt>();
  check.template operator()<formats::nvfp4, scale_rule::amax>();
  check.template operator()<formats::mxfp8_e4m3, scale_rule::even>();
  check.template operator()<int8_rows>();
  check.template operator()<fp8_tensor>();
  check.template operator()<int4_groups>();
  check.template operator()<fp8_tiles>();
  check.template operator()<of_24, scale_rule::ceil>();
  check.template operator()<of_3x5>();
  check.template operator()<columns_of_32>();
  check.template operator()<fixed16>();
  check.template operator()<posit8, scale_rule::rceil>();
  check.template operator()<scales_of_6>();
  check.template operator()<scales_of_19, scale_rule::modelopt>();
  check.template operator()<scales_of_64>();
  check.template operator()<bfloat16_pairs, scale_rule::torchao>();
  check.template operator()<small_products>();
}

/// A composition in `count` random combinations of shape, mode, data and size.
template <class Format>
void check_composition(oracle::tally& t, source& random, const Format& f, scale_rule rule,
                       const std::vector<float>& grid, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto g = f;
    g.shape = shapes[random.below(shapes.size())];
    const sample s = make_sample(random, static_cast<data>(random.below(data_names.size())),
                                 small_sizes[3 + random.below(small_sizes.size() - 3)], grid);
    check_round(t, g, rule, s, modes()[random.below(modes().size())]);
  }
}

template <class Elements>
void check_elements(oracle::tally& t, const Elements& elements, std::uint64_t seed) {
  source random(seed);
  for (const auto& element : elements) {
    const std::vector<float> grid = grid_of(element);
    for (const float_format& scale : scales) {
      for (const scale_rule rule : ob::all_rules) {
        const auto check = [&](const auto& f) {
          if (ob::defect_of(f, rule) == nullptr) check_composition(t, random, f, rule, grid, 2);
        };
        check(block_format{element, scale, block_shape{}});
        check(block_format{element, formats::scaled_tensor(scale), block_shape{}});
      }
    }
  }
}

void check_rules(oracle::tally& t, source& random, auto f) {
  const std::vector<float> grid = grid_of(f.element);
  for (const scale_rule rule : ob::all_rules) {
    if (ob::defect_of(f, rule) != nullptr) continue;
    for (const block_shape& shape : shapes) {
      f.shape = shape;
      for (std::size_t kind = 0; kind < data_names.size(); ++kind) {
        const sample s = make_sample(random, static_cast<data>(kind),
                                     small_sizes[3 + random.below(small_sizes.size() - 3)], grid);
        check_round(t, f, rule, s, lowp::nearest_even);
      }
    }
  }
}

}  // namespace

// ------------------------------------------------------------------------------- values and codes
TEST_CASE("Every kind of element, scale, rule and tensor scale is rounded as defined") {
  oracle::tally t;
  check_elements(t, float_elements, 1);
  check_elements(t, fixed_elements, 2);
  check_elements(t, posit_elements, 3);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Every rule in blocks of every shape over all kinds of data is rounded as defined") {
  oracle::tally t;
  source random(4);
  check_rules(t, random, formats::mxfp4);
  check_rules(t, random, formats::mxfp8_e4m3);
  check_rules(t, random, formats::nvfp4);
  check_rules(t, random, int4_groups);
  check_rules(t, random, block_format{tiny_element, formats::e8m0, block_shape{1, 32}});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Quotients are rounded once, whatever is lost of them in binary32") {
  oracle::tally t;
  source random(10);
  const block_format f{formats::binary16, formats::binary32, block_shape{1, 32}};
  const float largest = lowp::pack_as<float>(largest_value(f.element));

  // Products of a midpoint of the elements, of 12 bits, with a scale of 24, so close to a binary32
  // number that what is left is one unit in their 36th bit; the first element of a block is the
  // amax that gives the scale.
  std::vector<float> values;
  for (int exponent = -122; exponent <= -40; exponent += 2) {
    for (int i = 0; i < 4; ++i) {
      const bits32 mantissa = static_cast<bits32>(random.below(1u << 22)) << 1 | 0x800001u;
      bits32 inverse = mantissa;  // modulo 2^12, each step doubles how many of its bits are right
      for (int step = 0; step < 3; ++step) inverse *= 2 - mantissa * inverse;
      inverse %= 4096;
      const bits32 midpoint = inverse < 2048 ? 4096 - inverse : inverse;
      REQUIRE(std::uint64_t{midpoint} * mantissa % 4096 % 4094 == 1);  // 1 or 4095
      const double scale = std::ldexp(mantissa, exponent - 23);
      values.push_back(static_cast<float>(static_cast<double>(largest) * scale));
      for (int k = -26; k < 5; ++k) {
        values.push_back(static_cast<float>(std::ldexp(midpoint, k) * scale));
      }
    }
  }
  const sample close{"close to midpoints", matrix_of(values, 1, values.size(), values.size())};
  check_round(t, f, close, lowp::nearest_even);

  // Random bits that reach as far as binary32 does.
  const std::vector<float> grid = grid_of(f.element);
  const sample any = make_sample(random, data::gaussian, {64, 1024, 0}, grid);
  for (const int bits : {11, 12, 13}) check_round(t, f, any, stochastic{.random_bits = bits});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Quotients may be above binary32 where elements are") {
  oracle::tally t;
  source random(11);
  const std::vector<float> grid = grid_of(above_binary32);
  const auto check = [&](const auto& f) {
    for (const data kind : {data::huge, data::wide, data::gaussian}) {
      for (const size& s : {size{3, 33, 0}, size{5, 100, 3}}) {
        for (const scale_rule rule : {scale_rule::floor, scale_rule::amax}) {
          if (ob::defect_of(f, rule) != nullptr) continue;
          check_round(t, f, rule, make_sample(random, kind, s, grid), lowp::nearest_even);
        }
      }
    }
  };
  for (const float_format& scale : {formats::ue4m3, formats::e5m2, formats::bfloat16}) {
    check(block_format{above_binary32, scale, block_shape{1, 16}});
    check(block_format{above_binary32, scale, block_shape{2, 5}});
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Codes, scales and tensor scales are those of the definition") {
  oracle::tally t;
  source random(5);
  for_formats([&]<auto B, scale_rule Rule = ob::default_rule(B)>() {
    const std::vector<float> grid = grid_of(block_matrix<B>::format.element);
    // All sizes with modes and data in turn, then all modes, then all data.
    for (std::size_t i = 0; i < small_sizes.size(); ++i) {
      const auto kind = static_cast<data>(random.below(data_names.size()));
      check_quantize<B, Rule>(t, make_sample(random, kind, small_sizes[i], grid),
                              modes()[random.below(modes().size())]);
    }
    for (const any_rounding& mode : modes()) {
      for (const data kind : {data::ties, data::scaled_ties, data::mixed}) {
        check_quantize<B, Rule>(t, make_sample(random, kind, {3, 150, 2}, grid), mode);
      }
    }
    for (std::size_t kind = 0; kind < data_names.size(); ++kind) {
      for (const size& s : {size{5, 70, 0}, size{2, 160, 0}}) {
        check_quantize<B, Rule>(t, make_sample(random, static_cast<data>(kind), s, grid),
                                any_rounding(lowp::nearest_even));
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks as wide as the matrix, of any width, in many rows") {
  oracle::tally t;
  source random(11);
  const std::vector<float> grid = grid_of(formats::e2m1);
  for (const int cols : {1, 2, 8, 15, 16, 24, 32, 40, 48, 64, 96}) {
    const block_format f{formats::e2m1, formats::e8m0, block_shape{1, cols}};
    for (const std::size_t rows : {std::size_t{2}, std::size_t{64}, std::size_t{700}}) {
      const size s{rows, static_cast<std::size_t>(cols), 0};
      check_round(t, f, make_sample(random, data::mixed, s, grid), lowp::nearest_even);
    }
  }
  check_quantize<of_24, scale_rule::ceil>(t, make_sample(random, data::mixed, {64, 24, 0}, grid),
                                          any_rounding(lowp::nearest_even));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks do not depend on the floating-point environment of the caller") {
  oracle::tally t;
  source random(12);
  const auto check = [&](const auto& f, scale_rule named) {
    ob::with_rule(named, [&](const auto& rule) {
      const std::vector<float> grid = grid_of(f.element);
      for (const data kind :
           {data::scaled_ties, data::thresholds, data::subnormals, data::tiny, data::wide}) {
        const sample s = make_sample(random, kind, {3, 1060, 0}, grid);
        matrix expected(3, 1060, 1060), actual(3, 1060, 1060);
        lowp::reference::round_to(f, s.values.view(), expected.view(), rule, lowp::nearest_even);
        for (const std::uint32_t flags : test::unusual_environments) {
          for (const run& r : runs()) {
            {
              const test::float_environment unusual(flags);
              lowp::round_to(f, s.values.view(), actual.view(), rule, lowp::nearest_even, r.how);
            }
            t.check(is_same(actual.values, expected.values), [&](auto& text) {
              text << name_of(f, ob::name_of(named)) << ", " << s.name << ", " << r.name
                   << " in environment " << flags;
              describe_difference(text, actual.values, expected.values);
            });
          }
        }
      }
    });
  };
  for (const scale_rule rule : ob::all_rules) {
    if (ob::defect_of(formats::mxfp4, rule) == nullptr) check(formats::mxfp4, rule);
    if (ob::defect_of(formats::nvfp4, rule) == nullptr) check(formats::nvfp4, rule);
  }
  check(int8_rows, scale_rule::amax);
  check(fp8_tiles, scale_rule::amax);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Modes that are types give the same codes") {
  oracle::tally t;
  source random(6);
  const std::vector<float> grid = grid_of(formats::e2m1);
  const sample s = make_sample(random, data::mixed, {3, 1060, 0}, grid);
  for (const oracle::mode m : oracle::modes) {
    oracle::with_mode(m, [&](const auto& mode) { check_quantize<formats::nvfp4>(t, s, mode); });
  }
  check_quantize<formats::nvfp4>(t, s, stochastic{.seed = 3, .index = 9, .random_bits = 8});
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Matrices of many pieces of work are those of the definition") {
  oracle::tally t;
  source random(7);
  const auto check = [&]<auto B, scale_rule Rule = ob::default_rule(B)>(
      std::initializer_list<size> sizes) {
    const std::vector<float> grid = grid_of(block_matrix<B>::format.element);
    for (const size& s : sizes) {
      const any_rounding mode = random.below(2) == 0 ? any_rounding(lowp::nearest_even)
                                                     : any_rounding(stochastic{8, 2, 16});
      check_quantize<B, Rule>(t, make_sample(random, data::gaussian, s, grid), mode);
    }
  };
  // Rows of more than 64 Ki elements, with odd ends and gaps; many short rows; tall blocks.
  check.operator()<formats::mxfp4>({{1, 70'001, 0}, {2, 66'000, 5}, {3000, 24, 0}, {700, 64, 0}});
  check.operator()<formats::mxfp6_e3m2>({{1, 66'033, 0}, {2, 16'384, 0}, {9001, 3, 1}});
  check.operator()<formats::nvfp4>({{1, 65'559, 0}, {30'000, 1, 0}, {900, 48, 0}});
  check.operator()<formats::nvfp4_16x16>({{17, 4100, 0}, {2003, 17, 0}});
  check.operator()<int8_rows>({{1, 70'001, 0}, {2, 33'000, 3}, {5000, 7, 0}});
  check.operator()<fp8_tensor>({{1, 66'000, 0}, {300, 201, 4}});
  check.operator()<fp8_tiles>({{150, 500, 0}, {300, 129, 0}});
  check.operator()<posit8, scale_rule::rceil>({{1, 35'000, 0}});
  check.operator()<fixed16>({{1, 40'000, 0}, {1500, 33, 0}});
  check.operator()<of_24, scale_rule::ceil>({{2, 17'000, 0}, {1, 70'008, 0}});
  check.operator()<of_3x5>({{200, 400, 0}, {1, 70'000, 0}});
  REQUIRE_NO_MISMATCH(t);
}

// ------------------------------------------------------------------------------------ loaded bytes
TEST_CASE("Any bytes under any tensor scale are dequantized as defined") {
  oracle::tally t;
  source random(8);
  const std::vector<bits32> tensors{0x3F800000u, 0x3DCCCCCDu, 0,           0x80000000u,
                                    0x7F800000u, 0xFF800000u, 0x7FC00000u, 0x7F800001u,
                                    1,           0x00400001u, 0x00800000u, 0x7F7FFFFFu,
                                    0xBF99999Au, 0x01234567u, 0x7E000001u};
  for_formats([&]<auto B, scale_rule Rule = ob::default_rule(B)>() {
    std::vector<size> sizes(small_sizes.begin(), small_sizes.end());
    sizes.push_back({20, 200, 0});
    for (std::size_t i = 0; i < 2 * sizes.size(); ++i) {
      const size& s = sizes[i % sizes.size()];
      const block_matrix<B> empty(s.rows, s.cols);
      std::vector<std::uint8_t> codes(empty.codes().size()), scale_bytes(empty.scales().size());
      for (std::uint8_t& byte : codes) byte = static_cast<std::uint8_t>(random.below(256));
      for (std::uint8_t& byte : scale_bytes) byte = static_cast<std::uint8_t>(random.below(256));
      // Some scales of bits that are all zeros or ones.
      constexpr auto width = static_cast<std::size_t>(scaled_blocks_of(B).scale_bytes());
      for (std::size_t at = 0; at + width <= scale_bytes.size(); at += width) {
        const std::size_t what = random.below(8);
        if (what > 1) continue;
        std::fill_n(scale_bytes.begin() + static_cast<std::ptrdiff_t>(at), width,
                    static_cast<std::uint8_t>(what == 0 ? 0 : 0xFF));
      }
      block_matrix<B> in(s.rows, s.cols, codes, scale_bytes);
      const auto set_tensor = [&](bits32 bits) {
        if constexpr (has_tensor_scale<B>) in.set_tensor_scale(float_of(bits));
      };
      set_tensor(tensors[i % 2]);
      const std::string label =
          std::to_string(s.rows) + " x " + std::to_string(s.cols) + " of any bytes";
      check_dequantize(t, in, label);
      set_tensor(tensors[random.below(tensors.size())]);
      check_dequantize(t, in, label + " under another tensor scale");
    }
    const block_matrix<B> empty(5, 130);
    block_matrix<B> in(5, 130);
    for (std::uint8_t& byte : in.codes()) byte = static_cast<std::uint8_t>(random.below(256));
    for (std::uint8_t& byte : in.scales()) byte = static_cast<std::uint8_t>(random.below(256));
    for (const bits32 tensor : tensors) {
      if constexpr (has_tensor_scale<B>) in.set_tensor_scale(float_of(tensor));
      check_dequantize(t, in, "tensor scale of bits " + std::to_string(tensor));
    }
  });
  REQUIRE_NO_MISMATCH(t);
}

// --------------------------------------------------------------------------------------- arguments
TEST_CASE("Shapes that differ throw before anything is written") {
  const std::vector<float> values(12 * 40, 1.5f);
  const matrix_view<const float> in(values.data(), 12, 40);
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{12, 39},
                                   {11, 40},
                                   {40, 12},
                                   {1, 480},
                                   {0, 0},
                                   {13, 40}}) {
    lowp::nvfp4 out(rows, cols);
    std::fill(out.codes().begin(), out.codes().end(), std::uint8_t{0x5A});
    std::fill(out.scales().begin(), out.scales().end(), std::uint8_t{0x33});
    out.set_tensor_scale(0.5f);
    const lowp::nvfp4 before = out;
    CHECK_THROWS_AS(quantize(in, out), std::invalid_argument);
    if (rows != 40) CHECK_THROWS_AS(quantize_transposed(in, out), std::invalid_argument);
    CHECK(out == before);

    const lowp::nvfp4 quantized = lowp::quantize<formats::nvfp4>(in);
    matrix written(rows, cols, cols);
    const matrix untouched = written;
    CHECK_THROWS_AS(dequantize(quantized, written.view()), std::invalid_argument);
    CHECK_THROWS_AS(lowp::round_to(formats::nvfp4, in, written.view()), std::invalid_argument);
    CHECK(is_same(written.values, untouched.values));
  }
}

TEST_CASE("Matrices that share some elements throw before anything is written") {
  std::vector<float> values(64 * 64, 1.5f);
  const std::vector<float> untouched = values;
  const auto view = [&](std::size_t first, std::size_t stride = 64) {
    return matrix_view<float>(values.data() + first, 20, 32, stride);
  };
  const auto round = [&](matrix_view<float> in, matrix_view<float> out) {
    lowp::round_to(formats::mxfp4, matrix_view<const float>(in), out);
  };
  for (const std::size_t first : {1u, 8u, 31u, 33u, 63u, 64u, 65u, 64u * 19 + 31}) {
    CHECK_THROWS_AS(round(view(0), view(first)), std::invalid_argument);
    CHECK_THROWS_AS(round(view(first), view(0)), std::invalid_argument);
  }
  CHECK_THROWS_AS(round(view(0), view(0, 63)), std::invalid_argument);
  CHECK(is_same(values, untouched));
  // The same matrix, columns side by side, rows below.
  CHECK_NOTHROW(round(view(5), view(5)));
  CHECK_NOTHROW(round(view(0), view(32)));
  CHECK_NOTHROW(round(view(32), view(0)));
  CHECK_NOTHROW(round(view(0), view(64 * 19 + 32)));
  CHECK_NOTHROW(round(view(0), view(64 * 20)));
}

TEST_CASE("A contradictory format throws before anything is written") {
  const matrix in(2, 40, 40);
  matrix out(2, 40, 40);
  std::fill(out.values.begin(), out.values.end(), 7.0f);
  const matrix untouched = out;
  REQUIRE(defect(formats::nvfp4, lowp::rules::floor) != nullptr);
  CHECK_THROWS_AS(lowp::round_to(formats::nvfp4, in.view(), out.view(), lowp::rules::floor),
                  std::invalid_argument);
  const block_format backwards{formats::e2m1, formats::e8m0, block_shape{-1, 32}};
  CHECK_THROWS_AS(lowp::round_to(backwards, in.view(), out.view()), std::invalid_argument);
  CHECK(is_same(out.values, untouched.values));
}

// ------------------------------------------------------------------------------------- guard pages
#if defined(LOWP_TEST_HAS_GUARD_PAGES)
namespace {

/// Room for values between two pages that must not be touched.
class guarded {
 public:
  explicit guarded(std::size_t values) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    capacity_ = (values * sizeof(float) / page + 1) * page;
    mapped_ = capacity_ + 2 * page;
    void* const all =
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::uint8_t*>(all) + page;
    if (mprotect(all, page, PROT_NONE) != 0 || mprotect(begin_ + capacity_, page, PROT_NONE) != 0) {
      munmap(all, mapped_);
      throw std::bad_alloc();
    }
  }
  ~guarded() { munmap(begin_ - (mapped_ - capacity_) / 2, mapped_); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  /// `count` values flush against the page after or before them.
  [[nodiscard]] float* place(std::size_t count, bool at_end) const {
    return reinterpret_cast<float*>(at_end ? begin_ + capacity_ - count * sizeof(float) : begin_);
  }

 private:
  std::uint8_t* begin_ = nullptr;
  std::size_t capacity_ = 0, mapped_ = 0;
};

}  // namespace

TEST_CASE("Matrices between guard pages") {
  oracle::tally t;
  source random(9);
  const guarded in_memory(40'000), out_memory(40'000);
  for_formats([&]<auto B, scale_rule Rule = ob::default_rule(B)>() {
    const std::vector<float> grid = grid_of(block_matrix<B>::format.element);
    std::vector<size> sizes{{3, 33, 0}, {3, 50, 9}, {17, 18, 0}, {1, 1060, 0}, {2, 1030, 3}};
    constexpr block_shape shape = block_matrix<B>::format.shape;
    if (shape == formats::mxfp4.shape || shape == int8_rows.shape) {
      for (std::size_t cols = 1; cols <= 70; ++cols)
        sizes.push_back({1 + cols % 2, cols, cols % 3});
      sizes.push_back({1, 33'003, 0});
    }
    for (const size& s : sizes) {
      const sample image = make_sample(random, data::gaussian, s, grid);
      // The matrix ends with its last element: nothing follows the last row.
      const std::size_t stride = s.cols + s.extra, count = (s.rows - 1) * stride + s.cols;
      const block_matrix<B> expected =
          lowp::reference::quantize<B>(image.values.view(), ob::rule_of<Rule>());
      matrix values(s.rows, s.cols, stride);
      lowp::reference::dequantize(expected, values.view());
      for (const isa level : test::isas()) {
        for (const bool at_end : {true, false}) {
          const auto describe = [&](auto& text) {
            text << name_of(block_matrix<B>::format, "") << ", " << image.name << ", "
                 << name(level) << (at_end ? " at the end" : " at the beginning");
          };
          float* const in = in_memory.place(count, at_end);
          float* const out = out_memory.place(count, at_end);
          std::memcpy(in, image.values.values.data(), count * sizeof(float));
          const matrix_view<const float> in_view(in, s.rows, s.cols, stride);
          const matrix_view<float> out_view(out, s.rows, s.cols, stride);
          const auto is_right = [&] {
            return std::memcmp(out, values.values.data(), count * sizeof(float)) == 0;
          };
          t.check(lowp::quantize<B>(in_view, ob::rule_of<Rule>(), lowp::nearest_even, level) ==
                      expected,
                  describe);
          std::fill_n(out, count, padding);
          dequantize(expected, out_view, level);
          t.check(is_right(), describe);
          std::fill_n(out, count, padding);
          lowp::round_to(block_matrix<B>::format, in_view, out_view, ob::rule_of<Rule>(),
                         lowp::nearest_even, level);
          t.check(is_right(), describe);
        }
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);
}
#endif
