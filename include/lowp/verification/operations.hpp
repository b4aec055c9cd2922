// SPDX-License-Identifier: MIT
// The operations of an arithmetic unit under their names, as golden functions.
//
//   const auto fma = make_operation("fma", format_of_text("e4m3fn"), {}, environments::riscv);
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/arithmetic_unit.hpp"
#include "lowp/verification/classes.hpp"
#include "lowp/verification/corners.hpp"
#include "lowp/verification/draws.hpp"
#include "lowp/verification/golden_function.hpp"

namespace lowp::verification {

using any_unit = arithmetic_unit<any_format, rounding_reference>;

/// What lies in a port of an operation.
enum class port_kind : std::uint8_t {
  number,
  source,
  bit,
  number_class,
  int32,
  int64,
  uint32,
  uint64
};

/// An operation by its name. A program may have further ones of this kind: operation_function.
struct operation {
  std::string_view name;
  int operand_count = 2;
  flagged<code_t> (*apply)(const any_unit&, const any_format& source, const code_t*) = nullptr;
  /// The result without rounding, and the last operand for which it would be `target`; null where
  /// there is no such thing.
  unpacked (*exact)(const unpacked*) = nullptr;
  unpacked (*solve)(const unpacked* others, const unpacked& target) = nullptr;
  /// What the exact result is the sum of; null where it is none.
  void (*summands)(const unpacked*, unpacked& a, unpacked& b) = nullptr;
  port_kind result = port_kind::number;
  port_kind last_operand = port_kind::number;
  bool rounds = true;
};

namespace detail {

template <class T>
[[nodiscard]] flagged<code_t> as_code(const flagged<T>& x) {
  return {static_cast<code_t>(x.value), x.flags};
}
[[nodiscard]] inline flagged<code_t> as_bit(const flagged<std::partial_ordering>& x, bool less,
                                            bool equal) {
  return {static_cast<code_t>((less && x.value < 0) || (equal && x.value == 0)), x.flags};
}
[[nodiscard]] inline any_format format_of(port_kind kind, const any_format& format,
                                          const any_format& source) {
  switch (kind) {
    case port_kind::number: return format;
    case port_kind::source: return source;
    case port_kind::bit: return any_format(formats::uint_n<1>);
    case port_kind::number_class: return any_format(formats::uint_n<4>);
    case port_kind::int32: return any_format(formats::int_n<32>);
    case port_kind::int64: return any_format(formats::int_n<64>);
    case port_kind::uint32: return any_format(formats::uint_n<32>);
    case port_kind::uint64: break;
  }
  return any_format(formats::uint_n<64>);
}

}  // namespace detail

#define LOWP_OPERATION(Name) \
  [](const any_unit& u, const any_format&, const code_t* x) { return u.Name; }
#define LOWP_COMPARISON(How, Less, Equal)                            \
  [](const any_unit& u, const any_format&, const code_t* x) {        \
    return detail::as_bit(u.compare_##How(x[0], x[1]), Less, Equal); \
  }
#define LOWP_TO_INTEGER(Type, How)                                                    \
  [](const any_unit& u, const any_format&, const code_t* x) {                         \
    return detail::as_code(u.template to_integer<Type>(x[0], integer_rounding::How)); \
  }

/// The operations of arithmetic_unit. Comparisons give 1 for true, classify the number of
/// number_class. `convert` takes a code of another format; to and from integers it takes int32 and
/// its kind as formats, of which to_int32 … differ by what they give for what is out of range.
inline constexpr operation operations[] = {
    {"add", 2, LOWP_OPERATION(add(x[0], x[1])),
     [](const unpacked* v) { return exact::add(v[0], v[1]); },
     [](const unpacked* v, const unpacked& t) { return exact::add(t, -v[0]); },
     [](const unpacked* v, unpacked& a, unpacked& b) { a = v[0], b = v[1]; }},
    {"subtract", 2, LOWP_OPERATION(subtract(x[0], x[1])),
     [](const unpacked* v) { return exact::add(v[0], -v[1]); },
     [](const unpacked* v, const unpacked& t) { return exact::add(v[0], -t); },
     [](const unpacked* v, unpacked& a, unpacked& b) { a = v[0], b = -v[1]; }},
    {"multiply", 2, LOWP_OPERATION(multiply(x[0], x[1])),
     [](const unpacked* v) { return exact::multiply(v[0], v[1]); },
     [](const unpacked* v, const unpacked& t) { return exact::divide(t, v[0]); }},
    {"divide", 2, LOWP_OPERATION(divide(x[0], x[1])),
     [](const unpacked* v) { return exact::divide(v[0], v[1]); },
     [](const unpacked* v, const unpacked& t) { return exact::divide(v[0], t); }},
    {"fma", 3, LOWP_OPERATION(fma(x[0], x[1], x[2])),
     [](const unpacked* v) { return exact::multiply_add(v[0], v[1], v[2]); },
     [](const unpacked* v, const unpacked& t) {
       return exact::add(t, -exact::multiply(v[0], v[1]));
     },
     [](const unpacked* v, unpacked& a, unpacked& b) {
       a = exact::multiply(v[0], v[1]), b = v[2];
     }},
    {"sqrt", 1, LOWP_OPERATION(sqrt(x[0])), [](const unpacked* v) { return exact::sqrt(v[0]); },
     [](const unpacked*, const unpacked& t) { return exact::multiply(t, t); }},
    {"remainder", 2, LOWP_OPERATION(remainder(x[0], x[1]))},
    {"convert", 1,
     [](const any_unit& u, const any_format& source, const code_t* x) {
       return u.convert(source, x[0]);
     },
     [](const unpacked* v) { return v[0]; }, [](const unpacked*, const unpacked& t) { return t; },
     nullptr, port_kind::number, port_kind::source},
    {"round_to_integral", 1, LOWP_OPERATION(round_to_integral(x[0], integer_rounding::quiet))},
    {"round_to_integral_exact", 1, LOWP_OPERATION(round_to_integral(x[0]))},
    {.name = "next_up",
     .operand_count = 1,
     .apply = LOWP_OPERATION(next_up(x[0])),
     .rounds = false},
    {.name = "next_down",
     .operand_count = 1,
     .apply = LOWP_OPERATION(next_down(x[0])),
     .rounds = false},
    {.name = "scale_b",
     .apply = LOWP_OPERATION(scale_b(x[0], static_cast<std::int32_t>(x[1]))),
     .last_operand = port_kind::int32},
    {"log_b", 1, LOWP_OPERATION(log_b(x[0]))},
    {.name = "minimum", .apply = LOWP_OPERATION(minimum(x[0], x[1])), .rounds = false},
    {.name = "maximum", .apply = LOWP_OPERATION(maximum(x[0], x[1])), .rounds = false},
    {.name = "minimum_number",
     .apply = LOWP_OPERATION(minimum_number(x[0], x[1])),
     .rounds = false},
    {.name = "maximum_number",
     .apply = LOWP_OPERATION(maximum_number(x[0], x[1])),
     .rounds = false},
    {.name = "equal",
     .apply = LOWP_COMPARISON(quiet, false, true),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "less",
     .apply = LOWP_COMPARISON(signaling, true, false),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "less_equal",
     .apply = LOWP_COMPARISON(signaling, true, true),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "equal_signaling",
     .apply = LOWP_COMPARISON(signaling, false, true),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "less_quiet",
     .apply = LOWP_COMPARISON(quiet, true, false),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "less_equal_quiet",
     .apply = LOWP_COMPARISON(quiet, true, true),
     .result = port_kind::bit,
     .rounds = false},
    {.name = "total_order",
     .apply =
         [](const any_unit& u, const any_format&, const code_t* x) {
           return flagged<code_t>{u.total_order(x[0], x[1]) ? code_t{1} : 0, {}};
         },
     .result = port_kind::bit,
     .rounds = false},
    {.name = "classify",
     .operand_count = 1,
     .apply =
         [](const any_unit& u, const any_format&, const code_t* x) {
           return flagged<code_t>{static_cast<code_t>(u.classify(x[0])), {}};
         },
     .result = port_kind::number_class,
     .rounds = false},
    {"to_int32", 1, LOWP_TO_INTEGER(std::int32_t, quiet), nullptr, nullptr, nullptr,
     port_kind::int32},
    {"to_int64", 1, LOWP_TO_INTEGER(std::int64_t, quiet), nullptr, nullptr, nullptr,
     port_kind::int64},
    {"to_uint32", 1, LOWP_TO_INTEGER(std::uint32_t, quiet), nullptr, nullptr, nullptr,
     port_kind::uint32},
    {"to_uint64", 1, LOWP_TO_INTEGER(std::uint64_t, quiet), nullptr, nullptr, nullptr,
     port_kind::uint64},
    {"to_int32_exact", 1, LOWP_TO_INTEGER(std::int32_t, signals_inexact), nullptr, nullptr, nullptr,
     port_kind::int32},
    {"to_int64_exact", 1, LOWP_TO_INTEGER(std::int64_t, signals_inexact), nullptr, nullptr, nullptr,
     port_kind::int64},
    {"to_uint32_exact", 1, LOWP_TO_INTEGER(std::uint32_t, signals_inexact), nullptr, nullptr,
     nullptr, port_kind::uint32},
    {"to_uint64_exact", 1, LOWP_TO_INTEGER(std::uint64_t, signals_inexact), nullptr, nullptr,
     nullptr, port_kind::uint64},
};
#undef LOWP_OPERATION
#undef LOWP_COMPARISON
#undef LOWP_TO_INTEGER

/// The operation of this name. Throws std::invalid_argument for another one, with those near it.
[[nodiscard]] inline const operation& operation_of_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const operation& op : operations) {
    if (op.name == name) return op;
    names.push_back(op.name);
  }
  refuse(unknown_name("operation", name, names));
}

/// An operation on numbers of one format, which has its parts named a, b, c and r.
class operation_function final : public golden_function {
 public:
  /// `source` is the format that a conversion reads.
  operation_function(const operation& op, const any_format& format, const any_format& source,
                     const environment& e)
      : op_(op), format_(format), source_(source), environment_(e) {
    name = op.name;
    takes_rounding = op.rounds;
    for (int i = 0; i < op.operand_count; ++i) {
      const bool is_last = i + 1 == op.operand_count;
      const port_kind kind = is_last ? op.last_operand : port_kind::number;
      operands.push_back(
          {std::string(1, static_cast<char>('a' + i)), detail::format_of(kind, format, source)});
    }
    results.push_back({"r", detail::format_of(op.result, format, source)});
  }

  [[nodiscard]] status_flags evaluate(const rounding_reference& mode, const code_t* in,
                                      code_t* out) const override {
    const any_unit unit{format_, mode, environment_};
    const flagged<code_t> result = op_.apply(unit, source_, in);
    out[0] = result.value & low_mask(results[0].format.bits());
    return result.flags;
  }
  void add_corners(std::uint64_t seed, std::vector<code_t>& in) const override {
    scalar_problem problem{{}, op_.operand_count, &results[0].format, op_.solve};
    for (std::size_t i = 0; i < operands.size(); ++i) problem.formats[i] = &operands[i].format;
    add_scalar_corners(problem, seed, in);
  }
  void draw(std::uint64_t seed, std::uint64_t index, code_t* in) const override {
    draws random(seed, index + 2);
    for (std::size_t i = 0; i < operands.size(); ++i)
      in[i] = structured_code(random, operands[i].format);
  }
  [[nodiscard]] std::span<const std::string_view> classes() const override {
    return vector_class_names;
  }
  [[nodiscard]] std::uint64_t classify(const code_t* in, const code_t* /*out*/,
                                       const status_flags& flags) const override {
    std::uint64_t found = (flags.invalid ? bit_of(vector_class::invalid) : 0) |
                          (flags.divide_by_zero ? bit_of(vector_class::divide_by_zero) : 0);
    unpacked values[3];
    for (std::size_t i = 0; i < operands.size(); ++i) {
      found |= classes_of_operand(operands[i].format, in[i]);
      values[i] = decode(operands[i].format, in[i]);
    }
    if (op_.exact == nullptr) return found;
    const any_format& f = results[0].format;
    const unpacked x = op_.exact(values);
    found |= classes_of_result(f, x);
    if (op_.summands != nullptr) {
      unpacked a, b;
      op_.summands(values, a, b);
      found |= classes_of_sum(a, b, x, facts_of(f).significant_bits);
    }
    return found;
  }

 private:
  operation op_;
  any_format format_, source_;
  lowp::environment environment_;
};

/// The golden function of an operation of `operations` on numbers of a format; `source` matters to
/// `convert` alone. Throws std::invalid_argument for names that are none.
[[nodiscard]] inline std::unique_ptr<golden_function> make_operation(
    std::string_view name, const any_format& format, const any_format& source = any_format{},
    const environment& e = environments::ieee754) {
  return std::make_unique<operation_function>(operation_of_name(name), format, source, e);
}

/// Environments under their names.
struct named_environment {
  std::string_view name;
  environment value;
};
inline constexpr named_environment named_environments[] = {
    {"ieee754", environments::ieee754},
    {"x86_sse", environments::x86_sse},
    {"aarch64", environments::aarch64},
    {"aarch64_default_nan", environments::aarch64_default_nan},
    {"riscv", environments::riscv},
    {"nvidia", environments::nvidia},
    {"x86_sse_flushing", environments::flushing(environments::x86_sse)},
    {"aarch64_flushing", environments::flushing(environments::aarch64)},
    {"nvidia_flushing", environments::flushing(environments::nvidia)},
};
/// Throws std::invalid_argument for a name that is none.
[[nodiscard]] inline const environment& environment_of_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const named_environment& e : named_environments) {
    if (e.name == name) return e.value;
    names.push_back(e.name);
  }
  refuse(unknown_name("environment", name, names));
}

/// What becomes of results out of range, by name.
struct named_overflow {
  std::string_view name;
  lowp::overflow value;
};
inline constexpr named_overflow named_overflows[] = {
    {"saturate", lowp::overflow::saturate},
    {"to_special", lowp::overflow::to_special},
    {"propagate", lowp::overflow::propagate},
    {"wrap", lowp::overflow::wrap},
    {"to_zero", lowp::overflow::to_zero},
    {"wrap_sign_magnitude", lowp::overflow::wrap_sign_magnitude},
    {"sat_none", lowp::overflow::sat_none},
    {"saturate_numbers", lowp::overflow::saturate_numbers},
};
/// Throws std::invalid_argument for a name that is none.
[[nodiscard]] inline lowp::overflow overflow_of_name(std::string_view name) {
  std::vector<std::string_view> names;
  for (const named_overflow& o : named_overflows) {
    if (o.name == name) return o.value;
    names.push_back(o.name);
  }
  refuse(unknown_name("overflow policy", name, names));
}

}  // namespace lowp::verification
