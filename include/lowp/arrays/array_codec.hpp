// SPDX-License-Identifier: MIT
// A format that is known at run time, with what its arrays are converted by: the functions of
// convert.hpp make plans and tables in each call, which takes as long as hundreds of elements do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/kept_plans.hpp"
#include "lowp/arrays/packing.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// encode, decode and round_to of a format by a rounding mode, bit for bit, for many calls:
///
///     const array_codec codec(read_format(name), nearest_even, overflow::saturate);
///     codec.encode(x, bytes);
///     codec.decode(bytes, y);
///     codec.round_to(x, y);
///
/// All functions may be called by several threads at the same time. Of a stochastic mode, each call
/// begins with the same draw. Throws std::invalid_argument for a format or a packing that is none,
/// and in each call as the functions of convert.hpp do.
template <number_format F, rounding_mode R = nearest_even_t>
class array_codec {
 public:
  explicit array_codec(const F& format, const R& mode = {}, overflow o = overflow::to_special,
                       missing_nan n = missing_nan::largest, packing p = {})
      : format_(format), mode_(mode), overflow_(o), nan_(n), packing_(p) {
    detail::require_packing("array_codec", format, p, 0, 0);
    if constexpr (bulk::has_kernels && kernels::has_known_grid<F>) {
      codes_ = plans(false);
      values_ = plans(true);
    }
    if (format.bits() <= 8) table_ = kernels::make_value_table(format);
  }

  [[nodiscard]] const F& format() const { return format_; }

  /// `bytes` are not fewer than packed_bytes(in.size(), format().bits(), packing).
  void encode(std::span<const float> in, std::span<std::uint8_t> bytes,
              const execution& how = {}) const {
    detail::require_packing("encode", format_, packing_, in.size(), bytes.size());
    detail::require_apart("encode", bulk::bytes_of(in), bulk::bytes_of(bytes));
    bulk::encode_array(format_, in, bytes.data(), mode_, overflow_, nan_, packing_, how,
                       places(codes_));
  }
  void decode(std::span<const std::uint8_t> bytes, std::span<float> out,
              const execution& how = {}) const {
    detail::require_packing("decode", format_, packing_, out.size(), bytes.size());
    detail::require_apart("decode", bulk::bytes_of(bytes), bulk::bytes_of(out));
    bulk::decode_array(format_, bytes.data(), out, packing_, &table_, how);
  }
  /// In place, too.
  void round_to(std::span<const float> in, std::span<float> out, const execution& how = {}) const {
    bulk::round_span(format_, in, out, mode_, overflow_, nan_, how, places(values_));
  }
  void round_to(std::span<const double> in, std::span<double> out,
                const execution& how = {}) const {
    bulk::round_span(format_, in, out, mode_, overflow_, nan_, how, places(values_));
  }

 private:
  [[nodiscard]] bulk::made_plans plans(bool to_values) const {
    const auto plan = [&]<class Word>(Word) {
      return kernels::make_encode_plan<Word>(format_, mode_, overflow_, nan_, to_values);
    };
    return {plan(std::uint32_t{}), plan(std::uint64_t{})};
  }
  [[nodiscard]] static bulk::plan_places places(const bulk::made_plans& made) {
    return {.made = kernels::has_known_grid<F> ? &made : nullptr};
  }

  F format_;
  R mode_;
  overflow overflow_;
  missing_nan nan_;
  packing packing_;
  bulk::made_plans codes_, values_;
  kernels::value_table table_{};
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
