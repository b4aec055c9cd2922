// SPDX-License-Identifier: MIT
// What kernels ask of an operand of integer_block_sums, as one type whatever its composition and
// layout are: codes of elements and of integer levels, and scales in binary32.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/gemm/operands/code_places.hpp"
#include "lowp/gemm/operands/integer_levels.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A leaf whose numbers are integers: code -> integer, and integer - lowest for kernels.
struct integer_leaf {
  bool exists = false;
  int leaf = 0, bits = 0;
  std::int64_t lowest = 0, highest = 0;
  std::int32_t integers[256] = {};
  code_bytes bytes = {};

  [[nodiscard]] std::int64_t largest() const { return (std::max)(-lowest, highest); }
};

/// What is known of such an operand.
struct block_facts {
  static constexpr std::size_t width = kernels::block_tile::width;

  std::size_t rows = 0, cols = 0;
  std::size_t group = 1;  ///< columns that share an integer of either kind
  std::size_t block = 1, shift_block = 1;
  bool has_offsets = false;
  integer_leaf elements{}, factors{}, minima{};  ///< those that do not exist are 1
  const char* obstacle = nullptr;                ///< why kernels do not read it

  [[nodiscard]] bool has_groups() const { return factors.exists || minima.exists; }
};

class block_reader : public block_facts {
 public:
  /// Which scales.
  enum class kind : std::uint8_t { blocks, offsets };

  block_reader() = default;
  block_reader(const block_reader&) = delete;
  block_reader& operator=(const block_reader&) = delete;

  /// How the codes of a leaf are gathered; to find out takes as long as some 10^4 products.
  [[nodiscard]] virtual code_steps steps(const integer_leaf& leaf) const = 0;
  /// Where the codes of a row begin that steps gather, and where all bytes end.
  [[nodiscard]] virtual const std::uint8_t* row_bytes(int leaf, std::size_t row) const = 0;
  [[nodiscard]] virtual const std::uint8_t* end() const = 0;
  /// Codes first … first + count - 1 of a row of a leaf of at most 8 bits.
  virtual void codes(int leaf, std::size_t row, std::size_t first, std::size_t count,
                     std::uint8_t* out) const = 0;
  /// out[i * 16 + r]: of block first + i of the columns, in row + r; beyond the last row, anything.
  virtual void scales(isa level, kind of, std::size_t row, std::size_t first, std::size_t count,
                      float* out) const = 0;

 protected:
  ~block_reader() = default;
};

template <class Matrix>
class level_reader final : public block_reader {
  using format = std::remove_cvref_t<decltype(std::declval<const Matrix&>().composition())>;
  using scale_level = std::remove_cvref_t<decltype(format::scale)>;
  using zero_level = std::remove_cvref_t<decltype(format::zero)>;
  using offset_level = std::remove_cvref_t<decltype(format::offset)>;
  using layout = std::remove_cvref_t<decltype(std::declval<const Matrix&>().layout())>;
  static constexpr int scale_leaf = 1,
                       offset_leaf = 1 + leaf_count<scale_level> + leaf_count<zero_level>;

 public:
  explicit level_reader(const Matrix& m) : of_(&m) {
    const auto& f = m.composition();
    rows = m.rows();
    cols = m.cols();
    group = f.shape.cols_in(cols);
    block = lowp::detail::group_factor_cols(f.scale, f.shape);
    shift_block = block_row::all;
    unit_ = lowp::detail::joining_integers(f.element).unit;
    set_integers(elements, 0, f.element);
    read_level<scale_leaf>(f.scale, factors, unit_, scales_);
    if constexpr (leaf_count<offset_level> != 0) {
      has_offsets = true;
      shift_block = lowp::detail::group_factor_cols(f.offset, f.shape);
      read_level<offset_leaf>(f.offset, minima, 0, offsets_);
    }
    if (elements.highest - elements.lowest > 255) obstacle = "elements have more than 8 bits";
    for (const integer_leaf* x : {&factors, &minima}) {
      if (x->highest - x->lowest > 255) obstacle = "integers of levels have more than 8 bits";
    }
    if (leaf_count<zero_level> != 0) obstacle = "there are zero points";
    if (f.shape.rows != 1) obstacle = "groups have more than one row";
  }

  [[nodiscard]] code_steps steps(const integer_leaf& x) const override {
    const bool are_elements = x.leaf == 0;
    if constexpr (requires { typename layout::record_type; }) {
      return {pattern_of_record<typename layout::record_type>(x.leaf, x.bits), x.bytes,
              !are_elements};
    } else if constexpr (requires { of_->layout().dense_row(x.leaf, 0); }) {
      const int dense = of_->layout().dense_row(x.leaf, 0).width;
      if (dense != 0 && are_elements) return {pattern_of_dense(x.bits, dense), x.bytes, false};
    }
    return {};
  }
  [[nodiscard]] const std::uint8_t* row_bytes(int leaf, std::size_t row) const override {
    const std::uint8_t* const all = of_->bytes().data();
    if constexpr (requires { typename layout::record_type; }) {
      return all + row * of_->layout().row_bytes();
    } else if constexpr (requires { of_->layout().dense_row(leaf, row); }) {
      return all + of_->layout().dense_row(leaf, row).first_byte;
    } else {
      return all;
    }
  }
  [[nodiscard]] const std::uint8_t* end() const override {
    return of_->bytes().data() + of_->bytes().size();
  }
  void codes(int leaf, std::size_t row, std::size_t first, std::size_t count,
             std::uint8_t* out) const override {
    std::size_t done = 0;
    if constexpr (requires {
                    of_->layout().load_codes(of_->bytes().data(), leaf, row, first, count, out);
                  }) {
      done = of_->layout().load_codes(of_->bytes().data(), leaf, row, first, count, out);
    }
    for (; done < count; ++done) {
      out[done] = static_cast<std::uint8_t>(of_->code(leaf, row, first + done));
    }
  }
  void scales(isa level, kind of, std::size_t row, std::size_t first, std::size_t count,
              float* out) const override {
    if (of == kind::blocks) {
      find_scales<scale_leaf>(level, of_->composition().scale, scales_, block, unit_, row, first,
                              count, out);
    } else if constexpr (leaf_count<offset_level> != 0) {
      find_scales<offset_leaf>(level, of_->composition().offset, offsets_, shift_block, 0, row,
                               first, count, out);
    }
  }

 private:
  /// How the numbers of the scales are found.
  struct scale_codes {
    int leaf = -1;  ///< or -1: by the definition
    int bits = 0;
    kernels::value_table table{};
    kernels::decode_plan plan{};
    float factor = 1;  ///< a power of two
  };

  template <number_format F>
  void set_integers(integer_leaf& x, int leaf, const F& f) {
    const integer_values values = lowp::detail::joining_integers(f);
    x.exists = true;
    x.leaf = leaf;
    x.bits = f.bits();
    x.lowest = values.range.low;
    x.highest = values.range.high;
    if (f.bits() > 8) {
      obstacle = "codes of integers have more than 8 bits";
      return;
    }
    for (unsigned code = 0; code < 256; ++code) {
      const code_t used = code & ((1u << f.bits()) - 1);
      x.integers[code] = static_cast<std::int32_t>(integer_of(decode(f, used), values.unit));
      x.bytes[code] = static_cast<std::uint8_t>(x.integers[code] - x.lowest);
    }
  }
  template <int Leaf, number_format F>
  void read_level(const F& f, integer_leaf&, int unit, scale_codes& codes) {
    if (!lowp::detail::joining_integers(f).exist) set_scale(Leaf, f, unit, codes);
  }
  template <int Leaf, class Element, class Scale>
  void read_level(const block_format<Element, Scale>& f, integer_leaf& integers, int unit,
                  scale_codes& codes) {
    if (!lowp::detail::joining_integers(f.element).exist) return;
    set_integers(integers, Leaf, f.element);
    unit += lowp::detail::joining_integers(f.element).unit;
    if (f.shape.rows != 1) obstacle = "groups of scales have more than one row";
    if constexpr (number_format<Scale>) {
      if (!lowp::detail::joining_integers(f.scale).exist) {
        set_scale(Leaf + leaf_count<Element>, f.scale, unit, codes);
      } else {
        obstacle = "all levels are integers";
      }
    } else {
      obstacle = "there are more levels of integers, or of scales, than kernels read";
    }
  }
  template <number_format F>
  static void set_scale(int leaf, const F& f, int unit, scale_codes& codes) {
    codes.bits = f.bits();
    if (f.bits() <= 8) {
      codes.table = kernels::make_value_table(f.bits(), [&](code_t code) {
        return bits_of(pack_as<float>(scale_by_power_of_two(decode(f, code), unit)));
      });
      codes.leaf = has_kernels ? leaf : -1;
      return;
    }
    const value_facts facts = facts_of(f);
    const bool are_exact = facts.significant_bits <= 24 && facts.last_bit_exponent >= -149 &&
                           facts.highest_exponent <= 127;
    if (!are_exact) return;
    codes.factor = pack_as<float>(unpacked::scaled_integer(false, 1, unit));
    if (is_same_format(f, formats::binary32)) {
      codes.leaf = leaf;
      return;
    } else {
      codes.plan = kernels::make_decode_plan(f);
      if (!codes.plan.is_supported) return;
    }
    codes.leaf = has_kernels ? leaf : -1;
  }

  template <int Leaf, class Level>
  void find_scales(isa level, const Level& f, const scale_codes& codes, std::size_t of_block,
                   int unit, std::size_t row, std::size_t first, std::size_t count,
                   float* out) const {
    constexpr std::size_t most = 128;
    constexpr int number = Leaf + (is_block_format_v<Level> ? 1 : 0);  // below: integers
    const std::size_t used = (std::min)(width, rows - row);
    if (codes.leaf < 0) {
      std::fill(out, out + count * width, 0.0f);
      const auto load = [this](int leaf, std::size_t r, std::size_t c) {
        return of_->code(leaf, r, c);
      };
      for (std::size_t r = 0; r < used; ++r) {
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t at = of_block == block_row::all ? 0 : (first + i) * of_block / group;
          const auto part = lowp::detail::level_part_at<Leaf>(f, row + r, at, load);
          out[i * width + r] = pack_as<float>(
              exact::multiply(part.factor, unpacked::scaled_integer(false, 1, unit)));
        }
      }
      return;
    }
    for (std::size_t begin = 0; begin < count; begin += most) {
      const std::size_t n = (std::min)(most, count - begin);
      float* const to = out + begin * width;
      const auto load_codes = [&](auto* all) {
        std::memset(all, 0, n * width * sizeof *all);
        for (std::size_t r = 0; r < used; ++r) {
          for (std::size_t i = 0; i < n; ++i) {
            all[i * width + r] = static_cast<std::remove_cvref_t<decltype(*all)>>(
                of_->code(number, row + r, first + begin + i));
          }
        }
      };
      if (codes.bits > 16) {
        alignas(64) std::uint32_t all[most * width];
        load_codes(all);
        std::memcpy(to, all, n * width * sizeof(float));
      } else if (codes.bits > 8) {
        alignas(64) std::uint16_t all[most * width];
        load_codes(all);
        kernels::decode(level, codes.plan, {}, all, n * width,
                        reinterpret_cast<std::uint32_t*>(to));
      } else {
        alignas(64) std::uint8_t all[most * width];
        load_codes(all);
        kernels::decode(level, codes.table, {}, all, n * width,
                        reinterpret_cast<std::uint32_t*>(to));
      }
    }
    const float factor = codes.factor;
    for (std::size_t i = 0; factor != 1 && i < count * width; ++i) out[i] *= factor;
  }

  const Matrix* of_;
  int unit_ = 0;
  scale_codes scales_{}, offsets_{};
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
