// SPDX-License-Identifier: MIT
// + - * / of arrays of numbers: out[i] = a[i] + b[i], rounded once.
//
// Numbers may lie in floats or doubles, and the format may be a value known when a program runs. If
// all elements are numbers of the format, each result is the exact one rounded once by `mode`,
// as add() of number/arithmetic.hpp rounds it, but for the signs of NaNs; a stochastic mode draws
// for element i. Where the type holds exact results, or enough of them (carrier_operations), they
// are computed in it and rounded by the kernels of round_to; else, and under -ffast-math, element
// by element. Of other elements this is what happens to them, too.
//
// Or they are numbers, number<F>, an array of which is one of codes; then each result is that of
// number/arithmetic.hpp. Codes with a regime (posits of up to 32 bits) are added, subtracted and
// multiplied to nearest even by kernels, all else element by element.
//
// Throw std::invalid_argument before anything is written if sizes differ, an array with elements is
// null, input and output overlap without being the same, or the descriptor contradicts itself.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>

#include "lowp/arrays/convert.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/carrier.hpp"
#include "lowp/number/number_array.hpp"

namespace lowp {
namespace detail {

struct array_sum {
  static constexpr const char* name = "add";
  static constexpr auto of_regimes = kernels::regime_operation::sum;
  template <auto F, rounding_mode R>
  static number<F> of_numbers(number<F> x, number<F> y, const R& mode, overflow o) {
    return lowp::add(x, y, mode, o);
  }
  template <carrier T, number_format F>
  static bool is_decided(const F&, const carrier_operations<T>& can) {
    return can.sums;
  }
  template <carrier T>
  static T compute(T x, T y) {
    return x + y;
  }
  template <number_format F, rounding_mode R>
  static unpacked exact_result(const F&, const unpacked& x, const unpacked& y, const R& mode) {
    return exact::add(x, y, zero_sum_is_negative(mode));
  }
};
struct array_difference : array_sum {
  static constexpr const char* name = "subtract";
  static constexpr auto of_regimes = kernels::regime_operation::difference;
  template <auto F, rounding_mode R>
  static number<F> of_numbers(number<F> x, number<F> y, const R& mode, overflow o) {
    return lowp::subtract(x, y, mode, o);
  }
  template <carrier T>
  static T compute(T x, T y) {
    return x - y;
  }
  template <number_format F, rounding_mode R>
  static unpacked exact_result(const F&, const unpacked& x, const unpacked& y, const R& mode) {
    return exact::add(x, -y, zero_sum_is_negative(mode));
  }
};
struct array_product {
  static constexpr const char* name = "multiply";
  static constexpr auto of_regimes = kernels::regime_operation::product;
  template <auto F, rounding_mode R>
  static number<F> of_numbers(number<F> x, number<F> y, const R& mode, overflow o) {
    return lowp::multiply(x, y, mode, o);
  }
  template <carrier T, number_format F>
  static bool is_decided(const F&, const carrier_operations<T>& can) {
    return can.products;
  }
  template <carrier T>
  static T compute(T x, T y) {
    return x * y;
  }
  template <number_format F, rounding_mode R>
  static unpacked exact_result(const F&, const unpacked& x, const unpacked& y, const R&) {
    return exact::multiply<true>(x, y);
  }
};
struct array_quotient {
  static constexpr const char* name = "divide";
  template <auto F, rounding_mode R>
  static number<F> of_numbers(number<F> x, number<F> y, const R& mode, overflow o) {
    return lowp::divide(x, y, mode, o);
  }
  template <carrier T, number_format F>
  static bool is_decided(const F& f, const carrier_operations<T>& can) {
    return can.quotients && !has_undefined_quotients(f);
  }
  template <carrier T>
  static T compute(T x, T y) {
    return x / y;
  }
  template <number_format F, rounding_mode R>
  static unpacked exact_result(const F& f, const unpacked& x, const unpacked& y, const R&) {
    return y.is_zero() && has_undefined_quotients(f) ? unpacked::nan() : exact::divide<true>(x, y);
  }
};

/// What operations of T on numbers of a format decide under a mode: to nearest even all that
/// carrier.hpp says, else what is exact.
template <carrier T, rounding_mode R>
[[nodiscard]] carrier_operations<T> deciding_operations(const value_facts& facts, const R& mode) {
  carrier_operations<T> can = carrier_operations_of<T>(facts);
  if constexpr (!std::same_as<R, nearest_even_t>) {
    can.sums = can.exact_sums && !zero_sum_is_negative(mode);
    can.quotients = false;
  }
  return can;
}

inline namespace LOWP_BASELINE {

/// Throws std::invalid_argument unless sizes agree and `out` is an operand or apart from both.
template <class Operation, class In, class Out>
void require_operands(std::span<In> a, std::span<In> b, std::span<Out> out) {
  require_same_size(Operation::name, a.size(), b.size());
  require_same_size(Operation::name, out.size(), a.size());
  require_apart(Operation::name, bulk::bytes_of(a), bulk::bytes_of(out), true);
  require_apart(Operation::name, bulk::bytes_of(b), bulk::bytes_of(out), true);
}

template <class Operation, carrier T, number_format F, rounding_mode R>
void operate(const F& f, std::span<const T> a, std::span<const T> b, std::span<T> out,
             const R& mode, overflow o) {
  require_valid(Operation::name, defect(f));
  require_operands<Operation>(a, b, out);
  const carrier_operations<T> can = deciding_operations<T, R>(facts_of(f), mode);
  if (!has_ieee_arithmetic || !Operation::template is_decided<T>(f, can)) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const R draw = at(mode, i);
      const unpacked result = Operation::exact_result(f, unpack(a[i]), unpack(b[i]), draw);
      out[i] = pack_as<T>(decode(f, encode(f, result, draw, o, missing_nan::largest)));
    }
    return;
  }
  constexpr std::size_t chunk_size = 4096;  // which stays in the nearest cache until it is rounded
  for (std::size_t begin = 0; begin < out.size(); begin += chunk_size) {
    const std::size_t count = (std::min)(chunk_size, out.size() - begin);
    const T* const x = a.data() + begin;
    const T* const y = b.data() + begin;
    const std::span<T> chunk = out.subspan(begin, count);
    {
      const default_float_environment environment;
      for (std::size_t i = 0; i < count; ++i) chunk[i] = Operation::template compute<T>(x[i], y[i]);
    }
    round_to(f, std::span<const T>(chunk), chunk, at(mode, begin), o);
  }
}

/// The operation on a part of arrays of numbers, by kernels where there are any.
template <class Operation, auto F, rounding_mode R>
struct number_job {
  isa level;
  const number<F>* a;
  const number<F>* b;
  const R& mode;
  overflow policy;

  void operator()(std::size_t first, std::size_t count, std::uint8_t* to) const {
    const auto out = reinterpret_cast<number<F>*>(to);
    if constexpr (bulk::has_kernels && kernels::has_known_regime<decltype(F)> &&
                  std::same_as<R, nearest_even_t> && requires { Operation::of_regimes; }) {
      using code = typename number<F>::storage_type;
      const auto codes = [](const number<F>* x) { return reinterpret_cast<const code*>(x); };
      kernels::operate<Operation::of_regimes>(level, known_regime(F), codes(a + first),
                                              codes(b + first), count,
                                              reinterpret_cast<code*>(out));
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at_i = first + i;
        out[i] = Operation::of_numbers(a[at_i], b[at_i], at(mode, at_i), policy);
      }
    }
  }
};

template <class Operation, auto F, rounding_mode R>
void operate_on_numbers(std::span<const number<F>> a, std::span<const number<F>> b,
                        std::span<number<F>> out, const R& mode, overflow o, const execution& how) {
  require_operands<Operation>(a, b, out);
  constexpr std::size_t bits = 8 * sizeof(number<F>);
  const number_job<Operation, F, R> job{how.level(), a.data(), b.data(), mode, o};
  bulk::run_bulk(how, {a.data(), bits, out.data(), bits, out.size()}, bulk::bulk_part(job));
}

}  // namespace LOWP_BASELINE
}  // namespace detail

inline namespace LOWP_BASELINE {

// Each for floats and for doubles, which spans of either convert to.
#define LOWP_ARRAY_OPERATION(name, operation, T)                                           \
  template <number_format F, rounding_mode R = nearest_even_t>                             \
  void name(const F& format, std::span<const T> a, std::span<const T> b, std::span<T> out, \
            const R& mode = {}, overflow o = overflow::to_special) {                       \
    detail::operate<detail::operation, T>(format, a, b, out, mode, o);                     \
  }
LOWP_ARRAY_OPERATION(add, array_sum, float)
LOWP_ARRAY_OPERATION(add, array_sum, double)
LOWP_ARRAY_OPERATION(subtract, array_difference, float)
LOWP_ARRAY_OPERATION(subtract, array_difference, double)
LOWP_ARRAY_OPERATION(multiply, array_product, float)
LOWP_ARRAY_OPERATION(multiply, array_product, double)
LOWP_ARRAY_OPERATION(divide, array_quotient, float)
LOWP_ARRAY_OPERATION(divide, array_quotient, double)
#undef LOWP_ARRAY_OPERATION

/// For numbers in spans, vectors and their like; `out` may be `a` or `b`.
#define LOWP_NUMBERS_OPERATION(name, operation)                                                 \
  template <number_array A, number_array B, number_array Out, rounding_mode R = nearest_even_t> \
  requires detail::same_numbers<Out, A, B>                                                      \
  void name(const A& a, const B& b, Out&& out, const R& mode = {},                              \
            overflow o = overflow::to_special, const execution& how = {}) {                     \
    constexpr auto format = detail::number_in_array<Out>::format;                               \
    detail::operate_on_numbers<detail::operation, format, R>(                                   \
        detail::numbers_in(a), detail::numbers_in(b), std::span(out), mode, o, how);            \
  }
LOWP_NUMBERS_OPERATION(add, array_sum)
LOWP_NUMBERS_OPERATION(subtract, array_difference)
LOWP_NUMBERS_OPERATION(multiply, array_product)
LOWP_NUMBERS_OPERATION(divide, array_quotient)
#undef LOWP_NUMBERS_OPERATION

}  // namespace LOWP_BASELINE
}  // namespace lowp
