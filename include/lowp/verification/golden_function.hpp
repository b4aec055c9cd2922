// SPDX-License-Identifier: MIT
// What a device under test is compared with: a function of codes, whose operands and results are
// described, so that vectors of it can be written, read and compared without knowing what it does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/core/near_names.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/number/environment.hpp"
#include "lowp/number/status_registers.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/rounding_reference.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp::verification {

/// `count` codes of one format.
struct port {
  std::string name;
  any_format format{};
  std::size_t count = 1;
};

/// The largest port.count that a file of vectors may have.
inline constexpr std::size_t max_port_count = std::size_t{1} << 20;

[[nodiscard]] inline std::size_t code_count(const std::vector<port>& ports) {
  std::size_t count = 0;
  for (const port& p : ports) count += p.count;
  return count;
}
/// The port to which code `index` of all ports belongs; index < code_count(ports).
[[nodiscard]] inline const port& port_of(const std::vector<port>& ports, std::size_t index) {
  std::size_t which = 0;
  while (index >= ports[which].count) index -= ports[which++].count;
  return ports[which];
}

/// Flags as bits: those of RISC-V's fflags, which are those of Berkeley TestFloat, and one more.
namespace flag_bits {
inline constexpr unsigned inexact = 1, underflow = 2, overflow = 4, divide_by_zero = 8,
                          invalid = 16, denormal_operand = 32;
}  // namespace flag_bits
[[nodiscard]] constexpr unsigned bits_of(const status_flags& f) {
  return to_fflags(f) | (f.denormal_operand ? flag_bits::denormal_operand : 0);
}

/// A rounding mode in a file of vectors: its name, and a number where names have no place, for the
/// first five that of RISC-V's frm.
struct vector_rounding {
  std::string_view name;
  unsigned number;
  any_rounding mode;
};
inline constexpr std::array<vector_rounding, 10> vector_roundings{{
    {"nearest_even", 0, nearest_even},
    {"toward_zero", 1, toward_zero},
    {"downward", 2, downward},
    {"upward", 3, upward},
    {"nearest_away", 4, nearest_away},
    {"nearest_toward_zero", 8, nearest_toward_zero},
    {"nearest_upward", 9, nearest_upward},
    {"nearest_downward", 10, nearest_downward},
    {"away_from_zero", 11, away_from_zero},
    {"to_odd", 12, to_odd},
}};
/// Of stochastic rounding, whose random bits are an operand.
inline constexpr vector_rounding stochastic_rounding{"stochastic", 13, stochastic{}};

/// The mode of this name. Throws std::invalid_argument for another one, with those near it.
[[nodiscard]] inline const vector_rounding& rounding_of_name(std::string_view name) {
  for (const vector_rounding& r : vector_roundings) {
    if (r.name == name) return r;
  }
  if (name == stochastic_rounding.name) return stochastic_rounding;
  std::array<std::string_view, vector_roundings.size() + 1> names{};
  for (std::size_t i = 0; i < vector_roundings.size(); ++i) names[i] = vector_roundings[i].name;
  names.back() = stochastic_rounding.name;
  refuse(unknown_name("rounding mode", name, names));
}

/// A function of codes that is the measure of others.
class golden_function {
 public:
  /// Its name, and what it depends on besides its operands: pairs of a keyword and a value.
  std::string name;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<port> operands, results;
  bool has_flags = true;
  bool takes_rounding = true;

  golden_function(const golden_function&) = delete;
  golden_function& operator=(const golden_function&) = delete;
  virtual ~golden_function() = default;

  /// code_count(results) codes from code_count(operands) of them. Bits above those of a format are
  /// ignored.
  [[nodiscard]] virtual status_flags evaluate(const rounding_reference& mode, const code_t* in,
                                              code_t* out) const = 0;

  /// Operands for corner cases, code_count(operands) codes for each vector, in an order and number
  /// that depend on the seed alone.
  virtual void add_corners(std::uint64_t seed, std::vector<code_t>& in) const = 0;
  /// The operands of vector `index` of a random sequence: code_count(operands) codes.
  virtual void draw(std::uint64_t seed, std::uint64_t index, code_t* in) const = 0;
  /// What may be remarkable about a vector, at most 64 names; and what is about this one, a bit for
  /// each name.
  [[nodiscard]] virtual std::span<const std::string_view> classes() const { return {}; }
  [[nodiscard]] virtual std::uint64_t classify(const code_t* /*in*/, const code_t* /*out*/,
                                               const status_flags& /*flags*/) const {
    return 0;
  }

 protected:
  golden_function() = default;
};

/// Calls use(mode, in) with the mode of one vector; under stochastic rounding by the random bits
/// that are the last operand, 32 of them, which function.operands does not hold.
template <class Use>
void with_rounding(const vector_rounding& rounding, code_t random_bits, const Use& use) {
  if (rounding.mode.is_stochastic()) {
    const stochastic_bits drawn{static_cast<std::uint32_t>(random_bits)};
    use(rounding_reference(drawn));
  } else {
    use(rounding_reference(rounding.mode));
  }
}

/// How often each class of vectors occurred.
class coverage {
 public:
  explicit coverage(const golden_function& function)
      : function_(function), counts_(function.classes().size()) {}

  void add(const code_t* in, const code_t* out, const status_flags& flags) {
    ++vectors_;
    const std::uint64_t found = function_.classify(in, out, flags);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += found >> i & 1;
  }
  [[nodiscard]] std::uint64_t vectors() const { return vectors_; }
  /// Of each of function.classes().
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
  /// One line for each class: its count and its name.
  [[nodiscard]] std::string text() const {
    std::string result;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const std::string count = std::to_string(counts_[i]);
      result += std::string(count.size() < 10 ? 10 - count.size() : 0, ' ') + count + "  ";
      result += std::string(function_.classes()[i]) + "\n";
    }
    return result;
  }

 private:
  const golden_function& function_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t vectors_ = 0;
};

}  // namespace lowp::verification
