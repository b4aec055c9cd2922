// SPDX-License-Identifier: MIT
// Dot products of a golden function are those of gemm_accumulate, and corner cases reach every
// class of dot products.
#include "lowp/verification/products.hpp"

#include <bit>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/gemm/gemm.hpp"

namespace {

using namespace lowp;
using namespace lowp::verification;
using Catch::Matchers::ContainsSubstring;

template <auto P, auto F>
std::uint64_t check_products(const char* policy, const char* format) {
  constexpr std::size_t depth = 20;
  const auto function =
      make_dot_product(policy, format_of_text(format), format_of_text(format), depth);
  std::vector<code_t> in;
  function->add_corners(7, in);
  coverage found(*function);
  int wrong = 0;
  for (std::size_t i = 0; i < in.size(); i += 2 * depth + 1) {
    std::vector<number<F>> a(depth), b(depth);
    for (std::size_t k = 0; k < depth; ++k) {
      a[k] = number<F>::from_code(in[i + k]);
      b[k] = number<F>::from_code(in[i + depth + k]);
    }
    float c = std::bit_cast<float>(static_cast<std::uint32_t>(in[i + 2 * depth]));
    const matrix_view<const number<F>> x(a.data(), 1, depth), y(b.data(), 1, depth);
    code_t out = 0;
    const any_rounding mode = vector_roundings[i % vector_roundings.size()].mode;
    found.add(&in[i], &out, function->evaluate(rounding_reference(mode), &in[i], &out));
    if constexpr (has_rounding(P)) {
      gemm_accumulate<P>(x, y, matrix_view<float>(&c, 1, 1), mode);
    } else {
      gemm_accumulate<P>(x, y, matrix_view<float>(&c, 1, 1));
    }
    wrong += out == std::bit_cast<std::uint32_t>(c) ? 0 : 1;
  }
  INFO(policy);
  CHECK(wrong == 0);
  std::uint64_t reached = 0;
  for (std::size_t i = 0; i < found.counts().size(); ++i)
    reached |= std::uint64_t{found.counts()[i] != 0} << i;
  return reached;
}

TEST_CASE("dot_products_are_those_of_gemm") {
  CHECK(check_products<policies::hopper_fp8, formats::e4m3fn>("hopper_fp8", "e4m3fn") ==
        (0x7FF & ~0x20C));  // no infinities, no overflow
  CHECK(check_products<policies::exact, formats::bfloat16>("exact", "bfloat16") == 0x7FF);
  CHECK(check_products<rounded_sums{.accumulator = formats::binary16, .lanes = 4}, formats::e5m2>(
            "rounded_sums{.accumulator = binary16, .lanes = 4}", "e5m2") ==
        0x6FF);  // what binary16 holds is no subnormal number of binary32
}

std::string problem_of(const char* policy) {
  try {
    static_cast<void>(
        make_dot_product(policy, any_format(formats::e5m2), any_format(formats::e5m2), 4));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("policies_are_read_by_name_or_by_fields") {
  const auto f = make_dot_product("aligned_sums{.terms = 8, .fraction_bits=24}",
                                  any_format(formats::binary16), any_format(formats::binary16), 16);
  const auto g = make_dot_product("ampere_fp16", any_format(formats::binary16),
                                  any_format(formats::binary16), 16);
  std::vector<code_t> in;
  f->add_corners(1, in);
  for (std::size_t i = 0; i < in.size(); i += 33) {
    code_t a = 0, b = 1;
    static_cast<void>(f->evaluate(rounding_reference(nearest_even), &in[i], &a));
    static_cast<void>(g->evaluate(rounding_reference(nearest_even), &in[i], &b));
    CHECK(a == b);
  }
  CHECK(problem_of("hoper_fp8") == "no policy is called 'hoper_fp8'; near it: hopper_fp8");
  CHECK_THAT(problem_of("aligned_sums{.term = 8}"), ContainsSubstring("column 15: no field"));
  CHECK_THAT(problem_of("aligned_sums{.terms = 8, .accumulator = int8}"),
             ContainsSubstring("no value for .accumulator"));
  CHECK_THAT(problem_of("aligned_sums{.terms = 8"), ContainsSubstring("expected , or }"));
  CHECK_THAT(problem_of("aligned_sums{.terms = 8, .terms = 9}"),
             ContainsSubstring(".terms is given twice"));
  for (const char* value :
       {"true", "0x18", "18446744073709551640", "-18446744073709551592", "-1"}) {
    CHECK_THAT(problem_of((std::string("aligned_sums{.fraction_bits = ") + value + "}").c_str()),
               ContainsSubstring("policy 'aligned_sums{"));
  }
  CHECK_THAT(problem_of("rounded_sums{.lanes = 4, .lanes = 4}"), ContainsSubstring("twice"));
  CHECK_THAT(problem_of("aligned_sums{.terms = 0}"), ContainsSubstring("terms lies between"));
  CHECK_THAT(problem_of("rounded_sums{.order = pairwise}"), ContainsSubstring("takes a chunk"));
  CHECK_THAT(problem_of("integers"), ContainsSubstring("int32_sums takes"));
}

}  // namespace
