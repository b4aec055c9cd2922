// SPDX-License-Identifier: MIT
// The rules that choose scales, and a call for each of them.
#pragma once

#include "lowp/block/rules/amax.hpp"
#include "lowp/block/rules/compressed_tensors.hpp"
#include "lowp/block/rules/four_over_six.hpp"
#include "lowp/block/rules/ggml.hpp"
#include "lowp/block/rules/given.hpp"
#include "lowp/block/rules/microxcaling.hpp"
#include "lowp/block/rules/modelopt.hpp"
#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/standard.hpp"
#include "lowp/block/rules/stated_range.hpp"
#include "lowp/block/rules/torchao.hpp"
#include "lowp/block/rules/transformer_engine.hpp"

namespace lowp::rules {

/// Calls use(rule) for each named rule without parameters; rule.name is its name.
template <class Use>
constexpr void for_each(const Use& use) {
  use(floor);
  use(ceil);
  use(even);
  use(rceil);
  use(amax);
  use(transformer_engine);
  use(torchao);
  use(modelopt);
  use(microxcaling);
  use(ggml_mxfp4);
  use(ggml_nvfp4);
  use(four_over_six);
  use(torchao_nvfp4);
  use(torchao_even);
  use(modelopt_static);
  use(modelopt_mxfp8);
  use(modelopt_mxfp4);
  use(compressed_tensors);
  use(compressed_tensors_mx);
  use(microxcaling_log2);
  use(twice_floor);
  use(rceil_by_division);
}

}  // namespace lowp::rules
