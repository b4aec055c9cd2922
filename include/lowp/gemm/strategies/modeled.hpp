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

/// The sums of a product by kernels. Steps of K that are not 512 deep need values to be read from
/// anywhere on.
template <class Problem>
void multiply_modeled(const Problem& p, const modeled_sum& sum, const sum_sink& sink) {
  const auto multiply = [&](const row_source& x, const row_source& y) {
    multiply_blocks<modeled_panels<modeled_sum>>(y, x, side::columns, sink, p.how, sum);
  };
  const bool is_usual = sum.step() == kernels::product_tile::max_depth || p.depth() <= sum.step();
  if (is_usual) return p.with_both(multiply);
  p.with_both_copied(multiply);
}

/// Chains, trees and adders that kernels run along K.
struct modeled_sums {
  static constexpr std::string_view name = "modeled sums";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (scales_partial_sums(p)) return "scales multiply partial sums";
    if (lanes_of_policy(p.policy) != 1) return "chains are interleaved";
    if (const char* const why = modeled_sum::policy_obstacle(p.policy)) return why;
    modeled_sum sum = modeled_sum_of(p, p.policy, p.depth());
    if (const char* const why = mode_obstacle(p.policy, sum, p.depth())) return why;
    return value_obstacle(p, sum);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    modeled_sum sum = modeled_sum_of(p, p.policy, p.depth());
    static_cast<void>(value_obstacle(p, sum));  // completes the sum
    multiply_modeled(p, sum, sink);
  }

 private:
  template <class Problem>
  [[nodiscard]] static const char* value_obstacle(const Problem& p, modeled_sum& sum) {
    if (!sum.depends_on_values()) return nullptr;
    if (sum.is_adder() && p.start_obstacle() != nullptr) return p.start_obstacle();
    // What a sum begins with need not be of the accumulator's format: it is cut off as a term is.
    return sum.value_obstacle(p.a_range(), p.b_range(), lowest_factor_exponent(p.policy, p.a),
                              lowest_factor_exponent(p.policy, p.b), p.policy.accumulator,
                              p.depth(), p.start_range());
  }
};

/// Sums of pieces of K by kernels, added up one after the other: interleaved chains, chunks of any
/// length, and scales that multiply partial sums; or, as a tree has them, two by two. Takes memory
/// for the operands in binary32 and for a result of each chain, or level of a tree.
struct modeled_pieces {
  static constexpr std::string_view name = "modeled sums of pieces of K";

  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    const bool has_pieces = p.policy.chunk != 0 || scales_partial_sums(p);
    const bool is_tree = is_pairwise(p.policy) && p.depth() > most_of_tree;
    if (lanes_of_policy(p.policy) == 1 && !has_pieces && !is_tree) return "it has no pieces";
    if (p.depth() == 0) return "there is nothing to add";  // the start may still be rounded
    const auto piece = piece_policy(p.policy);
    if (const char* const why = modeled_sum::policy_obstacle(piece)) return why;
    const modeled_sum sum = modeled_sum_of(p, piece, p.depth());
    if (const char* const why = mode_obstacle(piece, sum, most_of_tree)) return why;
    return sum.depends_on_values() && !are_known(p) ? "an operand has values that kernels refuse"
                                                    : nullptr;
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const bool scaled = scales_partial_sums(p);
    const element_matrix &a = p.a_elements(has_scales(p)), &b = p.b_elements(has_scales(p));
    const std::size_t rows = a.rows, cols = b.rows, size = round_up(rows * cols, group);
    std::vector<float> total(size);
    p.copy_start(total.data());
    const bool is_whole = p.policy.chunk == 0 && !scaled;
    std::vector<float> chains(static_cast<std::size_t>(lanes_of_policy(p.policy)) * size);
    modeled_sum sum = modeled_sum_of(p, piece_policy(p.policy), p.depth());
    sum.draws = draws_per_sum(p.policy, p.depth());
    std::uint64_t folds = 0;  // roundings of pieces before this one that are no product's
    terms_of(p).for_each_piece(p.policy.chunk, [&](std::size_t begin, std::size_t end) {
      if (is_pairwise(p.policy) && end - begin > most_of_tree) {
        multiply_tree(p, sum, a, b, begin, end, chains);
      } else {
        multiply_piece(p, a, b, begin, end, folds, is_whole ? &total : nullptr, chains);
      }
      fold_chains(p, sum, folds + end * sum.roundings_per_k(), size, chains);
      folds += static_cast<std::uint64_t>(lanes_of_policy(p.policy) - 1);
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
  static constexpr std::size_t group = 16;  ///< sums that kernels take at a time
  /// Products of a tree that kernels know: a power of two, so that greater ones are trees of such.
  static constexpr std::size_t most_of_tree = kernels::product_tile::max_depth;

  [[nodiscard]] static constexpr bool is_pairwise(const rounded_sums& p) {
    return p.order == summation::pairwise;
  }
  [[nodiscard]] static constexpr bool is_pairwise(const aligned_sums&) { return false; }
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
    return sum.value_obstacle(range_of(p.a_elements(has_scales(p)), p.how),
                              range_of(p.b_elements(has_scales(p)), p.how),
                              lowest_factor_exponent(p.policy, p.a),
                              lowest_factor_exponent(p.policy, p.b), p.policy.accumulator,
                              p.depth(), nullptr) == nullptr;
  }

  /// The sums of each chain of a piece, [chain][row][col]. Chain 0 begins with `start`, if any.
  template <class Problem>
  static void multiply_piece(const Problem& p, const element_matrix& a, const element_matrix& b,
                             std::size_t begin, std::size_t end, std::uint64_t folds,
                             const std::vector<float>* start, std::vector<float>& chains) {
    const auto lanes = static_cast<std::size_t>(lanes_of_policy(p.policy));
    const std::size_t cols = b.rows, size = round_up(a.rows * cols, group);
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
      sum.advance(folds + (begin + lane) * sum.roundings_per_k());
      sum.interleave(lanes);
      const auto use_x = [&](const row_source& x_rows) {
        const auto use_y = [&](const row_source& y_rows) {
          if (sum.depends_on_values()) {
            const value_range x_range(x_rows, p.how), y_range(y_rows, p.how);
            static_cast<void>(sum.value_obstacle(
                x_range, y_range, lowest_factor_exponent(p.policy, p.a),
                lowest_factor_exponent(p.policy, p.b), p.policy.accumulator, x.cols, nullptr));
          }
          multiply_blocks<modeled_panels<modeled_sum>>(y_rows, x_rows, side::columns, sink, p.how,
                                                       sum);
        };
        use_binary32_rows(p.level(), y, row_use(use_y));
      };
      use_binary32_rows(p.level(), x, row_use(use_x));
    }
  }
  /// A tree of more products than kernels know: the sums of its parts wait, as binary counts, at
  /// each level whose bit is set in the number of parts.
  template <class Problem>
  static void multiply_tree(const Problem& p, const modeled_sum& sum, const element_matrix& a,
                            const element_matrix& b, std::size_t begin, std::size_t end,
                            std::vector<float>& sums) {
    std::vector<std::vector<float>> waiting;
    const std::size_t parts = (end - begin + most_of_tree - 1) / most_of_tree;
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t k = begin + part * most_of_tree;
      multiply_piece(p, a, b, k, (std::min)(end, k + most_of_tree), 0, nullptr, sums);
      std::size_t level = 0;
      for (; (part >> level & 1) != 0; ++level) add_sums(p, sum, waiting[level], sums);
      if (level == waiting.size()) waiting.emplace_back(sums.size());
      waiting[level].swap(sums);
    }
    bool is_first = true;
    for (std::size_t level = 0; parts >> level != 0; ++level) {
      if ((parts >> level & 1) == 0) continue;
      if (is_first) {
        sums.swap(waiting[level]);
      } else {
        add_sums(p, sum, waiting[level], sums);
      }
      is_first = false;
    }
  }
  /// to = from + to, rounded as sums are.
  template <class Problem>
  static void add_sums(const Problem& p, const modeled_sum& sum, const std::vector<float>& from,
                       std::vector<float>& to) {
    for_each_part(p, to.size(), [&](std::size_t begin, std::size_t end) {
      const default_float_environment environment;
      sum.add_to(p.level(), from.data() + begin, end - begin, begin, 0, to.data() + begin);
    });
  }
  /// The sums of all chains in those of the first; the first rounding is draw `draw` of an element.
  template <class Problem>
  static void fold_chains(const Problem& p, const modeled_sum& sum, std::uint64_t draw,
                          std::size_t size, std::vector<float>& chains) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(p.policy)>, rounded_sums>) {
      if (p.policy.lanes == 1) return;
      for_each_part(p, size, [&](std::size_t begin, std::size_t end) {
        const default_float_environment environment;
        const bool are_halves = p.policy.tree == chain_tree::halves;
        std::vector<float*> chain(static_cast<std::size_t>(p.policy.lanes));
        for (std::size_t i = 0; i < chain.size(); ++i) chain[i] = chains.data() + i * size + begin;
        std::uint64_t next = draw;
        for (std::size_t count = chain.size(); count > 1;) {
          const std::size_t rest = count / 2, half = (count + 1) / 2;
          for (std::size_t j = 0; j < rest; ++j) {
            const std::size_t left = are_halves ? j : 2 * j;
            const std::size_t right = are_halves ? j + half : left + 1;
            sum.add_to(p.level(), chain[right], end - begin, begin, next++, chain[left]);
            chain[j] = chain[left];
          }
          if (rest != half && !are_halves) chain[rest] = chain[count - 1];
          count = half;
        }
      });
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
    p.how.run(p.a.rows, task(add_row));
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
