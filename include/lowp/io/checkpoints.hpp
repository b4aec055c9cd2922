// SPDX-License-Identifier: MIT
// The conventions in which model files keep quantized weights (io/checkpoints/), and all of them as
// a list. Needs nlohmann-json.
//
//   const auto file = io::open_tensors("model.safetensors");
//   const io::checkpoints::tensor_set tensors(file);
//   for (const auto& w : io::checkpoints::find(tensors)) …     w.name, w.convention, w.format
//   auto w = read(io::checkpoints::awq, tensors, "model.layers.0.mlp.up_proj");
//   w.matrix                                                   a basic_block_matrix
//   write(w)                                                   tensors, the bytes of the file
#pragma once

#include <tuple>

#include "lowp/io/checkpoints/awq.hpp"
#include "lowp/io/checkpoints/bitsandbytes.hpp"
#include "lowp/io/checkpoints/compressed_tensors_bytes.hpp"
#include "lowp/io/checkpoints/compressed_tensors_fp4.hpp"
#include "lowp/io/checkpoints/compressed_tensors_packed.hpp"
#include "lowp/io/checkpoints/deepseek_fp8.hpp"
#include "lowp/io/checkpoints/find.hpp"
#include "lowp/io/checkpoints/gpt_oss.hpp"
#include "lowp/io/checkpoints/gptq.hpp"
#include "lowp/io/checkpoints/modelopt_nvfp4.hpp"

namespace lowp::io::checkpoints {

/// A program's own are added by std::tuple_cat.
inline constexpr std::tuple conventions{gpt_oss,
                                        gpt_oss_port,
                                        modelopt_nvfp4,
                                        compressed_nvfp4,
                                        compressed_mxfp4,
                                        compressed_packed,
                                        compressed_packed_zeros,
                                        deepseek_fp8,
                                        compressed_int,
                                        compressed_int_zeros,
                                        compressed_float,
                                        awq,
                                        gptq,
                                        bnb_nf4,
                                        bnb_nf4_nested,
                                        bnb_fp4,
                                        bnb_fp4_nested};

[[nodiscard]] inline std::vector<found_weight> find(const tensor_set& tensors,
                                                    const settings& s = {}) {
  return find(tensors, conventions, s);
}

}  // namespace lowp::io::checkpoints
