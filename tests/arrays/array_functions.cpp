// SPDX-License-Identifier: MIT
#define LOWP_TEST_DEFINES_ARRAY_FUNCTIONS
#include "arrays/array_functions.hpp"

#include "lowp/arrays/reference.hpp"

LOWP_TEST_ARRAY_FUNCTIONS()

namespace test {
namespace {

namespace formats = lowp::formats;
namespace packings = lowp::packings;
using lowp::packing;

template <class T>
std::span<const T> values_at(const std::uint8_t* bytes, std::size_t n) {
  return {reinterpret_cast<const T*>(bytes), n};
}
template <class T>
std::span<T> values_at(std::uint8_t* bytes, std::size_t n) {
  return {reinterpret_cast<T*>(bytes), n};
}
template <class T>
std::size_t bytes_of_values(std::size_t n) {
  return n * sizeof(T);
}

template <class T, class F>
std::vector<std::uint8_t> input_of(const F& f, std::size_t n) {
  static const std::vector<T> some = every(3, inputs<T>(f));
  std::vector<std::uint8_t> bytes(n * sizeof(T));
  for (std::size_t i = 0; i < n; i += some.size()) {
    std::memcpy(bytes.data() + i * sizeof(T), some.data(),
                std::min(some.size(), n - i) * sizeof(T));
  }
  return bytes;
}

template <class T, class F>
job encode_job(const std::string& name, const F& f, encoder<T, F> encode, const request& r = {},
               packing p = {}) {
  return {
      std::string("encode ") + source_name<T> + " to " + name,
      false,
      bytes_of_values<T>,
      [=](std::size_t n) { return lowp::packed_bytes(n, f.bits(), p); },
      [=](std::size_t n) { return input_of<T>(f, n); },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n, const lowp::execution& how) {
        encode(f, values_at<T>(in, n), {out, lowp::packed_bytes(n, f.bits(), p)}, r, p, how);
      },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
        lowp::reference::encode(f, values_at<T>(in, n), out, r.mode, r.o, r.n, p);
      }};
}

template <class F>
job decode_job(const std::string& name, const F& f, packing p = {}) {
  const auto in_bytes = [=](std::size_t n) { return lowp::packed_bytes(n, f.bits(), p); };
  return {
      "decode " + name,
      false,
      in_bytes,
      bytes_of_values<float>,
      [=](std::size_t n) {
        std::vector<std::uint8_t> bytes(in_bytes(n));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          bytes[i] = static_cast<std::uint8_t>(random_word(i));
        }
        return bytes;
      },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n, const lowp::execution& how) {
        lowp::decode(f, {in, in_bytes(n)}, values_at<float>(out, n), p, how);
      },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
        lowp::reference::decode(f, in, values_at<float>(out, n), p);
      }};
}

template <class T, class F>
job round_job(const std::string& name, const F& f, const request& r = {}) {
  return {
      std::string("round_to ") + source_name<T> + " to " + name,
      true,
      bytes_of_values<T>,
      bytes_of_values<T>,
      [=](std::size_t n) { return input_of<T>(f, n); },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n, const lowp::execution& how) {
        lowp::round_to(f, values_at<T>(in, n), values_at<T>(out, n), r.mode, r.o, r.n, how);
      },
      [=](const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
        lowp::reference::round_to(f, values_at<T>(in, n), values_at<T>(out, n), r.mode, r.o, r.n);
      }};
}

}  // namespace

std::vector<job> jobs(std::uint64_t index) {
  using lowp::bfloat16;
  using lowp::binary16;
  constexpr float_format wide{.exponent_bits = 5, .mantissa_bits = 22};
  const auto random = [index](int bits, lowp::stochastic_variant variant) -> request {
    return {lowp::stochastic{.seed = 5, .index = index, .random_bits = bits, .variant = variant}};
  };
  const request random8 = random(8, lowp::stochastic_variant::c);
  const request random11 = random(11, lowp::stochastic_variant::a);
  const request random32 = random(32, lowp::stochastic_variant::b);
  const request up{lowp::upward, lowp::overflow::saturate, lowp::missing_nan::zero};
  return {
      encode_job<float>("e2m1", formats::e2m1, encode_late),
      encode_job<float>("e2m1 from the top", formats::e2m1, encode_late, {}, packings::high_first),
      encode_job<float>("e2m1 in halves", formats::e2m1, encode_late, {}, packings::split_half<32>),
      encode_job<float>("e2m1 at random", formats::e2m1, encode_late, random8),
      encode_job<float>("e3m2", formats::e3m2, encode_late),
      encode_job<float>("e3m2 from the top", formats::e3m2, encode_late, up, packings::high_first),
      encode_job<float>("e4m3fn", formats::e4m3fn, encode_late),
      encode_job<float>("e4m3fn at random", formats::e4m3fn, encode_late, random11),
      encode_job<float>("e5m2 upward", formats::e5m2, encode_late, up),
      encode_job<float>("int8", formats::int_n<8>, encode_late),
      encode_job<float>("12 bits", formats::fixed<12, 7>, encode_late),
      encode_job<float>("binary16 at random", formats::binary16, encode_late, random32),
      encode_job<float>("bfloat16", formats::bfloat16, encode_late),
      encode_job<float>("28 bits", wide, encode_late),
      encode_job<float>("posit8", formats::posit<8>, encode_late, random8),
      encode_job<double>("e2m1", formats::e2m1, encode_early<double, formats::e2m1>),
      encode_job<double>("e4m3fn", formats::e4m3fn, encode_early<double, formats::e4m3fn>),
      encode_job<double>("binary32", formats::binary32, encode_early<double, formats::binary32>),
      encode_job<binary16>("e2m1", formats::e2m1, encode_early<binary16, formats::e2m1>),
      encode_job<bfloat16>("e4m3fn", formats::e4m3fn, encode_early<bfloat16, formats::e4m3fn>,
                           random8),
      encode_job<bfloat16>("binary16", formats::binary16,
                           encode_early<bfloat16, formats::binary16>),
      decode_job("e2m1", formats::e2m1),
      decode_job("e2m1 from the top", formats::e2m1, packings::high_first),
      decode_job("e2m1 in AWQ order", formats::e2m1, packings::awq),
      decode_job("e2m2", formats::e2m2),
      decode_job("e3m2", formats::e3m2),
      decode_job("e3m2 from the top", formats::e3m2, packings::high_first),
      decode_job("e4m3fn", formats::e4m3fn),
      decode_job("values of many bits", formats::fixed<8, 150>),
      decode_job("posit8", formats::posit<8>),
      decode_job("12 bits", formats::fixed<12, 7>),
      decode_job("bfloat16", formats::bfloat16),
      decode_job("tf32", formats::tf32),
      round_job<float>("e4m3fn", formats::e4m3fn),
      round_job<float>("bfloat16", formats::bfloat16),
      round_job<float>("int8 upward", formats::int_n<8>, up),
      round_job<float>("e4m3fn at random", formats::e4m3fn, random8),
      round_job<float>("28 bits", wide),
      round_job<float>("subnormals of binary32", below_binary32),
      round_job<double>("e4m3fn", formats::e4m3fn),
      round_job<double>("binary32 at random", formats::binary32, random11),
      round_job<double>("subnormals of binary64", below_binary64),
  };
}

}  // namespace test
