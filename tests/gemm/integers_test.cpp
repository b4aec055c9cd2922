// SPDX-License-Identifier: MIT
// accumulation::integers is what GMP's integers and MPFR's roundings give, piece by piece, by the
// definition and by the kernels of every instruction set.
#include "lowp/gemm/integers.hpp"

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
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace packings = lowp::packings;
namespace ob = oracle::block;
using lowp::accumulation;
using lowp::affine_matrix_view;
using lowp::block_shape;
using lowp::gemm_policy;
using lowp::matrix_view;
using lowp::overflow;
using lowp::packed_matrix_view;
using lowp::safe_chain_length;
using ob::bits32;
using oracle::real;

namespace {

constexpr gemm_policy exact = lowp::policies::integers;
constexpr gemm_policy wrapping{.sum = accumulation::integers, .range = overflow::wrap};
constexpr gemm_policy saturating{.sum = accumulation::integers, .range = overflow::saturate};
constexpr gemm_policy chained{.sum = accumulation::integers, .chunk = 5};
static_assert(lowp::defect(exact) == nullptr && lowp::defect(chained) == nullptr);
static_assert(lowp::defect(wrapping) == nullptr && lowp::defect(saturating) == nullptr);
static_assert(!lowp::has_rounding(exact));
constexpr const char* defect_of(gemm_policy p) {
  p.sum = accumulation::integers;
  return lowp::defect(p);
}
static_assert(defect_of({.accumulator = formats::binary64}) != nullptr);
static_assert(defect_of({.product = lowp::product::rounded}) != nullptr);
static_assert(defect_of({.chunk = -1}) != nullptr);
static_assert(defect_of({.range = overflow::propagate}) != nullptr);

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

bits32 dot(const gemm_policy& p, const known& a, std::size_t row, const known& b, std::size_t col) {
  static integer sum, two_to_32, low, high;
  static real x(256);
  mpz_ui_pow_ui(two_to_32, 2, 32);
  mpz_set_si(low, -2147483648L);
  mpz_set_si(high, 2147483647L);
  bits32 total = 0;
  mpz_set_ui(sum, 0);
  std::size_t length = 0;
  for (std::size_t k = 0; k < a.cols; ++k) {
    mpz_t factor;
    mpz_init_set_si(factor, static_cast<long>(a.integers[row * a.cols + k]));
    mpz_mul_si(factor, factor, static_cast<long>(b.integers[col * b.cols + k]));
    mpz_add(sum, sum, factor);
    mpz_clear(factor);
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

template <gemm_policy P, class A, class B>
void compare(oracle::tally& t, const std::string& name, const known& a, const A& x, const known& b,
             const B& y) {
  static constexpr gemm_policy policy = P;
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

template <gemm_policy P, auto F, auto G, lowp::packing O = packings::low_first>
void compare_formats(const std::string& name) {
  struct shape {
    std::size_t m, n, k;
  };
  struct groups {
    block_shape a, b;
  };
  // Remainders of tiles and words; groups that end within a word, or not where the others do.
  constexpr shape shapes[] = {{1, 1, 1}, {3, 18, 70}, {40, 7, 130}, {17, 14, 0}, {2, 13, 33}};
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

TEST_CASE("Integers of 16 and 5 bits, in chains") {
  compare_formats<chained, formats::int_n<16>, formats::int_n<5>>("int16 by int5");
}
