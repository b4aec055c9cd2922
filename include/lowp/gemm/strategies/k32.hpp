// SPDX-License-Identifier: MIT
// How sums in the order k32 are computed.
#pragma once

#include <algorithm>
#include <string_view>

#include "lowp/gemm/engine/bfloat16_panels.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/integer_panels.hpp"
#include "lowp/gemm/operands/operand_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/strategies/few_packed_rows.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

#if LOWP_X86_TARGETS

template <class Problem>
[[nodiscard]] bool has_few_rows(const Problem& p) {
  return (std::min)(p.a_rows(), p.b_rows()) <= most_few_rows;
}

/// False only if the types of the operands tell that their values are no bfloat16.
template <class Problem>
inline constexpr bool may_be_bfloat16 = [] {
  const auto may_be = []<class D>(const D*) {
    if constexpr (lowp::detail::has_constant_formats<D>) {
      return are_bfloat16(lowp::detail::operand_facts_of_type<D>);
    } else {
      return true;
    }
  };
  return may_be(static_cast<lowp::detail::description_of<typename Problem::first>*>(nullptr)) &&
         may_be(static_cast<lowp::detail::description_of<typename Problem::second>*>(nullptr));
}();
/// What both strategies of bfloat16 ask of operands, or null.
template <class Problem>
[[nodiscard]] const char* bfloat16_obstacle(const Problem& p) {
  if (!may_be_bfloat16<Problem> || !are_bfloat16(lowp::detail::operand_facts_of(describe(p.a))) ||
      !are_bfloat16(lowp::detail::operand_facts_of(describe(p.b)))) {
    return "values of an operand have more than 8 significant bits, or it is not known";
  }
  return has_few_rows(p) ? "an operand has at most 8 rows" : nullptr;
}
template <class Products, class Problem>
void multiply_bfloat16(const Problem& p, const sum_sink& sink) {
  const auto bits = [](const auto& x) {
    return (std::max)(1, lowp::detail::operand_facts_of(describe(x)).factor_bits);
  };
  const int last_bits = bits(p.a) - 1 + bits(p.b) - 1;
  p.with_both([&](const row_source& x, const row_source& y) {
    multiply_blocks<bfloat16_panels<Products>>(x, y, sink, p.how, last_bits);
  });
}

/// Values of at most 8 significant bits in the tile registers of AMX.
struct bfloat16_tiles {
  static constexpr std::string_view name = "bfloat16 by AMX";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (const char* const why = bfloat16_obstacle(p)) return why;
    return kernels::has_tile_products(p.level()) ? nullptr : "the machine has no tiles of bfloat16";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    if constexpr (may_be_bfloat16<Problem>)
      multiply_bfloat16<tile_products<kernels::tile_registers>>(p, sink);
  }
};

/// Small integers times one power of two for each 32, by dot products of bytes.
struct integer_dot_products {
  static constexpr std::string_view name = "8-bit integers by VNNI";
  template <class Problem>
  static constexpr bool are_integers =
      may_be_integers<lowp::detail::description_of<typename Problem::first>>&&
          may_be_integers<lowp::detail::description_of<typename Problem::second>>;
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if constexpr (are_integers<Problem>) {
      if (!kernels::has_integer_products(p.level())) return "the machine has no VNNI";
      return with_integer_rows(p, [&](const integer_rows& x, const integer_rows& y) {
        return are_scales_in_range(p.level(), x) && are_scales_in_range(p.level(), y)
                   ? nullptr
                   : "scales are too far apart for exact sums";
      });
    }
    return "elements of an operand are no 8-bit integers times one power of two for each 32";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    if constexpr (are_integers<Problem>) {
      static_cast<void>(
          with_integer_rows(p, [&](const integer_rows& x, const integer_rows& y) -> const char* {
            multiply_k32<integer_panels>(x, y, sink, p.how);
            return nullptr;
          }));
    }
  }

 private:
  /// What use(a, b) returns, or why there are no such rows.
  template <class Problem, class Use>
  [[nodiscard]] static const char* with_integer_rows(const Problem& p, const Use& use) {
    const auto a = describe(p.a);
    const auto b = describe(p.b);
    integer_property a_own, b_own;
    integer_rows x, y;
    if (const char* const why = find_integer_rows(a, integer_property_of(a, a_own), x)) return why;
    if (const char* const why = find_integer_rows(b, integer_property_of(b, b_own), y)) return why;
    return use(x, y);
  }
};

/// Values of at most 8 significant bits by dot products of AVX512-BF16.
struct bfloat16_dot_products {
  static constexpr std::string_view name = "bfloat16 by AVX512-BF16";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (const char* const why = bfloat16_obstacle(p)) return why;
    return kernels::has_dot_products(p.level()) ? nullptr
                                                : "the machine has no dot products of bfloat16";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    if constexpr (may_be_bfloat16<Problem>) multiply_bfloat16<dot_products>(p, sink);
  }
};

#endif

/// Few rows of any operand by a packed_operand, which is read once, as it lies in memory.
struct few_rows_by_packed {
  static constexpr std::string_view name = "few rows by a packed operand";
  template <class Problem>
  [[nodiscard]] static const char* obstacle(const Problem& p) {
    if (can(p, p.a, p.b) || can(p, p.b, p.a)) return nullptr;
    return "there are no few rows of one operand and groups of a packed one that kernels read";
  }
  template <class Problem>
  static void run(const Problem& p, const sum_sink& sink) {
    if (can(p, p.a, p.b)) {
      multiply(p, p.a, p.b, false, sink);
    } else {
      multiply(p, p.b, p.a, true, sink);
    }
  }

 private:
  template <class Problem, class Few, class Packed>
  [[nodiscard]] static bool can(const Problem& p, const Few& few, const Packed& packed) {
    if constexpr (is_packed_operand<Packed>) {
      return lowp::detail::operand_rows(few) <= most_few_rows && can_begin_few_rows(p.start) &&
             with_groups(p.level(), packed, [](const packed_groups&) {});
    } else {
      return false;
    }
  }
  template <class Problem, class Few, class Packed>
  static void multiply(const Problem& p, const Few& few, const Packed& packed, bool are_columns,
                       const sum_sink& sink) {
    if constexpr (is_packed_operand<Packed>) {
      const bool is_done = with_groups(p.level(), packed, [&](const packed_groups& groups) {
        with_rows(p.level(), few, [&](const row_source& rows) {
          multiply_few_packed_rows(rows, groups, are_columns, sink, p.how);
        });
      });
      static_cast<void>(is_done);  // as obstacle() saw
    }
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
    p.with_both([&](const row_source& x, const row_source& y) {
      multiply_k32<binary32_panels>(x, y, sink, p.how);
    });
  }
};

}  // namespace bulk

#if LOWP_X86_TARGETS
[[nodiscard]] constexpr bulk::strategy_list<bulk::bfloat16_tiles, bulk::integer_dot_products,
                                            bulk::bfloat16_dot_products, bulk::few_rows_by_packed,
                                            bulk::binary32_fmas>
strategies_of(const k32_sums&) {
  return {};
}
#else
[[nodiscard]] constexpr bulk::strategy_list<bulk::few_rows_by_packed, bulk::binary32_fmas>
strategies_of(const k32_sums&) {
  return {};
}
#endif

}  // namespace LOWP_BASELINE
}  // namespace lowp
