// SPDX-License-Identifier: MIT
#include "explain.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "functions.hpp"
#include "lowp/formats/lns_format.hpp"
#include "lowp/formats/next_code.hpp"
#include "lowp/formats/preimage.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/format_text.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace lowp_tool {

using namespace lowp;
using json = nlohmann::ordered_json;

namespace {

// A logarithmic format as what its codes decode to: any_format keeps families with arithmetic of
// their own out, and nothing here adds or multiplies.
struct decoded_lns {
  lns_format format;
  constexpr bool operator==(const decoded_lns&) const = default;
  [[nodiscard]] constexpr int bits() const { return format.bits(); }
};
[[nodiscard]] constexpr const char* defect(const decoded_lns& f) { return defect(f.format); }
[[nodiscard]] constexpr unpacked decode(const decoded_lns& f, code_t code) {
  return decode(f.format, code);
}
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const decoded_lns& f, const unpacked& x, const R& mode = {},
                                      lowp::overflow o = lowp::overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  return encode(f.format, x, mode, o, n);
}
[[nodiscard]] constexpr value_facts known_facts(const decoded_lns& f) { return facts_of(f.format); }
[[nodiscard]] constexpr auto known_fields(const decoded_lns& f) { return known_fields(f.format); }

[[nodiscard]] any_format format_to_explain(const std::string& text) {
  if (text.substr(0, 10) == "lns_format") return format_of_text<decoded_lns>(text);
  return format_of_name(text);
}

struct policy {
  std::string_view name;
  lowp::overflow value;
};
constexpr std::array<policy, 8> policies{{
    {"saturate", lowp::overflow::saturate},
    {"to_special", lowp::overflow::to_special},
    {"propagate", lowp::overflow::propagate},
    {"saturate_numbers", lowp::overflow::saturate_numbers},
    {"sat_none", lowp::overflow::sat_none},
    {"to_zero", lowp::overflow::to_zero},
    {"wrap", lowp::overflow::wrap},
    {"wrap_sign_magnitude", lowp::overflow::wrap_sign_magnitude},
}};
constexpr std::array<std::pair<std::string_view, missing_nan>, 4> nan_policies{{
    {"largest", missing_nan::largest},
    {"signed_largest", missing_nan::signed_largest},
    {"zero", missing_nan::zero},
    {"flipped_zero", missing_nan::flipped_zero},
}};

// The modes whose result is a function of the value.
[[nodiscard]] std::vector<named_rounding> modes_without_draws() {
  std::vector<named_rounding> result;
  for (const named_rounding& mode : rounding_modes) {
    if (!mode.mode.is_stochastic()) result.push_back(mode);
  }
  return result;
}

// Binary64's smallest number has 1074 digits after the point; what is longer is no help.
constexpr int most_digits = 1200;
// A value in decimal; to 17 digits, after a ~, if a bit below those of a number of 64 bits says
// that it is none of finitely many digits, as logarithmic numbers are.
[[nodiscard]] std::string decimal_text(const unpacked& x, bool is_dyadic = true) {
  const bool is_approximate = x.kind == value_kind::finite && x.significand.low != 0 &&
                              (!is_dyadic || (x.significand.low & 1) != 0);
  const auto as_double = pack_as<double>(x);
  if (is_approximate && unpack(as_double).kind == value_kind::finite)
    return fmt::format("~{:.17g}", as_double);
  if (is_approximate || exact_digits(x) > most_digits) return hex_text(x);
  return exact_text(x);
}

// Everything that is said of one format, as text and as JSON.
class explainer {
 public:
  explicit explainer(const std::string& text) : format_(format_to_explain(text)), texts_(format_) {}

  [[nodiscard]] json format_facts() {
    json j;
    j["format"] = std::string(name(format_).view());
    j["bits"] = format_.bits();
    j["fields"] = std::string(field_text(format_).view());
    const value_facts& facts = texts_.facts();
    j["significant_bits"] = facts.significant_bits;
    const auto add = [&](const char* key, code_t code) { j[key] = code_entry(code); };
    add("largest", largest_code(format_));
    add("lowest", lowest_code(format_));
    add("smallest_positive", smallest_positive_code(format_));
    if (has_subnormals()) add("smallest_normal", smallest_normal_code(format_));
    const unpacked epsilon = epsilon_value(format_);
    if (!epsilon.is_zero()) j["epsilon"] = decimal(epsilon);
    j["has_infinity"] = has_infinity(format_);
    j["has_nan"] = has_nan(format_);
    j["has_zero"] = has_zero(format_);
    j["has_negative_zero"] = has_negative_zero(format_);
    j["is_signed"] = is_signed(format_);
    if (format_.bits() <= 16) {
      code_t nans = 0, finite = 0;
      for (code_t code = 0; code < code_t{1} << format_.bits(); ++code) {
        const unpacked x = decode(format_, code);
        nans += x.is_nan() ? 1u : 0u;
        finite += x.is_finite() ? 1u : 0u;
      }
      j["nan_codes"] = nans;
      j["finite_codes"] = finite;
    }
    return j;
  }

  // What can be said of a code by itself: a row of the table.
  [[nodiscard]] json code_entry(code_t code) {
    json j;
    j["code"] = texts_.text(code, text_style::bits);
    j["fields"] = texts_.text(code, text_style::fields);
    j["class"] = class_of(decode(format_, code));
    j["shortest"] = texts_.text(code);
    j["exact"] = decimal(decode(format_, code));
    j["hex"] = hex_text(decode(format_, code));
    return j;
  }

  [[nodiscard]] json all_codes() {
    json rows = json::array();
    for (code_t code = 0; code < code_t{1} << format_.bits(); ++code)
      rows.push_back(code_entry(code));
    return rows;
  }

  // A code, the codes next to it, and what becomes it in each mode.
  [[nodiscard]] json explain_code(code_t code) {
    json j = code_entry(code);
    const unpacked x = decode(format_, code);
    if (x.is_nan()) return j;
    for (const bool is_up : {false, true}) {
      const code_t next = next_code(format_, code, is_up);
      if (next == code) continue;
      json& side = j[is_up ? "next_up" : "next_down"] = code_entry(next);
      const unpacked y = decode(format_, next);
      if (x.is_finite() && y.is_finite())
        side["distance"] = decimal(magnitude_of(exact::add(y, -x)));
    }
    json& preimages = j["preimages"] = json::object();
    for (const named_rounding& mode : modes_without_draws()) {
      const value_interval from = interval_of(format_, code, mode.mode);
      json& entry = preimages[std::string(mode.name)];
      if (from.is_empty) {
        entry = nullptr;
      } else {
        entry["lower"] = decimal(from.lower);
        entry["upper"] = decimal(from.upper);
        entry["includes_lower"] = from.is_lower_closed;
        entry["includes_upper"] = from.is_upper_closed;
      }
    }
    return j;
  }

  // A value, its neighbours in the format, and its code in each mode under each policy.
  [[nodiscard]] json explain_value(const unpacked& x) {
    json j;
    j["value"] = decimal(x);
    j["hex"] = hex_text(x);
    if (x.is_nan()) {
      json& results = j["missing_nan"] = json::object();
      for (const auto& [policy_name, n] : nan_policies) {
        results[std::string(policy_name)] =
            code_entry(encode(format_, x, nearest_even, lowp::overflow::to_special, n));
      }
      return j;
    }
    const value_neighbours near = neighbours_of(format_, x);
    const code_t below = encode(format_, near.below, downward, lowp::overflow::to_special);
    const code_t above = encode(format_, near.above, upward, lowp::overflow::to_special);
    j["below"] = code_entry(below);
    j["above"] = code_entry(above);
    j["is_exact"] =
        exact::compare(near.below, near.above) == 0 && exact::compare(near.below, x) == 0;
    j["is_in_range"] = j["is_exact"].get<bool>() || exact::compare(near.below, near.above) != 0;
    if (x.is_finite() && near.below.is_finite() && near.above.is_finite() &&
        exact::compare(near.below, x) < 0 && exact::compare(x, near.above) < 0) {
      const unpacked step = exact::add(near.above, -near.below);
      j["share"] = pack_as<double>(exact::divide(exact::add(x, -near.below), step));
    }
    json& results = j["results"] = json::object();
    for (const named_rounding& mode : modes_without_draws()) {
      json& of_mode = results[std::string(mode.name)] = json::object();
      for (const policy& p : policies) {
        const code_t code = encode(format_, x, mode.mode, p.value, missing_nan::largest);
        json& entry = of_mode[std::string(p.name)];
        entry["code"] = texts_.text(code, text_style::bits);
        entry["value"] = texts_.text(code);
      }
    }
    return j;
  }

  // The operand as a code, if it is to be one; throws for what is neither.
  [[nodiscard]] std::optional<code_t> code_of(const explain_options& o) const {
    std::string digits;
    for (const char c : o.operand) {
      if (c != '_' && c != '|') digits += c;
    }
    const bool is_hex = digits.substr(0, 2) == "0x", is_binary = digits.substr(0, 2) == "0b";
    const char* const first = digits.data() + (is_hex || is_binary ? 2 : 0);
    const char* const last = digits.data() + digits.size();
    code_t code = 0;
    const auto [end, error] = std::from_chars(first, last, code, is_hex ? 16 : is_binary ? 2 : 10);
    const bool is_number = end == last && first != last && error == std::errc{};
    const bool may_be_code = o.is_code || is_hex || is_binary;
    if (!may_be_code || (!is_number && !o.is_code)) return std::nullopt;
    if (!is_number)
      throw std::invalid_argument("'" + o.operand +
                                  "' is no code, expected such as 0x7e or 0b0101");
    if (format_.bits() < 64 && code >> format_.bits() != 0) {
      throw std::invalid_argument(fmt::format("the code {} has more than the {} bits of {}{}",
                                              o.operand, format_.bits(), name(format_).view(),
                                              o.is_code ? "" : "; --value takes it for a number"));
    }
    return code;
  }
  [[nodiscard]] unpacked value_of(const std::string& text) {
    unpacked x;
    if (texts_.read(text, x)) return x;
    throw std::invalid_argument("'" + text +
                                "' is neither a code, such as 0x7e or 0b0101, nor a number, such "
                                "as 0.3, -1e-4, 0x1.8p+3, inf or nan");
  }

  [[nodiscard]] int bits() const { return format_.bits(); }

 private:
  [[nodiscard]] bool has_subnormals() const {
    const value_facts& facts = texts_.facts();
    return facts.spacing == value_spacing::floating &&
           facts.lowest_exponent < facts.normal_exponent;
  }
  [[nodiscard]] std::string decimal(const unpacked& x) const {
    return decimal_text(x, texts_.facts().are_dyadic());
  }
  [[nodiscard]] const char* class_of(const unpacked& x) const {
    switch (x.kind) {
      case value_kind::zero: return "zero";
      case value_kind::infinity: return "infinity";
      case value_kind::nan: return "nan";
      case value_kind::finite: break;
    }
    if (texts_.facts().spacing != value_spacing::floating) return "number";
    return x.exponent < texts_.facts().normal_exponent ? "subnormal" : "normal";
  }

  any_format format_;
  format_text<any_format> texts_;
};

[[nodiscard]] std::string string_of(const json& j) { return j.get<std::string>(); }

// "0x7e  448  0|1111|110": a code within a sentence.
[[nodiscard]] std::string in_line(const json& entry) {
  return fmt::format("{}  {}  {}", string_of(entry["code"]), string_of(entry["shortest"]),
                     string_of(entry["fields"]));
}
void print_line(std::string_view label, const std::string& text) {
  fmt::print("  {:<19} {}\n", label, text);
}

void print_format(const json& j) {
  fmt::print("{}: {} bits\n", string_of(j["format"]), j["bits"].get<int>());
  print_line("descriptor", string_of(j["fields"]));
  print_line("largest", in_line(j["largest"]));
  print_line("lowest", in_line(j["lowest"]));
  print_line("smallest positive", in_line(j["smallest_positive"]));
  if (j.contains("smallest_normal")) print_line("smallest normal", in_line(j["smallest_normal"]));
  if (j.contains("epsilon")) print_line("from 1 to the next", string_of(j["epsilon"]));
  std::string has;
  for (const auto& [key, word] : {std::pair{"has_zero", "zero"},
                                  {"has_negative_zero", "negative zero"},
                                  {"has_infinity", "infinity"},
                                  {"has_nan", "NaN"},
                                  {"is_signed", "negative numbers"}}) {
    has += fmt::format("{}{} {}", has.empty() ? "" : ", ", j[key].get<bool>() ? "has" : "no", word);
  }
  print_line("special", has);
  if (j.contains("nan_codes")) {
    print_line("codes", fmt::format("{} finite, {} NaN", j["finite_codes"].get<int>(),
                                    j["nan_codes"].get<int>()));
  }
}

void print_table(const json& rows) {
  std::size_t widths[4] = {4, 6, 5, 5};
  constexpr const char* keys[4] = {"code", "fields", "class", "exact"};
  for (const json& row : rows) {
    for (std::size_t i = 0; i < 4; ++i)
      widths[i] = (std::max)(widths[i], row[keys[i]].get_ref<const std::string&>().size());
  }
  widths[3] = (std::min)(widths[3], std::size_t{24});
  fmt::print("\n{:<{}}  {:<{}}  {:<{}}  {:<{}}  {}\n", "code", widths[0], "fields", widths[1],
             "class", widths[2], "value", widths[3], "hexadecimal");
  for (const json& row : rows) {
    const std::string exact = string_of(row["exact"]);
    fmt::print("{:<{}}  {:<{}}  {:<{}}  {:<{}}  {}\n", string_of(row["code"]), widths[0],
               string_of(row["fields"]), widths[1], string_of(row["class"]), widths[2],
               exact.size() <= widths[3] ? exact : string_of(row["shortest"]), widths[3],
               string_of(row["hex"]));
  }
}

void print_code(const json& j) {
  fmt::print("code {}\n", string_of(j["code"]));
  print_line("fields", string_of(j["fields"]));
  print_line("class", string_of(j["class"]));
  print_line("value", string_of(j["shortest"]));
  print_line("exact", string_of(j["exact"]));
  print_line("hexadecimal", string_of(j["hex"]));
  for (const auto& [key, label] : {std::pair{"next_up", "next up"}, {"next_down", "next down"}}) {
    if (!j.contains(key)) continue;
    std::string text = in_line(j[key]);
    if (j[key].contains("distance")) text += ", " + string_of(j[key]["distance"]) + " away";
    print_line(label, text);
  }
  if (!j.contains("preimages")) return;
  fmt::print("values that become it, under overflow to_special\n");
  for (const auto& [mode, from] : j["preimages"].items()) {
    if (from.is_null()) {
      print_line(mode, "none");
      continue;
    }
    print_line(mode, fmt::format("{}{}, {}{}", from["includes_lower"].get<bool>() ? "[" : "(",
                                 string_of(from["lower"]), string_of(from["upper"]),
                                 from["includes_upper"].get<bool>() ? "]" : ")"));
  }
}

void print_value(const json& j, const std::string& said) {
  fmt::print("value {}\n", said);
  // What is not a number of few bits is known as it was said.
  const std::string exactly = string_of(j["value"]);
  if (exactly != said && exactly[0] != '~') print_line("exactly", exactly);
  print_line("hexadecimal", string_of(j["hex"]));
  if (j.contains("missing_nan")) {
    for (const auto& [policy_name, entry] : j["missing_nan"].items())
      print_line(policy_name, in_line(entry));
    return;
  }
  if (j["is_exact"].get<bool>()) {
    print_line("is", in_line(j["below"]));
  } else if (!j["is_in_range"].get<bool>()) {
    print_line("beyond the end", in_line(j["below"]));
  } else {
    print_line("below", in_line(j["below"]));
    print_line("above", in_line(j["above"]));
  }
  if (j.contains("share"))
    print_line("on the way", fmt::format("{:.6g} of the step", j["share"].get<double>()));
  fmt::print("rounded\n");
  for (const auto& [mode, results] : j["results"].items()) {
    // Policies with one result stand together.
    std::vector<std::pair<std::string, std::string>> groups;
    for (const auto& [policy_name, entry] : results.items()) {
      const std::string text =
          fmt::format("{}  {}", string_of(entry["code"]), string_of(entry["value"]));
      bool is_known = false;
      for (auto& [result, names] : groups) {
        if (result != text) continue;
        names += " " + policy_name;
        is_known = true;
      }
      if (!is_known) groups.emplace_back(text, policy_name);
    }
    std::string label = mode;
    for (const auto& [result, names] : groups) {
      print_line(label, groups.size() == 1 ? result : fmt::format("{:<16} {}", result, names));
      label.clear();
    }
  }
}

}  // namespace

void explain(const explain_options& options) {
  explainer of(options.format);
  constexpr int table_bits = 8;
  json j = of.format_facts();
  if (options.operand.empty() && options.value.empty()) {
    if (of.bits() <= table_bits) j["codes"] = of.all_codes();
    if (options.has_json) return fmt::print("{}\n", j.dump(2));
    print_format(j);
    if (j.contains("codes")) print_table(j["codes"]);
    return;
  }
  const std::string& value = options.value.empty() ? options.operand : options.value;
  const std::optional<code_t> code = options.value.empty() ? of.code_of(options) : std::nullopt;
  if (code) {
    j["explained_code"] = of.explain_code(*code);
  } else {
    j["explained_value"] = of.explain_value(of.value_of(value));
  }
  if (options.has_json) return fmt::print("{}\n", j.dump(2));
  fmt::print("{} ({} bits), ", string_of(j["format"]), of.bits());
  if (j.contains("explained_code")) return print_code(j["explained_code"]);
  print_value(j["explained_value"], value);
}

}  // namespace lowp_tool
