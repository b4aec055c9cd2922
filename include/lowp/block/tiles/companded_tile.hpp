// SPDX-License-Identifier: MIT
// Tiles whose compander is chosen for each of them: a scale, and a code that says which of several
// companders its elements went through. The dynamic range expansion of COAT (arXiv 2410.19313) and
// the exponents of PowerQuant and NUPES (arXiv 2308.05600).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "lowp/block/block_format.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/amax.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/stated_logarithm.hpp"
#include "lowp/formats/companded_format.hpp"
#include "lowp/formats/companders.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// How tiles come by their companders:
///   law.parameter_bits()       width of a code, 1 to 8
///   law.compander_of(code)     the compander that it stands for
///   law.choose(f, values)      the code for a tile of these values, f being the tile format
template <class Law>
concept compander_law = std::equality_comparable<Law> && requires(const Law& law, code_t code) {
  { law.parameter_bits() } -> std::same_as<int>;
  { law.compander_of(code) } -> compander;
};

/// `tile` elements share a code of `scale` and one of the law. The value of an element is that of
/// its code in companded(element, compander), times the scale. Scales, roundings, NaNs and
/// infinities are as in a block_format of that element under the rule amax: the scale is the
/// largest magnitude, which becomes the largest element, and all magnitudes of a tile lie in the
/// domain of the compander. (So the centre that COAT's kernel keeps for each group has no part in
/// what its values are: s c cancels in (|x| / c)^k / s.)
///
///   const auto q = quantize(companded_tiles(block_shape{1, 128}, formats::e4m3fn,
///                                           formats::binary32, laws::range_expansion{}), x);
template <number_format Element, number_format Scale, compander_law Law>
struct companded_tile_format {
  block_shape tile;
  Element element;
  Scale scale;
  Law law;

  static constexpr std::size_t parameter_count = 2;  ///< scale, and the code of the law
  constexpr bool operator==(const companded_tile_format&) const = default;
  [[nodiscard]] constexpr block_shape shape() const { return tile; }
  [[nodiscard]] constexpr int element_bits() const { return element.bits(); }
  [[nodiscard]] constexpr int parameter_bits(std::size_t i) const {
    return i == 0 ? scale.bits() : law.parameter_bits();
  }
  /// The number format of the elements of a tile with this code.
  [[nodiscard]] constexpr companded_format<Element, 8> companded_element(code_t code) const {
    return companded(element, law.compander_of(code));
  }
};
template <number_format Element, number_format Scale, compander_law Law>
[[nodiscard]] constexpr auto companded_tiles(block_shape shape, const Element& element,
                                             const Scale& scale, const Law& law) {
  return companded_tile_format<Element, Scale, Law>{shape, element, scale, law};
}

template <class Element, class Scale, class Law>
[[nodiscard]] constexpr const char* defect(const companded_tile_format<Element, Scale, Law>& f) {
  if (defect(f.element) != nullptr) return defect(f.element);
  if (defect(f.scale) != nullptr) return defect(f.scale);
  if (f.tile.rows < 0 || f.tile.cols < 0) return "a block_shape has no negative extent";
  if (f.element.bits() > 8) return "the elements of a companded_tile_format have at most 8 bits";
  if (f.law.parameter_bits() < 1 || f.law.parameter_bits() > 8) {
    return "the codes of a compander_law have 1 to 8 bits";
  }
  if constexpr (requires { defect(f.law); }) return defect(f.law);
  return nullptr;
}

namespace detail {

/// The formats of the elements for all codes of a law, made when they are asked for.
template <class Tiles>
class companded_elements {
 public:
  using element = companded_format<decltype(Tiles::element), 8>;
  explicit companded_elements(const Tiles& f) : format_(f) {}
  [[nodiscard]] const Tiles& format() const { return format_; }
  /// Shared, so that it outlives them.
  [[nodiscard]] const std::shared_ptr<const element>& operator[](code_t code) {
    std::shared_ptr<const element>& one = made_[code & 0xFF];
    if (one == nullptr) one = std::make_shared<const element>(format_.companded_element(code));
    return one;
  }

 private:
  Tiles format_;
  std::vector<std::shared_ptr<const element>> made_ =
      std::vector<std::shared_ptr<const element>>(256);
};
/// Those of a format, which each thread keeps until it is asked for another of the same type.
template <class Tiles>
[[nodiscard]] companded_elements<Tiles>& kept_elements(const Tiles& f) {
  thread_local std::optional<companded_elements<Tiles>> last;
  if (!last || !(last->format() == f)) last.emplace(f);
  return *last;
}

template <class Tiles>
using companded_blocks =
    scaled_blocks<companded_format<decltype(Tiles::element), 8>, decltype(Tiles::scale)>;

/// A tile through the compander of this code: puts the codes of its elements, gives that of its
/// scale.
template <class Tiles, class Rounding, class Put>
[[nodiscard]] code_t encode_companded(const Tiles& f, code_t law,
                                      const matrix_view<const float>& values,
                                      const Rounding& rounding, const Put& put) {
  using blocks = companded_blocks<Tiles>;
  const blocks format{*kept_elements(f)[law], f.scale, f.tile};
  const rule_view<blocks> rule(format, rules::amax);
  amax_accumulator all;
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) all.add(values(r, c));
  }
  const code_t scale =
      rule.encode_scale(rule.rule, format, {values, 0, all.amax(), all.has_special, {}});
  const element_encoder<blocks> encoder(format, rule, scale);
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) put(r, c, encoder(values(r, c), rounding(r, c)));
  }
  return scale;
}

}  // namespace detail

template <class Element, class Scale, class Law>
[[nodiscard]] unpacked tile_value(
    const companded_tile_format<Element, Scale, Law>& f,
    const tile_parameters<companded_tile_format<Element, Scale, Law>>& parameters, std::size_t,
    code_t code) {
  return exact::multiply(decode(*detail::kept_elements(f)[parameters[1]], code),
                         decode(f.scale, parameters[0]));
}

/// The values of a tile as the nearest binary32 numbers, for many of them on one thread.
template <class Tiles>
class companded_numbers {
 public:
  companded_numbers(const Tiles& f, const tile_parameters<Tiles>& parameters)
      : elements_(detail::kept_elements(f)[parameters[1]]),
        scale_(decode(f.scale, parameters[0])),
        factor_(pack_as<float>(scale_)),
        is_factor_(has_ieee_arithmetic && scale_.is_finite() && unpack(factor_) == scale_) {}
  [[nodiscard]] float operator()(std::size_t, code_t code) const {
    const std::uint32_t bits = elements_->values[code & low_mask(elements_->bits())];
    if (is_factor_ && (bits & 0x7F800000u) != 0x7F800000u) {
      return opaque(std::bit_cast<float>(bits) * factor_);  // the one rounding
    }
    return pack_as<float>(exact::multiply(lowp::detail::binary32_value(bits), scale_));
  }

 private:
  default_float_environment environment_{};
  std::shared_ptr<const companded_format<decltype(Tiles::element), 8>> elements_;
  unpacked scale_;
  float factor_;
  bool is_factor_;
};
template <class Element, class Scale, class Law>
[[nodiscard]] auto tile_numbers(
    const companded_tile_format<Element, Scale, Law>& f,
    const tile_parameters<companded_tile_format<Element, Scale, Law>>& parameters) {
  return companded_numbers<companded_tile_format<Element, Scale, Law>>(f, parameters);
}

template <class Element, class Scale, class Law, class Rounding, class Put>
[[nodiscard]] auto encode_tile(const companded_tile_format<Element, Scale, Law>& f,
                               const matrix_view<const float>& values, const Rounding& rounding,
                               const Put& put) {
  const code_t law = f.law.choose(f, values);
  const code_t scale = detail::encode_companded(f, law, values, rounding, put);
  return tile_parameters<companded_tile_format<Element, Scale, Law>>{scale, law};
}

inline namespace LOWP_BASELINE {

/// A whole matrix, as encode_tile: the tiles of each compander are brought together and quantized
/// by kernels.
template <class Element, class Scale, class Law, rounding_mode R>
void encode_tiles(const companded_tile_format<Element, Scale, Law>& f,
                  const matrix_view<const float>& in,
                  tile_matrix<companded_tile_format<Element, Scale, Law>>& out, const R& mode,
                  const execution& how) {
  const std::size_t height = out.tile_rows(), width = out.tile_cols();
  const std::size_t across = out.tile_col_count();
  const bool are_whole = height != 0 && width != 0 && in.rows % height == 0 && in.cols % width == 0;
  if (!are_whole || !is_fixed_addend<R>) {
    const auto by_definition = [&](std::size_t row) {
      reference::encode_tile_row(in, row, out, mode);
    };
    return run_and_rethrow(how, out.tile_row_count(), task(by_definition));
  }
  const auto tile_at = [&](std::size_t i) {
    return matrix_view<const float>(in.row(i / across * height) + i % across * width, height, width,
                                    in.stride);
  };
  std::vector<std::uint8_t> laws(out.tile_row_count() * across);
  const auto choose = [&](std::size_t row) {
    const default_float_environment environment;
    for (std::size_t i = row * across; i < (row + 1) * across; ++i) {
      laws[i] = static_cast<std::uint8_t>(f.law.choose(f, tile_at(i)));
    }
  };
  run_and_rethrow(how, out.tile_row_count(), task(choose));

  const std::size_t row_bits = width * static_cast<std::size_t>(f.element_bits());
  std::vector<std::size_t> tiles;
  std::vector<float> values;
  for (code_t law = 0; law < code_t{1} << f.law.parameter_bits(); ++law) {
    tiles.clear();
    for (std::size_t i = 0; i < laws.size(); ++i) {
      if (laws[i] == law) tiles.push_back(i);
    }
    if (tiles.empty()) continue;
    const std::size_t size = height * width;
    values.resize(tiles.size() * size);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      const auto tile = tile_at(tiles[i]);
      for (std::size_t r = 0; r < height; ++r) {
        std::copy_n(tile.row(r), width, values.data() + i * size + r * width);
      }
    }
    using levels = block_format<companded_format<Element, 8>, Scale>;
    basic_block_matrix<variable_format<levels>> codes(
        {levels{*detail::kept_elements(f)[law], f.scale, block_shape{1, block_shape::whole}}},
        tiles.size(), size);
    quantize(matrix_view<const float>(values.data(), tiles.size(), size), codes, rules::amax, mode,
             how);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      const std::size_t row = tiles[i] / across, col = tiles[i] % across;
      out.set_parameters(row, col, {codes.scale_code(i, 0), law});
      for (std::size_t r = 0; r < height; ++r) {
        if (row_bits % 8 == 0) {  // rows of tiles begin at bytes
          std::memcpy(out.row_codes(row * height + r) + col * row_bits / 8,
                      codes.row_codes(i) + r * row_bits / 8, row_bits / 8);
          continue;
        }
        for (std::size_t c = 0; c < width; ++c) {
          out.set_code(row * height + r, col * width + c, codes.code(i, r * width + c));
        }
      }
    }
  }
}

}  // namespace LOWP_BASELINE

namespace laws {

/// x^k of a tile that spans so many binades that k makes it span those of the element format, no
/// more: with R the largest magnitude over the smallest that is not zero,
///
///   k = floor(steps log2(range) / log2(R)) / steps,
///
/// of codes k * steps, 1 to 255. A tile of zeros or of one magnitude has k = 1; NaNs and infinities
/// are left out. Logarithms are cut off below 2^-54. 448^2 / 2 is the range that COAT's kernel has
/// for e4m3fn; its paper has 448 / 2^-9. (The kernel adds 1e-30 to both magnitudes, and takes its
/// logarithms in binary32; this does not.)
struct range_expansion {
  float range = 100352;  ///< above 1
  int steps = 8;         ///< 1 to 255
  constexpr bool operator==(const range_expansion&) const = default;
  [[nodiscard]] static constexpr int parameter_bits() { return 8; }
  [[nodiscard]] constexpr companders::power compander_of(code_t code) const {
    return {static_cast<float>(code == 0 ? 1 : code) / static_cast<float>(steps)};
  }
  [[nodiscard]] constexpr code_t code_for(const unpacked& largest, const unpacked& smallest) const {
    const auto one = static_cast<code_t>(steps);
    if (largest.is_zero()) return one;
    const unpacked spread = detail::stated_binary_logarithm(exact::divide(largest, smallest));
    if (spread.is_zero()) return one;
    const unpacked wanted = detail::stated_binary_logarithm(unpack(range));
    const unpacked k = exact::divide(exact::multiply(wanted, unpack(steps)), spread);
    return clamped(pack_as<std::uint64_t>(k, toward_zero));
  }
  template <class Tiles>
  [[nodiscard]] code_t choose(const Tiles&, const matrix_view<const float>& values) const {
    std::uint32_t most = 0, least = 0x7F800000u;
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (std::size_t c = 0; c < values.cols; ++c) {
        const std::uint32_t x = std::bit_cast<std::uint32_t>(values(r, c)) & 0x7FFFFFFFu;
        if (x == 0 || x >= 0x7F800000u) continue;
        most = (std::max)(most, x);
        least = (std::min)(least, x);
      }
    }
    // Logarithms in binary64 tell, but next to an integer.
    const default_float_environment environment;
    const double high = static_cast<double>(std::bit_cast<float>(most));
    const double low = static_cast<double>(std::bit_cast<float>(least));
    if (most > least) {
      const double spread = opaque(stated_log2(high) - stated_log2(low));
      const double wanted = opaque(stated_log2(static_cast<double>(range)) * steps);
      const double k = opaque(wanted / spread);
      if (spread > 1e-3 && k < 1e3) {
        const auto whole = static_cast<std::uint64_t>(k);
        const double rest = opaque(k - static_cast<double>(whole));
        if (rest > 1e-6 && rest < 1 - 1e-6) return clamped(whole);
      }
    }
    return code_for(unpack(std::bit_cast<float>(most)), unpack(std::bit_cast<float>(least)));
  }

 private:
  [[nodiscard]] static constexpr code_t clamped(std::uint64_t k) {
    return k < 1 ? 1 : k > 255 ? 255 : k;
  }
};
[[nodiscard]] constexpr const char* defect(const range_expansion& law) {
  if (!(law.range > 1) || !unpack(law.range).is_finite())
    return "the range of an expansion is above 1";
  if (law.steps < 1 || law.steps > 255) return "an expansion has 1 to 255 steps";
  return nullptr;
}

/// x^k by a search: of the exponents i / steps, first <= i <= last, the first whose values err
/// least, by the sum of squares in binary64, element after element, row by row; the first of a tile
/// with a NaN or an infinity.
struct searched_power {
  int first = 3, last = 10;  ///< 1 … 255
  int steps = 10;
  constexpr bool operator==(const searched_power&) const = default;
  [[nodiscard]] static constexpr int parameter_bits() { return 8; }
  [[nodiscard]] constexpr companders::power compander_of(code_t code) const {
    return {static_cast<float>(code == 0 ? 1 : code) / static_cast<float>(steps)};
  }
  template <class Tiles>
  [[nodiscard]] code_t choose(const Tiles& f, const matrix_view<const float>& values) const {
    const default_float_environment environment;
    std::vector<code_t> codes(values.rows * values.cols);
    const auto nearest = [](std::size_t, std::size_t) { return nearest_even; };
    const auto put = [&](std::size_t r, std::size_t c, code_t code) {
      codes[r * values.cols + c] = code;
    };
    auto best = static_cast<code_t>(first);
    double least = 0;
    for (std::size_t k = 0; k < codes.size(); ++k) {
      const float& x = values(k / values.cols, k % values.cols);
      if ((std::bit_cast<std::uint32_t>(x) & 0x7F800000u) == 0x7F800000u) return best;
    }
    for (int i = first; i <= last; ++i) {
      const auto law = static_cast<code_t>(i);
      const code_t scale = lowp::detail::encode_companded(f, law, values, nearest, put);
      const companded_numbers<Tiles> numbers(f, {scale, law});
      double sum = 0;
      for (std::size_t k = 0; k < codes.size(); ++k) {
        const float y = numbers(k, codes[k]);
        const float x = values(k / values.cols, k % values.cols);
        const double apart = opaque(static_cast<double>(y) - static_cast<double>(x));
        sum = opaque(sum + opaque(apart * apart));
      }
      if (i == first || sum < least) {
        least = sum;
        best = law;
      }
    }
    return best;
  }
};
[[nodiscard]] constexpr const char* defect(const searched_power& law) {
  if (law.first < 1 || law.last < law.first || law.last > 255) {
    return "the exponents of a search are 1 to 255 steps, the first no more than the last";
  }
  return law.steps < 1 || law.steps > 255 ? "a search has 1 to 255 steps" : nullptr;
}

}  // namespace laws
}  // namespace lowp
