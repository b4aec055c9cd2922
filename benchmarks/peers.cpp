// SPDX-License-Identifier: MIT
// Compiled with the best instructions of this machine: these libraries choose theirs when they are
// compiled, with the exception of XNNPACK.
#include "peers.hpp"

#include <cstdint>
#include <memory>
#include <type_traits>

#if LOWP_BENCH_EIGEN
#include <Eigen/Core>
#endif
#if LOWP_BENCH_FP16
#include <fp16.h>
#endif
#if LOWP_BENCH_XNNPACK
#include <xnnpack.h>
#endif

namespace lowp_bench {
namespace {

#if LOWP_BENCH_EIGEN
template <class From, class To>
void cast_by_eigen(const void* in, void* out, std::size_t count) {
  const auto size = static_cast<Eigen::Index>(count);
  const Eigen::Map<const Eigen::Array<From, Eigen::Dynamic, 1>> from(static_cast<const From*>(in),
                                                                     size);
  Eigen::Map<Eigen::Array<To, Eigen::Dynamic, 1>>(static_cast<To*>(out), size) =
      from.template cast<To>();
}
#endif

#if LOWP_BENCH_FP16
void encode_by_fp16(const void* in, void* out, std::size_t count) {
  const auto* const from = static_cast<const float*>(in);
  auto* const to = static_cast<std::uint16_t*>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = fp16_ieee_from_fp32_value(from[i]);
}
void decode_by_fp16(const void* in, void* out, std::size_t count) {
  const auto* const from = static_cast<const std::uint16_t*>(in);
  auto* const to = static_cast<float*>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = fp16_ieee_to_fp32_value(from[i]);
}
#endif

#if LOWP_BENCH_XNNPACK
struct operator_deleter {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};

// Its operators work on vectors of `channels` elements; here a vector is one element.
struct f32_to_f16 {
  static void create(xnn_operator_t& op) { xnn_create_convert_nc_f32_f16(1, 1, 1, 0, &op); }
  static void setup(xnn_operator_t op, std::size_t count, const void* in, void* out) {
    xnn_setup_convert_nc_f32_f16(op, count, static_cast<const float*>(in), out, nullptr);
  }
};
struct f16_to_f32 {
  static void create(xnn_operator_t& op) { xnn_create_convert_nc_f16_f32(1, 1, 1, 0, &op); }
  static void setup(xnn_operator_t op, std::size_t count, const void* in, void* out) {
    xnn_setup_convert_nc_f16_f32(op, count, in, static_cast<float*>(out), nullptr);
  }
};
struct f32_to_qs8 {
  static void create(xnn_operator_t& op) {
    xnn_create_convert_nc_f32_qs8(1, 1, 1, 1.0f, 0, INT8_MIN, INT8_MAX, 0, &op);
  }
  static void setup(xnn_operator_t op, std::size_t count, const void* in, void* out) {
    xnn_setup_convert_nc_f32_qs8(op, count, static_cast<const float*>(in),
                                 static_cast<std::int8_t*>(out), nullptr);
  }
};
struct qs8_to_f32 {
  static void create(xnn_operator_t& op) {
    xnn_create_convert_nc_qs8_f32(1, 1, 1, 1.0f, 0, 0, &op);
  }
  static void setup(xnn_operator_t op, std::size_t count, const void* in, void* out) {
    xnn_setup_convert_nc_qs8_f32(op, count, static_cast<const std::int8_t*>(in),
                                 static_cast<float*>(out), nullptr);
  }
};

template <class Operator>
void convert_by_xnnpack(const void* in, void* out, std::size_t count) {
  // One operator per thread: it holds the pointers of the call.
  thread_local const std::unique_ptr<std::remove_pointer_t<xnn_operator_t>, operator_deleter> op{
      [] {
        xnn_operator_t created = nullptr;
        Operator::create(created);
        return created;
      }()};
  Operator::setup(op.get(), count, in, out);
  xnn_run_operator(op.get(), nullptr);
}
#endif

#if defined(__FLT16_MANT_DIG__)
__extension__ using compiler_half = _Float16;

void encode_by_compiler(const void* in, void* out, std::size_t count) {
  const auto* const from = static_cast<const float*>(in);
  auto* const to = static_cast<compiler_half*>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<compiler_half>(from[i]);
}
void decode_by_compiler(const void* in, void* out, std::size_t count) {
  const auto* const from = static_cast<const compiler_half*>(in);
  auto* const to = static_cast<float*>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}
#endif

}  // namespace

std::vector<peer> peers(peer_job job) {
  std::vector<peer> found;
  [[maybe_unused]] const auto add = [&](peer_job its_job, const char* name, auto* convert) {
    if (its_job == job) found.push_back({name, convert});
  };
#if LOWP_BENCH_EIGEN
  add(peer_job::encode_binary16, "Eigen", &cast_by_eigen<float, Eigen::half>);
  add(peer_job::decode_binary16, "Eigen", &cast_by_eigen<Eigen::half, float>);
  add(peer_job::encode_bfloat16, "Eigen", &cast_by_eigen<float, Eigen::bfloat16>);
  add(peer_job::decode_bfloat16, "Eigen", &cast_by_eigen<Eigen::bfloat16, float>);
#endif
#if LOWP_BENCH_FP16
  add(peer_job::encode_binary16, "FP16", &encode_by_fp16);
  add(peer_job::decode_binary16, "FP16", &decode_by_fp16);
#endif
#if LOWP_BENCH_XNNPACK
  if (xnn_initialize(nullptr) == xnn_status_success) {
    add(peer_job::encode_binary16, "XNNPACK", &convert_by_xnnpack<f32_to_f16>);
    add(peer_job::decode_binary16, "XNNPACK", &convert_by_xnnpack<f16_to_f32>);
    add(peer_job::encode_int8, "XNNPACK", &convert_by_xnnpack<f32_to_qs8>);
    add(peer_job::decode_int8, "XNNPACK", &convert_by_xnnpack<qs8_to_f32>);
  }
#endif
#if defined(__FLT16_MANT_DIG__)
  add(peer_job::encode_binary16, "Float16", &encode_by_compiler);
  add(peer_job::decode_binary16, "Float16", &decode_by_compiler);
#endif
  return found;
}

}  // namespace lowp_bench
