// SPDX-License-Identifier: MIT
// Whole arrays: values to codes, codes to values, and values to the grid of a format, at the speed
// of memory. What they compute is what the loops of reference.hpp compute, bit for bit, for any
// `execution`.
//
// All throw std::invalid_argument before anything is written if sizes differ, an array with
// elements is null, or input and output overlap (round_to may work in place).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/binade_job.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/kept_plans.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/own_mode_job.hpp"
#include "lowp/arrays/packed_span.hpp"
#include "lowp/arrays/reference.hpp"
#include "lowp/arrays/thresholds.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

namespace detail {

inline void require_same_size(const char* function, std::size_t out, std::size_t in) {
  if (out != in) {
    refuse(std::string(function) + ": out has size " + std::to_string(out) +
           ", expected that of in, " + std::to_string(in));
  }
}
inline void require_valid(const char* function, const char* defect) {
  if (defect != nullptr) refuse(std::string(function) + ": " + defect);
}
inline void require_packing(const char* function, const auto& format, packing p, std::size_t count,
                            std::size_t bytes) {
  require_valid(function, defect(format));
  require_valid(function, defect(p, format.bits()));
  const std::size_t needed = packed_bytes(count, format.bits(), p);
  if (bytes < needed) {
    refuse(std::string(function) + ": bytes has size " + std::to_string(bytes) +
           ", expected at least " + std::to_string(needed));
  }
}
/// Out of line, since calls with few elements pass what is asked before it at once.
LOWP_NOINLINE inline void refuse_arrays(const char* function, std::span<const std::byte> in,
                                        std::span<const std::byte> out, bool may_coincide) {
  const auto require_that = [&](bool holds, const char* what) {
    if (!holds) refuse(std::string(function) + ": " + what);
  };
  require_that(in.data() != nullptr || in.empty(), "in is null, expected elements");
  require_that(out.data() != nullptr || out.empty(), "out is null, expected elements");
  refuse(std::string(function) + (may_coincide
                                      ? ": in and out overlap, expected the same array or two apart"
                                      : ": in and out overlap, expected two arrays apart"));
}
/// `may_coincide`: in and out may be the same array.
inline void require_apart(const char* function, std::span<const std::byte> in,
                          std::span<const std::byte> out, bool may_coincide = false) {
  const auto in_begin = reinterpret_cast<std::uintptr_t>(in.data());
  const auto out_begin = reinterpret_cast<std::uintptr_t>(out.data());
  const bool is_null = (in_begin == 0 && !in.empty()) || (out_begin == 0 && !out.empty());
  const bool overlap = in_begin < out_begin + out.size() && out_begin < in_begin + in.size();
  const bool coincide = may_coincide && in_begin == out_begin && in.size() == out.size();
  if (is_null || (overlap && !coincide && !in.empty() && !out.empty())) [[unlikely]] {
    refuse_arrays(function, in, out, may_coincide);
  }
}

/// Sources of 16 bits that arrays of values may have.
template <class T>
inline constexpr bool is_half = std::same_as<T, binary16> || std::same_as<T, bfloat16>;

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// Encodes or rounds an array by the lanes of a plan.
template <bool MayBeRandom, class Source, class Sink, class Plan>
void run_lanes(const execution& how, const bulk_arrays& arrays, const Plan& plan,
               const Source& source, const Sink& sink) {
  const lane_job<Source, Sink, MayBeRandom, Plan> job{how.level(), plan, source, sink};
  if constexpr (MayBeRandom) {
    if (plan.rounding.is_random()) {
      bulk_arrays slow = arrays;
      slow.picoseconds = 150;
      return run_bulk(how, slow, bulk_part(job));
    }
  }
  run_bulk(how, arrays, bulk_part(job));
}

/// Where lanes as wide as the values, or of binary32 for those of 16 bits, come from.
template <class T>
[[nodiscard]] auto source_of(std::span<const T> in) {
  if constexpr (detail::is_half<T>) {
    return half_source{kernels::make_decode_plan(T::format),
                       reinterpret_cast<const std::uint16_t*>(in.data())};
  } else {
    return direct_source<T>{in.data()};
  }
}

/// Encodes or rounds by thresholds, to codes in bytes before they are packed, or to values; false
/// if there are none.
template <class T, class Sink, number_format F, rounding_mode R>
bool encode_by_thresholds(const F& f, std::span<const T> in, const bulk_arrays& arrays,
                          const R& mode, overflow o, missing_nan n, const Sink& sink,
                          const execution& how) {
  using word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  const auto table = find_thresholds<word, Sink::is_value>(f, mode, o, n, in.size());
  if (!table) return false;
  const auto run = [&](const auto& source) {
    run_lanes<false>(how, arrays, table->plan(), source, sink);
  };
  run(source_of(in));
  return true;
}

/// By tables of binades; false if there are none.
template <class T, class Sink, number_format F, rounding_mode R>
bool encode_by_binades(const F& f, std::span<const T> in, const bulk_arrays& arrays, const R& mode,
                       overflow o, missing_nan n, const Sink& sink, const execution& how) {
  using word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  const auto table = find_binades<word, Sink::is_value>(f, mode, o, n, in.size());
  if (!table) return false;
  const kernels::lane_rounding rounding = kernels::lane_rounding_of(mode);
  const auto code_of = [&](word bits, std::size_t i) {
    const unpacked x = decode(kernels::source<word>::format, bits);
    return static_cast<std::uint16_t>(encode(f, x, at(mode, i), o, n));
  };
  const auto run = [&](const auto& source) {
    const binade_job<std::remove_cvref_t<decltype(source)>, Sink> job{
        how.level(),
        table->steps.plan(),
        table->draws.plan(),
        table->values.data(),
        rounding.draw,
        element_definition<word>(code_of),
        source,
        sink};
    run_bulk(how, arrays, bulk_part(job));
  };
  run(source_of(in));
  return true;
}

/// Encodes or rounds by a mode that kernels do not know; false if they cannot round without it, or
/// where lanes are single words: both directions then take longer than the definition.
template <class Word, bool ToValues, number_format F, rounding_mode R, class Source, class Sink>
bool encode_by_own_mode(const F& f, const bulk_arrays& arrays, const R& mode, overflow o,
                        missing_nan n, const Source& source, const Sink& sink,
                        const execution& how) {
  using s = kernels::source<Word>;
  if (how.level() == isa::portable) return false;
  const auto toward = kernels::make_encode_plan<Word>(f, toward_zero, o, n, ToValues);
  const auto away = kernels::make_encode_plan<Word>(f, away_from_zero, o, n, ToValues);
  if (!toward.serves_arrays() || !away.serves_arrays()) return false;
  const auto define = [&](Word bits, std::size_t i) {
    const code_t code = encode(f, decode(s::format, bits), at(mode, i), o, n);
    return static_cast<Word>(ToValues ? encode(s::format, decode(f, code)) : code);
  };
  const own_mode_job<Source, Sink, R, decltype(define)> job{
      how.level(), toward, away, {f, kernels::grid_of(f)}, mode, define, source, sink};
  bulk_arrays slow = arrays;
  slow.picoseconds = 2000;
  run_bulk(how, slow, bulk_part(job));
  return true;
}

/// Encodes or rounds by the plan for words of one size; false if its lanes are too narrow.
template <class Word, bool ToValues, number_format F, rounding_mode R, class Source, class Sink>
bool encode_by_plan(const F& f, const bulk_arrays& arrays, const R& mode, overflow o, missing_nan n,
                    const Source& source, const Sink& sink, const plan_places& places,
                    const execution& how) {
  bool is_supported = false;
  places.with_plan<Word>(
      mode, o, n, [&] { return kernels::make_encode_plan<Word>(f, mode, o, n, ToValues); },
      [&](const kernels::encode_plan<Word>& plan) {
        is_supported = plan.serves_arrays();
        if (is_supported) run_lanes<!is_fixed_addend<R>>(how, arrays, plan, source, sink);
      });
  if constexpr (may_be_own_mode<R>) {
    if (!is_supported && !kernels::lane_rounding_of(mode).is_known) {
      return encode_by_own_mode<Word, ToValues>(f, arrays, mode, o, n, source, sink, how);
    }
  }
  return is_supported;
}

/// Encodes to codes of a format whose place among binary numbers is known, if lanes can.
template <class T, class Sink, number_format F, rounding_mode R>
bool encode_by_grid(const F& f, std::span<const T> in, const bulk_arrays& arrays, const R& mode,
                    overflow o, missing_nan n, const Sink& sink, const plan_places& places,
                    const execution& how) {
  if constexpr (!std::same_as<T, double>) {
    if (encode_by_plan<std::uint32_t, false>(f, arrays, mode, o, n, source_of(in), sink, places,
                                             how)) {
      return true;
    }
  }
  if constexpr (std::same_as<T, float>) {
    return encode_by_plan<std::uint64_t, false>(f, arrays, mode, o, n, widened_source{in.data()},
                                                sink, places, how);
  } else if constexpr (std::same_as<T, double>) {
    return encode_by_plan<std::uint64_t, false>(
        f, arrays, mode, o, n, direct_source<double>{in.data()}, sink, places, how);
  } else {
    return false;
  }
}

/// Encodes to codes with a regime, if lanes can.
template <class T, number_format F, rounding_mode R, class Sink>
bool encode_by_regime(const F& f, std::span<const T> in, const bulk_arrays& arrays, const R& mode,
                      overflow o, missing_nan n, const Sink& sink, const execution& how) {
  if constexpr (!std::same_as<T, double>) {
    const auto plan = kernels::make_regime_plan<std::uint32_t>(f, mode, o, n);
    if (plan.is_supported) {
      run_lanes<false>(how, arrays, plan, source_of(in), sink);
      return true;
    }
  }
  if constexpr (!detail::is_half<T>) {
    const auto plan = kernels::make_regime_plan<std::uint64_t>(f, mode, o, n);
    if (plan.is_supported) {
      if constexpr (std::same_as<T, float>) {
        run_lanes<false>(how, arrays, plan, widened_source{in.data()}, sink);
      } else {
        run_lanes<false>(how, arrays, plan, direct_source<double>{in.data()}, sink);
      }
      return true;
    }
  }
  return false;
}

/// Encodes to codes kept in units of type Code, if kernels can.
template <class Code, class T, number_format F, rounding_mode R>
bool encode_by_kernels(const F& f, std::span<const T> in, std::uint8_t* out, const R& mode,
                       overflow o, missing_nan n, packing p, const plan_places& places,
                       const execution& how) {
  const packed_sink<Code> sink{f.bits(), p};
  const bulk_arrays arrays{in.data(),
                           8 * sizeof(T),
                           out,
                           static_cast<std::size_t>(f.bits()),
                           in.size(),
                           is_dense(p, f.bits()),
                           8 * static_cast<std::size_t>(p.group_size)};
  if constexpr (kernels::has_known_regime<F> && std::same_as<R, nearest_even_t>) {
    if (encode_by_regime(f, in, arrays, mode, o, n, sink, how)) return true;
  }
  if constexpr (kernels::has_known_grid<F>) {
    return encode_by_grid(f, in, arrays, mode, o, n, sink, places, how);
  } else if constexpr (sizeof(Code) <= 2) {
    if constexpr (sizeof(Code) == 1) {
      if (encode_by_thresholds(f, in, arrays, mode, o, n, sink, how)) return true;
    }
    return encode_by_binades(f, in, arrays, mode, o, n, sink, how);
  } else {
    return false;
  }
}

/// So few elements that the definition has done them before a kernel would have begun: to set its
/// environment alone takes 20 ns.
template <number_format F>
inline constexpr std::size_t few_elements = kernels::has_known_grid<F> ? 4 : 1;

template <class T, number_format F, rounding_mode R>
void encode_array(const F& f, std::span<const T> in, std::uint8_t* out, const R& mode, overflow o,
                  missing_nan n, packing p, const execution& how, const plan_places& places = {}) {
  if constexpr (has_kernels) {
    const int width = f.bits();
    const bool done =
        in.size() <= few_elements<F> ? false
        : width <= 8  ? encode_by_kernels<std::uint8_t>(f, in, out, mode, o, n, p, places, how)
        : width <= 16 ? encode_by_kernels<std::uint16_t>(f, in, out, mode, o, n, p, places, how)
        : width <= 32 ? encode_by_kernels<std::uint32_t>(f, in, out, mode, o, n, p, places, how)
                      : false;
    if (done) return;
  }
  reference::encode(f, in, out, mode, o, n, p);
}

/// `made` is the plan for 32 bits, if there is one; `table` is of formats of at most 8 bits.
template <number_format F>
void decode_array(const F& f, const std::uint8_t* in, std::span<float> out, packing p,
                  const kernels::value_table* table, const execution& how,
                  const kernels::decode_plan* made = nullptr) {
  const int width = f.bits();
  bulk_arrays arrays{in, static_cast<std::size_t>(width), out.data(), 32, out.size()};
  if constexpr (has_kernels) {
    if (width <= 8) {
      arrays.computes = false;
      const decode_job<std::uint8_t, kernels::value_table> job{how.level(), *table, in, width, p};
      return run_bulk(how, arrays, bulk_part(job));
    }
    const kernels::decode_plan plan = made ? *made : kernels::make_decode_plan(f, 32);
    const auto run_plan = [&](auto code) {
      const decode_job<decltype(code), kernels::decode_plan> job{how.level(), plan, in, width, p};
      run_bulk(how, arrays, bulk_part(job));
    };
    if (plan.is_supported) {
      return width <= 16 ? run_plan(std::uint16_t{}) : run_plan(std::uint32_t{});
    }
    if constexpr (kernels::has_known_regime<F>) {
      const auto regime = kernels::make_regime_decode_plan(f);
      const auto run = [&](auto code) {
        const decode_job<decltype(code), kernels::regime_decode_plan> job{how.level(), regime, in,
                                                                          width, p};
        run_bulk(how, arrays, bulk_part(job));
      };
      if (regime.is_supported) return width <= 16 ? run(std::uint16_t{}) : run(std::uint32_t{});
    }
    if (width <= 16 && out.size() >= std::size_t{2} << width) {
      std::vector<float> values(std::size_t{1} << width);
      for (code_t code = 0; code < values.size(); ++code) {
        values[code] = pack_as<float>(decode(f, code));
      }
      const wide_decode_job job{how.level(), values.data(), in, width, p};
      return run_bulk(how, arrays, bulk_part(job));
    }
  }
  reference::decode(f, in, out, p);
}

/// Inlined: a call in its caller's place would read arguments as words just stored as bytes.
template <class T, number_format F, rounding_mode R>
LOWP_ALWAYS_INLINE inline void round_array(const F& f, std::span<const T> in, std::span<T> out,
                                           const R& mode, overflow o, missing_nan n,
                                           const execution& how, const plan_places& places = {}) {
  const bulk_arrays arrays{in.data(), 8 * sizeof(T), out.data(), 8 * sizeof(T), in.size()};
  if constexpr (has_kernels && !kernels::has_known_grid<F>) {
    using word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    constexpr array_sink<word, true> sink{};
    if (encode_by_thresholds(f, in, arrays, mode, o, n, sink, how)) return;
    if (encode_by_binades(f, in, arrays, mode, o, n, sink, how)) return;
  } else if constexpr (has_kernels) {
    const auto round_by = [&]<class Word>(const auto& source, const auto& sink, Word) {
      return encode_by_plan<Word, true>(f, arrays, mode, o, n, source, sink, places, how);
    };
    if constexpr (std::same_as<T, float>) {
      if (round_by(direct_source<float>{in.data()}, array_sink<std::uint32_t, true>{},
                   std::uint32_t{}) ||
          round_by(widened_source{in.data()}, narrowed_sink{}, std::uint64_t{})) {
        return;
      }
    } else {
      if (round_by(direct_source<double>{in.data()}, array_sink<std::uint64_t, true>{},
                   std::uint64_t{})) {
        return;
      }
    }
  }
  reference::round_to(f, in, out, mode, o, n);
}

template <class T>
[[nodiscard]] std::span<const std::byte> bytes_of(std::span<T> values) {
  return std::as_bytes(values);
}

template <auto F, packing P, class T, rounding_mode R>
void encode_span(std::span<const T> in, packed_span<F, P> out, const R& mode, overflow o,
                 missing_nan n, const execution& how) {
  detail::require_same_size("encode", out.size(), in.size());
  detail::require_apart("encode", bytes_of(in), bytes_of(out.bytes()));
  if (in.size() <= few_elements<std::remove_cv_t<decltype(F)>>) {
    return reference::encode(F, in, out.bytes().data(), mode, o, n, P);
  }
  encode_array(F, in, out.bytes().data(), mode, o, n, P, how, places_of<F, R, false>());
}

template <class T, number_format F, rounding_mode R>
void round_span(const F& f, std::span<const T> in, std::span<T> out, const R& mode, overflow o,
                missing_nan n, const execution& how, const plan_places& places = {}) {
  detail::require_same_size("round_to", out.size(), in.size());
  detail::require_apart("round_to", bytes_of(in), bytes_of(out), true);
  if (in.size() <= few_elements<F>) return reference::round_to(f, in, out, mode, o, n);
  round_array(f, in, out, mode, o, n, how, places);
}

}  // namespace bulk

/// The codes of `in`, each rounded once.
template <auto F, packing P, rounding_mode R = nearest_even_t>
void encode(std::span<const float> in, packed_span<F, P> out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
            const execution& how = {}) {
  bulk::encode_span(in, out, mode, o, n, how);
}
template <auto F, packing P, rounding_mode R = nearest_even_t>
void encode(std::span<const double> in, packed_span<F, P> out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
            const execution& how = {}) {
  bulk::encode_span(in, out, mode, o, n, how);
}
template <auto F, packing P, rounding_mode R = nearest_even_t>
void encode(std::span<const binary16> in, packed_span<F, P> out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
            const execution& how = {}) {
  bulk::encode_span(in, out, mode, o, n, how);
}
template <auto F, packing P, rounding_mode R = nearest_even_t>
void encode(std::span<const bfloat16> in, packed_span<F, P> out, const R& mode = {},
            overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
            const execution& how = {}) {
  bulk::encode_span(in, out, mode, o, n, how);
}

/// The values of codes in binary32: exact for every format whose range and precision binary32
/// covers, else rounded to nearest even.
template <auto F, packing P>
void decode(const_packed_span<F, P> in, std::span<float> out, const execution& how = {}) {
  detail::require_same_size("decode", out.size(), in.size());
  detail::require_apart("decode", bulk::bytes_of(in.bytes()), bulk::bytes_of(out));
  if constexpr (F.bits() <= 8) {
    static const kernels::value_table table = kernels::make_value_table(F);
    bulk::decode_array(F, in.bytes().data(), out, P, &table, how);
  } else {
    static const kernels::decode_plan plan = kernels::make_decode_plan(F, 32);
    bulk::decode_array(F, in.bytes().data(), out, P, nullptr, how, &plan);
  }
}
template <auto F, packing P>
void decode(packed_span<F, P> in, std::span<float> out, const execution& how = {}) {
  decode(const_packed_span<F, P>(in), out, how);
}

/// Each element rounded to the nearest value of `format` in the sense of `mode`, kept in its type;
/// in and out may be the same array. With a descriptor as argument, for formats chosen at run time;
/// throws std::invalid_argument if it contradicts itself.
template <number_format F, rounding_mode R = nearest_even_t>
void round_to(const F& format, std::span<const float> in, std::span<float> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
              const execution& how = {}) {
  detail::require_valid("round_to", defect(format));
  bulk::round_span(format, in, out, mode, o, n, how);
}
template <number_format F, rounding_mode R = nearest_even_t>
void round_to(const F& format, std::span<const double> in, std::span<double> out,
              const R& mode = {}, overflow o = overflow::to_special,
              missing_nan n = missing_nan::largest, const execution& how = {}) {
  detail::require_valid("round_to", defect(format));
  bulk::round_span(format, in, out, mode, o, n, how);
}
template <auto F, rounding_mode R = nearest_even_t>
void round_to(std::span<const float> in, std::span<float> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
              const execution& how = {}) {
  static_assert(is_valid_format<F>);
  bulk::round_span(F, in, out, mode, o, n, how, bulk::places_of<F, R, true>());
}
template <auto F, rounding_mode R = nearest_even_t>
void round_to(std::span<const double> in, std::span<double> out, const R& mode = {},
              overflow o = overflow::to_special, missing_nan n = missing_nan::largest,
              const execution& how = {}) {
  static_assert(is_valid_format<F>);
  bulk::round_span(F, in, out, mode, o, n, how, bulk::places_of<F, R, true>());
}

/// encode and decode with a descriptor known at run time; `bytes` hold packed codes in order `p`
/// and must not be fewer than packed_bytes(in.size(), format.bits(), p).
template <rounding_mode R = nearest_even_t, number_format F>
void encode(const F& format, std::span<const float> in, std::span<std::uint8_t> bytes,
            const R& mode = {}, overflow o = overflow::to_special,
            missing_nan n = missing_nan::largest, packing p = {}, const execution& how = {}) {
  detail::require_packing("encode", format, p, in.size(), bytes.size());
  detail::require_apart("encode", bulk::bytes_of(in), bulk::bytes_of(bytes));
  bulk::encode_array(format, in, bytes.data(), mode, o, n, p, how);
}
template <number_format F>
void decode(const F& format, std::span<const std::uint8_t> bytes, std::span<float> out,
            packing p = {}, const execution& how = {}) {
  detail::require_packing("decode", format, p, out.size(), bytes.size());
  detail::require_apart("decode", bulk::bytes_of(bytes), bulk::bytes_of(out));
  constexpr std::size_t worth_a_table = 128;
  if (format.bits() <= 8 && out.size() < worth_a_table) {
    reference::decode(format, bytes.data(), out, p);
  } else if (format.bits() <= 8) {
    const kernels::value_table table = kernels::make_value_table(format);
    bulk::decode_array(format, bytes.data(), out, p, &table, how);
  } else {
    bulk::decode_array(format, bytes.data(), out, p, nullptr, how);
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
