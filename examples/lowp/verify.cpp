// SPDX-License-Identifier: MIT
#include "verify.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "functions.hpp"
#include "json_text.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/io/convert_values.hpp"
#include "lowp/number/unpack.hpp"
#include "tensor_files.hpp"

namespace lowp_tool {

using namespace lowp;
using json = nlohmann::ordered_json;

namespace {

struct difference {
  std::uint64_t index = 0;
  double first = 0, second = 0;
};
struct comparison {
  std::uint64_t compared = 0, differing = 0;
  double largest_absolute = 0, largest_relative = 0, largest_ulps = 0;
  double signal = 0, noise = 0;
  std::vector<difference> shown;
};

// The unit in the last place of a format of floats at a value, as a power of two.
class unit_in_last_place {
 public:
  explicit unit_in_last_place(const std::string& name) {
    const any_format format = format_of_name(name);
    const auto* const of = format.as<float_format>();
    if (of == nullptr)
      throw std::invalid_argument("--ulp-format is " + name + ", expected a float");
    mantissa_bits_ = of->mantissa_bits;
    lowest_ = decode(*of, of->smallest_normal_magnitude()).exponent;
  }
  [[nodiscard]] double at(double x) const {
    int exponent = lowest_;
    if (x != 0) exponent = (std::max)(exponent, std::ilogb(x));
    return std::ldexp(1.0, exponent - mantissa_bits_);
  }

 private:
  int mantissa_bits_ = 0, lowest_ = 0;
};

class comparer {
 public:
  explicit comparer(const verify_options& o) : options_(o), unit_(o.ulp_format) {}

  // Two pieces of a tensor, the first at `first`.
  template <class T>
  void compare(std::uint64_t first, std::span<const T> a, std::span<const T> b,
               comparison& out) const {
    out.compared += a.size();
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
      const bool is_finite = std::isfinite(x) && std::isfinite(y);
      if (is_finite) {
        out.signal += x * x;
        out.noise += (x - y) * (x - y);
      }
      if (x == y || (std::isnan(x) && std::isnan(y))) continue;
      if (is_finite) {
        const double error = std::fabs(x - y);
        const double relative = x == 0 ? HUGE_VAL : error / std::fabs(x);
        const double ulps = error / unit_.at(x);
        out.largest_absolute = (std::max)(out.largest_absolute, error);
        if (x != 0) out.largest_relative = (std::max)(out.largest_relative, relative);
        out.largest_ulps = (std::max)(out.largest_ulps, ulps);
        if (error <= options_.absolute || relative <= options_.relative || ulps <= options_.ulps)
          continue;
      }
      ++out.differing;
      if (out.shown.size() < options_.shown) out.shown.push_back({first + i, x, y});
    }
  }

  [[nodiscard]] comparison compare(const io::tensor_values& a, const io::tensor_values& b) const {
    if (a.is_exact() && b.is_exact()) return compare_pieces<float>(a, b);
    return compare_pieces<double>(a, b);
  }

 private:
  template <class T>
  [[nodiscard]] comparison compare_pieces(const io::tensor_values& a,
                                          const io::tensor_values& b) const {
    const std::uint64_t multiple = std::lcm(a.multiple(), b.multiple());
    const std::uint64_t piece =
        (std::max)(io::piece_values / multiple, std::uint64_t{1}) * multiple;
    struct slot_type {
      std::vector<T> a, b;
      comparison found;
    };
    comparison all;
    io::in_order<slot_type>(
        thread_count(options_.threads), a.size() / piece + (a.size() % piece != 0 ? 1 : 0),
        [&](std::uint64_t i, slot_type& slot) {
          const auto count = static_cast<std::size_t>((std::min)(piece, a.size() - i * piece));
          slot.a.resize(count);
          slot.b.resize(count);
          a.read(i * piece, std::span<T>(slot.a));
          b.read(i * piece, std::span<T>(slot.b));
          slot.found = {};
          compare<T>(i * piece, slot.a, slot.b, slot.found);
        },
        [&](std::uint64_t, const slot_type& slot) { add(slot.found, all); });
    return all;
  }
  void add(const comparison& piece, comparison& all) const {
    all.compared += piece.compared;
    all.differing += piece.differing;
    all.largest_absolute = (std::max)(all.largest_absolute, piece.largest_absolute);
    all.largest_relative = (std::max)(all.largest_relative, piece.largest_relative);
    all.largest_ulps = (std::max)(all.largest_ulps, piece.largest_ulps);
    all.signal += piece.signal;
    all.noise += piece.noise;
    for (const difference& d : piece.shown) {
      if (all.shown.size() < options_.shown) all.shown.push_back(d);
    }
  }

  const verify_options& options_;
  unit_in_last_place unit_;
};

// "[3, 17]"
[[nodiscard]] std::string place_text(std::uint64_t index, const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (std::size_t i = shape.size(); i-- > 0;) {
    text = std::to_string(index % shape[i]) + (text.empty() ? "" : ", ") + text;
    index /= shape[i];
  }
  return "[" + text + "]";
}

// What is said of each tensor, as text or as JSON.
class verification_report {
 public:
  explicit verification_report(const verify_options& o) : options_(o) {}

  void add_problem(const std::string& name, const std::string& problem) {
    is_same_ = false;
    ++tensors_;
    ++differing_tensors_;
    if (options_.has_json) {
      rows_.push_back({{"name", name}, {"is_same", false}, {"problem", problem}});
    } else {
      fmt::print("{}: {}\n", name, problem);
    }
  }
  void add(const std::string& name, const std::vector<std::uint64_t>& shape, const comparison& c) {
    ++tensors_;
    values_ += c.compared;
    is_same_ = is_same_ && c.differing == 0;
    differing_tensors_ += c.differing != 0 ? 1 : 0;
    // Without an error of finite values there is no ratio.
    const bool has_ratio = c.noise != 0;
    const double sqnr = has_ratio ? 10 * std::log10(c.signal / c.noise) : 0;
    if (options_.has_json) {
      json row{{"name", name},
               {"is_same", c.differing == 0},
               {"values", c.compared},
               {"differing", c.differing},
               {"largest_absolute", c.largest_absolute},
               {"largest_relative", c.largest_relative},
               {"largest_ulps", c.largest_ulps}};
      if (has_ratio) row["sqnr_db"] = sqnr;
      json& list = row["first"] = json::array();
      for (const difference& d : c.shown)
        list.push_back({{"index", d.index}, {"a", text_of(d.first)}, {"b", text_of(d.second)}});
      rows_.push_back(std::move(row));
      return;
    }
    if (c.differing == 0 && !has_ratio) return;
    fmt::print("{}: {} of {} values differ; at most {:.6g}, relatively {:.6g}, {:.6g} ulps{}\n",
               name, c.differing, c.compared, c.largest_absolute, c.largest_relative,
               c.largest_ulps, has_ratio ? fmt::format("; SQNR {:.2f} dB", sqnr) : "");
    for (const difference& d : c.shown) {
      if (shown_++ >= options_.shown) break;
      fmt::print("  {}{}: {} and {}\n", name, place_text(d.index, shape), text_of(d.first),
                 text_of(d.second));
    }
  }
  void add_same(std::uint64_t values) {
    ++tensors_;
    values_ += values;
  }
  [[nodiscard]] bool finish() {
    if (options_.has_json) {
      print_json(json{{"a", options_.first},
                      {"b", options_.second},
                      {"is_same", is_same_},
                      {"tensors", std::move(rows_)}});
    } else {
      fmt::print("{} tensors and {} {} compared: {}\n", tensors_, values_,
                 options_.compares_bytes ? "bytes" : "values",
                 is_same_ ? "no difference" : fmt::format("{} tensors differ", differing_tensors_));
    }
    return is_same_;
  }

 private:
  // As short as the type allows that most values come from.
  [[nodiscard]] static std::string text_of(double x) {
    const auto rounded = static_cast<float>(x);
    return static_cast<double>(rounded) == x ? fmt::format("{}", rounded) : fmt::format("{}", x);
  }

  const verify_options& options_;
  bool is_same_ = true;
  std::uint64_t tensors_ = 0, differing_tensors_ = 0, values_ = 0, shown_ = 0;
  json rows_ = json::array();
};

// The names of both, first those of the first.
template <class Tensor, class Use>
void for_each_pair(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b,
                   const name_filter& names, const Use& use) {
  std::vector<std::string_view> all;
  for (const auto* list : {&a, &b}) {
    for (const auto& [name, tensor] : *list) all.push_back(name);
  }
  names.require_match(all);
  for (const auto& [name, tensor] : a) {
    if (!names.takes(name)) continue;
    const auto other = b.find(name);
    use(name, &tensor, other == b.end() ? nullptr : &other->second);
  }
  for (const auto& [name, tensor] : b) {
    if (names.takes(name) && !a.contains(name)) use(name, nullptr, &tensor);
  }
}

// What the first difference is, or empty.
[[nodiscard]] std::string difference_in_bytes(const io::stored_tensor& x,
                                              const io::stored_tensor& y) {
  if (!(x.type == y.type) || x.shape != y.shape) {
    return fmt::format("is {} {} and {} {}", x.type.name, shape_text(x.shape), y.type.name,
                       shape_text(y.shape));
  }
  constexpr std::uint64_t piece = 1 << 20;
  std::vector<std::byte> from_x, from_y;
  for (std::uint64_t first = 0; first < x.byte_size(); first += piece) {
    from_x.resize(static_cast<std::size_t>((std::min)(piece, x.byte_size() - first)));
    from_y.resize(from_x.size());
    x.read(first, from_x);
    y.read(first, from_y);
    const auto [at, other] = std::mismatch(from_x.begin(), from_x.end(), from_y.begin());
    if (at == from_x.end()) continue;
    return fmt::format("byte {} is 0x{:02x} and 0x{:02x}",
                       first + static_cast<std::uint64_t>(at - from_x.begin()),
                       std::to_integer<unsigned>(*at), std::to_integer<unsigned>(*other));
  }
  return {};
}

void verify_bytes(const io::tensor_file& a, const io::tensor_file& b, const verify_options& options,
                  verification_report& report) {
  std::map<std::string, io::stored_tensor> in_a, in_b;
  for (const io::stored_tensor& tensor : a.tensors()) in_a.emplace(tensor.name, tensor);
  for (const io::stored_tensor& tensor : b.tensors()) in_b.emplace(tensor.name, tensor);
  for_each_pair(
      in_a, in_b, options.names,
      [&](const std::string& name, const io::stored_tensor* x, const io::stored_tensor* y) {
        if (x == nullptr || y == nullptr)
          return report.add_problem(name,
                                    fmt::format("is in {} only", (x != nullptr ? a : b).origin()));
        if (const std::string text = difference_in_bytes(*x, *y); !text.empty())
          return report.add_problem(name, text);
        report.add_same(x->byte_size());
      });
}

// Values, or a tensor whose dtype has none that are known, or both.
struct weight {
  const io::tensor_values* values = nullptr;
  const io::stored_tensor* stored = nullptr;  // null: of several tensors
};
[[nodiscard]] std::map<std::string, weight> weights_of(
    const io::tensor_file& file, const std::vector<std::unique_ptr<io::tensor_values>>& all) {
  std::map<std::string, weight> weights;
  std::set<std::string_view> used;
  for (const auto& values : all) {
    used.insert(values->parts.begin(), values->parts.end());
    weights[values->name] = {values.get(),
                             values->parts.size() == 1 ? file.find(values->parts[0]) : nullptr};
  }
  for (const io::stored_tensor& tensor : file.tensors()) {
    if (!used.contains(tensor.name)) weights[tensor.name] = {nullptr, &tensor};
  }
  return weights;
}
// Integers that binary64 may not hold.
[[nodiscard]] bool are_wide_integers(const weight& v, const weight& w) {
  if (v.stored == nullptr || w.stored == nullptr || !(v.stored->type == w.stored->type))
    return false;
  const std::string& name = v.stored->type.name;
  return name == "I64" || name == "U64";
}

void verify_values(const io::tensor_file& a, const io::tensor_file& b,
                   const verify_options& options, verification_report& report) {
  const comparer compare(options);
  const auto of_a = values_of_file(a), of_b = values_of_file(b);
  const auto compare_weights = [&](const std::string& name, const weight& v, const weight& w) {
    if (v.values == nullptr || w.values == nullptr) {
      if (v.stored == nullptr || w.stored == nullptr)
        return report.add_problem(name, "has no values that are known in one of the files");
      if (const std::string text = difference_in_bytes(*v.stored, *w.stored); !text.empty())
        return report.add_problem(name, text);
      comparison same;
      same.compared = io::value_count(v.stored->shape);
      return report.add(name, v.stored->shape, same);
    }
    if (v.values->shape != w.values->shape) {
      return report.add_problem(name,
                                fmt::format("has shape {} and {}", shape_text(v.values->shape),
                                            shape_text(w.values->shape)));
    }
    const comparison found = compare.compare(*v.values, *w.values);
    if (found.noise == 0 && options.has_no_tolerance() && are_wide_integers(v, w)) {
      if (const std::string text = difference_in_bytes(*v.stored, *w.stored); !text.empty())
        return report.add_problem(name, text);
    }
    report.add(name, v.values->shape, found);
  };
  for_each_pair(weights_of(a, of_a), weights_of(b, of_b), options.names,
                [&](const std::string& name, const weight* v, const weight* w) {
                  if (v != nullptr && w != nullptr) return compare_weights(name, *v, *w);
                  report.add_problem(name,
                                     fmt::format("is in {} only", (v != nullptr ? a : b).origin()));
                });
}

}  // namespace

bool verify(const verify_options& options) {
  for (const double tolerance : {options.ulps, options.relative, options.absolute}) {
    if (!(tolerance >= 0)) throw std::invalid_argument("a tolerance is no number of 0 or more");
  }
  const io::tensor_file a = open_file(options.first), b = open_file(options.second);
  verification_report report(options);
  if (options.compares_bytes) {
    verify_bytes(a, b, options, report);
  } else {
    verify_values(a, b, options, report);
  }
  return report.finish();
}

}  // namespace lowp_tool
