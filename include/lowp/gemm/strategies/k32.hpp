// SPDX-License-Identifier: MIT
// How sums in the order k32 are computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "lowp/gemm/engine/bfloat16_panels.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/few_by_columns.hpp"
#include "lowp/gemm/engine/few_rows.hpp"
#include "lowp/gemm/engine/integer_panels.hpp"
#include "lowp/gemm/engine/small_product.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/packed_groups.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/strategies/few_packed_integers.hpp"
#include "lowp/gemm/strategies/few_packed_rows.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class Problem>
[[nodiscard]] bool has_few_rows(const Problem& p, std::size_t most = most_few_rows) {
  return (std::min)(p.a.rows, p.b.rows) <= most;
}

/// Few rows by a transposed operand, whose columns are read as they lie.
struct few_rows_by_columns {
  static constexpr std::string_view name = "few rows by the columns of a transposed operand";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    return can(p.a, p.b) || can(p.b, p.a)
               ? nullptr
               : "there are no few rows of one operand and more of a transposed one";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    const side few_are = can(p.a, p.b) ? side::rows : side::columns;
    const any_operand& few = few_are == side::rows ? p.a : p.b;
    const any_operand& other = few_are == side::rows ? p.b : p.a;
    const auto use_few = [&](const row_source& rows) {
      const auto use_columns = [&](const row_source& columns) {
        multiply_few_by_columns(rows, columns, few_are, sink, p.how);
      };
      static_cast<void>(other.use_columns(p.level(), row_use(use_columns)));
    };
    few.use_rows(p.level(), row_use(use_few));
  }

 private:
  [[nodiscard]] static bool can(const any_operand& few, const any_operand& other) {
    return other.is_transposed && few.rows <= most_few_rows && few.rows <= other.rows;
  }
};

/// Any operands of few elements, in binary32, without memory or threads.
struct small_products {
  static constexpr std::string_view name = "a small product in binary32";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    packed_groups groups;
    if (!small_product::is_small(p.a.rows, p.b.rows, p.depth())) return "the product is not small";
    if (p.a.find_packed_groups(p.level(), groups) || p.b.find_packed_groups(p.level(), groups)) {
      return "an operand is packed for products";
    }
    if (is_read_by_pairs(p)) return "few rows by others in memory, which cost more to transpose";
    return has_few_rows(p) || (has_whole_rows(p.a) && has_whole_rows(p.b))
               ? nullptr
               : "blocks or bytes of an operand are cut by the end of a row";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    p.with_both([&](const row_source& x, const row_source& y) {
      small_product(p.level(), x, y).multiply(sink);
    });
  }

 private:
  /// Whether few rows are multiplied faster by pairs of the others as they lie in memory: those are
  /// not copied along lanes, which costs as much as some 15 rows; but each row and each of the
  /// others has its price, and what is left of steps.
  template <class Problem>
  [[nodiscard]] static bool is_read_by_pairs(const Problem& p) {
    if (kernels::pairs_per_vector(p.level()) == 0 || !can_begin_few_rows(p.start)) return false;
    const std::size_t few = (std::min)(p.a.rows, p.b.rows), depth = p.depth();
    const any_operand& others = p.a.rows <= p.b.rows ? p.b : p.a;
    const int mantissa = others.elements.mantissa_bits;
    const bool lie_in_memory = !others.has_scales && (mantissa == 23 || mantissa == 7);
    const bool has_steps = depth >= 256 || (depth >= 64 && depth % 32 == 0);
    return lie_in_memory && has_steps && few <= most_few_rows && others.rows * depth >= 2048 * few;
  }
  /// Whether its rows can be decoded together; one by one, many take longer than what others do.
  [[nodiscard]] static bool has_whole_rows(const any_operand& x) {
    return !x.has_scales ||
           (x.cols % 8 == 0 && (x.group_cols >= x.cols || x.cols % x.group_cols == 0));
  }
};

#if LOWP_X86_TARGETS

/// What both strategies of bfloat16 ask of operands, or null.
template <class Problem>
[[nodiscard]] const char* bfloat16_obstacle(const Problem& p) {
  if (!lowp::detail::are_bfloat16(p.a.values) || !lowp::detail::are_bfloat16(p.b.values)) {
    return "values of an operand have more than 8 significant bits, or it is not known";
  }
  return nullptr;
}
template <class Products, class Problem>
void multiply_bfloat16(const Problem& p, const sum_sink& sink) {
  const auto bits = [](const any_operand& x) { return (std::max)(1, x.values.factor_bits); };
  const int last_bits = bits(p.a) - 1 + bits(p.b) - 1;
  p.with_both([&](const row_source& x, const row_source& y) {
    multiply_either_way<bfloat16_panels<Products>>(x, y, sink, p.how, last_bits);
  });
}

/// Values of at most 8 significant bits in the tile registers of AMX.
struct bfloat16_tiles {
  static constexpr std::string_view name = "bfloat16 by AMX";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (const char* const why = bfloat16_obstacle(p)) return why;
    if (has_few_rows(p)) return "an operand has at most 8 rows";
    return kernels::has_tile_products(p.level()) ? nullptr : "the machine has no tiles of bfloat16";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    multiply_bfloat16<tile_products<kernels::tile_registers>>(p, sink);
  }
};

/// Values of at most 8 significant bits by dot products of AVX512-BF16.
struct bfloat16_dot_products {
  static constexpr std::string_view name = "bfloat16 by AVX512-BF16";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (const char* const why = bfloat16_obstacle(p)) return why;
    // Rows that lie in memory as bfloat16 are not decoded for FMAs.
    const bool lie_so = p.a.elements.mantissa_bits == 7 && p.b.elements.mantissa_bits == 7;
    if (has_few_rows(p, lie_so ? most_rows_by_pairs : most_few_rows)) {
      return "an operand has few rows";
    }
    return kernels::has_dot_products(p.level()) ? nullptr
                                                : "the machine has no dot products of bfloat16";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    multiply_bfloat16<dot_products>(p, sink);
  }
};

#endif

#if LOWP_X86_TARGETS || LOWP_AARCH64_TARGETS

/// Small integers times one power of two for each 32, by dot products of bytes.
struct integer_dot_products {
  static constexpr std::string_view name =
      LOWP_X86_TARGETS ? "8-bit integers by VNNI" : "8-bit integers by SDOT";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    integer_property a_own, b_own;
    integer_rows x, y;
    if (const char* const why = p.a.find_integer_rows(a_own, x)) return why;
    if (const char* const why = p.b.find_integer_rows(b_own, y)) return why;
    if (!kernels::has_integer_products(p.level()))
      return "the machine has no dot products of bytes";
    if (!multiplies_few_rows && has_few_rows(p)) return "an operand has at most 8 rows";
    return are_scales_in_range(p.level(), x) && are_scales_in_range(p.level(), y)
               ? nullptr
               : "scales are too far apart for exact sums";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    integer_property a_own, b_own;
    integer_rows x, y;
    static_cast<void>(p.a.find_integer_rows(a_own, x));  // as obstacle() saw
    static_cast<void>(p.b.find_integer_rows(b_own, y));
    if constexpr (multiplies_few_rows) {
      multiply_k32<integer_panels>(x, y, sink, p.how);
    } else {
      multiply_either_way<integer_panels>(x, y, sink, p.how);
    }
  }

 private:
  static constexpr bool multiplies_few_rows = LOWP_X86_TARGETS != 0;
};

#endif

#if LOWP_X86_TARGETS

/// Few rows of small integers times one power of two for each 32 by a packed_operand of such.
struct few_integers_by_packed {
  static constexpr std::string_view name = "few rows of 8-bit integers by a packed operand";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    few_operands of;
    const char* const why = find(p, p.a, p.b, of);
    return why == nullptr ? nullptr : find(p, p.b, p.a, of);
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    few_operands of;
    const side few_are = find(p, p.a, p.b, of) == nullptr ? side::rows : side::columns;
    if (few_are == side::columns) static_cast<void>(find(p, p.b, p.a, of));
    multiply_few_packed_integers(of.rows, of.groups, few_are, sink, p.how);
  }

 private:
  struct few_operands {
    integer_property own;
    integer_rows rows;
    packed_groups groups;
  };
  /// Null: they are such operands; or why not.
  template <class Problem>
  [[nodiscard]] static const char* find(const Problem& p, const any_operand& few,
                                        const any_operand& packed, few_operands& of) {
    if (!kernels::has_block_fours(p.level())) return "the machine has no dot products of bytes";
    if (few.rows > most_few_packed_rows || !packed.find_packed_groups(p.level(), of.groups)) {
      return "there are no few rows of one operand and groups of a packed one that kernels read";
    }
    if (const char* const why = few.find_integer_rows(of.own, of.rows)) return why;
    if (!of.groups.are_integers()) return no_integers;
    if (!are_scales_in_range(p.level(), of.rows)) return "scales are too far apart for exact sums";
    return can_begin_few_rows(p.start) ? nullptr : "the result holds a negative zero";
  }
};

#endif

/// Few rows of any operand by a packed_operand, which is read once, as it lies in memory.
struct few_rows_by_packed {
  static constexpr std::string_view name = "few rows by a packed operand";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    packed_groups groups;
    if (can(p, p.a, p.b, groups) || can(p, p.b, p.a, groups)) return nullptr;
    return "there are no few rows of one operand and groups of a packed one that kernels read";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    packed_groups groups;
    const side few_are = can(p, p.a, p.b, groups) ? side::rows : side::columns;
    if (few_are == side::columns) static_cast<void>(can(p, p.b, p.a, groups));
    const auto use = [&](const row_source& rows) {
      multiply_few_packed_rows(rows, groups, few_are, sink, p.how);
    };
    (few_are == side::rows ? p.a : p.b).use_rows(p.level(), row_use(use));
  }

 private:
  template <class Problem>
  [[nodiscard]] static bool can(const Problem& p, const any_operand& few, const any_operand& packed,
                                packed_groups& groups) {
    return few.rows <= most_rows(p) && packed.find_packed_groups(p.level(), groups) &&
           can_begin_few_rows(p.start);
  }
  /// Dot products of bfloat16 take over where they are faster.
  template <class Problem>
  [[nodiscard]] static std::size_t most_rows([[maybe_unused]] const Problem& p) {
#if LOWP_X86_TARGETS
    if (kernels::has_dot_products(p.level()) && bfloat16_obstacle(p) == nullptr) return 48;
#endif
    return most_few_packed_rows;
  }
};

/// Any operands, in binary32.
struct binary32_fmas {
  static constexpr std::string_view name = "binary32 by FMAs";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem&) {
    return nullptr;
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    p.with_both(
        [&](const row_source& x, const row_source& y) { multiply_binary32(x, y, sink, p.how); });
  }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
