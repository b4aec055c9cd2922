// SPDX-License-Identifier: MIT
// int32_sums are what GMP's integers and MPFR's roundings give, piece by piece, by the
// definition and by the kernels of every instruction set.
#include "lowp/gemm/policies/int32.hpp"

#include <gmp.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "block/block_oracle.hpp"
#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace packings = lowp::packings;
namespace ob = oracle::block;
using lowp::affine_matrix_view;
using lowp::block_shape;
using lowp::int32_sums;
using lowp::matrix_view;
using lowp::overflow;
using lowp::packed_matrix_view;
using lowp::safe_chain_length;
using ob::bits32;
using oracle::real;

namespace {

constexpr auto exact = lowp::policies::integers;
constexpr int32_sums wrapping{.range = overflow::wrap};
constexpr int32_sums saturating{.range = overflow::saturate};
constexpr int32_sums chained{.chunk = 5};
static_assert(lowp::defect(exact) == nullptr && lowp::defect(chained) == nullptr);
static_assert(lowp::defect(wrapping) == nullptr && lowp::defect(saturating) == nullptr);
static_assert(!lowp::has_rounding(exact));
static_assert(lowp::defect(int32_sums{.chunk = -1}) != nullptr);
static_assert(lowp::defect(int32_sums{.range = overflow::propagate}) != nullptr);

class source {
 public:
  explicit source(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  /// 0 … n - 1
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }

 private:
  std::uint64_t state_;
};

// ---------------------------------------------------------------------------------------- operands
/// How integers are chosen: any, or one end of the range or either.
enum class kind { any, lowest, highest, ends };
struct extents {
  std::size_t rows, cols;
};
/// What the oracle knows of an operand.
struct known {
  std::size_t rows = 0, cols = 0, group = 1;  ///< columns that share a scale
  std::vector<std::int64_t> integers;         ///< q - z
  std::vector<bits32> scales;                 ///< of each element
};

/// An affine matrix and the memory behind it; the integers are chosen first.
template <auto F, lowp::packing P = packings::low_first>
class affine : public known {
 public:
  affine(std::size_t r, std::size_t c, block_shape shape, bool has_zeros, kind k, source& random)
      : row_bytes_(lowp::packed_bytes(c, F.bits(), P) + 2), bytes_(r * row_bytes_, 0xA5) {
    const std::int64_t low = F.is_signed ? -(std::int64_t{1} << (F.bits() - 1)) : 0;
    const std::int64_t high = low + (std::int64_t{1} << F.bits()) - 1;
    const auto extent = [](int size, std::size_t whole) {
      return size == 0 ? std::max<std::size_t>(whole, 1) : static_cast<std::size_t>(size);
    };
    const std::size_t tall = extent(shape.rows, r), wide = extent(shape.cols, c);
    const std::size_t across = (c + wide - 1) / wide, groups = (r + tall - 1) / tall * across;
    const auto draw = [&] {
      const bool is_high = k == kind::highest || (k == kind::ends && random.below(2) == 0);
      if (k != kind::any) return is_high ? high : low;
      return low + static_cast<std::int64_t>(random.below(std::uint64_t{1} << F.bits()));
    };
    for (std::size_t i = 0; i < groups; ++i) {
      const auto mantissa = static_cast<bits32>(random.below(1u << 23));
      const auto field = static_cast<bits32>(110 + random.below(20));
      scales_.push_back(
          ob::float_of(mantissa | field << 23 | static_cast<bits32>(random.below(2)) << 31));
      // The end far from the integers, so that differences are as large as they can be.
      if (has_zeros && k == kind::lowest) zeros_.push_back(static_cast<std::int32_t>(high));
      if (has_zeros && k == kind::highest) zeros_.push_back(static_cast<std::int32_t>(low));
      if (has_zeros && (k == kind::any || k == kind::ends)) {
        zeros_.push_back(static_cast<std::int32_t>(draw()));
      }
    }
    rows = r;
    cols = c;
    group = wide;
    for (std::size_t row = 0; row < r; ++row) {
      for (std::size_t col = 0; col < c; ++col) {
        const std::int64_t q = draw();
        const std::size_t at = row / tall * across + col / wide;
        lowp::store_code(bytes_.data() + row * row_bytes_, col, F.bits(),
                         static_cast<lowp::code_t>(q) & lowp::low_mask(F.bits()), P);
        integers.push_back(q - (has_zeros ? zeros_[at] : 0));
        scales.push_back(ob::bits_of(scales_[at]));
      }
    }
    view_ = {packed_matrix_view<F, P>(bytes_, r, c, row_bytes_), shape, scales_, zeros_};
  }
  affine(const affine&) = delete;
  [[nodiscard]] const affine_matrix_view<F, P>& view() const { return view_; }

 private:
  std::size_t row_bytes_;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> scales_;
  std::vector<std::int32_t> zeros_;
  affine_matrix_view<F, P> view_;
};

// ------------------------------------------------------------------------------------------ oracle
bits32 add32(bits32 a, bits32 b) {
  static real x, y, sum(600);
  ob::set32(x, a);
  ob::set32(y, b);
  mpfr_add(sum, x, y, MPFR_RNDN);
  return ob::rounded32(sum);
}
class integer {
 public:
  integer() { mpz_init(value_); }
  ~integer() { mpz_clear(value_); }
  integer(const integer&) = delete;
  operator mpz_ptr() { return value_; }

 private:
  mpz_t value_;
};

bits32 dot(const int32_sums& p, const known& a, std::size_t row, const known& b, std::size_t col) {
  static integer sum, two_to_32, low, high;
  static real x(256);
  mpz_ui_pow_ui(two_to_32, 2, 32);
  mpz_set_si(low, -2147483648L);
  mpz_set_si(high, 2147483647L);
  bits32 total = 0;
  mpz_set_ui(sum, 0);
  std::size_t length = 0;
  for (std::size_t k = 0; k < a.cols; ++k) {
    const std::int64_t product = a.integers[row * a.cols + k] * b.integers[col * b.cols + k];
    const auto magnitude = static_cast<unsigned long>(product < 0 ? -product : product);
    (product < 0 ? mpz_sub_ui : mpz_add_ui)(sum, sum, magnitude);
    if (p.range == overflow::saturate && mpz_cmp(sum, low) < 0) mpz_set(sum, low);
    if (p.range == overflow::saturate && mpz_cmp(sum, high) > 0) mpz_set(sum, high);
    ++length;
    const bool ends = k + 1 == a.cols || (k + 1) % a.group == 0 || (k + 1) % b.group == 0 ||
                      length == static_cast<std::size_t>(p.chunk);
    if (!ends) continue;
    if (p.range == overflow::wrap) {
      mpz_mod(sum, sum, two_to_32);
      if (mpz_cmp(sum, high) > 0) mpz_sub(sum, sum, two_to_32);
    }
    mpfr_set_z(x, sum, MPFR_RNDN);
    const bits32 scaled = ob::multiply32(ob::rounded32(x), a.scales[row * a.cols + k]);
    total = add32(total, ob::multiply32(scaled, b.scales[col * b.cols + k]));
    mpz_set_ui(sum, 0);
    length = 0;
  }
  return total;
}

template <auto P, class A, class B>
void compare(oracle::tally& t, const std::string& name, const known& a, const A& x, const known& b,
             const B& y) {
  static constexpr auto policy = P;
  std::vector<bits32> expected;
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.rows; ++j) expected.push_back(dot(policy, a, i, b, j));
  }
  const std::size_t stride = b.rows + 3;
  std::vector<float> c(a.rows * stride);
  const auto check = [&](const std::string& by) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bits32 actual = ob::bits_of(c[i / b.rows * stride + i % b.rows]);
      t.check(actual == expected[i], [&](auto& text) {
        text << name << " " << a.rows << " x " << b.rows << " x " << a.cols << " by " << by
             << ": element " << i << " is " << std::hex << actual << ", expected " << expected[i];
      });
    }
    std::fill(c.begin(), c.end(), 7.0f);
  };
  const matrix_view<float> out(c.data(), a.rows, b.rows, stride);
  lowp::reference::gemm<P>(x, y, out);
  check("definition");
  for (const lowp::isa level : test::isas()) {
    lowp::gemm<P>(x, y, out, level);
    check(std::string(lowp::name(level)));
  }
}

constexpr block_shape per_row{}, per_tensor{block_shape::whole, block_shape::whole};

template <auto P, auto F, auto G, lowp::packing O = packings::low_first>
void compare_formats(const std::string& name) {
  struct shape {
    std::size_t m, n, k;
  };
  struct groups {
    block_shape a, b;
  };
  // Remainders of tiles and words; groups that end within a word, or not where the others do; more
  // than a chunk, with lanes along rows of C and along columns.
  constexpr shape shapes[] = {{1, 1, 1},   {3, 18, 70}, {40, 7, 130},   {17, 14, 0},
                              {2, 13, 33}, {26, 9, 90}, {11, 16, 1100}, {13, 10, 1100}};
  constexpr groups grids[] = {{per_row, per_row},
                              {per_tensor, {1, 32}},
                              {{1, 24}, {3, 7}},
                              {{2, block_shape::whole}, {1, 128}}};
  oracle::tally t;
  source random(17);
  for (const auto& [m, n, k] : shapes) {
    for (const auto& [x, y] : grids) {
      for (const kind values : {kind::any, kind::lowest, kind::highest}) {
        const affine<F> a(m, k, x, random.below(2) == 0, values, random);
        const affine<G, O> b(n, k, y, random.below(2) == 0, values, random);
        compare<P>(t, name, a, a.view(), b, b.view());
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Affine integers of 8 and 4 bits, signed or not") {
  compare_formats<exact, formats::int_n<8>, formats::int_n<8>>("int8 by int8");
  compare_formats<exact, formats::uint_n<8>, formats::int_n<4>>("uint8 by int4");
  compare_formats<exact, formats::int_n<8>, formats::uint_n<4>, packings::high_first>(
      "int8 by uint4");
}

TEST_CASE("Integers of 16 and 5 bits, in chains, and sums beyond 32 bits") {
  compare_formats<chained, formats::int_n<16>, formats::int_n<5>>("int16 by int5");
  compare_formats<wrapping, formats::int_n<16>, formats::int_n<16>>("wrapping");
  compare_formats<saturating, formats::int_n<16>, formats::int_n<16>>("saturating");
  compare_formats<exact, formats::int_n<16>, formats::uint_n<16>>("exact");
}

TEST_CASE("Bytes that overflow 32 bits") {
  // 2^14 2^17 = 2^31; with zero points 255^2 33026 > 2^31.
  oracle::tally t;
  source random(3);
  using bytes = affine<formats::int_n<8>>;
  for (const std::size_t k : {131071u, 131072u, 131073u, 270000u}) {
    for (const kind values : {kind::lowest, kind::highest, kind::ends}) {
      const bytes a(2, k, per_row, false, values, random);
      const bytes b(1, k, {1, 131072}, false, kind::lowest, random);
      compare<exact>(t, "exact", a, a.view(), b, b.view());
      compare<wrapping>(t, "wrapping", a, a.view(), b, b.view());
      compare<saturating>(t, "saturating", a, a.view(), b, b.view());
    }
  }
  for (const std::size_t k : {33024u, 33025u, 33026u, 67000u}) {
    const bytes a(1, k, per_row, true, kind::lowest, random);
    const bytes b(2, k, per_row, true, kind::lowest, random);
    compare<exact>(t, "exact", a, a.view(), b, b.view());
    compare<wrapping>(t, "wrapping", a, a.view(), b, b.view());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("More than a block of lanes, of rows and of words") {
  oracle::tally t;
  source random(5);
  const affine<formats::uint_n<8>> a(200, 2100, per_row, true, kind::any, random);
  const affine<formats::uint_n<4>> b(103, 2100, {1, 2060}, true, kind::any, random);
  compare<exact>(t, "blocks", a, a.view(), b, b.view());
  const affine<formats::uint_n<8>> few(5, 2100, per_row, true, kind::any, random);
  const affine<formats::uint_n<4>> c(35, 2100, {1, 256}, true, kind::any, random);
  compare<exact>(t, "few", few, few.view(), a, a.view());
  compare<exact>(t, "few", few, few.view(), c, c.view());
  compare<exact>(t, "few columns", c, c.view(), few, few.view());
  REQUIRE_NO_MISMATCH(t);
}

namespace {

/// The oracle's view of an operand without zero points whose element times 2^-unit is an integer.
template <class X, class Scale>
known known_of(const X& x, std::size_t rows, std::size_t cols, std::size_t group, int unit,
               const Scale& scale) {
  known out{rows, cols, group, {}, {}};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      real value;
      if constexpr (requires { x.element(row, col); }) {
        value.set(lowp::unpack(x.element(row, col)));
      } else {
        value.set(lowp::unpack(x(row, col)));
      }
      mpfr_mul_2si(value, value, -unit, MPFR_RNDN);
      if (mpfr_integer_p(value) == 0) throw std::logic_error("not an integer");
      out.integers.push_back(mpfr_get_si(value, MPFR_RNDN));
      real s;
      s.set(scale(row, col));
      mpfr_mul_2si(s, s, unit, MPFR_RNDN);
      out.scales.push_back(ob::rounded32(s));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Blocks and plain integers are operands, too") {
  oracle::tally t;
  source random(11);
  const std::size_t m = 18, n = 35, k = 77;
  const auto fill = [&](std::span<std::uint8_t> bytes, std::uint64_t low, std::uint64_t count) {
    for (std::uint8_t& x : bytes) x = static_cast<std::uint8_t>(low + random.below(count));
  };
  const auto one = [](std::size_t, std::size_t) { return lowp::unpack(1.0f); };
  const auto scales_of = [](const auto& x) {
    return [&x](std::size_t row, std::size_t col) { return lowp::unpack(x.scale_of(row, col)); };
  };

  std::vector<std::uint8_t> bytes(m * k);
  fill(bytes, 0, 256);
  const packed_matrix_view<formats::fixed<8, 3>> fixed(bytes, m, k);
  const known fixed_known = known_of(fixed, m, k, k, -3, one);
  std::vector<lowp::number<formats::uint_n<3>>> small;
  for (std::size_t i = 0; i < n * k; ++i) {
    small.push_back(lowp::number<formats::uint_n<3>>::from_code(random.below(8)));
  }
  const matrix_view<const lowp::number<formats::uint_n<3>>> plain(small.data(), n, k);
  const known plain_known = known_of(plain, n, k, k, 0, one);
  compare<exact>(t, "fixed point by uint3", fixed_known, fixed, plain_known, plain);

  // Codes that spell integers in another way than in binary, in several chunks and a rest.
  const std::size_t deep = 2200;
  std::vector<std::uint8_t> trits(n * lowp::packed_bytes(deep, 2)), wide(3 * deep);
  fill(trits, 0, 256);
  fill(wide, 0, 256);
  const packed_matrix_view<formats::ternary> signs(trits, n, deep);
  const packed_matrix_view<formats::int_n<8>> integers(wide, 3, deep);
  const known signs_known = known_of(signs, n, deep, deep, 0, one);
  const known integers_known = known_of(integers, 3, deep, deep, 0, one);
  compare<exact>(t, "int8 by ternary", integers_known, integers, signs_known, signs);
  compare<chained>(t, "ternary by int8", signs_known, signs, integers_known, integers);
  CHECK(lowp::explain<exact>(integers, signs).refusals.empty());

  lowp::mxint8 blocks(n, k);  // down to subnormal scales
  fill(blocks.codes(), 0, 256);
  fill(blocks.scales(), 0, 200);
  const known blocks_known = known_of(blocks, n, k, 32, -6, scales_of(blocks));
  compare<exact>(t, "fixed point by mxint8", fixed_known, fixed, blocks_known, blocks);

  lowp::mxfp4 halves(m, k);
  fill(halves.codes(), 0, 256);
  fill(halves.scales(), 100, 60);
  const known halves_known = known_of(halves, m, k, 32, -1, scales_of(halves));
  compare<exact>(t, "mxfp4 by mxint8", halves_known, halves, blocks_known, blocks);

  constexpr lowp::block_format int8_bfloat16{formats::int_n<8>, formats::bfloat16,
                                             block_shape{2, 24}};
  lowp::block_matrix<int8_bfloat16> tiles(n, k);
  fill(tiles.codes(), 0, 256);
  for (std::size_t i = 0; i < tiles.scales().size(); ++i) {
    tiles.scales()[i] = i % 2 == 0 ? static_cast<std::uint8_t>(random.below(256)) : 0x3F;
  }
  const known tiles_known = known_of(tiles, n, k, 24, 0, scales_of(tiles));
  compare<chained>(t, "mxfp4 by int8 under bfloat16", halves_known, halves, tiles_known, tiles);
  compare<chained>(t, "fixed point by int8 under bfloat16", fixed_known, fixed, tiles_known, tiles);
  REQUIRE_NO_MISMATCH(t);

  STATIC_REQUIRE(lowp::integer_operand<lowp::mxint8>);
  STATIC_REQUIRE(lowp::integer_operand<packed_matrix_view<formats::e2m1>>);
  STATIC_REQUIRE(lowp::integer_operand<packed_matrix_view<formats::uint_n<16>>>);
  STATIC_REQUIRE_FALSE(lowp::integer_operand<packed_matrix_view<formats::int_n<17>>>);
  STATIC_REQUIRE_FALSE(lowp::integer_operand<packed_matrix_view<formats::e4m3fn>>);
  STATIC_REQUIRE_FALSE(lowp::integer_operand<lowp::mxfp8_e4m3>);
  STATIC_REQUIRE_FALSE(lowp::integer_operand<packed_matrix_view<formats::posit<8, 2>>>);
  STATIC_REQUIRE_FALSE(lowp::integer_operand<matrix_view<const float>>);
}

TEST_CASE("Neither threads, other rows nor the environment change a row") {
  source random(23);
  const affine<formats::int_n<8>> a(130, 300, per_row, false, kind::any, random);
  const affine<formats::uint_n<4>> b(90, 300, {1, 128}, true, kind::any, random);
  std::vector<float> all(130 * 90), other(130 * 90);
  const matrix_view<float> out(all.data(), 130, 90), again(other.data(), 130, 90);
  lowp::gemm<exact>(a.view(), b.view(), out);
  lowp::gemm<exact>(a.view(), b.view(), again, lowp::threads{3});
  CHECK(all == other);
  for (std::size_t first = 0; first < 130; first += 26) {
    const affine_matrix_view<formats::int_n<8>> some(
        {{a.view().row(first), 26 * a.view().row_bytes()}, 26, 300, a.view().row_bytes()}, per_row,
        a.view().scales().subspan(first, 26));
    lowp::gemm<exact>(some, b.view(), again.row_range(first, 26));
  }
  CHECK(all == other);
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    std::fill(other.begin(), other.end(), 0.0f);
    lowp::gemm<exact>(a.view(), b.view(), again);
    CHECK(all == other);
    lowp::reference::gemm<exact>(a.view(), b.view(), again.row_range(0, 130));
    CHECK(all == other);
  }
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Nothing beyond the codes is read, nor beyond c written") {
  source random(37);
  for (const std::size_t m : {2u, 20u}) {
    for (const std::size_t k : {1u, 63u, 129u, 2100u}) {
      for (const bool at_end : {false, true}) {
        const std::size_t n = 18, row_bytes = (k + 1) / 2;
        const test::guarded a_memory(m * k), b_memory(n * row_bytes), c_memory(4 * m * n);
        std::uint8_t* const a = a_memory.place(m * k, at_end);
        std::uint8_t* const b = b_memory.place(n * row_bytes, at_end);
        for (std::size_t i = 0; i < m * k; ++i) a[i] = static_cast<std::uint8_t>(random.below(256));
        for (std::size_t i = 0; i < n * row_bytes; ++i) {
          b[i] = static_cast<std::uint8_t>(random.below(256));
        }
        const affine_matrix_view<formats::int_n<8>> x({{a, m * k}, m, k}, {1, 64}, {});
        const affine_matrix_view<formats::uint_n<4>> y({{b, n * row_bytes}, n, k}, per_row, {});
        const matrix_view<float> c(reinterpret_cast<float*>(c_memory.place(4 * m * n, at_end)), m,
                                   n);
        std::vector<float> expected(m * n);
        lowp::reference::gemm<exact>(x, y, matrix_view<float>(expected.data(), m, n));
        for (const lowp::isa level : test::isas()) {
          lowp::gemm<exact>(x, y, c, level);
          CHECK(std::equal(expected.begin(), expected.end(), c.data));
        }
      }
    }
  }
}
#endif

TEST_CASE("Scales that are no numbers, and sums without products") {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::uint8_t> bytes{1, 2, 0, 0};
  const std::vector<float> scales{infinity, std::bit_cast<float>(0xFFC12345u)};
  const affine_matrix_view<formats::int_n<8>> a({bytes, 2, 2}, per_row, scales);
  const affine_matrix_view<formats::int_n<8>> b({bytes, 2, 2}, per_row, {});
  std::vector<float> c(4);
  for (const lowp::isa level : test::isas()) {
    lowp::gemm<exact>(a, b, matrix_view<float>(c.data(), 2, 2), level);
    CHECK(ob::bits_of(c[0]) == ob::infinite32);
    CHECK(ob::bits_of(c[1]) == 0x7FC00000u);  // 0 by infinity
    CHECK(ob::bits_of(c[2]) == 0x7FC00000u);
    CHECK(ob::bits_of(c[3]) == 0x7FC00000u);
    const affine_matrix_view<formats::int_n<8>> none({bytes, 2, 0}, per_row, {});
    lowp::gemm<exact>(none, none, matrix_view<float>(c.data(), 2, 2), level);
    CHECK(std::all_of(c.begin(), c.end(), [](const float& x) { return ob::bits_of(x) == 0; }));
  }
}

TEST_CASE("An affine matrix has values for every policy") {
  oracle::tally t;
  source random(29);
  const affine<formats::uint_n<4>> a(3, 9, {2, 4}, true, kind::any, random);
  const affine<formats::int_n<8>> b(2, 9, per_tensor, true, kind::any, random);
  std::vector<float> by_policy(6), k32(6), definition(6);
  lowp::gemm<lowp::policies::exact>(a.view(), b.view(), matrix_view<float>(by_policy.data(), 3, 2));
  for (std::size_t i = 0; i < 6; ++i) {
    real sum(600), term(600), factor(128);
    mpfr_set_zero(sum, 1);
    for (std::size_t k = 0; k < 9; ++k) {
      const std::size_t x = i / 2 * 9 + k, y = i % 2 * 9 + k;
      mpfr_set_si(term, a.integers[x] * b.integers[y], MPFR_RNDN);
      for (const bits32 scale : {a.scales[x], b.scales[y]}) {
        ob::set32(factor, scale);
        mpfr_mul(term, term, factor, MPFR_RNDN);
      }
      mpfr_add(sum, sum, term, MPFR_RNDN);
    }
    t.check(ob::bits_of(by_policy[i]) == ob::rounded32(sum),
            [&](auto& text) { text << "element " << i; });
  }
  REQUIRE_NO_MISMATCH(t);
  lowp::gemm(a.view(), b.view(), matrix_view<float>(k32.data(), 3, 2));
  lowp::reference::gemm(a.view(), b.view(), matrix_view<float>(definition.data(), 3, 2));
  CHECK(k32 == definition);
}

// ------------------------------------------------------------------------------------------ chains
static_assert(safe_chain_length(formats::int_n<16>, formats::int_n<16>) == 1);
static_assert(safe_chain_length(formats::symmetric_int_n<16>, formats::symmetric_int_n<16>) == 2);
static_assert(safe_chain_length(formats::int_n<15>, formats::int_n<15>) == 7);
static_assert(safe_chain_length(formats::symmetric_int_n<15>, formats::symmetric_int_n<15>) == 8);
static_assert(safe_chain_length(formats::int_n<8>, formats::int_n<8>) == 131071);
static_assert(safe_chain_length(formats::uint_n<8>, formats::int_n<8>) == 65793);
static_assert(safe_chain_length(lowp::integer_range{-255, 255}, {-255, 255}) == 33025);
static_assert(safe_chain_length(lowp::integer_range{0, 1}, {-1, 0}) == 2147483648);
static_assert(safe_chain_length(formats::e2m1, formats::e2m1) == 14913080);  // halves: 12 * 12

TEST_CASE("A safe chain is the longest one") {
  oracle::tally t;
  const auto fits = [](std::int64_t length, std::int64_t product) {
    integer sum;
    mpz_set_si(sum, product);
    mpz_mul_si(sum, sum, length);
    return mpz_fits_sint_p(sum) != 0;
  };
  // Partial sums are multiples of one product at most: those of the corners decide.
  for (std::int64_t a = -9; a <= 9; ++a) {
    for (std::int64_t b = a; b <= 9; ++b) {
      for (std::int64_t c = -9; c <= 9; ++c) {
        for (std::int64_t d = c; d <= 9; ++d) {
          const std::int64_t corners[] = {a * c * 1000, a * d * 1000, b * c * 1000, b * d * 1000};
          if (a == b && b == 0) continue;
          if (c == d && d == 0) continue;
          const std::int64_t length =
              safe_chain_length(lowp::integer_range{a * 1000, b * 1000}, {c, d});
          const bool all_fit = std::all_of(std::begin(corners), std::end(corners),
                                           [&](std::int64_t x) { return fits(length, x); });
          const bool more_fit = std::all_of(std::begin(corners), std::end(corners),
                                            [&](std::int64_t x) { return fits(length + 1, x); });
          t.check(all_fit && !more_fit, [&](auto& text) {
            text << "[" << a << ", " << b << "] by [" << c << ", " << d << "]: " << length;
          });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Affine matrices that contradict themselves are rejected") {
  const std::vector<std::uint8_t> bytes(40);
  const std::vector<float> scales(20, 1.0f);
  const std::vector<std::int32_t> zeros(20, 7), low(20, -9), high(20, 8);
  using view = affine_matrix_view<formats::int_n<4>>;
  const packed_matrix_view<formats::int_n<4>> codes(bytes, 4, 20);
  const auto of = [&](std::size_t n) { return std::span(scales).first(n); };
  const auto zeros_of = [](const auto& list, std::size_t n) { return std::span(list).first(n); };
  CHECK_NOTHROW(view(codes, {1, 7}, of(12), zeros_of(zeros, 12)));
  CHECK_NOTHROW(view(codes, {3, 0}, of(2)));
  CHECK_NOTHROW(view(codes, {0, 0}, {}, zeros_of(zeros, 1)));
  CHECK_THROWS_AS(view(codes, {1, 7}, of(11)), std::invalid_argument);
  CHECK_THROWS_AS(view(codes, {1, 7}, of(13)), std::invalid_argument);
  CHECK_THROWS_AS(view(codes, {1, 7}, of(12), zeros_of(zeros, 4)), std::invalid_argument);
  CHECK_THROWS_AS(view(codes, {-1, 7}, {}), std::invalid_argument);
  CHECK_THROWS_AS(view(codes, {1, -7}, {}), std::invalid_argument);
  CHECK_THROWS_WITH(view(codes, {1, 7}, {}, zeros_of(low, 12)),
                    "affine_matrix_view: zeros[0] is -9, expected an integer from -8 to 7 as the "
                    "format has them");
  CHECK_THROWS_AS(view(codes, {1, 7}, {}, zeros_of(high, 12)), std::invalid_argument);

  std::vector<float> c(16, 3.0f);
  const view x(codes, per_row, of(4)), y({bytes, 4, 10}, per_row, {});
  CHECK_THROWS_AS(lowp::gemm<exact>(x, y, matrix_view<float>(c.data(), 4, 4)),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm<exact>(x, x, matrix_view<float>(c.data(), 4, 3)),
                  std::invalid_argument);
  std::vector<float> shared(20, 1.0f);
  const view z(codes, per_row, std::span(shared).first(4));
  const matrix_view<float> over(shared.data() + 3, 4, 4), beside(shared.data() + 4, 4, 4);
  CHECK_THROWS_AS(lowp::gemm<exact>(z, x, over), std::invalid_argument);
  CHECK_NOTHROW(lowp::gemm<exact>(z, x, beside));
  CHECK(std::all_of(c.begin(), c.end(), [](float v) { return v == 3.0f; }));
}
