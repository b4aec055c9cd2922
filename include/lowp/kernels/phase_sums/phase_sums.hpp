// SPDX-License-Identifier: MIT
// Sums of 8-bit integers, the real and imaginary parts of complex numbers, added to or subtracted
// from each other as phases say: 1, i, -1, -i in codes 0 to 3 of 2 bits. In integers: exact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What is summed for a row of inputs x and one of weights w, over all of them.
enum class phase_sum : std::uint8_t {
  real_by_real,            ///< Re x * Re w
  imaginary_by_imaginary,  ///< Im x * Im w
  imaginary_by_real,       ///< Im x * Re w
  real_by_imaginary        ///< Re x * Im w
};
inline constexpr std::size_t phase_sum_count = 4;

/// Rows of weights by rows of inputs. Inputs lie in chunks of as many bytes as four vectors of real
/// parts and four of imaginary ones have, of `phase_vector_bytes`: byte b of vector j belongs to
/// code j of byte b of the same chunk of codes. Behind the last one they are 0.
struct phase_sum_tile {
  const std::uint8_t* codes = nullptr;
  std::size_t row_bytes = 0, rows = 0;
  const std::int8_t* inputs = nullptr;
  std::size_t input_step = 0, input_rows = 0;  ///< bytes from a row to the next
  /// For each row of inputs the sums of real and of imaginary parts.
  const std::int32_t* input_sums = nullptr;
  /// The sums of input n and row r: [(n * phase_sum_count + which) * sum_step + r].
  std::int32_t* sums = nullptr;
  std::size_t sum_step = 0;
};

[[nodiscard]] LOWP_BORDER std::size_t phase_vector_bytes(isa level);
LOWP_BORDER void add_phases(isa level, const phase_sum_tile& tile);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/phase_sums/phase_sums.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
