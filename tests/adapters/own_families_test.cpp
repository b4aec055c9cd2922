// SPDX-License-Identifier: MIT
// Families that only the tests know through text of every adapter and back, through packed spans in
// every order, through files of safetensors, and through measures of error: against the contract's
// own functions, code by code, and loops.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "isas.hpp"
#include "lowp/adapters/fmt.hpp"
#include "lowp/adapters/iostream.hpp"
#include "lowp/analysis/error.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/io/safetensors.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

/// Texts of all codes read back as numbers of their values, and adapters write what to_text does.
template <auto F>
void check_text() {
  int wrong = 0;
  std::string first;
  const auto check = [&](bool holds, const std::string& text) {
    if (!holds && wrong++ == 0) first = text;
  };
  for (code_t code = 0; code < code_t{1} << F.bits(); ++code) {
    const auto x = number<F>::from_code(code);
    const auto reads_back = [&](const std::string& text) {
      auto back = number<F>::from_code(code ^ 1);
      const auto read = from_chars(text.data(), text.data() + text.size(), back);
      check(read && read.ptr == text.data() + text.size() && unpack(back) == unpack(x), text);
    };
    const std::string shortest(to_text(x).view());
    reads_back(shortest);
    if (isfinite(x)) {
      reads_back(std::string(to_text<text_style::exact>(x).view()));
      reads_back(std::string(to_text<text_style::hex_float>(x).view()));
    }
    const auto same = [&](const std::string& made, std::string_view want) {
      check(made == want, made);
    };
    same(fmt::format("{}", x), shortest);
    same(fmt::format("{:d}", x), to_text<text_style::exact>(x).view());
    same(fmt::format("{:a}", x), to_text<text_style::hex_float>(x).view());
    same(fmt::format("{:x}", x), to_text<text_style::bits>(x).view());
    same(fmt::format("{:b}", x), to_text<text_style::fields>(x).view());
    same(to_string(x), shortest);
    std::stringstream stream;
    stream << x << " 7";
    same(stream.str(), shortest + " 7");
    if (isnan(x)) continue;
    auto back = number<F>::from_code(code ^ 1);
    stream >> back;
    check(!stream.fail() && unpack(back) == unpack(x), shortest);
  }
  INFO(first);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("text of families of the tests, written and read by every adapter") {
  check_text<own::nf4>();
  check_text<own::trits>();
  check_text<own::posit8_1>();
  check_text<own::log8>();
  check_text<own::squares>();
  check_text<own::rest1024>();
}

namespace {

/// Numbers of all sizes that matter to a format of values around one.
std::vector<float> values_of(std::size_t count) {
  test::split_mix random(count);
  std::vector<float> values(count);
  for (float& x : values) {
    const double some = static_cast<double>(static_cast<std::int64_t>(random.word())) * 0x1p-63;
    x = static_cast<float>(std::ldexp(some, static_cast<int>(random.below(12)) - 5));
  }
  return values;
}

template <auto F, packing P>
requires(defect(P, F.bits()) != nullptr) void check_packing(const char*) {}
template <auto F, packing P>
requires(defect(P, F.bits()) == nullptr) void check_packing(const char* name) {
  for (const std::size_t count : {std::size_t{37}, std::size_t{5000}}) {
    INFO(name << " " << F.bits() << " bits, " << count);
    const std::vector<float> in = values_of(count);
    std::vector<std::uint8_t> bytes(packed_bytes(count, F.bits(), P));
    std::vector<float> out(count);
    for (const isa level : test::isas()) {
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
      const packed_span<F, P> packed(bytes, count);
      encode(std::span<const float>(in), packed, nearest_even, overflow::saturate,
             missing_nan::largest, level);
      decode(packed, std::span(out), level);
      int wrong = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const code_t code =
            encode(F, unpack(in[i]), nearest_even, overflow::saturate, missing_nan::largest);
        const float value = pack_as<float>(decode(F, code));
        wrong += load_code(bytes.data(), i, F.bits(), P) != code;
        wrong += number<F>(packed[i]).code() != code;
        wrong += std::bit_cast<std::uint32_t>(out[i]) != std::bit_cast<std::uint32_t>(value);
      }
      CHECK(wrong == 0);
      // One by one, over what is there, the neighbours stay.
      for (std::size_t i = 0; i < count; i += 3) packed[i] = number<F>::from_code(1);
      for (std::size_t i = 0; i < count; ++i) {
        const code_t code = i % 3 == 0 ? 1
                                       : encode(F, unpack(in[i]), nearest_even, overflow::saturate,
                                                missing_nan::largest);
        wrong += number<F>(packed[i]).code() != code;
      }
      CHECK(wrong == 0);
    }
  }
}
template <auto F>
void check_packings() {
  check_packing<F, packings::low_first>("low first");
  check_packing<F, packings::high_first>("high first");
  check_packing<F, packings::byte_low>("low bits of a byte");
  check_packing<F, packings::byte_high>("high bits of a byte");
  check_packing<F, packing{.container_bits = 16}>("low bits of two bytes");
  check_packing<F, packings::four_in_32_bits>("four in 32 bits");
  check_packing<F, packing{.group_size = 5, .container_bits = 64, .is_msb_first = true}>(
      "five in 64 bits");
  check_packing<F, packings::sixteen_in_16_bytes>("sixteen in 16 bytes");
  check_packing<F, packings::split_half<32>>("halves");
  check_packing<F, packings::awq>("awq");
}

}  // namespace

TEST_CASE("packed spans of families of the tests in every order") {
  check_packings<own::nf4>();
  check_packings<own::trits>();
  check_packings<own::posit8_1>();
  check_packings<own::log8>();
  check_packings<own::squares>();
}

namespace {
constexpr block_format log_blocks{own::log8, own::posit8_1, block_shape{1, 32}};
}  // namespace

TEST_CASE("codes of families of the tests through a safetensors file") {
  const std::size_t count = 12 * 64;
  const std::vector<float> in = values_of(count);
  std::vector<std::uint8_t> codebook(packed_bytes(count, 4)), squares(packed_bytes(count, 11));
  encode(std::span<const float>(in), packed_span<own::nf4>(codebook, count));
  encode(std::span<const float>(in), packed_span<own::squares>(squares, count));
  const auto q = quantize<log_blocks>(matrix_view<const float>(in.data(), 12, 64));
  const auto tensor = [](const char* name, const auto& bytes) {
    return io::tensor_view{name, "U8", {bytes.size()}, std::as_bytes(std::span(bytes))};
  };
  const std::vector<io::tensor_view> tensors{tensor("codebook", codebook),
                                             tensor("squares", squares), tensor("q", q.codes()),
                                             tensor("q.scales", q.scales())};
  const std::string name(lowp::name(own::nf4).view());
  const auto file = io::safetensors_file::parse(io::to_safetensors(tensors, {{"codebook", name}}),
                                                "a file of the tests");
  CHECK(file.metadata().at("codebook") == name);
  const auto bytes_of = [&](const char* of) {
    const auto bytes = file.at(of).bytes;
    return std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  std::vector<float> want(count), got(count);
  const auto check = [&]<auto F>(const char* of, const std::vector<std::uint8_t>& bytes) {
    INFO(of);
    decode(const_packed_span<F>(bytes, count), std::span(want));
    decode(const_packed_span<F>(bytes_of(of), count), std::span(got));
    CHECK(got == want);
  };
  check.operator()<own::nf4>("codebook", codebook);
  check.operator()<own::squares>("squares", squares);
  const auto codes = bytes_of("q"), scales = bytes_of("q.scales");
  block_matrix<log_blocks> back(12, 64);
  REQUIRE(codes.size() == back.codes().size());
  std::copy(codes.begin(), codes.end(), back.codes().begin());
  std::copy(scales.begin(), scales.end(), back.scales().begin());
  CHECK(back == q);
  const std::vector<io::tensor_view> wrong{{"codebook", "nf4", {count}, {}}};
  CHECK_THROWS(io::to_safetensors(wrong));
}

namespace {

/// The measures by plain loops in long double, of a matrix and its blocks.
template <auto B>
void check_errors(const char* name, long double end, long double last_step,
                  long double first_step) {
  INFO(name);
  const std::size_t rows = 7, cols = 96, count = rows * cols;
  std::vector<float> in = values_of(count);
  in[5] = std::numeric_limits<float>::infinity();
  block_matrix<B> q(rows, cols);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t block = 0; block < q.block_col_count(); ++block) {
      q.set_scale_code(row, block, encode(q.format.scale, unpacked::scaled_integer(false, 1, -1)));
    }
    for (std::size_t col = 0; col < cols; ++col) {
      q.set_code(row, col,
                 encode(q.format.element, unpack(2 * in[row * cols + col]), nearest_even,
                        overflow::saturate, missing_nan::largest));
    }
  }
  long double signal = 0, noise = 0, most = 0, relative = 0;
  int clipped = 0, flushed = 0, finite = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(in[i])) continue;
    ++finite;
    const auto x = static_cast<long double>(in[i]);
    const auto y = static_cast<long double>(pack_as<float>(q.value(i / cols, i % cols)));
    signal += x * x;
    noise += (x - y) * (x - y);
    most = std::max(most, std::abs(x - y));
    relative += std::abs((x - y) / x);
    flushed += y == 0;
    clipped += std::abs(2 * x) > end + (x < 0 ? first_step : last_step) / 2;
  }
  REQUIRE(clipped > 5);
  const auto errors = measure_error(matrix_view<const float>(in.data(), rows, cols), q);
  CHECK(static_cast<int>(errors.count) == finite);
  CHECK(errors.sqnr_db == Approx(static_cast<double>(10 * std::log10(signal / noise))));
  CHECK(errors.max_error == Approx(static_cast<double>(most)));
  CHECK(errors.mean_relative_error == Approx(static_cast<double>(relative / finite)));
  CHECK(errors.flushed_fraction == Approx(static_cast<double>(flushed) / finite));
  CHECK(errors.clipped_fraction == Approx(static_cast<double>(clipped) / finite));
}

}  // namespace

TEST_CASE("measures of error of blocks of families of the tests") {
  check_errors<block_format{own::nf4, formats::e8m0, block_shape{1, 32}}>(
      "codebook", 1, 1 - static_cast<long double>(std::bit_cast<float>(0x3F391AA6u)),
      1 - static_cast<long double>(std::bit_cast<float>(0x3F3239A9u)));
  check_errors<block_format{own::trits, own::posit8_1, block_shape{1, 32}}>("ternary", 1, 1, 1);
  constexpr long double step = (1023.0L * 1023 - 1022.0L * 1022) / 65536;
  check_errors<block_format{own::square{-16}, formats::e8m0, block_shape{1, 32}}>(
      "squares", 1023.0L * 1023 / 65536, step, step);
}
