// SPDX-License-Identifier: MIT
// Compositions of slices as any_operand: one that holds those of its slices, and rows of its
// values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/operand_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/slices.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Calls use(index, row, first, count, offset) for what slices have of `count` elements of a row:
/// `count` of slice `index` from (row, first) on, which go to `offset`.
template <class Use>
void for_each_slice(const operand_slices& slices, std::size_t row, std::size_t first,
                    std::size_t count, const Use& use) {
  if (slices.are_rows) {
    std::size_t index = 0;
    while (row >= slices.parts[index]->rows) row -= slices.parts[index++]->rows;
    return use(index, row, first, count, std::size_t{0});
  }
  for (std::size_t index = 0, offset = 0; offset < count; ++index) {
    const std::size_t cols = slices.parts[index]->cols;
    if (first >= cols) {
      first -= cols;
      continue;
    }
    const std::size_t n = (std::min)(cols - first, count - offset);
    use(index, row, first, n, offset);
    offset += n;
    first = 0;
  }
}

/// Values as they are in binary32, times the tensor scale of their slice.
inline void fold_scale(float scale, std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = opaque(opaque(values[i]) * opaque(scale));
}

/// The rows of slices, from those of each, of which `found` has the first ones.
inline void use_sliced_rows(isa level, const any_operand& x, const operand_slices& slices,
                            std::vector<const row_source*>& found, const row_use& use) {
  if (found.size() < slices.count) {
    const auto use_slice = [&](const row_source& rows) {
      found.push_back(&rows);
      use_sliced_rows(level, x, slices, found, use);
      found.pop_back();
    };
    return slices.parts[found.size()]->use_rows(level, row_use(use_slice));
  }
  constexpr std::size_t most = kernels::product_tile::max_depth;
  const auto decode = [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
    const auto decode_slice = [&](std::size_t index, std::size_t r, std::size_t k, std::size_t n,
                                  std::size_t offset) {
      const row_source& from = *found[index];
      float* const to = out + offset;
      if (k % most == 0) {
        from(r, k, n, to);
      } else {  // sources are asked for whole chunks
        alignas(64) float chunk[most];
        for (std::size_t done = 0; done < n;) {
          const std::size_t begin = (k + done) / most * most, skipped = k + done - begin;
          const std::size_t taken = (std::min)(most - skipped, n - done);
          from(r, begin, skipped + taken, chunk);
          std::copy_n(chunk + skipped, taken, to + done);
          done += taken;
        }
      }
      if (slices.have_own_scales) fold_scale(slices.parts[index]->tensor_scale, n, to);
    };
    for_each_slice(slices, row, first, count, decode_slice);
  };
  use(row_source(x.rows, x.cols, decode, {}, {}));
}

/// What holds of the values of slices.
[[nodiscard]] inline lowp::detail::operand_facts sliced_facts(const operand_slices& slices) {
  lowp::detail::operand_facts all;
  all.factor_bits = 0;
  all.last_bit_exponent = value_facts::unbounded;
  for (std::size_t i = 0; i < slices.count; ++i) {
    const any_operand& x = *slices.parts[i];
    if (x.rows == 0 || x.cols == 0) continue;
    lowp::detail::operand_facts of = x.values;
    if (!of.are_dyadic || slices.have_own_scales) {  // they are taken as binary32 has them
      of.factor_bits = of.are_dyadic ? (std::min)(of.factor_bits, 24) : 24;
      of.last_bit_exponent = of.are_dyadic ? (std::max)(of.last_bit_exponent, -149) : -149;
    }
    if (slices.have_own_scales) {
      const unpacked scale = unpack(x.tensor_scale);
      const int last_bit = last_bit_exponent(scale), bits = scale.exponent - last_bit + 1;
      of.factor_bits += bits == 1 ? 0 : bits;
      of.last_bit_exponent += last_bit;
    }
    all.factor_bits = (std::max)(all.factor_bits, of.factor_bits);
    all.last_bit_exponent = (std::min)(all.last_bit_exponent, of.last_bit_exponent);
  }
  return all;
}

/// What is known of the elements of slices: what all of them have in common, if no scale of any
/// kind multiplies them.
[[nodiscard]] inline element_facts sliced_elements(const operand_slices& slices) {
  element_facts all;
  const any_operand* first = nullptr;
  for (std::size_t i = 0; i < slices.count; ++i) {
    const any_operand& x = *slices.parts[i];
    if (x.rows == 0 || x.cols == 0) continue;
    if (x.has_scales || slices.have_own_scales || !x.elements.are_dyadic) return {};
    if (first == nullptr) all = x.elements;
    first = &x;
    all.mantissa_bits = x.elements.mantissa_bits == all.mantissa_bits ? all.mantissa_bits : -1;
    if (x.elements.lowest_exponent != all.lowest_exponent) {
      all.lowest_exponent = element_facts{}.lowest_exponent;
    }
    if (x.elements.integers.unit != all.integers.unit) all.integers = {};
    all.integers.exist = all.integers.exist && x.elements.integers.exist;
    all.integers.range.low = (std::min)(all.integers.range.low, x.elements.integers.range.low);
    all.integers.range.high = (std::max)(all.integers.range.high, x.elements.integers.range.high);
  }
  return all;
}

/// Gathered columns, from a copy of all of them in binary32.
template <class Of>
void with_described_rows(isa level, const gathered_description<Of>& d, const any_operand&,
                         const row_use& use) {
  const auto use_gathered = [&](const row_source& from) {
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const std::size_t cols = d.cols();
    std::vector<float> values(from.rows() * cols), row_values(from.cols());
    {
      const default_float_environment environment;
      for (std::size_t row = 0; row < from.rows(); ++row) {
        for (std::size_t k = 0; k < from.cols(); k += most) {
          from(row, k, (std::min)(most, from.cols() - k), row_values.data() + k);
        }
        float* const to = values.data() + row * cols;
        for (std::size_t i = 0; i < cols; ++i) to[i] = row_values[d.columns[i]];
      }
    }
    use_binary32_rows(level, {values.data(), from.rows(), cols}, use);
  };
  described_operand<Of>(d.of).use_rows(level, row_use(use_gathered));
}

/// The operand of slices. If one alone has elements, it is that one.
template <slice_axis Axis, class... D>
class described_operand<slices_description<Axis, D...>> final : public any_operand {
  using description = slices_description<Axis, D...>;

 public:
  explicit described_operand(const description& d)
      : any_operand(d),
        own_(std::apply([](const auto&... of) { return std::tuple<const D&...>(of...); }, d.of)),
        slices_{parts_, sizeof...(D), Axis == slice_axis::rows, d.have_own_scales} {
    std::size_t i = 0, count = 0;
    std::apply([&](const auto&... of) { ((parts_[i++] = &of), ...); }, own_);
    only_ = parts_[0];
    for (const any_operand* part : parts_) {
      if ((Axis == slice_axis::columns ? part->cols : part->rows) == 0) continue;
      only_ = part;
      ++count;
    }
    if (count <= 1) {
      group_rows = only_->group_rows;
      group_cols = only_->group_cols;
      has_scales = only_->has_scales;
      has_zeros = only_->has_zeros;
      is_transposed = only_->is_transposed;
      elements = only_->elements;
      values = only_->values;
      return;
    }
    only_ = nullptr;
    elements = sliced_elements(slices_);
    values = sliced_facts(slices_);
  }

  void use_rows(isa level, const row_use& use) const override {
    if (only_ != nullptr) return only_->use_rows(level, use);
    std::vector<const row_source*> found;
    use_sliced_rows(level, *this, slices_, found, use);
  }
  bool use_columns(isa level, const row_use& use) const override {
    return only_ != nullptr && only_->use_columns(level, use);
  }
  bool use_element_rows(isa level, const row_use& use) const override {
    return only_ != nullptr && only_->use_element_rows(level, use);
  }
  const char* find_integer_rows(integer_property& own, integer_rows& out) const override {
    return only_ != nullptr ? only_->find_integer_rows(own, out) : no_integers;
  }
  bool find_coded_integers(coded_integers& out) const override {
    return only_ != nullptr && only_->find_coded_integers(out);
  }
  bool find_packed_groups(isa level, packed_groups& out) const override {
    return only_ != nullptr && only_->find_packed_groups(level, out);
  }
  void find_elements(std::size_t row, std::size_t first, std::size_t count,
                     unpacked* out) const override {
    if (only_ != nullptr) return only_->find_elements(row, first, count, out);
    find_values(row, first, count, out);
  }
  void find_values(std::size_t row, std::size_t first, std::size_t count,
                   unpacked* out) const override {
    if (only_ != nullptr) return only_->find_values(row, first, count, out);
    for_each_slice(
        slices_, row, first, count,
        [&](std::size_t index, std::size_t r, std::size_t k, std::size_t n, std::size_t offset) {
          const any_operand& x = *parts_[index];
          unpacked* const to = out + offset;
          x.find_values(r, k, n, to);
          const bool is_dyadic = x.elements.are_dyadic && x.has_dyadic_scales();
          for (std::size_t i = 0; i < n; ++i) {
            if (is_dyadic && !slices_.have_own_scales) continue;
            to[i] = unpack(pack_as<float>(to[i]));
            if (slices_.have_own_scales) {
              to[i] = exact::multiply(to[i], unpack(x.tensor_scale));
            }
          }
        });
  }
  unpacked scale(std::size_t row, std::size_t col) const override {
    return only_ != nullptr ? only_->scale(row, col) : unpacked::scaled_integer(false, 1);
  }
  unpacked scale_of_code(code_t code) const override {
    return only_ != nullptr ? only_->scale_of_code(code) : unpacked::scaled_integer(false, 1);
  }
  bool has_dyadic_scales() const override { return only_ == nullptr || only_->has_dyadic_scales(); }
  operand_slices slices() const override { return slices_; }

 private:
  std::tuple<described_operand<D>...> own_;
  const any_operand* parts_[sizeof...(D)] = {};
  operand_slices slices_;
  const any_operand* only_ = nullptr;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
