// SPDX-License-Identifier: MIT
// Matrix instructions: the table is consistent; each kind reads its operands, scales and C, and
// writes its results and NaNs, as cases worked out by hand and loops of the machine say. What the
// sums are is tested in units_test.cpp.
#include "lowp/gemm/matrix_instruction.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/limits.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace amd = lowp::amd;
namespace aarch64 = lowp::aarch64;
namespace formats = lowp::formats;
namespace intel = lowp::intel;
namespace nvidia = lowp::nvidia;
using lowp::matrix_instruction;
using lowp::matrix_view;
using lowp::number;

namespace {

struct line {
  std::string vendor, name, instruction;
  int k, terms, block;
  const char* defect;
};
template <class I>
line line_of(const char* name, const I& i) {
  int terms = 1;  // of an adder
  if constexpr (requires { i.policy.terms; }) terms = i.policy.terms;
  return {std::string(i.vendor),
          name,
          std::string(i.generation) + " " + std::string(i.name),
          i.shape.k,
          terms,
          i.block,
          defect(i.policy)};
}
#define LINE(vendor, name, ...) line_of(#name, lowp::vendor::name),
const line lines[] = {LOWP_NVIDIA_INSTRUCTIONS(LINE) LOWP_AMD_INSTRUCTIONS(LINE)
                          LOWP_INTEL_INSTRUCTIONS(LINE) LOWP_ARM_INSTRUCTIONS(LINE)};

/// A matrix of one value, to be changed.
template <class T>
struct matrix {
  std::size_t rows, cols;
  std::vector<T> values;
  matrix(std::size_t r, std::size_t c, T x = T{}) : rows(r), cols(c), values(r * c, x) {}
  T& operator()(std::size_t r, std::size_t c) { return values[r * cols + c]; }
  matrix_view<const T> in() const { return {values.data(), rows, cols}; }
  matrix_view<T> out() { return {values.data(), rows, cols}; }
};
std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

}  // namespace

TEST_CASE("The table of matrix instructions is consistent") {
  std::set<std::string> names, instructions;
  for (const line& x : lines) {
    INFO(x.vendor << " " << x.name);
    CHECK(x.defect == nullptr);
    CHECK(names.insert(x.vendor + x.name).second);
    CHECK(instructions.insert(x.vendor + x.instruction).second);
    CHECK(x.k % std::min(x.k, x.terms) == 0);
    CHECK((x.block == 0 || x.k % x.block == 0));
    // The shape in the name is that of the data.
    const std::string k = std::to_string(x.k);
    const bool is_amd = x.vendor == "amd", is_nvidia = x.vendor == "nvidia";
    if (is_amd) CHECK(x.name.find("x" + k + "_") != std::string::npos);
    if (is_nvidia) CHECK(x.name.find("k" + k + "_") != std::string::npos);
    if (is_nvidia) CHECK(x.instruction.find("k" + k + ".") != std::string::npos);
  }
  CHECK(std::size(lines) == 193);
}

TEST_CASE("FP8 by Hopper: 13 fraction bits, cut off, and NaN is 0x7FFFFFFF") {
  using e4m3 = lowp::e4m3fn;
  matrix<e4m3> a(64, 32), b(16, 32);  // n = 16: a multiple of 8
  matrix<float> c(64, 16, 1.0f);
  a(0, 0) = e4m3(0x1p-7), b(0, 0) = e4m3(0x1p-6);  // 2^-13: the last bit kept beside 1
  b(1, 0) = e4m3(0x1p-7);                          // 2^-14 is cut off
  a(1, 31) = e4m3(448), b(2, 31) = e4m3(448);      // 448^2 = 2^17 * 1.53125: 1 = 2^0 is beyond 2^4
  a(2, 0) = std::numeric_limits<e4m3>::quiet_NaN();
  b(0, 1) = b(1, 1) = e4m3(1);
  c(3, 0) = std::numeric_limits<float>::infinity();
  c(4, 0) = -1.0f;
  a(4, 1) = e4m3(1);
  matrix<float> d(64, 16, 7.0f);
  matrix_instruction<nvidia::hopper_m64n8k32_e4m3_f32>(a.in(), b.in(), c.in(), d.out());
  CHECK(d(0, 0) == 1.0f + 0x1p-13f);
  CHECK(d(0, 1) == 1.0f);
  CHECK(d(1, 2) == 200704.0f);
  CHECK(bits(d(2, 5)) == 0x7FFFFFFFu);
  CHECK(bits(d(3, 0)) == 0x7F800000u);
  CHECK(bits(d(4, 0)) == 0u);
  CHECK(bits(d(4, 2)) == 0x3F800000u);
  // In place.
  matrix_instruction<nvidia::hopper_m64n8k32_e4m3_f32>(a.in(), b.in(), c.out());
  for (std::size_t i = 0; i < 64 * 16; ++i) CHECK(bits(c.values[i]) == bits(d.values[i]));
}

TEST_CASE("Results in binary16: to nearest even after each adder, NaN is 0x7FFF") {
  using half = lowp::binary16;
  matrix<half> a(16, 16), b(8, 16), c(16, 8, half(1));
  const half ulp(0x1p-10);
  b(0, 0) = half(1), b(1, 8) = half(1);
  a(0, 0) = half(0x1p-11);                                           // a tie: 1
  a(1, 0) = half(0x1.004p-11);                                       // above it
  a(2, 0) = half(0x1.8p-10);                                         // a tie: up to 1 + 2^-9
  b(2, 0) = b(2, 8) = half(1), a(3, 0) = a(3, 8) = half(0x1.4p-11);  // twice 0.625 of a unit
  b(3, 0) = half(2), a(4, 0) = half(60000);                          // overflow
  b(4, 0) = half(0), a(5, 0) = std::numeric_limits<half>::infinity();
  matrix<half> split = c, whole = c;
  matrix_instruction<nvidia::ampere_m16n8k16_f16_f16>(a.in(), b.in(), split.out());
  matrix_instruction<nvidia::hopper_m16n8k16_f16_f16>(a.in(), b.in(), whole.out());
  CHECK(split(0, 0) == half(1));
  CHECK(split(1, 0) == half(1) + ulp);
  CHECK(split(2, 0) == half(1 + 0x1p-9));
  CHECK(split(3, 2) == half(1 + 0x1p-9));  // 0.625 rounds to 1 unit, then 1.625 to 2
  CHECK(whole(3, 2) == half(1) + ulp);     // 1.25 units at once
  CHECK(split(4, 3).code() == 0x7C00);
  CHECK(split(5, 4).code() == 0x7FFF);
  // Volta's C may have less bits than its result.
  matrix<half> x(8, 4), y(8, 4), z(8, 8, half(1));
  matrix<float> wide(8, 8);
  x(0, 0) = half(0x1p-12), y(0, 0) = half(1);
  matrix_instruction<nvidia::volta_m8n8k4_f16_f32_from_f16>(x.in(), y.in(), z.in(), wide.out());
  CHECK(wide(0, 0) == 1.0f + 0x1p-12f);
}

TEST_CASE("TF32 and XF32 are read from binary32") {
  matrix<float> a(16, 4), b(8, 4), c(16, 8);
  a(0, 0) = 0x1.003FFEp0f;  // its last 13 bits go
  b(0, 0) = 1.0f;
  matrix_instruction<nvidia::ampere_m16n8k4_tf32_f32>(a.in(), b.in(), c.out());
  CHECK(c(0, 0) == 1.0f);
  matrix<float> x(16, 8), y(16, 8), z(16, 16);
  x(0, 0) = 0x1.FFFFFEp0f, y(0, 0) = 1.0f;
  matrix_instruction<amd::cdna3_16x16x8_xf32_f32>(x.in(), y.in(), z.out());
  CHECK(z(0, 0) == 0x1.FFCp0f);
}

TEST_CASE("Scales join the exponents") {
  lowp::block_matrix<formats::mxfp8_e4m3> a(16, 32), b(8, 32);
  const auto one = lowp::e4m3fn(1).code();
  for (std::size_t row = 0; row < 16; ++row) a.set_scale_code(row, 0, 127);
  for (std::size_t row = 0; row < 8; ++row) b.set_scale_code(row, 0, 127);
  a.set_code(0, 0, one), b.set_code(0, 0, one);
  a.set_scale_code(0, 0, 127 + 30), b.set_scale_code(1, 0, 255);
  matrix<float> c(16, 8, 32.0f);
  c(1, 0) = 0x1.000002p0f;
  matrix_instruction<nvidia::rtx_blackwell_m16n8k32_mxf8f6f4_f32>(a, b, c.out());
  CHECK(c(0, 0) == 0x1p30f);  // with 32, the last bit that is aligned, and cut to 24 bits
  CHECK(c(1, 0) == 0x1.000002p0f);
  CHECK(bits(c(0, 1)) == 0x7FFFFFFFu);

  lowp::block_matrix<formats::nvfp4> x(16, 64), y(8, 64);
  const auto scale = [](double v) { return lowp::number<formats::ue4m3>(v).code(); };
  for (std::size_t g = 0; g < 4; ++g) {
    for (std::size_t row = 0; row < 16; ++row) x.set_scale_code(row, g, scale(1.5));
    for (std::size_t row = 0; row < 8; ++row) y.set_scale_code(row, g, scale(2));
  }
  const auto six = lowp::e2m1(6).code();
  for (std::size_t k = 0; k < 64; ++k) x.set_code(0, k, six), y.set_code(0, k, six);
  matrix<float> z(16, 8, 0.5f);
  matrix_instruction<nvidia::rtx_blackwell_m16n8k64_nvf4_f32>(x, y, z.out());
  CHECK(z(0, 0) == 64 * 36 * 3 + 0.5f);
  CHECK(z(3, 0) == 0.5f);
}

TEST_CASE("Binary64: a chain of FMAs") {
  using wide = lowp::binary64;
  test::split_mix random(1);
  matrix<wide> a(8, 4), b(8, 4);
  matrix<double> c(8, 8), d(8, 8);
  const auto draw = [&] {
    return std::ldexp(static_cast<double>(random.word() >> 11),
                      static_cast<int>(random.below(20)) - 60);
  };
  for (wide& x : a.values) x = wide(draw());
  for (wide& x : b.values) x = wide(-draw());
  for (double& x : c.values) x = draw();
  matrix_instruction<nvidia::ampere_m8n8k4_f64_f64>(a.in(), b.in(), c.in(), d.out());
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 8; ++j) {
      double sum = c(i, j);
      for (std::size_t k = 0; k < 4; ++k) {
        sum = std::fma(static_cast<double>(a(i, k)), static_cast<double>(b(j, k)), sum);
      }
      CHECK(d(i, j) == sum);
    }
  }
}

namespace {
/// Sums modulo 2^32, or saturated after each group.
template <auto& I, class A, class B>
void check_integers(oracle::tally& t, int group) {
  constexpr auto m = static_cast<std::size_t>(I.shape.m), n = static_cast<std::size_t>(I.shape.n),
                 k = static_cast<std::size_t>(I.shape.k);
  test::split_mix random(k);
  matrix<A> a(m, k);
  matrix<B> b(n, k);
  matrix<std::int32_t> c(m, n), d(m, n);
  for (int round = 0; round < 20; ++round) {
    const bool is_extreme = round % 2 == 0;
    const auto draw = [&](auto& x) {
      using T = std::remove_reference_t<decltype(x)>;
      const auto code = random.word() & lowp::low_mask(8 * static_cast<int>(sizeof(x.code())));
      const auto top = std::uint64_t{1} << (8 * sizeof(x.code()) - 1);
      x = T::from_code(is_extreme && random.below(2) == 0 ? top - random.below(2) : code);
    };
    for (A& x : a.values) draw(x);
    for (B& x : b.values) draw(x);
    for (std::int32_t& x : c.values) {
      x = random.below(2) == 0   ? static_cast<std::int32_t>(random.word())
          : random.below(2) == 0 ? std::numeric_limits<std::int32_t>::max() - 5
                                 : std::numeric_limits<std::int32_t>::min() + 5;
    }
    matrix_instruction<I>(a.in(), b.in(), c.in(), d.out());
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        std::int64_t sum = c(i, j);
        for (std::size_t l = 0; l < k; ++l) {
          sum += static_cast<std::int64_t>(static_cast<double>(a(i, l))) *
                 static_cast<std::int64_t>(static_cast<double>(b(j, l)));
          if (group != 0 && (l + 1) % static_cast<std::size_t>(group) == 0) {
            if (sum > 2147483647) sum = 2147483647;
            if (sum < -2147483648LL) sum = -2147483648LL;
          }
        }
        t.check(d(i, j) == static_cast<std::int32_t>(sum),
                [&](auto& text) { text << I.name << ": " << d(i, j) << ", expected " << sum; });
      }
    }
  }
}
}  // namespace

TEST_CASE("Integers wrap, or saturate after each group") {
  oracle::tally t;
  using s8 = number<formats::int_n<8>>;
  using u8 = number<formats::uint_n<8>>;
  using s16 = number<formats::int_n<16>>;
  check_integers<intel::amx_tdpbssd, s8, s8>(t, 0);
  check_integers<intel::amx_tdpbusd, u8, s8>(t, 0);
  check_integers<intel::vnni_vpdpbusds, u8, s8>(t, 4);
  check_integers<intel::vnni_vpdpwssds, s16, s16>(t, 2);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Subnormal numbers and zeros of AMX and Arm") {
  using bf16 = lowp::bfloat16;
  matrix<bf16> a(1, 2), b(4, 2);
  matrix<float> c(1, 4, -0.0f);
  a(0, 0) = bf16(0x1p-100), a(0, 1) = bf16(-1);
  b(0, 0) = bf16(0x1p-30);                               // 2^-130
  b(1, 1) = bf16::from_code(1);                          // subnormal
  b(2, 0) = bf16(0x1p-26), b(2, 1) = bf16(0x1.02p-126);  // -2^-133 after all
  b(3, 0) = bf16(-0.0), b(3, 1) = bf16(0.0);
  matrix<float> plain = c, extended = c;
  matrix_instruction<aarch64::bfdot>(a.in(), b.in(), plain.out());
  matrix_instruction<aarch64::bfdot_extended>(a.in(), b.in(), extended.out());
  CHECK(bits(plain(0, 0)) == 0u);
  CHECK(extended(0, 0) == 0x1p-130f);
  CHECK(bits(plain(0, 1)) == 0u);
  CHECK(extended(0, 1) == -0x1p-133f);
  CHECK(bits(plain(0, 2)) == 0x80000000u);
  CHECK(extended(0, 2) == -0x1p-133f);
  CHECK(bits(plain(0, 3)) == 0x80000000u);
  CHECK(bits(extended(0, 3)) == 0x80000000u);
}

TEST_CASE("What does not fit is refused, and nothing is written") {
  matrix<lowp::binary16> a(16, 16), b(8, 16), narrow(16, 8), none(12, 16);
  matrix<float> c(16, 8, 3.0f), wrong(16, 9, 3.0f);
  constexpr auto& unit = nvidia::hopper_m16n8k16_f16_f32;
  const auto refused = [](const auto& call, const std::string& word) {
    try {
      call();
    } catch (const std::invalid_argument& e) {
      INFO(e.what());
      return std::string(e.what()).find(word) != std::string::npos;
    }
    return false;
  };
  CHECK(refused([&] { matrix_instruction<unit>(narrow.in(), b.in(), c.out()); }, "a is 16 x 8"));
  CHECK(refused([&] { matrix_instruction<unit>(a.in(), none.in(), c.out()); }, "b is 12 x 16"));
  CHECK(refused([&] { matrix_instruction<unit>(a.in(), b.in(), wrong.out()); }, "c is 16 x 9"));
  for (const float x : c.values) CHECK(x == 3.0f);
  lowp::block_matrix<lowp::block_format{formats::e4m3fn, formats::e8m0, lowp::block_shape{1, 16}}>
      x(16, 32);
  lowp::block_matrix<formats::mxfp8_e4m3> y(8, 32);
  CHECK(refused(
      [&] { matrix_instruction<nvidia::rtx_blackwell_m16n8k32_mxf8f6f4_f32>(x, y, c.out()); },
      "1 x 32 elements"));
}

namespace own {
/// A policy and an instruction that the library does not know.
struct largest_product {
  constexpr bool operator==(const largest_product&) const = default;
};
constexpr const char* defect(const largest_product&) { return nullptr; }
lowp::unpacked sum_products(const largest_product&, const lowp::product_terms& t) {
  double best = static_cast<double>(t.start);
  for (std::size_t k = 0; k < t.depth; ++k) {
    const double x = static_cast<double>(t.a.values[k]) * static_cast<double>(t.b.values[k]);
    if (x > best) best = x;
  }
  return lowp::unpack(best);
}
inline constexpr lowp::matrix_instruction_facts<lowp::float_format, lowp::float_format,
                                                lowp::float_format, lowp::float_format,
                                                lowp::no_scale, largest_product>
    unit{"own",
         "first",
         "largest",
         {1, 1, 3, 1},
         formats::e4m3fn,
         formats::e5m2,
         formats::bfloat16,
         formats::binary32,
         {},
         0,
         largest_product{},
         0x7FC00001};
}  // namespace own

TEST_CASE("An instruction of one's own") {
  matrix<lowp::e4m3fn> a(1, 3, lowp::e4m3fn(2));
  matrix<lowp::e5m2> b(1, 3, lowp::e5m2(3));
  matrix<lowp::bfloat16> c(1, 1, lowp::bfloat16(1));
  matrix<float> d(1, 1);
  b(0, 1) = lowp::e5m2(5);
  matrix_instruction<own::unit>(a.in(), b.in(), c.in(), d.out());
  CHECK(d(0, 0) == 10.0f);
}
