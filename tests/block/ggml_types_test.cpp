// SPDX-License-Identifier: MIT
// GGUF's types: sizes, and rows as ggml writes and reads them. The digests are those of what ggml's
// own functions (ggml-quants.c of d99724f, on x86-64) made of the same rows and bytes; records that
// were worked out by hand, special values, and arguments that are refused stand beside them.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "ggml_cases.hpp"
#include "lowp/block/ggml/gguf_types.hpp"

using lowp::gguf_type;
using byte_list = std::vector<std::uint8_t>;

// What points to functions that depend on the compiler's flags is named after them, too: the linker
// merges no table of one translation unit with that of another.
using lowp::gguf::LOWP_BASELINE::bf16, lowp::gguf::LOWP_BASELINE::f16;
using lowp::gguf::LOWP_BASELINE::q2_k, lowp::gguf::LOWP_BASELINE::q8_k;
using lowp::LOWP_BASELINE::gguf_types;

namespace {

struct peer_digest {
  std::string_view name;
  std::size_t cols, bytes;
  std::uint64_t written, read;  ///< of 60 records; 0 where nothing is written
};
constexpr peer_digest of_ggml[] = {
    {"Q4_0", 32, 18, 0xA20301133B67D78Cu, 0x68A960B982193698u},
    {"Q4_1", 32, 20, 0x4BFAAE872B2E10B7u, 0x024E5F1222CCF7CEu},
    {"Q5_0", 32, 22, 0xD64A1B0644E098BEu, 0x31918CFDBDA39565u},
    {"Q5_1", 32, 24, 0xA20A231A95488C79u, 0x6D9BA874D4D41835u},
    {"Q8_0", 32, 34, 0x4AF187661AAC7E1Du, 0xCF6BC8B2CEF805ECu},
    {"Q8_1", 32, 36, 0xBDABBD3307E2F7A0u, 0x7DBEB580A3D1F340u},
    {"IQ4_NL", 32, 18, 0xDD3E018F1749FB98u, 0xECD3F4E548CBBE59u},
    {"IQ4_XS", 256, 136, 0x700B13108A289DB8u, 0xB9D09BCFDB3A081Du},
    {"TQ1_0", 256, 54, 0xC547424C78C5E060u, 0xCB08C0A9DF8F59FDu},
    {"TQ2_0", 256, 66, 0x7942100FC94A41F7u, 0xFC951D6A2613AAB6u},
    {"MXFP4", 32, 17, 0xEA82C78DE2BD5E8Au, 0x8AC26D16AFD6B9B3u},
    {"NVFP4", 64, 36, 0x914B96B86FEB526Du, 0x5822DD9477058A7Au},
    {"Q1_0", 128, 18, 0x2CCDFF4764D6F817u, 0x6D41049A2F428FA5u},
    {"Q2_0", 64, 18, 0x0B5DBFBC976D193Du, 0x895351DDB001D851u},
    {"IQ2_XXS", 256, 66, 0, 0x3E838E67F8910DEBu},
    {"IQ2_XS", 256, 74, 0, 0xD996BD8E52EAF93Du},
    {"IQ2_S", 256, 82, 0, 0x520FD67AA014EAC9u},
    {"IQ3_XXS", 256, 98, 0, 0x3C7B9178B7ABA71Du},
    {"IQ3_S", 256, 110, 0, 0xD086552BB96FCE99u},
    {"IQ1_S", 256, 50, 0, 0x130354FEDE803B7Au},
    {"IQ1_M", 256, 56, 0, 0xD0508185FA4DD336u},
};

const gguf_type& type_of(std::string_view name) {
  return lowp::gguf_type_named(lowp::gguf_types, name);
}
byte_list written(std::string_view name, const std::vector<float>& row) {
  const gguf_type& type = type_of(name);
  byte_list bytes(type.row_bytes(row.size()));
  lowp::quantize_row(type, row, bytes);
  return bytes;
}
std::vector<float> read(std::string_view name, const byte_list& bytes) {
  const gguf_type& type = type_of(name);
  std::vector<float> row(bytes.size() / type.bytes * type.cols);
  lowp::dequantize_row(type, bytes, row);
  return row;
}
std::string hex(const byte_list& bytes) {
  std::string text;
  for (const std::uint8_t b : bytes) {
    text += "0123456789ABCDEF"[b >> 4];
    text += "0123456789ABCDEF"[b & 15];
  }
  return text;
}

/// By its bits, which -ffast-math leaves alone.
bool is_nan(float x) { return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) > 0x7F800000u; }

}  // namespace

TEST_CASE("Rows are written as ggml's reference quantizers write them", "[ggml]") {
  for (const peer_digest& peer : of_ggml) {
    INFO(peer.name);
    const gguf_type& type = type_of(peer.name);
    CHECK(type.cols == peer.cols);
    CHECK(type.bytes == peer.bytes);
    CHECK((type.quantize != nullptr) == (peer.written != 0));
    if (type.quantize == nullptr) continue;
    const bool has_tiny = peer.name.substr(0, 3) != "IQ4";  // which ggml leaves as they were
    test::ggml_digest digest;
    digest.add(written(peer.name, test::ggml_values(60 * peer.cols, peer.cols, has_tiny)));
    CHECK(digest.value() == peer.written);
  }
}

TEST_CASE("Rows are read as ggml reads them, whatever the bytes", "[ggml]") {
  for (const peer_digest& peer : of_ggml) {
    INFO(peer.name);
    test::ggml_digest digest;
    digest.add(read(peer.name, test::ggml_bytes(60 * peer.bytes)));
    CHECK(digest.value() == peer.read);
  }
}

TEST_CASE("Records worked out by hand", "[ggml]") {
  std::vector<float> row = {0.5f, -1, 0.26f, 0, 0.9f, -0.13f, 0.77f, -0.4f};
  for (std::size_t i = 8; i < 32; ++i) row.push_back(row[i % 8] / 2);
  CHECK(hex(written("Q4_0", row)) == "0030AC409A88CF77BE65AA449988CC77BB66");
  CHECK(hex(written("Q4_1", row)).substr(0, 24) == "0E3000BCAC409A88BF77BE65");
  CHECK(hex(written("Q5_0", row)).substr(0, 28) ==
        "002C5D5D5D5D48802400"
        "7EFE6CDA");
  CHECK(hex(written("Q8_0", row)).substr(0, 20) == "08204081210072EF62CD");
  CHECK(hex(written("MXFP4", row)) ==
        "7D24CE120046993"
        "5AB22CC1100449933AA");
  CHECK(read("Q4_0", written("Q4_0", row))[7] == -0.375f);

  // The range of a block of equal values is 0, the minimum says all; zeros keep the first's sign.
  const std::vector<float> same(32, 1.5f);
  CHECK(hex(written("Q4_1", same)) == "0000003E" + std::string(32, '0'));
  CHECK(read("Q5_1", written("Q5_1", same)) == same);
  std::vector<float> zeros(32, 0.0f);
  zeros[0] = lowp::from_bits<float>(0x80000000u);
  CHECK(hex(written("Q4_1", zeros)).substr(0, 8) == "00000080");
  // Of equal magnitudes the first becomes the lowest integer.
  std::vector<float> pair(32, 0.0f);
  pair[3] = 2;
  pair[4] = -2;
  CHECK(hex(written("Q4_0", pair)).substr(0, 12) == "00B488888880");
}

TEST_CASE("The scale of a group of NVFP4 is that of the rule for matrices", "[ggml]") {
  test::split_mix random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>((114u << 23) + random.word() % (26u << 23));
    const float amax =
        i % 50 == 0 ? lowp::from_bits<float>(bits >> 4) : lowp::from_bits<float>(bits);
    REQUIRE(lowp::detail::ggml_nvfp4_scale(amax) ==
            lowp::rules::ggml_nvfp4.from_amax(amax, lowp::rules::ggml_nvfp4_groups, {}));
  }
}

TEST_CASE("Scales that cannot be read as such", "[ggml]") {
  // MXFP4: all exponents are numbers, 2^-128 and 2^127 times 2 x E2M1 among them, and there is no
  // -0; NVFP4: the code 0x7F is 0, beyond it the top bit is passed over but in 0xFF.
  byte_list mx(17, 0x21);
  mx[15] = 0x07;
  mx[16] = 0x8F;
  mx[0] = 0;
  CHECK(read("MXFP4", mx)[0] == 0x1p-128f);
  CHECK(std::bit_cast<std::uint32_t>(read("MXFP4", mx)[31]) == 0);
  mx[0] = 255;
  CHECK(read("MXFP4", mx)[0] == 0x1p127f);
  CHECK(std::bit_cast<std::uint32_t>(read("MXFP4", mx)[14]) == 0x7F800000u);
  byte_list nv(36, 0x11);
  for (std::size_t i = 0; i < 4; ++i)
    nv[i] = std::uint8_t(i == 0 ? 0x7F : i == 1 ? 0xFF : i == 2 ? 0x38 : 0xB8);
  const std::vector<float> row = read("NVFP4", nv);
  CHECK(row[0] == 0);
  CHECK(row[16] == 240);
  CHECK(row[32] == 0.5f);
  CHECK(row[48] == 0.5f);
}

TEST_CASE("A NaN or an infinity makes its block NaN and no other", "[ggml]") {
  const float specials[] = {lowp::from_bits<float>(0x7FC00000u),
                            lowp::from_bits<float>(0xFF800000u)};
  for (const gguf_type& type : lowp::gguf_types) {
    if (!type.is_block() || type.quantize == nullptr) continue;
    for (const float special : specials) {
      INFO(type.name);
      std::vector<float> row(3 * type.cols, 1.0f);
      const std::vector<float> clean = read(type.name, written(type.name, row));
      row[2 * type.cols - 1] = special;
      const byte_list bytes = written(type.name, row);
      const std::vector<float> back = read(type.name, bytes);
      const bool has_nan = type.name != "MXFP4" && type.name != "NVFP4";
      const std::size_t group = type.name == "NVFP4" ? 16 : type.cols;
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool is_near = i < 2 * type.cols && i >= 2 * type.cols - group;
        if (!is_near) {
          REQUIRE(back[i] == clean[i]);
        } else {
          REQUIRE((has_nan ? is_nan(back[i]) : back[i] == 0));
        }
      }
      if (type.name == "MXFP4") CHECK(bytes[17] == 255);
      if (type.name == "NVFP4") CHECK(bytes[39] == 0x7F);
    }
  }
}

TEST_CASE("Zeros stay zeros; below the range of a scale there is nothing else", "[ggml]") {
  for (const gguf_type& type : lowp::gguf_types) {
    if (type.quantize == nullptr) continue;
    INFO(type.name);
    for (const float x : {0.0f, -0.0f, 0x1p-149f, -0x1p-130f}) {
      const std::vector<float> row(type.cols, x);
      for (const float y : read(type.name, written(type.name, row))) {
        REQUIRE((y == 0 || (!type.is_block() && y == x)));
      }
    }
  }
}

TEST_CASE("Lattices have as many points as their codes name", "[ggml]") {
  const auto count = [](const auto& words) {
    int points = 0;
    for (const std::uint64_t word : words) points += std::popcount(word);
    return points;
  };
  CHECK(count(lowp::detail::iq2_xxs_words) == 256);
  CHECK(count(lowp::detail::iq2_xs_words) == 512);
  CHECK(count(lowp::detail::iq2_s_words) == 1024);
  CHECK(count(lowp::detail::iq3_xxs_words) == 256);
  CHECK(count(lowp::detail::iq3_s_words) == 512);
  CHECK(count(lowp::detail::iq1_words) == 2048);
}

TEST_CASE("Plain types", "[ggml]") {
  const float nan = std::bit_cast<float>(0x7FA00001u);
  const std::vector<float> row = {1.5f, -0.0f, 65519, 65520, 0x1p-24f, 0x1.8p-25f, 3.0e38f, 1e-40f};
  CHECK(read("F32", written("F32", row)) == row);
  CHECK(hex(written("F32", {nan})) == "0100A07F");
  CHECK(read("F64", written("F64", row)) == row);
  CHECK(hex(written("F64", {1.5f, -2})) == "000000000000F83F00000000000000C0");
  CHECK(hex(written("F16", row)) == "003E0080FF7B007C01000100007C0000");
  CHECK(hex(written("BF16", row)) == "C03F00808047804780334033627F0100");
  CHECK(read("F16", {0x01, 0x00, 0xFF, 0x7B}) == std::vector<float>{0x1p-24f, 65504});
  CHECK(read("I8", {0x80, 0x7F}) == std::vector<float>{-128, 127});
  CHECK(read("I16", {0x00, 0x80, 0x01, 0x00}) == std::vector<float>{-32768, 1});
  // Rounded once: 2^24 + 1, and 2^63 - 1.
  CHECK(read("I32", {1, 0, 0, 1}) == std::vector<float>{16777216});
  CHECK(read("I64", {255, 255, 255, 255, 255, 255, 255, 127}) == std::vector<float>{0x1p63f});
  CHECK(type_of("I32").quantize == nullptr);
}

TEST_CASE("The table is looked up by name and by number", "[ggml]") {
  CHECK(lowp::find_gguf_type(39)->name == "MXFP4");
  CHECK(lowp::find_gguf_type("BF16")->id == 30);
  CHECK(lowp::find_gguf_type(4) == nullptr);  // Q4_2, which is no more
  CHECK(lowp::find_gguf_type("Q4_2") == nullptr);
  CHECK_THROWS_WITH(type_of("Q40"), Catch::Matchers::ContainsSubstring("near it: Q4_0"));
  CHECK(type_of("IQ4_XS").bits_per_value() == 4.25);
  for (const gguf_type& a : lowp::gguf_types) {
    for (const gguf_type& b : lowp::gguf_types) {
      CHECK(((a.id == b.id) == (&a == &b) && (a.name == b.name) == (&a == &b)));
    }
  }
  const gguf_type own[] = {{"OWN", 1000, 4, 4, nullptr, nullptr}};
  CHECK(lowp::find_gguf_type(own, "OWN") == own);
}

TEST_CASE("Rows that are no whole records are refused before anything is written", "[ggml]") {
  const std::vector<float> row(48, 1.0f);
  byte_list bytes(36, 0xEE);
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_WITH(lowp::quantize_row(type_of("Q4_0"), row, bytes),
                    ContainsSubstring("a multiple of 32 values, got 48"));
  CHECK_THROWS_WITH(lowp::quantize_row(type_of("Q4_0"), std::span(row).first(32), bytes),
                    ContainsSubstring("takes 18 bytes for 32 values, got 36"));
  CHECK_THROWS_WITH(lowp::quantize_row(type_of("IQ1_S"), row, bytes),
                    ContainsSubstring("no such function"));
  std::vector<float> out(32);
  CHECK_THROWS_AS(lowp::dequantize_row(type_of("Q4_0"), bytes, out), std::invalid_argument);
  CHECK(bytes == byte_list(36, 0xEE));
}
