// SPDX-License-Identifier: MIT
// The formats of the report behind one interface: how well a matrix survives quantization, and the
// product of a layer whose weights, and perhaps activations, are quantized.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/lowp.hpp"

namespace format_report {

using const_matrix = lowp::matrix_view<const float>;
using matrix = lowp::matrix_view<float>;

struct tensor_figures {
  double bits_per_value = 0;  // scales included
  lowp::error_statistics errors;
};

// Sets y to x * weights^T, x being quantized first if asked for.
using layer_product = std::function<void(const_matrix x, bool quantizes_activations, matrix y)>;

struct report_format {
  std::string name;
  std::string description;
  std::function<tensor_figures(const_matrix, const lowp::any_rounding&)> measure;
  std::function<layer_product(const_matrix weights, const lowp::any_rounding&)> prepare;
};

// A block format and a rule, the same for weights and activations.
template <auto B, class Rule = lowp::rules::standard_t>
[[nodiscard]] report_format block(std::string name, std::string description, Rule rule = {}) {
  return {std::move(name), std::move(description),
          [rule](const_matrix values, const lowp::any_rounding& mode) -> tensor_figures {
            const auto quantized = lowp::quantize<B>(values, rule, mode);
            return {quantized.bits_per_value(), lowp::measure_error(values, quantized)};
          },
          [rule](const_matrix weights, const lowp::any_rounding& mode) -> layer_product {
            const auto quantized = std::make_shared<const lowp::block_matrix<B>>(
                lowp::quantize<B>(weights, rule, mode));
            return [quantized, rule, mode](const_matrix x, bool quantizes_activations, matrix y) {
              if (quantizes_activations) {
                lowp::gemm(lowp::quantize<B>(x, rule, mode), *quantized, y);
              } else {
                lowp::gemm(x, *quantized, y);
              }
            };
          }};
}

// A matrix cast to a scalar format without any scale, saturating.
template <auto F>
[[nodiscard]] std::vector<float> cast(const_matrix values, const lowp::any_rounding& mode) {
  std::vector<float> result(values.rows * values.cols);
  for (std::size_t row = 0; row < values.rows; ++row) {
    const std::size_t first = row * values.cols;
    lowp::round_to<F>({values.row(row), values.cols}, std::span(result).subspan(first, values.cols),
                      at(mode, first), lowp::overflow::saturate);
  }
  return result;
}

template <auto F>
[[nodiscard]] report_format scalar(std::string name, std::string description) {
  return {std::move(name), std::move(description),
          [](const_matrix values, const lowp::any_rounding& mode) -> tensor_figures {
            std::vector<float> exact;
            for (std::size_t row = 0; row < values.rows; ++row) {
              exact.insert(exact.end(), values.row(row), values.row(row) + values.cols);
            }
            const auto largest = lowp::pack_as<float>(lowp::detail::clipping_limit(F, false));
            return {static_cast<double>(F.bits()),
                    lowp::measure_error(exact, cast<F>(values, mode), lowp::formats::binary32,
                                        largest)};
          },
          [](const_matrix weights, const lowp::any_rounding& mode) -> layer_product {
            const auto values = std::make_shared<const std::vector<float>>(cast<F>(weights, mode));
            const std::size_t rows = weights.rows, cols = weights.cols;
            return [=](const_matrix x, bool quantizes_activations, matrix y) {
              const const_matrix w(values->data(), rows, cols);
              if (quantizes_activations) {
                const std::vector<float> casted = cast<F>(x, mode);
                lowp::gemm(const_matrix(casted.data(), x.rows, x.cols), w, y);
              } else {
                lowp::gemm(x, w, y);
              }
            };
          }};
}

// Every format the report knows, in the order of its tables.
[[nodiscard]] inline std::vector<report_format> all_formats() {
  using namespace lowp::formats;
  namespace rules = lowp::rules;
  return {
      scalar<binary32>("binary32", "the baseline"),
      scalar<bfloat16>("bfloat16", "cast"),
      scalar<lowp::formats::e4m3fn>("e4m3fn", "cast, saturating"),
      scalar<lowp::formats::e5m2>("e5m2", "cast, saturating"),
      scalar<posit<8>>("posit8", "posit<8, 2>, cast"),
      block<scaled_rows(int_n<8>)>("int8", "one binary32 scale per row"),
      block<scaled_rows(int_n<4>)>("int4", "one binary32 scale per row"),
      block<scaled_rows(lowp::formats::e2m1)>("e2m1", "one binary32 scale per row"),
      block<mxfp8_e4m3>("mxfp8_e4m3", "OCP MX, floor scale"),
      block<mxfp8_e5m2>("mxfp8_e5m2", "OCP MX, floor scale"),
      block<mxfp6_e3m2>("mxfp6_e3m2", "OCP MX, floor scale"),
      block<mxfp6_e2m3>("mxfp6_e2m3", "OCP MX, floor scale"),
      block<mxfp4>("mxfp4", "OCP MX, floor scale"),
      block<mxfp4>("mxfp4_ceil", "ceil scale", rules::ceil),
      block<mxfp4>("mxfp4_even", "even scale", rules::even),
      block<mxfp4>("mxfp4_rceil", "rceil scale", rules::rceil),
      block<mxint8>("mxint8", "OCP MX, floor scale"),
      block<nvfp4>("nvfp4", "1 x 16 blocks and a tensor scale"),
      block<nvfp4_16x16>("nvfp4_16x16", "16 x 16 blocks and a tensor scale"),
  };
}

}  // namespace format_report
