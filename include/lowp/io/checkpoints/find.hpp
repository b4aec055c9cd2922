// SPDX-License-Identifier: MIT
// Which weights a file has, by any conventions: for tools that show what a model is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lowp/formats/name.hpp"
#include "lowp/io/checkpoints/convention.hpp"
#include "lowp/io/checkpoints/settings.hpp"

namespace lowp::io::checkpoints {

/// A weight that was found. `tensors` are the names of those that it consists of. If these
/// contradict each other, `problem` says why, and shape, format and tensors are empty.
struct found_weight {
  std::string name;
  std::string convention;
  shape_type shape;
  std::string format;
  std::vector<std::string> tensors;
  std::string problem;
};

/// "e2m1, scale of 1 x 16: (ue4m3, scale of all: binary32)"
template <level_format F>
[[nodiscard]] std::string format_text(const F& f) {
  if constexpr (!is_block_format_v<F>) {
    return std::string(std::string_view(lowp::name(f)));
  } else {
    const auto extent = [](int size, const char* whole) {
      return size == block_shape::whole ? std::string(whole) : std::to_string(size);
    };
    const bool is_all = f.shape == block_shape{block_shape::whole, block_shape::whole};
    const std::string group =
        is_all ? "all" : extent(f.shape.rows, "rows") + " x " + extent(f.shape.cols, "cols");
    std::string text = format_text(f.element);
    const auto level = [&](const char* role, const auto& of) {
      if constexpr (level_format<std::remove_cvref_t<decltype(of)>>) {
        const std::string inner = format_text(of);
        const bool is_block = is_block_format_v<std::remove_cvref_t<decltype(of)>>;
        text += std::string(", ") + role + " of " + group + ": " + (is_block ? "(" : "") + inner +
                (is_block ? ")" : "");
      }
    };
    level("scale", f.scale);
    level("zero point", f.zero);
    level("offset", f.offset);
    return text;
  }
}

/// The weights of the conventions in `all`, a tuple, by name. A weight that several follow is of
/// the first of these. Reads no tensors but small ones (single numbers, shapes, JSON, g_idx).
template <class... Conventions>
[[nodiscard]] std::vector<found_weight> find(const tensor_set& tensors,
                                             const std::tuple<Conventions...>& all,
                                             const settings& s = {}) {
  std::vector<found_weight> result;
  std::set<std::string, std::less<>> names;
  const auto ask = [&](const auto& convention, std::string_view tensor) {
    if (!tensor.ends_with(convention.key)) return;
    const std::string_view weight = tensor.substr(0, tensor.size() - convention.key.size());
    if (!convention.follows(tensors, weight) || !names.emplace(weight).second) return;
    found_weight found{std::string(weight), std::string(convention.name), {}, {}, {}, {}};
    try {
      const auto how = convention.plan_of(tensors, weight, s);
      how.require_tensors(tensors, weight);
      found.shape = how.shape;
      found.format = format_text(how.format.value);
      for (const part& p : how.parts) found.tensors.push_back(found.name + p.suffix);
    } catch (const format_error& error) {
      found.problem = error.what();
    }
    result.push_back(std::move(found));
  };
  for (const auto& entry : tensors.all()) {
    const auto ask_all = [&](const auto&... convention) { (ask(convention, entry.first), ...); };
    std::apply(ask_all, all);
  }
  return result;
}

}  // namespace lowp::io::checkpoints
