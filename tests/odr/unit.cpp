// SPDX-License-Identifier: MIT
// One translation unit that uses the library; compiled several times, with other flags and with
// UNIT as the name of its function.
#include "unit.hpp"

#include <cstring>
#include <span>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"

namespace {

class digest {
 public:
  template <class T>
  void add(std::span<const T> values) {
    for (const T& value : values) {
      std::uint64_t word = 0;
      std::memcpy(&word, &value, sizeof value);
      state_ = (state_ ^ word) * 0x100000001B3u;
    }
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325u;
};

}  // namespace

std::uint64_t UNIT(const float* values, std::size_t rows, std::size_t cols) {
  namespace formats = lowp::formats;
  const std::span<const float> in(values, rows * cols);
  std::vector<float> floats(in.size());
  std::vector<double> doubles(in.begin(), in.end());
  std::vector<std::uint8_t> bytes(in.size());
  digest all;
  // With the best instructions of the machine, and with those of every machine.
  for (const lowp::isa level : {lowp::isa::portable, lowp::best_isa()}) {
    constexpr auto o = lowp::overflow::to_special;
    constexpr auto n = lowp::missing_nan::largest;
    lowp::encode(formats::e2m1, in, bytes, lowp::nearest_even, o, n, {}, level);
    all.add(std::span<const std::uint8_t>(bytes));
    lowp::decode(formats::e2m1, bytes, floats, {}, level);
    all.add(std::span<const float>(floats));
    lowp::encode(in, lowp::packed_span<formats::e4m3fn>(bytes, in.size()), lowp::nearest_even, o, n,
                 level);
    all.add(std::span<const std::uint8_t>(bytes));
    lowp::decode(lowp::packed_span<formats::e4m3fn>(bytes, in.size()), floats, level);
    all.add(std::span<const float>(floats));
    lowp::round_to(formats::e3m2, in, floats, lowp::nearest_even, o, n, level);
    all.add(std::span<const float>(floats));
    lowp::round_to<formats::binary16>(doubles, doubles, lowp::nearest_even, o, n, level);
    all.add(std::span<const double>(doubles));
  }
  const auto blocks = lowp::quantize<formats::nvfp4>({values, rows, cols});
  lowp::dequantize(blocks, {floats.data(), rows, cols});
  all.add(std::span<const float>(floats));
  return all.value();
}
