// SPDX-License-Identifier: MIT
// The table of targets: the instruction sets that kernels are compiled for, a row for each.
//
// To add one: its row in define.inc; whether it is compiled, in target.hpp; how the processor shows
// that it has it, in isa.hpp; targets/<name>.inc, included by targets/each.inc, which says with
// which options and from which fragments it is compiled; and the fragments, which provide what
// lanes/primitives.hpp lists. Enumerators, names, dispatch and tests expand the rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/kernels/target.hpp"

namespace lowp {

/// An instruction set that kernels are written for. Each includes those before it that its
/// architecture has: portable, C++ alone; vector128, which is SSE2 or NEON; of AArch64 dotprod, for
/// 8-bit integers; of x86 avx2 with FMA and F16C; avx512, which is F, BW, VL, DQ, CD; avx512vbmi
/// with VNNI; avx512bf16; amx for bfloat16 and 8-bit integers, where the system permits its use.
/// One that is not compiled here is served by what it builds on.
enum class isa : std::uint8_t {
#define LOWP_ROW(name, ...) name,
  LOWP_TARGET_ROWS(LOWP_ROW, LOWP_ROW)
#undef LOWP_ROW
};

/// All of them, whether this machine has them or not.
inline constexpr std::array isas{
#define LOWP_ROW(name, ...) isa::name,
    LOWP_TARGET_ROWS(LOWP_ROW, LOWP_ROW)
#undef LOWP_ROW
};

/// As an enumerator is spelt.
[[nodiscard]] constexpr std::string_view name(isa level) {
  constexpr std::array<std::string_view, isas.size()> names{
#define LOWP_ROW(name, ...) #name,
      LOWP_TARGET_ROWS(LOWP_ROW, LOWP_ROW)
#undef LOWP_ROW
  };
  return names[static_cast<std::size_t>(level)];
}

inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What some targets can do and others cannot.
enum class feature : std::uint8_t {
  none = 0,
  packing = 1,           ///< packs and unpacks codes of 4 and 6 bits
  nibble_products = 2,   ///< multiplies codes of 4 bits as they lie
  byte_tables = 4,       ///< looks 256 bytes up at a time; multiplies codes of 6 and 8 bits
  integer_products = 8,  ///< sums products of 8-bit integers
  dot_bfloat16 = 16,     ///< sums pairs of products of bfloat16
  tile_products = 32,    ///< multiplies tiles of bfloat16 and of 8-bit integers
};
[[nodiscard]] constexpr feature operator|(feature a, feature b) {
  return static_cast<feature>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

namespace detail {

/// A row as data.
struct target_row {
  isa base;
  feature features;  ///< with those of what it builds on
  isa lanes;         ///< whose lanes serve it here
  bool is_compiled;  ///< here
};
inline constexpr std::array<target_row, isas.size()> target_rows = [] {
  using enum feature;
  std::array<target_row, isas.size()> rows{{
#define LOWP_ROW(name, base, features, ...) \
  {isa::base, features, isa::name, LOWP_COMPILES_##name != 0},
#define LOWP_EXTENSION(name, base, features, ...) \
  {isa::base, features, isa::base, LOWP_COMPILES_##name != 0},
      LOWP_TARGET_ROWS(LOWP_ROW, LOWP_EXTENSION)
#undef LOWP_EXTENSION
#undef LOWP_ROW
  }};
  for (target_row& row : rows) {
    const target_row& base = rows[static_cast<std::size_t>(row.base)];
    if (!row.is_compiled) {
      row.features = base.features;
      row.lanes = base.lanes;
    } else {
      row.features = row.features | base.features;
      row.lanes = rows[static_cast<std::size_t>(row.lanes)].lanes;
    }
  }
  return rows;
}();

}  // namespace detail

/// Whether kernels of a level may be called that the feature stands for. A level that is not
/// compiled here, such as those of another architecture, has the features of what serves it.
[[nodiscard]] constexpr bool has(isa level, feature what) {
  const feature all = detail::target_rows[static_cast<std::size_t>(level)].features;
  return (static_cast<unsigned>(all) & static_cast<unsigned>(what)) != 0;
}
/// Whether a level is compiled here, and not only served by what it builds on.
[[nodiscard]] constexpr bool is_compiled(isa level) {
  return detail::target_rows[static_cast<std::size_t>(level)].is_compiled;
}
/// Whose lanes serve a level.
[[nodiscard]] constexpr isa lanes_of(isa level) {
  return detail::target_rows[static_cast<std::size_t>(level)].lanes;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
