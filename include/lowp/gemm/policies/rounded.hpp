// SPDX-License-Identifier: MIT
// Policies that round each sum to a chosen format: one chain, interleaved chains, or trees.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/gemm/policies/k32.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// In which order terms are added.
enum class summation : std::uint8_t {
  sequential,  ///< one after the other, k = 0, 1, 2, …
  /// Products, each rounded to the accumulator, are added two by two, the sums of neighbours again
  /// two by two, until one is left; one without a neighbour waits for the next level.
  pairwise,
};

/// In which order the sums of interleaved chains are added.
enum class chain_tree : std::uint8_t {
  neighbors,  ///< two by two, as summation::pairwise
  /// The upper half of them to the lower one, chain i + n / 2 to chain i, and so on: as vectors are
  /// folded. Of a power of two.
  halves,
};

/// Sums in a format of their own. Each is rounded by the mode that gemm is given.
struct rounded_sums {
  summation order = summation::sequential;
  float_format accumulator = formats::binary32;  ///< of the running sum
  /// What is added; summation::pairwise rounds its products in any case.
  lowp::product product = lowp::product::exact;
  /// After so many products the running sum is added to one in the format `promoted`, to nearest
  /// even, and starts again from zero. 0: never.
  int chunk = 0;
  float_format promoted = formats::binary32;
  /// What becomes of a running sum, or a rounded product, beyond the range of `accumulator`.
  overflow range = overflow::to_special;
  /// n chains next to each other, as a loop with n accumulators or a vector has them: product k, of
  /// its chunk, is added to chain k mod n; then the chains are added by `tree`, each sum rounded to
  /// the accumulator. Chain 0 begins with what C held (gemm_accumulate), without a chunk.
  int lanes = 1;
  chain_tree tree = chain_tree::neighbors;
  scale_use scales = scale_use::elements;

  constexpr bool operator==(const rounded_sums&) const = default;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const rounded_sums& p) {
  if (detail::sum_format_defect(p.accumulator) != nullptr) {
    return detail::sum_format_defect(p.accumulator);
  }
  if (detail::chunk_defect(p.chunk, p.promoted) != nullptr) {
    return detail::chunk_defect(p.chunk, p.promoted);
  }
  if (p.order == summation::pairwise && p.product == product::rounded) {
    return "summation::pairwise rounds its products in any case: product::exact, or l_mul";
  }
  if (p.lanes < 1 || p.lanes > 1 << 10) return "lanes lies between 1 and 2^10";
  if (p.lanes != 1 && p.order == summation::pairwise) {
    return "lanes are chains: with summation::pairwise there are none";
  }
  if (p.tree == chain_tree::halves && !std::has_single_bit(static_cast<unsigned>(p.lanes))) {
    return "chain_tree::halves takes a power of two of lanes";
  }
  if (p.scales == scale_use::partial_sums && p.promoted != formats::binary32) {
    return "scale_use::partial_sums adds up in binary32: there is no other promoted format";
  }
  return nullptr;
}
[[nodiscard]] constexpr bool has_rounding(const rounded_sums&) { return true; }

/// How many roundings the sum of `depth` products takes by the mode.
[[nodiscard]] constexpr std::size_t rounding_count(const rounded_sums& p, std::size_t depth) {
  const bool rounds_products = p.order == summation::pairwise || p.product == product::rounded;
  const auto lanes = static_cast<std::size_t>(p.lanes), chunk = static_cast<std::size_t>(p.chunk);
  const std::size_t sums = chunk == 0 ? 1 : (depth + chunk - 1) / chunk;
  return (rounds_products ? 2 * depth : depth) + sums * (lanes - 1);
}
[[nodiscard]] constexpr factor_form form_of(const rounded_sums& p) {
  return p.scales == scale_use::partial_sums ? factor_form::elements : factor_form::values;
}
/// The format that finished sums have.
[[nodiscard]] constexpr float_format sum_format(const rounded_sums& p) {
  return p.chunk == 0 && p.scales == scale_use::elements ? p.accumulator : p.promoted;
}
/// Why operands of these elements have no such sums, or null.
[[nodiscard]] constexpr const char* operand_defect(const rounded_sums& p, const element_facts& a,
                                                   const element_facts& b) {
  return detail::product_defect(p.product, a, b);
}
/// Why gemm_accumulate cannot add to a result, or null.
[[nodiscard]] constexpr const char* accumulation_defect(const rounded_sums& p) {
  return p.order == summation::pairwise && p.chunk == 0
             ? "a tree over all products has no sum to start from: it takes a chunk"
             : nullptr;
}

namespace detail {

/// Whether hardware computes what the policy says, rounded to nearest even: chains of FMAs.
[[nodiscard]] constexpr bool is_chain(const rounded_sums& p, const float_format& accumulator) {
  return p == rounded_sums{.accumulator = accumulator};
}

[[nodiscard]] inline float dot_sequential(const float* a, const float* b, std::size_t depth,
                                          float start) {
  float sum = opaque(start);
  for (std::size_t k = 0; k < depth; ++k) sum = opaque(fused_multiply_add(a[k], b[k], sum));
  return sum;
}
[[nodiscard]] inline double dot_binary64(const float* a, const float* b, std::size_t depth,
                                         float start) {
  double sum = opaque(static_cast<double>(opaque(start)));
  for (std::size_t k = 0; k < depth; ++k) {
    const auto x = static_cast<double>(opaque(a[k])), y = static_cast<double>(opaque(b[k]));
    sum = opaque(fused_multiply_add(x, y, sum));
  }
  return sum;
}

/// The sum of all terms of a list, which it overwrites: of neighbours two by two, one without a
/// neighbour waiting, or of halves. There is at least one.
template <class Sum>
[[nodiscard]] unpacked fold(std::vector<unpacked>& terms, chain_tree tree, const Sum& sum_of) {
  for (std::size_t size = terms.size(); size > 1;) {
    const std::size_t rest = size / 2, half = (size + 1) / 2;
    for (std::size_t i = 0; i < rest; ++i) {
      terms[i] = tree == chain_tree::halves ? sum_of(terms[i], terms[i + half])
                                            : sum_of(terms[2 * i], terms[2 * i + 1]);
    }
    if (rest != half && tree == chain_tree::neighbors) terms[rest] = terms[size - 1];
    size = half;
  }
  return terms[0];
}

/// The sum of the products begin, …, end - 1 of a policy, rounding after rounding.
template <rounding_mode R>
class rounded_summation {
 public:
  rounded_summation(const rounded_sums& p, const product_terms& terms,
                    rounding_sequence<R>& rounding)
      : p_(p), terms_(terms), round_(rounding) {}

  [[nodiscard]] unpacked operator()(std::size_t begin, std::size_t end, const unpacked& start) {
    if (p_.order == summation::pairwise) return pairwise(begin, end);
    if (p_.lanes != 1) return interleaved(begin, end, start);
    unpacked sum = start;
    for (std::size_t k = begin; k < end; ++k) add(sum, k);
    return sum;
  }

 private:
  [[nodiscard]] unpacked rounded(const unpacked& x) { return round_(p_.accumulator, x, p_.range); }
  [[nodiscard]] unpacked sum_of(const unpacked& a, const unpacked& b) {
    return rounded(round_.sum(a, b));
  }
  void add(unpacked& sum, std::size_t k) {
    unpacked term = product_of(p_.product, terms_, k);
    if (p_.product == product::rounded) term = rounded(term);
    sum = sum_of(sum, term);
  }
  [[nodiscard]] unpacked folded(std::vector<unpacked>& terms, chain_tree tree) {
    return fold(terms, tree, [this](const auto& a, const auto& b) { return sum_of(a, b); });
  }
  [[nodiscard]] unpacked pairwise(std::size_t begin, std::size_t end) {
    if (begin == end) return unpacked::zero();
    std::vector<unpacked> level;
    for (std::size_t k = begin; k < end; ++k) {
      level.push_back(rounded(product_of(p_.product, terms_, k)));
    }
    return folded(level, chain_tree::neighbors);
  }
  [[nodiscard]] unpacked interleaved(std::size_t begin, std::size_t end, const unpacked& start) {
    const auto lanes = static_cast<std::size_t>(p_.lanes);
    std::vector<unpacked> chains(lanes, unpacked::zero());
    chains[0] = start;
    for (std::size_t k = begin; k < end; ++k) add(chains[(k - begin) % lanes], k);
    return folded(chains, p_.tree);
  }

  const rounded_sums& p_;
  const product_terms& terms_;
  rounding_sequence<R>& round_;
};

/// The sums of pieces, sum(begin, end, start), added up as `chunk`, `promoted` and `scales` of a
/// policy say.
template <class P, class Sum>
[[nodiscard]] unpacked sum_of_chunks(const P& p, const product_terms& t, Sum&& sum) {
  const unpacked start = unpack(t.start), zero = unpacked::zero();
  if (p.scales == scale_use::partial_sums && t.have_scales()) {
    unpacked total = start;
    t.for_each_piece(p.chunk, [&](std::size_t begin, std::size_t end) {
      total = add_scaled(total, sum(begin, end, zero), t.a.scale(begin), t.b.scale(begin));
    });
    return total;
  }
  if (p.chunk == 0) return sum(std::size_t{0}, t.depth, start);
  unpacked total = start;
  const auto chunk = static_cast<std::size_t>(p.chunk);
  for (std::size_t k = 0; k < t.depth; k += chunk) {
    const unpacked of_chunk = sum(k, (std::min)(k + chunk, t.depth), zero);
    total = decode(p.promoted, encode(p.promoted, exact::add(total, of_chunk)));
  }
  return total;
}

}  // namespace detail

template <rounding_mode R>
[[nodiscard]] unpacked sum_products(const rounded_sums& p, const product_terms& t,
                                    rounding_sequence<R>& rounding) {
  if constexpr (std::same_as<R, nearest_even_t>) {
    using namespace detail;
    const float *const a = t.a.values, *const b = t.b.values;
    if (is_chain(p, formats::binary32)) return unpack(dot_sequential(a, b, t.depth, t.start));
    if (is_chain(p, formats::binary64)) return unpack(dot_binary64(a, b, t.depth, t.start));
  }
  return detail::sum_of_chunks(p, t, detail::rounded_summation(p, t, rounding));
}

}  // namespace lowp
