// SPDX-License-Identifier: MIT
// How sums of integers are computed: int32_sums of operands whose codes are integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/few_integer_rows.hpp"
#include "lowp/gemm/engine/integer_sum_panels.hpp"
#include "lowp/gemm/engine/integer_words.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// False only if a type tells that codes are no integers in rows.
template <class D>
inline constexpr bool may_be_integer_codes = false;
template <class Element, class Scale>
inline constexpr bool may_be_integer_codes<operand_description<Element, Scale>> = [] {
  if constexpr (Element::is_constant) {
    return integers_of(Element::value).code != integer_code::other;
  } else {
    return true;
  }
}();

/// Rows of 8- and 16-bit integers by whatever the machine has for them.
struct integer_words {
  static constexpr std::string_view name = "8- and 16-bit integers";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if constexpr (has_kernels && have_integer_codes<Problem>) {
      const auto x = describe(p.a);
      const auto y = describe(p.b);
      if (!are_integers(x) || !are_integers(y)) return "codes of an operand are no integers";
      const integer_range a_range = difference_range(x), b_range = difference_range(y);
      const auto fits_16_bits = [](const integer_range& r) {
        return r.low >= -32768 && r.high <= 32767;
      };
      if (!fits_16_bits(a_range) || !fits_16_bits(b_range)) {
        return "a difference from a zero point might not fit 16 bits";
      }
      if (p.policy.range == overflow::wrap) return nullptr;
      const auto longest = static_cast<std::uint64_t>(safe_chain_length(a_range, b_range));
      return longest_piece(p, x.group_cols(), y.group_cols()) <= longest
                 ? nullptr
                 : "a sum that is to be exact or to saturate might leave 32 bits";
    }
    return "codes of an operand are no integers";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    if constexpr (has_kernels && have_integer_codes<Problem>) {
      with_integers(describe(p.a), [&](const coded_integers& x) {
        with_integers(describe(p.b), [&](const coded_integers& y) {
          const bool are_bytes = kernels::has_integer_products(p.level()) && x.format.bits() <= 8 &&
                                 y.format.bits() <= 8;
          const sum_plan plan(p.policy.chunk, x, y, are_bytes);
          multiply(word_rows{x, plan, y.has_zeros()}, word_rows{y, plan, x.has_zeros()}, sink,
                   p.how);
        });
      });
    }
  }

 private:
  [[nodiscard]] static bool are_integers(const auto& d) {
    return lowp::detail::element_facts_of(d).integers.code != integer_code::other;
  }
  template <class Problem>
  static constexpr bool have_integer_codes =
      may_be_integer_codes<lowp::detail::description_of<typename Problem::first>>&&
          may_be_integer_codes<lowp::detail::description_of<typename Problem::second>>;

  /// The range of the integers q - z of an operand; zero points are values of the element format.
  [[nodiscard]] static integer_range difference_range(const auto& d) {
    const integer_range codes = lowp::detail::element_facts_of(d).integers.range;
    const integer_range zeros = codes;
    return d.zeros == nullptr ? codes : codes - zeros;
  }
  [[nodiscard]] static std::size_t longest_piece(const auto& p, std::size_t a_group,
                                                 std::size_t b_group) {
    product_terms terms{.depth = p.depth(), .a = {}, .b = {}, .start = 0};
    terms.a.group = a_group;
    terms.b.group = b_group;
    std::size_t longest = 0;
    terms.for_each_piece(p.policy.chunk, [&](std::size_t begin, std::size_t end) {
      longest = (std::max)(longest, end - begin);
    });
    return longest;
  }
  static void multiply(const word_rows& a, const word_rows& b, const sum_sink& sink,
                       const execution& how) {
    if (a.rows() <= most_few_rows && a.rows() <= b.rows() && are_readable(b)) {
      multiply_few_integer_rows(a, b, false, sink, how);
    } else if (b.rows() <= most_few_rows && are_readable(a)) {
      multiply_few_integer_rows(b, a, true, sink, how);
    } else if (a.plan.are_bytes() && kernels::has_tile_products(how.level())) {
      multiply_blocks<integer_sum_panels<true>>(a, b, sink, how);
    } else {
      multiply_blocks<integer_sum_panels<false>>(a, b, sink, how);
    }
  }
};

}  // namespace bulk

[[nodiscard]] constexpr bulk::strategy_list<bulk::integer_words> strategies_of(const int32_sums&) {
  return {};
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
