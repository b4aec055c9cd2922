// SPDX-License-Identifier: MIT
// Other libraries that do some of the same work, as far as they were found when this was built.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lowp_bench {

struct peer {
  std::string name;
  /// Converts `count` elements; `in` and `out` have the types of the job.
  void (*convert)(const void* in, void* out, std::size_t count);
};

/// Between binary32 and a format, to nearest even; integers saturate.
enum class peer_job {
  encode_binary16,
  decode_binary16,
  encode_bfloat16,
  decode_bfloat16,
  encode_int8,
  decode_int8,
};

[[nodiscard]] std::vector<peer> peers(peer_job job);

}  // namespace lowp_bench
