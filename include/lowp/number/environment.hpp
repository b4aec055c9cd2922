// SPDX-License-Identifier: MIT
// What the status and control registers of a processor hold, as values: status flags, which an
// operation returns beside its result, and environments, which say how the operation treats
// subnormal numbers and NaNs. Nothing here is global state.
//
//   const auto [sum, flags] = add(a, b, nearest_even, environments::riscv);
//   if (flags.inexact) …
//
// Operations without an environment (arithmetic.hpp) compute no flags and pay nothing for these.
#pragma once

#include <cstdint>

#include "lowp/rounding/canonical_nan.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The exceptions of IEEE 754 clause 7 that an operation signals, and `denormal_operand`, which x86
/// and Arm signal besides.
struct status_flags {
  bool invalid = false;
  bool divide_by_zero = false;
  bool overflow = false;
  bool underflow = false;
  bool inexact = false;
  bool denormal_operand = false;

  constexpr bool operator==(const status_flags&) const = default;
  [[nodiscard]] constexpr bool any() const { return *this != status_flags{}; }
  /// The flags of both, as a status register collects them.
  friend constexpr status_flags operator|(const status_flags& a, const status_flags& b) {
    return {a.invalid || b.invalid,   a.divide_by_zero || b.divide_by_zero,
            a.overflow || b.overflow, a.underflow || b.underflow,
            a.inexact || b.inexact,   a.denormal_operand || b.denormal_operand};
  }
  constexpr status_flags& operator|=(const status_flags& other) { return *this = *this | other; }
};

/// A result and what happened on the way.
template <class T>
struct flagged {
  T value;
  status_flags flags;
  constexpr bool operator==(const flagged&) const = default;
};

/// When a nonzero result counts as tiny (IEEE 754 clause 7.5): when the exact one lies below the
/// smallest normal number, or when it still does so after rounding to the format's precision with
/// an unbounded exponent.
enum class tininess : std::uint8_t { before_rounding, after_rounding };

/// The NaN that an operation on NaNs gives.
enum class nan_result : std::uint8_t {
  canonical,        ///< the one of the environment: RISC-V, NVIDIA, Arm with FPCR.DN
  first,            ///< the first operand that is one, made quiet: x86 (SSE, AVX)
  signaling_first,  ///< the first signaling one, else the first quiet one, made quiet: Arm
};

/// What converting a NaN, an infinity or a number out of range to an integer gives, with invalid.
enum class invalid_integer : std::uint8_t {
  nearest_nan_zero,      ///< the integer next to it, 0 for NaN: Arm
  nearest_nan_largest,   ///< the integer next to it, the largest one for NaN: RISC-V
  indefinite,            ///< the lowest signed integer, the largest unsigned one: x86
  nearest_nan_by_width,  ///< the integer next to it; for NaN 0, but only the top bit where the
                         ///< format or the integer has 64 bits: PTX
};

/// NaN, flush and tininess choices of an implementation of IEEE 754. Rounding is an argument of its
/// own.
struct environment {
  /// What becomes of results out of range. IEEE 754 is `to_special`.
  lowp::overflow overflow = lowp::overflow::to_special;
  /// Subnormal operands count as zeros of their sign (denormals-are-zero).
  bool flushes_operands = false;
  /// Tiny results become zeros of their sign (flush-to-zero), with underflow.
  bool flushes_results = false;
  /// …and with inexact.
  bool flush_is_inexact = true;
  /// Codes of binary16 are neither flushed nor signaled as subnormal, as under DAZ, FTZ and
  /// FPCR.FZ; FPCR.FZ16 and PTX's .ftz do flush them.
  bool spares_binary16 = true;
  lowp::tininess tininess = lowp::tininess::after_rounding;
  lowp::nan_result nan_result = lowp::nan_result::canonical;
  /// The NaN of an invalid operation, and of nan_result::canonical.
  nan_bits default_nan = nan_bits::quiet;
  bool default_nan_is_negative = false;
  /// What a NaN becomes in a format that has none; it is invalid, too.
  lowp::missing_nan missing_nan = lowp::missing_nan::largest;
  /// 0 * infinity + a quiet NaN is invalid (IEEE 754 clause 7.2 leaves it open), and is the default
  /// NaN instead of the operand.
  bool signals_invalid_product = true, invalid_product_is_default_nan = false;
  /// minimum_number and maximum_number of a signaling NaN are NaN, as minNum of IEEE 754-2008.
  bool signaling_nan_is_extremum = false;
  /// fma(a, b, c) looks for NaNs in the order c, a, b instead of a, b, c.
  bool looks_at_addend_first = false;
  lowp::invalid_integer invalid_integer = lowp::invalid_integer::nearest_nan_zero;
  /// Signals subnormal operands that are not flushed, unless the operation is invalid, divides by
  /// zero, has a NaN for an operand or gives an integer (x86).
  bool signals_denormals = false;
  /// Signals subnormal operands that are flushed (Arm).
  bool signals_flushed_denormals = false;

  constexpr bool operator==(const environment&) const = default;
};

namespace environments {

/// IEEE 754-2019 as most of it is implemented: no flush, the first NaN is kept and made quiet.
inline constexpr environment ieee754{.nan_result = nan_result::first};
/// SSE and AVX with the MXCSR of a new process.
inline constexpr environment x86_sse{.nan_result = nan_result::first,
                                     .default_nan_is_negative = true,
                                     .signals_invalid_product = false,
                                     .invalid_integer = invalid_integer::indefinite,
                                     .signals_denormals = true};
/// AArch64 with FPCR zero.
inline constexpr environment aarch64{.flush_is_inexact = false,
                                     .tininess = tininess::before_rounding,
                                     .nan_result = nan_result::signaling_first,
                                     .invalid_product_is_default_nan = true,
                                     .signaling_nan_is_extremum = true,
                                     .looks_at_addend_first = true,
                                     .signals_flushed_denormals = true};
/// AArch64 with FPCR.DN.
inline constexpr environment aarch64_default_nan{.flush_is_inexact = false,
                                                 .tininess = tininess::before_rounding,
                                                 .signaling_nan_is_extremum = true,
                                                 .signals_flushed_denormals = true};
/// RISC-V, F, D and Zfh.
inline constexpr environment riscv{.invalid_integer = invalid_integer::nearest_nan_largest};
/// PTX for binary16, bfloat16 and binary32, without .ftz. No flags reach a program there; those
/// that come out are IEEE 754's.
inline constexpr environment nvidia{.spares_binary16 = false,
                                    .default_nan = nan_bits::all_ones,
                                    .invalid_integer = invalid_integer::nearest_nan_by_width};

/// `e` with denormals-are-zero and flush-to-zero: DAZ and FTZ of MXCSR, FZ of FPCR, .ftz of
/// PTX. See spares_binary16.
[[nodiscard]] constexpr environment flushing(environment e) {
  e.flushes_operands = e.flushes_results = true;
  return e;
}

}  // namespace environments

}  // namespace lowp
