// SPDX-License-Identifier: MIT
// Blocks of a golden function hold the bytes that quantize() stores, in corner cases and in every
// rounding mode, and corner cases reach every class of blocks.
#include "lowp/verification/quantization.hpp"

#include <bit>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/block/quantize.hpp"

namespace {

using namespace lowp;
using namespace lowp::verification;

template <auto B, class Rule>
std::uint64_t check_quantization(const char* format, const Rule& rule) {
  constexpr std::size_t columns = 48;
  const auto function = make_quantization(blocks_of_name(format), Rule::name, columns);
  std::vector<code_t> in, out(code_count(function->results));
  function->add_corners(7, in);
  coverage found(*function);
  int wrong = 0;
  for (std::size_t i = 0; i < in.size(); i += columns) {
    std::vector<float> x(columns);
    for (std::size_t k = 0; k < columns; ++k)
      x[k] = std::bit_cast<float>(static_cast<std::uint32_t>(in[i + k]));
    const any_rounding mode = vector_roundings[i / columns % vector_roundings.size()].mode;
    found.add(&in[i], out.data(), function->evaluate(rounding_reference(mode), &in[i], out.data()));
    const auto q = quantize<B>(matrix_view<const float>(x.data(), 1, columns), rule, mode);
    std::size_t at = 0;
    if (function->results.size() == 3) {
      wrong += out[at++] == std::bit_cast<std::uint32_t>(q.tensor_scale()) ? 0 : 1;
    }
    for (std::size_t k = 0; k < q.block_col_count(); ++k)
      wrong += out[at++] == q.scale_code(0, k) ? 0 : 1;
    for (std::size_t k = 0; k < columns; ++k) wrong += out[at++] == q.code(0, k) ? 0 : 1;
  }
  INFO(format);
  CHECK(wrong == 0);
  std::uint64_t reached = 0;
  for (std::size_t i = 0; i < found.counts().size(); ++i)
    reached |= std::uint64_t{found.counts()[i] != 0} << i;
  return reached;
}

TEST_CASE("blocks_are_those_of_quantize") {
  // A scale of 2^127 would need an amax beyond binary32.
  CHECK(check_quantization<formats::mxfp4>("mxfp4", rules::even) == 0xF7F);
  CHECK(check_quantization<formats::nvfp4>("nvfp4", rules::transformer_engine) == 0xFFF);
}

TEST_CASE("wrong_names_and_shapes_are_refused") {
  CHECK_THROWS_WITH(blocks_of_name("mxfp5"), "no block format is called 'mxfp5'; near it: mxfp4");
  CHECK_THROWS_WITH(make_quantization(blocks_of_name("mxfp4"), "flor", 32),
                    "no rule is called 'flor'; near it: floor");
  CHECK_THROWS_WITH(make_quantization(blocks_of_name("mxfp4"), "floor", 0),
                    "quantize: expected at least one column");
  CHECK_NOTHROW(make_quantization(blocks_of_name("mxfp4"), "ggml_mxfp4", 32));
  CHECK_THROWS_WITH(make_quantization(blocks_of_name("nvfp4"), "ggml_mxfp4", 32),
                    Catch::Matchers::StartsWith("rule 'ggml_mxfp4': "));
}

}  // namespace
