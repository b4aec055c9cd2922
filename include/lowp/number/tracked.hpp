// SPDX-License-Identifier: MIT
// Numbers that count what happens to them, beside the same computation in double:
//
//   using real = lowp::dropin::tracked<lowp::dropin::binary16>;
//   {
//     LOWP_TRACK("solver");
//     solve<real>(…);
//   }
//   lowp::dropin::print_tracked();
//
// What is done while a label is in force in a thread counts under it: operations, overflows,
// underflows, NaNs that arise, and the largest relative error against a shadow, a double that goes
// through the same operations and functions from where the numbers came from.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>

#include "lowp/number/dropin.hpp"
#include "lowp/number/face_operators.hpp"

namespace lowp {
namespace dropin {

/// What has been counted under a label.
struct tracked_counts {
  std::uint64_t operations =
      0;  ///< conversions from other types and results of + - * / and functions
  /// Results beyond the largest number before they were rounded, of finite operands; 1 / 0 is one.
  std::uint64_t overflows = 0;
  std::uint64_t underflows = 0;  ///< inexact results below the smallest number of full precision
  std::uint64_t nans = 0;        ///< of operands that are none
  double largest_error = 0;      ///< |number - shadow| / |shadow|, of finite ones
  double least = std::numeric_limits<double>::infinity();  ///< magnitudes of results but 0
  double most = 0;

  tracked_counts& operator+=(const tracked_counts& other) {
    operations += other.operations;
    overflows += other.overflows;
    underflows += other.underflows;
    nans += other.nans;
    if (other.largest_error > largest_error) largest_error = other.largest_error;
    if (other.least < least) least = other.least;
    if (other.most > most) most = other.most;
    return *this;
  }
};

/// By label; what no label was in force for is under "".
using tracked_table = std::map<std::string, tracked_counts, std::less<>>;

}  // namespace dropin

namespace detail {

/// Of threads that have ended.
struct tracked_totals {
  std::mutex mutex;
  dropin::tracked_table table;
};
[[nodiscard]] inline tracked_totals& all_tracked() {
  static tracked_totals totals;
  return totals;
}

/// Of one thread; joins the others at its end.
struct tracked_thread {
  dropin::tracked_table table;
  dropin::tracked_counts* current = &at("");

  tracked_thread() { static_cast<void>(all_tracked()); }  // which then outlives it
  ~tracked_thread() { flush(); }
  tracked_thread(const tracked_thread&) = delete;
  tracked_thread& operator=(const tracked_thread&) = delete;

  [[nodiscard]] dropin::tracked_counts& at(std::string_view label) {
    const auto found = table.find(label);
    return found != table.end() ? found->second : table[std::string(label)];
  }
  /// Labels stay, since they may be in force.
  void flush() {
    const std::lock_guard lock(all_tracked().mutex);
    for (auto& [label, counts] : table) {
      all_tracked().table[label] += counts;
      counts = {};
    }
  }
};
[[nodiscard]] inline tracked_thread& this_tracked_thread() {
  thread_local tracked_thread thread;
  return thread;
}

}  // namespace detail

namespace dropin {

/// While one lives, its label is in force in its thread.
class tracked_scope {
 public:
  explicit tracked_scope(std::string_view label) : outer_(detail::this_tracked_thread().current) {
    detail::this_tracked_thread().current = &detail::this_tracked_thread().at(label);
  }
  ~tracked_scope() { detail::this_tracked_thread().current = outer_; }
  tracked_scope(const tracked_scope&) = delete;
  tracked_scope& operator=(const tracked_scope&) = delete;

 private:
  tracked_counts* outer_;
};

/// What this thread and all that have ended have counted since the start or reset_tracked().
[[nodiscard]] inline tracked_table tracked_so_far() {
  detail::this_tracked_thread().flush();
  const std::lock_guard lock(detail::all_tracked().mutex);
  tracked_table table = detail::all_tracked().table;
  std::erase_if(table, [](const auto& entry) { return entry.second.operations == 0; });
  return table;
}
inline void reset_tracked() {
  detail::this_tracked_thread().flush();
  const std::lock_guard lock(detail::all_tracked().mutex);
  detail::all_tracked().table.clear();
}
/// tracked_so_far() as a table, one label to a line.
inline void print_tracked(std::FILE* out = stdout) {
  std::fprintf(out, "%-20s %12s %10s %10s %10s %11s %11s %11s\n", "label", "operations",
               "overflows", "underflows", "NaNs", "error", "least", "most");
  for (const auto& [label, counts] : tracked_so_far()) {
    std::fprintf(out, "%-20s %12llu %10llu %10llu %10llu %11.3g %11.3g %11.3g\n", label.c_str(),
                 static_cast<unsigned long long>(counts.operations),
                 static_cast<unsigned long long>(counts.overflows),
                 static_cast<unsigned long long>(counts.underflows),
                 static_cast<unsigned long long>(counts.nans), counts.largest_error,
                 counts.operations == 0 ? 0.0 : counts.least, counts.most);
  }
}

/// A T, another face of a number (dropin::number, rounded, dynamic), that counts. Results are T's.
template <detail::other_face T>
class tracked : public face_operators<tracked<T>> {
 public:
  using literal_type = typename T::literal_type;
  using tracked_type = T;
  static constexpr auto format = T::format;
  static constexpr overflow overflow_policy = T::overflow_policy;

  tracked() = default;
  template <detail::native_number A>
  tracked(A value) : tracked(T(value), static_cast<double>(value), static_cast<double>(value)) {}
  template <detail::native_enumerator A>
  tracked(A value) : tracked(static_cast<std::underlying_type_t<A>>(value)) {}
  tracked(T value) : value_(value), shadow_(static_cast<double>(value)) {}
  tracked(literal_type value) : tracked(T(value)) {}
  template <lowp::number_type Source>
  requires(!std::same_as<Source, tracked> && !std::same_as<Source, T> &&
           !std::same_as<Source, literal_type>) explicit tracked(Source value)
      : tracked(T(value)) {}

  [[nodiscard]] static tracked from_code(code_t code) { return T::from_code(code); }
  [[nodiscard]] static tracked from_unpacked(const unpacked& value) {
    const double exact = pack_as<double>(value);
    return tracked(T::from_unpacked(value), exact, exact);
  }
  [[nodiscard]] static auto next_mode() { return T::next_mode(); }
  [[nodiscard]] static auto next_mode(const tracked& x) { return detail::mode_of(x.value_); }

  [[nodiscard]] auto code() const { return value_.code(); }
  [[nodiscard]] unpacked unpacked_value() const { return value_.unpacked_value(); }
  /// The number, and what double makes of the same computation.
  [[nodiscard]] T value() const { return value_; }
  [[nodiscard]] double shadow() const { return shadow_; }

  operator literal_type() const { return value_; }
  template <class A>
  requires detail::native_float<A> || detail::integer_or_enumerator<A>
  explicit operator A() const { return static_cast<A>(value_); }

#define LOWP_OPERATION(name, symbol)                                                             \
  [[nodiscard]] static tracked name(const tracked& a, const tracked& b) {                        \
    return tracked(a.value_ symbol b.value_, a.number() symbol b.number(),                       \
                   a.shadow_ symbol b.shadow_, std::isnan(a.number()) || std::isnan(b.number()), \
                   std::isfinite(a.number()) && std::isfinite(b.number()));                      \
  }
  LOWP_OPERATION(sum, +)
  LOWP_OPERATION(difference, -)
  LOWP_OPERATION(product, *)
  LOWP_OPERATION(quotient, /)
#undef LOWP_OPERATION
  [[nodiscard]] friend tracked operator-(const tracked& a) {
    tracked result = a;
    result.value_ = -a.value_;
    result.shadow_ = -a.shadow_;
    return result;
  }
  [[nodiscard]] static tracked square_root(const tracked& a) {
    return tracked(lowp::sqrt(a.value_), std::sqrt(a.number()), std::sqrt(a.shadow_),
                   std::isnan(a.number()), std::isfinite(a.number()));
  }
  [[nodiscard]] static tracked multiply_add(const tracked& a, const tracked& b, const tracked& c) {
    const double x = a.number(), y = b.number(), z = c.number();
    return tracked(lowp::fma(a.value_, b.value_, c.value_), std::fma(x, y, z),
                   std::fma(a.shadow_, b.shadow_, c.shadow_),
                   std::isnan(x) || std::isnan(y) || std::isnan(z),
                   std::isfinite(x) && std::isfinite(y) && std::isfinite(z));
  }

  // What functions are made of: faces.hpp.
  template <class Function, std::same_as<tracked>... Rest>
  [[nodiscard]] static tracked result_of(const Function& f, const tracked& x, const Rest&... rest) {
    const auto in_double = [&](auto... operands) {
      return pack_as<double>(f(unpack(operands)...));
    };
    return tracked(detail::result_of(f, x.value_, rest.value_...),
                   in_double(x.number(), rest.number()...), in_double(x.shadow_, rest.shadow_...),
                   std::isnan(x.number()) || (std::isnan(rest.number()) || ...),
                   std::isfinite(x.number()) && (std::isfinite(rest.number()) && ...));
  }
  template <class A>
  [[nodiscard]] static tracked beside(const A& value, const tracked& x) {
    if constexpr (detail::native_number<A>) {
      const auto exact = static_cast<double>(value);
      return tracked(detail::beside(value, x.value_), exact, exact);
    } else if constexpr (detail::native_enumerator<A>) {
      return beside(static_cast<std::underlying_type_t<A>>(value), x);
    } else {
      return tracked(detail::beside(value, x.value_));
    }
  }
  /// Not counted, as what is chosen has been counted before.
  [[nodiscard]] static tracked chosen(bool is_first, const tracked& a, const tracked& b) {
    tracked result = is_first ? a : b;
    result.value_ = detail::chosen(is_first, a.value_, b.value_);
    return result;
  }
  [[nodiscard]] static tracked next_number(const tracked& x, bool is_up) {
    tracked result = detail::next_number(x.value_, is_up);
    result.shadow_ = std::nextafter(x.shadow_, is_up ? HUGE_VAL : -HUGE_VAL);
    return result;
  }
  [[nodiscard]] static bool is_normal(const tracked& x) { return isnormal(x.value_); }

  [[nodiscard]] friend std::partial_ordering operator<=>(const tracked& a, const tracked& b) {
    return a.value_ <=> b.value_;
  }
  [[nodiscard]] friend bool operator==(const tracked& a, const tracked& b) {
    return a.value_ == b.value_;
  }

 private:
  /// A result that is counted: `unrounded` is that of the operands' values in double.
  tracked(const T& value, double unrounded, double shadow, bool had_nan = false,
          bool were_finite = true)
      : value_(value), shadow_(shadow) {
    using limits = std::numeric_limits<T>;
    tracked_counts& counts = *detail::this_tracked_thread().current;
    const double rounded = number(), magnitude = std::fabs(rounded);
    ++counts.operations;
    if (std::isnan(rounded) && !had_nan && std::isnan(unrounded)) ++counts.nans;
    if (were_finite && std::fabs(unrounded) > static_cast<double>((limits::max)()) &&
        (!std::isfinite(rounded) || rounded != unrounded)) {
      ++counts.overflows;
    }
    if (unrounded != rounded && std::fabs(unrounded) < static_cast<double>((limits::min)())) {
      ++counts.underflows;
    }
    if (std::isfinite(rounded) && std::isfinite(shadow) && shadow != 0) {
      const double error = std::fabs((rounded - shadow) / shadow);
      if (error > counts.largest_error) counts.largest_error = error;
    }
    if (magnitude > 0 && magnitude < counts.least) counts.least = magnitude;
    if (std::isfinite(rounded) && magnitude > counts.most) counts.most = magnitude;
  }
  [[nodiscard]] double number() const { return static_cast<double>(value_); }

  T value_;
  double shadow_;
};

}  // namespace dropin

template <detail::other_face T>
inline constexpr bool is_number_v<dropin::tracked<T>> = true;

}  // namespace lowp

template <lowp::detail::other_face T>
class std::numeric_limits<lowp::dropin::tracked<T>> : public std::numeric_limits<T> {
  using limits = std::numeric_limits<T>;
  using number = lowp::dropin::tracked<T>;

 public:
  static number(max)() { return (limits::max)(); }
  static number(min)() { return (limits::min)(); }
  static number lowest() { return limits::lowest(); }
  static number epsilon() { return limits::epsilon(); }
  static number denorm_min() { return limits::denorm_min(); }
  static number round_error() { return limits::round_error(); }
  static number infinity() { return limits::infinity(); }
  static number quiet_NaN() { return limits::quiet_NaN(); }
  static number signaling_NaN() { return limits::signaling_NaN(); }
};

#define LOWP_TRACK_NAME(line) lowp_tracked_scope_##line
#define LOWP_TRACK_AT(label, line) \
  const ::lowp::dropin::tracked_scope LOWP_TRACK_NAME(line) { label }
/// The rest of the block counts under a label.
#define LOWP_TRACK(label) LOWP_TRACK_AT(label, __LINE__)
