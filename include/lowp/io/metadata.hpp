// SPDX-License-Identifier: MIT
// What a file says besides its tensors: named values, texts, and arrays of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace lowp::io {

/// An array of values of one type, which may be arrays.
struct metadata_array {
  std::variant<std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>,
               std::vector<std::int16_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>,
               std::vector<float>, std::vector<bool>, std::vector<std::string>,
               std::vector<metadata_array>, std::vector<std::uint64_t>, std::vector<std::int64_t>,
               std::vector<double>>
      values;
  bool operator==(const metadata_array&) const = default;
};

/// The types of values of GGUF, in the order of their numbers; kinds of files that know fewer say
/// so when they write.
using metadata_value = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t,
                                    std::uint32_t, std::int32_t, float, bool, std::string,
                                    metadata_array, std::uint64_t, std::int64_t, double>;

struct metadata_entry {
  std::string key;
  metadata_value value;
  bool operator==(const metadata_entry&) const = default;
};

/// In the order of the file; a key occurs once.
using metadata = std::vector<metadata_entry>;

/// Calls f with the type (a std::type_identity) of the alternative of metadata_value that has this
/// index.
template <class F, std::size_t Index = 0>
auto with_metadata_type(std::size_t index, const F& f) {
  if constexpr (Index + 1 < std::variant_size_v<metadata_value>) {
    if (index != Index) return with_metadata_type<F, Index + 1>(index, f);
  }
  return f(std::type_identity<std::variant_alternative_t<Index, metadata_value>>{});
}

/// Null if absent.
[[nodiscard]] inline const metadata_value* find(const metadata& entries, std::string_view key) {
  for (const metadata_entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

}  // namespace lowp::io
