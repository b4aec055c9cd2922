// SPDX-License-Identifier: MIT
// How sums in chosen formats and adders that align are computed: by kernels that know a chain, a
// tree or an adder over a part of K, and otherwise by such products of pieces of K.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/modeled_panels.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/element_matrix.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/gemm/strategies/problem.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

// What the two kinds of policies have and have not.
[[nodiscard]] constexpr int lanes_of_policy(const rounded_sums& p) { return p.lanes; }
[[nodiscard]] constexpr int lanes_of_policy(const aligned_sums&) { return 1; }
/// The policy of the chains of a piece of K: without chunks, interleaving and scales.
[[nodiscard]] constexpr rounded_sums piece_policy(rounded_sums p) {
  p.lanes = 1;
  p.tree = chain_tree::neighbors;
  p.chunk = 0;
  p.promoted = formats::binary32;
  p.scales = scale_use::elements;
  return p;
}
[[nodiscard]] constexpr aligned_sums piece_policy(aligned_sums p) {
  p.chunk = 0;
  p.promoted = formats::binary32;
  p.scales = scale_use::elements;
  return p;
}

template <class Problem>
[[nodiscard]] bool scales_partial_sums(const Problem& p) {
  return p.policy.scales == scale_use::partial_sums && (p.a.has_scales || p.b.has_scales);
}
/// What the exponent of a factor of an aligned product counts as at least.
template <class P>
[[nodiscard]] int lowest_factor_exponent(const P& policy, const any_operand& x) {
  const bool is_scaled = policy.scales == scale_use::elements && x.has_scales;
  return is_scaled ? element_facts{}.lowest_exponent : x.elements.lowest_exponent;
}
template <class Problem>
[[nodiscard]] modeled_sum modeled_sum_of(const Problem& p, const auto& policy, std::size_t depth) {
  const int l_mul_bits =
      policy.product == product::l_mul ? lowp::detail::l_mul_bits(p.a.elements, p.b.elements) : 0;
  return modeled_sum(policy, p.mode, depth, l_mul_bits);
}
/// Why kernels cannot by the mode, or null.
[[nodiscard]] inline const char* mode_obstacle(const rounded_sums&, const modeled_sum& sum,
                                               std::size_t depth) {
  return sum.mode_obstacle(depth);
}
[[nodiscard]] inline const char* mode_obstacle(const aligned_sums&, const modeled_sum&,
                                               std::size_t) {
  return nullptr;
}

/// Chains, trees and adders that kernels run along K.
struct modeled_sums {
  static constexpr std::string_view name = "modeled sums";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    using policy = std::remove_cvref_t<decltype(p.policy)>;
    if (scales_partial_sums(p)) return "scales multiply partial sums";
    if (lanes_of_policy(p.policy) != 1) return "chains are interleaved";
    if (std::is_same_v<policy, aligned_sums> && p.start != nullptr) {
      return "sums begin with what the result holds, which may not be of the accumulator's format";
    }
    if (const char* const why = modeled_sum::policy_obstacle(p.policy)) return why;
    modeled_sum sum = modeled_sum_of(p, p.policy, p.depth());
    if (const char* const why = mode_obstacle(p.policy, sum, p.depth())) return why;
    return value_obstacle(p, sum);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    modeled_sum sum = modeled_sum_of(p, p.policy, p.depth());
    static_cast<void>(value_obstacle(p, sum));  // completes the sum
    p.with_both([&](const row_source& x, const row_source& y) {
      multiply_blocks<modeled_panels>(y, x, side::columns, sink, p.how, sum);
    });
  }

 private:
  template <class Problem>
  [[nodiscard]] static const char* value_obstacle(const Problem& p, modeled_sum& sum) {
    if (!sum.depends_on_values()) return nullptr;
    return sum.value_obstacle(p.a_range(), p.b_range(), lowest_factor_exponent(p.policy, p.a),
                              lowest_factor_exponent(p.policy, p.b), p.policy.accumulator,
                              p.depth());
  }
};

/// Sums of pieces of K by kernels, added up one after the other: interleaved chains, chunks of any
/// length, and scales that multiply partial sums. Takes memory for the operands in binary32 and for
/// a result of each chain.
struct modeled_pieces {
  static constexpr std::string_view name = "modeled sums of pieces of K";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    using policy = std::remove_cvref_t<decltype(p.policy)>;
    const int lanes = lanes_of_policy(p.policy);
    const bool has_pieces = p.policy.chunk != 0 || scales_partial_sums(p);
    if (lanes == 1 && !has_pieces) return "it has no pieces";
    if (p.depth() == 0) return "there is nothing to add";  // the start may still be rounded
    if (std::is_same_v<policy, aligned_sums> && p.start != nullptr && !has_pieces) {
      return "sums begin with what the result holds, which may not be of the accumulator's format";
    }
    const auto piece = piece_policy(p.policy);
    if (const char* const why = modeled_sum::policy_obstacle(piece)) return why;
    const modeled_sum sum = modeled_sum_of(p, piece, p.depth());
    if (const char* const why = mode_obstacle(piece, sum, longest_piece(p))) return why;
    if (lanes != 1 && sum.is_random()) return "interleaved chains by random bits";
    return sum.depends_on_values() && !are_known(p) ? "an operand has values that kernels refuse"
                                                    : nullptr;
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const bool scaled = scales_partial_sums(p);
    const element_matrix &a = p.a_elements(has_scales(p)), &b = p.b_elements(has_scales(p));
    const std::size_t rows = a.rows, cols = b.rows;
    std::vector<float> total(rows * cols);
    for (std::size_t row = 0; row < rows && p.start != nullptr; ++row) {
      std::copy_n(p.start->row(row), cols, total.data() + row * cols);
    }
    const bool is_whole = p.policy.chunk == 0 && !scaled;
    std::vector<float> chains(static_cast<std::size_t>(lanes_of_policy(p.policy)) * rows * cols);
    terms_of(p).for_each_piece(p.policy.chunk, [&](std::size_t begin, std::size_t end) {
      multiply_piece(p, a, b, begin, end, is_whole ? &total : nullptr, chains);
      fold_chains(p, rows * cols, chains);
      if (is_whole) {
        total.swap(chains);
      } else if (scaled) {
        add_scaled(p, begin, cols, chains.data(), total);
      } else {
        add_promoted(p, chains.data(), total);
      }
    });
    const auto store = [&](std::size_t row) { sink(row, 0, cols, total.data() + row * cols); };
    p.how.run(cols == 0 ? 0 : rows, task(store));
  }

 private:
  /// The pieces of K; no values.
  template <class Problem>
  [[nodiscard]] static product_terms terms_of(const Problem& p) {
    product_terms terms{.depth = p.depth(), .a = {}, .b = {}, .start = 0};
    if (scales_partial_sums(p)) {
      terms.a.group = p.a.group_cols;
      terms.b.group = p.b.group_cols;
    }
    return terms;
  }
  template <class Problem>
  [[nodiscard]] static std::size_t longest_piece(const Problem& p) {
    std::size_t longest = 0;
    terms_of(p).for_each_piece(p.policy.chunk, [&](std::size_t begin, std::size_t end) {
      longest = (std::max)(longest, end - begin);
    });
    return longest;
  }
  /// Whether scales multiply elements.
  template <class Problem>
  [[nodiscard]] static bool has_scales(const Problem& p) {
    return p.policy.scales == scale_use::elements;
  }
  /// The range of what kernels will see.
  [[nodiscard]] static value_range range_of(const element_matrix& x, const execution& how) {
    std::optional<value_range> range;
    const auto use = [&](const row_source& rows) { range.emplace(rows, how); };
    use_binary32_rows(how.level(), x.view(), row_use(use));
    return *range;
  }
  template <class Problem>
  [[nodiscard]] static bool are_known(const Problem& p) {
    modeled_sum sum = modeled_sum_of(p, piece_policy(p.policy), p.depth());
    return sum.value_obstacle(
               range_of(p.a_elements(has_scales(p)), p.how),
               range_of(p.b_elements(has_scales(p)), p.how), lowest_factor_exponent(p.policy, p.a),
               lowest_factor_exponent(p.policy, p.b), p.policy.accumulator, p.depth()) == nullptr;
  }

  /// The sums of each chain of a piece, [chain][row][col]. Chain 0 begins with `start`, if any.
  template <class Problem>
  static void multiply_piece(const Problem& p, const element_matrix& a, const element_matrix& b,
                             std::size_t begin, std::size_t end, const std::vector<float>* start,
                             std::vector<float>& chains) {
    const auto lanes = static_cast<std::size_t>(lanes_of_policy(p.policy));
    const std::size_t cols = b.rows, size = a.rows * cols;
    std::vector<float> a_buffer, b_buffer;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const auto x = a.columns(begin + lane, lanes, end, a_buffer);
      const auto y = b.columns(begin + lane, lanes, end, b_buffer);
      float* const to = chains.data() + lane * size;
      const auto store = [&](std::size_t row, std::size_t col, std::size_t count,
                             const float* sums) {
        std::copy_n(sums, count, to + row * cols + col);
      };
      const bool begins = start != nullptr && lane == 0;
      const matrix_view<const float> first =
          begins ? matrix_view<const float>(start->data(), a.rows, cols)
                 : matrix_view<const float>();
      const sum_sink sink(store, {}, begins ? &first : nullptr);
      modeled_sum sum = modeled_sum_of(p, piece_policy(p.policy), x.cols);
      sum.draws = draws_per_sum(p.policy, p.depth());
      sum.advance(begin);
      const auto use_x = [&](const row_source& x_rows) {
        const auto use_y = [&](const row_source& y_rows) {
          if (sum.depends_on_values()) {
            const value_range x_range(x_rows, p.how), y_range(y_rows, p.how);
            static_cast<void>(sum.value_obstacle(
                x_range, y_range, lowest_factor_exponent(p.policy, p.a),
                lowest_factor_exponent(p.policy, p.b), p.policy.accumulator, x.cols));
          }
          multiply_blocks<modeled_panels>(y_rows, x_rows, side::columns, sink, p.how, sum);
        };
        use_binary32_rows(p.level(), y, row_use(use_y));
      };
      use_binary32_rows(p.level(), x, row_use(use_x));
    }
  }
  /// The sums of all chains in those of the first.
  template <class Problem>
  static void fold_chains(const Problem& p, std::size_t size, std::vector<float>& chains) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(p.policy)>, rounded_sums>) {
      const auto lanes = static_cast<std::size_t>(p.policy.lanes);
      if (lanes == 1) return;
      for_each_part(p, size, [&](std::size_t begin, std::size_t end) {
        rounding_sequence rounding(p.mode, 0);
        if (std::same_as<decltype(p.mode), const nearest_even_t&> &&
            p.policy.accumulator == formats::binary32 && p.policy.range == overflow::to_special) {
          return fold_binary32(p, begin, end, size, chains);
        }
        std::vector<unpacked> terms(lanes);
        for (std::size_t i = begin; i < end; ++i) {
          for (std::size_t lane = 0; lane < lanes; ++lane) {
            terms[lane] = unpack(chains[lane * size + i]);
          }
          chains[i] = pack_as<float>(
              lowp::detail::fold(terms, p.policy.tree, [&](const unpacked& x, const unpacked& y) {
                return rounding(p.policy.accumulator, rounding.sum(x, y), p.policy.range);
              }));
        }
      });
    }
  }
  /// fold_chains where the additions of binary32 are the policy's.
  template <class Problem>
  static void fold_binary32(const Problem& p, std::size_t begin, std::size_t end, std::size_t size,
                            std::vector<float>& chains) {
    const default_float_environment environment;
    const bool are_halves = p.policy.tree == chain_tree::halves;
    for (std::size_t i = begin; i < end; ++i) {
      const auto chain = [&](std::size_t lane) -> float& { return chains[lane * size + i]; };
      for (auto count = static_cast<std::size_t>(p.policy.lanes); count > 1;) {
        const std::size_t rest = count / 2, half = (count + 1) / 2;
        for (std::size_t j = 0; j < rest; ++j) {
          const std::size_t left = are_halves ? j : 2 * j, right = are_halves ? j + half : left + 1;
          chain(j) = opaque(opaque(chain(left)) + opaque(chain(right)));
        }
        if (rest != half && !are_halves) chain(rest) = chain(count - 1);
        count = half;
      }
    }
  }
  /// scale_use::partial_sums.
  template <class Problem>
  static void add_scaled(const Problem& p, std::size_t k, std::size_t cols, const float* sums,
                         std::vector<float>& total) {
    std::vector<float> col_scales(cols);
    for (std::size_t col = 0; col < cols; ++col) {
      col_scales[col] = pack_as<float>(p.b.scale(col, k));
    }
    const auto add_row = [&](std::size_t row) {
      const default_float_environment environment;
      const float row_scale = opaque(pack_as<float>(p.a.scale(row, k)));
      for (std::size_t i = row * cols; i < (row + 1) * cols; ++i) {
        const float scale = opaque(row_scale * opaque(col_scales[i - row * cols]));
        total[i] = opaque(opaque(total[i]) + opaque(opaque(sums[i]) * scale));
      }
    };
    p.how.run(total.size() / std::max<std::size_t>(cols, 1), task(add_row));
  }
  /// Chunks that are added up.
  template <class Problem>
  static void add_promoted(const Problem& p, const float* sums, std::vector<float>& total) {
    const float_format& f = p.policy.promoted;
    for_each_part(p, total.size(), [&](std::size_t begin, std::size_t end) {
      const default_float_environment environment;
      for (std::size_t i = begin; i < end; ++i) {
        if (f == formats::binary32) {
          total[i] = opaque(opaque(total[i]) + opaque(sums[i]));
        } else {
          total[i] =
              pack_as<float>(decode(f, encode(f, exact::add(unpack(total[i]), unpack(sums[i])))));
        }
      }
    });
  }
  template <class Problem, class Use>
  static void for_each_part(const Problem& p, std::size_t size, const Use& use) {
    constexpr std::size_t most = 4096;
    const auto run = [&](std::size_t part) {
      use(part * most, (std::min)(size, (part + 1) * most));
    };
    run_and_rethrow(p.how, (size + most - 1) / most, task(run));
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
