// SPDX-License-Identifier: MIT
// Modes that no kernel knows, on every instruction set: codes and values are those of the
// definition. The modes look at all that there is to look at: the whole fraction, the sign, the
// parity, and the index of the element.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arrays/array_cases.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/reference.hpp"
#include "lowp/core/random.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"

namespace {

using lowp::discarded;
using lowp::isa;
using lowp::missing_nan;
using lowp::overflow;
using test::framed;

/// Scrambles all bits of the fraction, so that one that is wrong in any bit decides otherwise half
/// of the time.
struct scrambled {
  static constexpr std::uint64_t addend(const discarded& d) {
    const std::uint64_t mixed = (d.fraction ^ d.fraction >> 29) * 0x9E3779B97F4A7C15u;
    const std::uint64_t sides =
        (d.is_odd ? 0x3243F6A8885A308Du : 0) ^ (d.is_negative ? 0xB7E151628AED2A6Bu : 0);
    return d.fraction == 0 || ((mixed ^ sides) >> 63) == 0 ? 0 : ~std::uint64_t{0};
  }
};
struct by_thirds {
  static constexpr std::uint64_t addend(const discarded& d) { return d.fraction / 3; }
};
/// Up where the index is a multiple of three.
struct by_index {
  std::uint64_t index = 0;
  [[nodiscard]] constexpr by_index at(std::uint64_t i) const { return {index + i}; }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return index % 3 == 0 && d.fraction != 0 ? ~std::uint64_t{0} : 0;
  }
};

template <class T, class F, class R>
void compare(oracle::tally& t, const std::string& name, const F& f, const R& mode, overflow o,
             std::size_t step) {
  const std::vector<T> in = test::every(step, test::inputs<T>(f));
  const std::size_t bytes = lowp::packed_bytes(in.size(), f.bits());
  framed codes(bytes), expected(bytes), values(in.size() * sizeof(T)),
      rounded(in.size() * sizeof(T));
  const std::span<const T> from(in);
  constexpr auto n = missing_nan::signed_largest;
  lowp::reference::round_to(f, from, rounded.as<T>(), mode, o, n);
  if constexpr (sizeof(T) == 4) lowp::reference::encode(f, from, expected.data(), mode, o, n);
  for (const isa level : test::isas()) {
    const auto where = [&](auto& out) {
      out << name << ", " << lowp::name(level) << ", overflow " << static_cast<int>(o);
    };
    values.reset(in.size() * sizeof(T));
    lowp::round_to(f, from, values.as<T>(), mode, o, n, level);
    t.check(values == rounded, where);
    if constexpr (sizeof(T) == 4) {
      codes.reset(bytes);
      lowp::encode(f, from, codes.bytes(), mode, o, n, {}, level);
      t.check(codes == expected, where);
    }
  }
}

}  // namespace

TEST_CASE("Modes of one's own are asked about what the definition asks them about") {
  oracle::tally t;
  const auto compare_all = [&](const std::string& name, const auto& f, std::size_t i) {
    const overflow o = test::policies[i % test::policies.size()];
    compare<float>(t, name, f, scrambled{}, o, 3);
    compare<float>(t, name, f, scrambled{}, overflow::to_special, 5);
    compare<double>(t, name, f, scrambled{}, o, 7);
    compare<float>(t, name, f, by_index{2}, o, 11);
    compare<float>(t, name, f, lowp::any_rounding(by_thirds{}), o, 13);
  };
  for (std::size_t i = 0; i < test::named_formats.size(); ++i) {
    compare_all("float_formats[" + std::to_string(i) + "]", test::named_formats[i], i);
  }
  for (std::size_t i = 0; i < test::odd_formats.size(); ++i) {
    compare_all("odd_formats[" + std::to_string(i) + "]", test::odd_formats[i], i);
  }
  for (std::size_t i = 0; i < test::fixed_formats.size(); ++i) {
    compare_all("fixed_formats[" + std::to_string(i) + "]", test::fixed_formats[i], i);
  }
  REQUIRE_NO_MISMATCH(t);
}
