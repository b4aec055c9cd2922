// SPDX-License-Identifier: MIT
// How sums of integers are computed: int32_sums of operands whose codes are integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/few_integer_rows.hpp"
#include "lowp/gemm/engine/integer_sum_panels.hpp"
#include "lowp/gemm/engine/integer_words.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Calls use(coded_integers) for an operand of which find_coded_integers is true.
template <class Use>
void with_integers(const any_operand& x, const Use& use) {
  coded_integers out;
  if (!x.find_coded_integers(out)) return;
  std::vector<float> scales, of_code;
  if (out.scale_codes == nullptr || out.scales != nullptr) return use(out);
  const auto scale_of = [&](code_t code) {
    return lowp::detail::integer_scale(x.scale_of_code(code), out.unit);
  };
  for (code_t i = 0; out.scale_bits <= 8 && i < code_t{1} << out.scale_bits; ++i) {
    of_code.push_back(scale_of(i));
  }
  const std::size_t count = (out.rows + out.group_rows - 1) / out.group_rows * out.groups_per_row;
  scales.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const code_t code = load_code(out.scale_codes, i, out.scale_bits, out.scale_order);
    scales.push_back(of_code.empty() ? scale_of(code) : of_code[code]);
  }
  out.scales = scales.data();
  use(out);
}

/// Rows of 8- and 16-bit integers by whatever the machine has for them.
struct integer_words {
  static constexpr std::string_view name = "8- and 16-bit integers";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    coded_integers x, y;
    if (!has_kernels || !p.a.find_coded_integers(x) || !p.b.find_coded_integers(y)) {
      return "codes of an operand are no integers";
    }
    const integer_range a_range = difference_range(p.a), b_range = difference_range(p.b);
    const auto fits_16_bits = [](const integer_range& r) {
      return r.low >= -32768 && r.high <= 32767;
    };
    if (!fits_16_bits(a_range) || !fits_16_bits(b_range)) {
      return "a difference from a zero point might not fit 16 bits";
    }
    if (p.policy.range == overflow::wrap) return nullptr;
    const auto longest = static_cast<std::uint64_t>(safe_chain_length(a_range, b_range));
    return longest_piece(p, p.a.group_cols, p.b.group_cols) <= longest
               ? nullptr
               : "a sum that is to be exact or to saturate might leave 32 bits";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    with_integers(p.a, [&](const coded_integers& x) {
      with_integers(p.b, [&](const coded_integers& y) {
        const bool are_bytes = kernels::has_integer_products(p.level()) && x.format.bits() <= 8 &&
                               y.format.bits() <= 8;
        const sum_plan plan(p.policy.chunk, x, y, are_bytes);
        const word_rows a{x, plan, y.has_zeros()}, b{y, plan, x.has_zeros()};
        if (are_bytes && multiply_few(a, b, sink, p.how)) return;
        if (are_bytes && kernels::has_tile_products(p.level())) {
          multiply_either_way<integer_sum_panels<true>>(a, b, sink, p.how);
        } else {
          multiply_either_way<integer_sum_panels<false>>(a, b, sink, p.how);
        }
      });
    });
  }

 private:
  /// The range of the integers q - z of an operand; zero points are values of the element format.
  [[nodiscard]] static integer_range difference_range(const any_operand& x) {
    const integer_range codes = x.elements.integers.range, zeros = codes;
    return x.has_zeros ? codes - zeros : codes;
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
  /// False if neither operand has few rows by which the other can be multiplied where it lies.
  static bool multiply_few(const word_rows& a, const word_rows& b, const sum_sink& sink,
                           const execution& how) {
    if (a.rows() <= most_few_rows && a.rows() <= b.rows() && are_readable(b)) {
      multiply_few_integer_rows(a, b, side::rows, sink, how);
    } else if (b.rows() <= most_few_rows && are_readable(a)) {
      multiply_few_integer_rows(b, a, side::columns, sink, how);
    } else {
      return false;
    }
    return true;
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
