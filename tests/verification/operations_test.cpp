// SPDX-License-Identifier: MIT
// Each name of an operation means what it says: operands and results that are known by hand, and
// every operation of e3m4 for all operands of that of an arithmetic unit.
#include "lowp/verification/operations.hpp"

#include <cstdint>
#include <string>

#include "catch.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/verification/testfloat_functions.hpp"

namespace {

using namespace lowp;
using namespace lowp::verification;

struct answer {
  code_t code;
  unsigned flags;
  bool operator==(const answer&) const = default;
};
std::ostream& operator<<(std::ostream& out, const answer& x) {
  return out << std::hex << x.code << " " << x.flags;
}

answer answer_of(const golden_function& f, std::initializer_list<code_t> in,
                 const any_rounding& mode = nearest_even) {
  code_t out = 0;
  REQUIRE(in.size() == f.operands.size());
  const status_flags flags = f.evaluate(rounding_reference(mode), in.begin(), &out);
  return {out, bits_of(flags)};
}
answer answer_of(const char* op, std::initializer_list<code_t> in,
                 const any_rounding& mode = nearest_even) {
  return answer_of(*make_operation(op, format_of_text("binary16"), format_of_text("binary32"),
                                   environments::riscv),
                   in, mode);
}

constexpr code_t one = 0x3C00, two = 0x4000, three = 0x4200, quiet = 0x7E00, signaling = 0x7C01,
                 infinity = 0x7C00;

TEST_CASE("operations_of_binary16_known_by_hand") {
  CHECK(answer_of("add", {one, two}) == answer{three, 0});
  CHECK(answer_of("subtract", {one, two}) == answer{0xBC00, 0});
  CHECK(answer_of("multiply", {two, three}) == answer{0x4600, 0});
  CHECK(answer_of("divide", {one, three}) == answer{0x3555, flag_bits::inexact});
  CHECK(answer_of("divide", {one, three}, upward) == answer{0x3556, flag_bits::inexact});
  CHECK(answer_of("divide", {one, 0x8000}) == answer{0xFC00, flag_bits::divide_by_zero});
  CHECK(answer_of("fma", {two, three, one}) == answer{0x4700, 0});
  CHECK(answer_of("sqrt", {0x4400}) == answer{two, 0});
  CHECK(answer_of("sqrt", {0xBC00}) == answer{quiet, flag_bits::invalid});
  CHECK(answer_of("remainder", {0x4500, three}) == answer{0xBC00, 0});  // 5 - 2 * 3
  CHECK(answer_of("convert", {0x3F800001u}) == answer{one, flag_bits::inexact});
  CHECK(answer_of("convert", {0x477FF000u}) ==
        answer{infinity, flag_bits::inexact | flag_bits::overflow});
  CHECK(answer_of("round_to_integral", {0x4100}) == answer{two, 0});  // 2.5
  CHECK(answer_of("round_to_integral_exact", {0x4100}) == answer{two, flag_bits::inexact});
  CHECK(answer_of("next_up", {one}) == answer{0x3C01, 0});
  CHECK(answer_of("next_down", {one}) == answer{0x3BFF, 0});
  CHECK(answer_of("scale_b", {three, 0xFFFFFFFF}) == answer{0x3E00, 0});  // 2^-1
  CHECK(answer_of("log_b", {0x0001}) == answer{0xCE00, 0});               // -24
  CHECK(answer_of("minimum", {one, quiet}) == answer{quiet, 0});
  CHECK(answer_of("minimum_number", {one, quiet}) == answer{one, 0});
  CHECK(answer_of("maximum", {one, two}) == answer{two, 0});
  CHECK(answer_of("maximum_number", {one, signaling}) == answer{one, flag_bits::invalid});
  CHECK(answer_of("to_int32", {0xC100}) == answer{0xFFFFFFFE, 0});  // -2.5
  CHECK(answer_of("to_int32_exact", {0xC100}) == answer{0xFFFFFFFE, flag_bits::inexact});
  CHECK(answer_of("to_uint64", {0xC000}) == answer{0, flag_bits::invalid});
  CHECK(answer_of("to_int64", {quiet}) == answer{0x7FFFFFFFFFFFFFFF, flag_bits::invalid});
  CHECK(answer_of("classify", {0x8001}) ==
        answer{static_cast<code_t>(number_class::negative_subnormal), 0});
}

TEST_CASE("comparisons_differ_by_what_signals") {
  struct row {
    const char* name;
    bool less, equal, signals_quiet;
  };
  for (const row& r :
       {row{"equal", false, true, false}, row{"equal_signaling", false, true, true},
        row{"less", true, false, true}, row{"less_quiet", true, false, false},
        row{"less_equal", true, true, true}, row{"less_equal_quiet", true, true, false}}) {
    INFO(r.name);
    CHECK(answer_of(r.name, {one, two}) == answer{r.less, 0});
    CHECK(answer_of(r.name, {two, two}) == answer{r.equal, 0});
    CHECK(answer_of(r.name, {0x8000, 0}) == answer{r.equal, 0});
    CHECK(answer_of(r.name, {two, one}) == answer{0, 0});
    CHECK(answer_of(r.name, {two, quiet}) == answer{0, r.signals_quiet ? flag_bits::invalid : 0});
    CHECK(answer_of(r.name, {signaling, two}) == answer{0, flag_bits::invalid});
  }
  CHECK(answer_of("total_order", {0x8000, 0}) == answer{1, 0});
  CHECK(answer_of("total_order", {0, 0x8000}) == answer{0, 0});
}

TEST_CASE("names_of_testfloat_stand_for_the_same_operations") {
  const auto check = [](const char* name, std::initializer_list<code_t> in, answer expected,
                        bool is_exact = false) {
    INFO(name);
    CHECK(answer_of(*make_testfloat_function(name, is_exact, environments::riscv), in) == expected);
  };
  check("f16_sub", {one, two}, {0xBC00, 0});
  check("f16_mul", {two, three}, {0x4600, 0});
  check("f16_div", {0x4600, three}, {two, 0});
  check("f16_mulAdd", {two, three, one}, {0x4700, 0});
  check("f16_rem", {0x4500, three}, {0xBC00, 0});
  check("f16_lt", {one, quiet}, {0, flag_bits::invalid});
  check("f16_lt_quiet", {one, quiet}, {0, 0});
  check("f16_le", {one, one}, {1, 0});
  check("f16_eq_signaling", {one, quiet}, {0, flag_bits::invalid});
  check("f16_roundToInt", {0x4100}, {two, 0});
  check("f16_roundToInt", {0x4100}, {two, flag_bits::inexact}, true);
  check("f32_to_f16", {0x40000000}, {two, 0});
  check("f16_to_f64", {two}, {0x4000000000000000, 0});
  check("f16_to_i32", {0xC000}, {0xFFFFFFFE, 0});
  check("f16_to_ui64", {two}, {2, 0});
  check("i32_to_f16", {0xFFFFFFFE}, {0xC000, 0});
  check("ui64_to_f32", {3}, {0x40400000, 0});
  for (const char* name : {"f16_foo", "f17_add", "f16", "i32_add", "f16_to_f17", "i32_to_i64", ""})
    CHECK_THROWS_AS(make_testfloat_function(name, false), std::invalid_argument);
}

TEST_CASE("stochastic_rounding_takes_its_bits_as_an_operand") {
  const auto f = make_operation("convert", format_of_text("e4m3fn"));
  const code_t quarter[] = {0x3F840000};  // a quarter of the way from 1 to 9/8
  for (const std::uint32_t bits : {0u, 0xBFFFFFFFu, 0xC0000000u, 0xFFFFFFFFu}) {
    code_t out = 0;
    with_rounding(stochastic_rounding, bits, [&](const rounding_reference& mode) {
      static_cast<void>(f->evaluate(mode, quarter, &out));
    });
    CHECK(out == (bits >= 0xC0000000u ? 0x39u : 0x38u));
  }
}

}  // namespace
