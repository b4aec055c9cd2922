// SPDX-License-Identifier: MIT
// Values that binary32 does not hold are rounded once on their way to a format, in any mode.
#include "lowp/io/value_types.hpp"

#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/takum_format.hpp"
#include "lowp/io/convert_values.hpp"

using namespace lowp;

namespace {

class doubles final : public io::tensor_values {
 public:
  explicit doubles(std::vector<double> values) : values_(std::move(values)) {
    shape = {values_.size()};
  }
  [[nodiscard]] bool is_exact() const override { return false; }
  void read(std::uint64_t first, std::span<float> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(values_[first + i]);
  }
  void read(std::uint64_t first, std::span<double> out, bool) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = values_[first + i];
  }

 private:
  std::vector<double> values_;
};

}  // namespace

TEST_CASE("Values of binary64 are rounded once, in the mode that is asked for") {
  // Next to the middle between numbers of 24, 27 and 8 bits, beyond binary32's range and within.
  const std::vector<double> values{1 + 0x1p-24,
                                   1 + 0x1p-24 + 0x1p-50,
                                   1 + 0x1p-30,
                                   -1 - 0x1p-24,
                                   1 + 0x1p-8 + 0x1p-40,
                                   0x1.23456789abcdep-3,
                                   1e-200,
                                   -3e300,
                                   1e39,
                                   0x1.000001p-140,
                                   -0.0,
                                   0.1,
                                   std::numeric_limits<double>::infinity()};
  for (const std::string_view name :
       {"binary32", "binary64", "bfloat16", "posit32", "takum_format(total_bits 16)", "e11m4"}) {
    const any_format format = format_of_text<takum_format>(name);
    for (const any_rounding& mode : {any_rounding(nearest_even), any_rounding(toward_zero),
                                     any_rounding(upward), any_rounding(to_odd)}) {
      for (const overflow o : {overflow::to_special, overflow::saturate}) {
        const io::element_type type(format, {mode, o});
        const auto target = type.target("x", {values.size()});
        std::vector<std::byte> bytes;
        io::convert_values(
            doubles(values), *target, 2,
            [&](std::size_t, std::span<const std::byte> more) {
              bytes.insert(bytes.end(), more.begin(), more.end());
            },
            [](std::size_t) {});
        REQUIRE(bytes.size() == packed_bytes(values.size(), format.bits()));
        for (std::size_t i = 0; i < values.size(); ++i) {
          INFO(name << " " << values[i]);
          CHECK(load_code(reinterpret_cast<const std::uint8_t*>(bytes.data()), i, format.bits(),
                          packing{}) ==
                encode(format, unpack(values[i]), mode, o, missing_nan::largest));
        }
      }
    }
  }
}
