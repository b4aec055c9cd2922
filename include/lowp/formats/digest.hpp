// SPDX-License-Identifier: MIT
// A number that stands for a format, for tables and for the headers of saved files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/fields.hpp"

namespace lowp {

/// Equal for equal formats, the same on every machine, and in practice different for different
/// ones: FNV-1a of the family and its fields. Of a family that does not state them, of the values
/// of its codes (of more than 16 bits, of the codes that are multiples of 2^(bits - 16), and their
/// last).
template <number_format F>
[[nodiscard]] constexpr std::uint64_t digest_of(const F& f) {
  detail::word_digest digest;
  if constexpr (requires { known_fields(f); }) {
    const auto fields = known_fields(f);
    digest.add(fields.family);
    for (const format_field& field : fields.list) digest.add(field.value);
  } else {
    digest.add(static_cast<std::uint64_t>(f.bits()));
    const int step_bits = f.bits() > 16 ? f.bits() - 16 : 0;
    const auto add = [&](code_t code) {
      const unpacked x = decode(f, code);
      digest.add(static_cast<std::uint64_t>(x.kind) * 2 + (x.negative ? 1 : 0));
      digest.add(static_cast<std::uint64_t>(std::int64_t{x.exponent}));
      digest.add(x.significand.high);
      digest.add(x.significand.low);
    };
    const code_t count = code_t{1} << (f.bits() - step_bits);
    for (code_t i = 0; i < count; ++i)
      add(i << step_bits | (i + 1 == count ? low_mask(step_bits) : 0));
  }
  return digest.value;
}

/// A format as words of a header: of the library's families the number of the family and the
/// fields; of others a number that is none of these, the bits and the digest. No format is all
/// zeros.
using format_words = std::array<std::uint64_t, 9>;
template <number_format F>
[[nodiscard]] constexpr format_words words_of(const F& f) {
  format_words words{};
  if constexpr (requires { known_fields(f); }) {
    const auto fields = known_fields(f);
    if (fields.number.value != 0) {
      std::size_t at = 0;
      words[at++] = fields.number.value;
      for (const format_field& field : fields.list) words[at++] = field.value;
      return words;
    }
  }
  constexpr std::uint64_t other_family = 0xFFFFFFFF;
  words[0] = other_family;
  words[1] = static_cast<std::uint64_t>(f.bits());
  words[2] = digest_of(f);
  return words;
}

}  // namespace lowp
