// SPDX-License-Identifier: MIT
// Pins the bits of encode, decode and round_to (see digest.hpp).
#include "lowp/arrays/convert.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digests/digest.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::any_rounding;
using lowp::execution;
using lowp::missing_nan;
using lowp::overflow;
using test::digests::digest;
using test::digests::line;
using test::digests::table;

constexpr std::size_t count = 3001;  // no multiple of a vector, a byte or a block of random bits

const std::vector<float>& floats() {
  static const std::vector<float> list = test::digests::hostile_floats(count);
  return list;
}

struct named_mode {
  std::string name;
  any_rounding mode;
};
/// Every named mode but nearest_even, and stochastic ones of each variant.
std::vector<named_mode> other_modes() {
  using lowp::stochastic;
  using lowp::stochastic_variant;
  std::vector<named_mode> list;
  for (const auto& [name, mode] : lowp::rounding_modes) {
    if (name != "nearest_even" && name != "stochastic") list.push_back({std::string(name), mode});
  }
  list.push_back({"stochastic 32", stochastic{.seed = 11, .index = 5}});
  list.push_back({"stochastic 8", stochastic{.seed = 11, .random_bits = 8}});
  list.push_back({"stochastic 32 b", stochastic{.seed = 12,
                                                .variant = stochastic_variant::b,
                                                .generator = lowp::generator::philox4x32_7}});
  list.push_back({"stochastic 8 a",
                  stochastic{.seed = 13, .random_bits = 8, .variant = stochastic_variant::a}});
  list.push_back({"stochastic 1 equal",
                  stochastic{.seed = 14, .random_bits = 1, .variant = stochastic_variant::equal}});
  return list;
}

/// Calls function(name, format) for every format of the catalogue, and for some of each family.
template <class Function>
void for_each_float_format(const Function& function) {
  for (const auto& [name, format] : formats::float_formats) function(std::string(name), format);
  function(std::string("p3109(8, 3)"), formats::p3109(8, 3));
  function(std::string("p3109(6, 3)"), formats::p3109(6, 3));
}
template <class Function>
void for_each_format(const Function& function) {
  for_each_float_format(function);
  function(std::string("posit<8, 0>"), formats::posit<8, 0>);
  function(std::string("posit<8, 2>"), formats::posit<8, 2>);
  function(std::string("posit<16, 1>"), formats::posit<16, 1>);
  function(std::string("fixed<8, 6>"), formats::fixed<8, 6>);
  function(std::string("fixed<16, 8>"), formats::fixed<16, 8>);
  function(std::string("int_n<4>"), formats::int_n<4>);
  function(std::string("int_n<8>"), formats::int_n<8>);
  function(std::string("uint_n<8>"), formats::uint_n<8>);
  function(std::string("symmetric_int_n<8>"), formats::symmetric_int_n<8>);
}

template <class F>
std::uint64_t encoded(const F& f, const any_rounding& mode, overflow o, missing_nan n,
                      const execution& how) {
  std::vector<std::uint8_t> bytes(lowp::packed_bytes(count, f.bits()));
  lowp::encode(f, floats(), bytes, mode, o, n, {}, how);
  digest d;
  d.add_all(bytes);
  return d.value();
}
template <auto F, class T>
std::uint64_t encoded_early(const std::vector<T>& values, const execution& how) {
  std::vector<std::uint8_t> bytes(lowp::packed_bytes(values.size(), F.bits()));
  lowp::encode(std::span<const T>(values), lowp::packed_span<F>(bytes, values.size()),
               lowp::nearest_even, overflow::to_special, missing_nan::largest, how);
  digest d;
  d.add_all(bytes);
  return d.value();
}
template <class F, class T>
std::uint64_t rounded(const F& f, const std::vector<T>& values, const any_rounding& mode,
                      overflow o, const execution& how) {
  std::vector<T> out(values.size());
  lowp::round_to(f, std::span<const T>(values), std::span<T>(out), mode, o, missing_nan::zero, how);
  digest d;
  d.add_all(out);
  return d.value();
}

// clang-format off
constexpr line encode_lines[] = {
    {"e4m3fn", 0xF6E77D9E4BC3ADE9},
    {"e5m2", 0x01D2C15AE568CB47},
    {"e4m3", 0xB180FA67B149775C},
    {"e3m4", 0xFBCEA12D31701ED3},
    {"e4m3fnuz", 0xB6B1B2DE179B9EA6},
    {"e5m2fnuz", 0x4871312183E94C97},
    {"e4m3b11fnuz", 0xFE58A3145CB0192E},
    {"e3m2", 0xBC57C4DC2A8412B6},
    {"e2m3", 0xB29169975FA90363},
    {"e2m2", 0x4131C7D334736376},
    {"e2m1", 0x23992F888AE6D408},
    {"e1m2", 0x894DBA0EC42C8448},
    {"e1m2_bias0", 0x2D35E573A0C949D6},
    {"e3m0", 0x7B8AEBA1E2287DDF},
    {"e8m0", 0x044FA162E7F98CC0},
    {"ue4m3", 0x406F22B1FE27F12C},
    {"ue5m3", 0xB8CD040906E62793},
    {"e6m2", 0x0FA758F05215D189},
    {"binary16", 0x8A249E34B4018E1F},
    {"bfloat16", 0xC6466E66C594C802},
    {"tf32", 0x3ED111D29F7EB56C},
    {"binary32", 0xA04FBA79CB2F7418},
    {"binary64", 0x5ED14B4D792C8092},
    {"p3109(8, 3)", 0x732243E3536EEF74},
    {"p3109(6, 3)", 0xE8AC3F53650ED9C5},
    {"posit<8, 0>", 0x8519A86824E99E57},
    {"posit<8, 2>", 0xD41D993EB2199F45},
    {"posit<16, 1>", 0x987D18DA15801A7C},
    {"fixed<8, 6>", 0xCA6EE76EF6CBAC56},
    {"fixed<16, 8>", 0xDCD1CAE87674BD53},
    {"int_n<4>", 0x65CCE65E51EC730B},
    {"int_n<8>", 0x5108FB8ECA48F6B3},
    {"uint_n<8>", 0xEE5090543A04FDBF},
    {"symmetric_int_n<8>", 0xF84601FCA5EBF856},
};
constexpr line mode_lines[] = {
    {"e4m3fn nearest_away", 0x39B7D86515B7F552},
    {"e2m1 nearest_away", 0xC20AC402C9F30860},
    {"binary16 nearest_away", 0x6FA4451276FA19CB},
    {"e4m3fn nearest_toward_zero", 0x42993E07C0F3D0D6},
    {"e2m1 nearest_toward_zero", 0x2C246855938C8598},
    {"binary16 nearest_toward_zero", 0xE9CBE0AE65081354},
    {"e4m3fn toward_zero", 0x6C1F8B33A359E1BA},
    {"e2m1 toward_zero", 0xCC2EDC0D761BC55C},
    {"binary16 toward_zero", 0x9B14F163D02D9F52},
    {"e4m3fn upward", 0xC7D2EF2D9A311558},
    {"e2m1 upward", 0xBCD9DBAB223FE029},
    {"binary16 upward", 0x07B8FE4F3BE348C7},
    {"e4m3fn downward", 0x7C912C714A0AB4C1},
    {"e2m1 downward", 0x3721FCEE89A403AE},
    {"binary16 downward", 0x9F02DD2C84F18A31},
    {"e4m3fn away_from_zero", 0x122C49D5E8254D97},
    {"e2m1 away_from_zero", 0x7A794927FE19E7D7},
    {"binary16 away_from_zero", 0xBE82F3DE47392490},
    {"e4m3fn to_odd", 0xFC050BE2128F8B73},
    {"e2m1 to_odd", 0x40ED4D338478E447},
    {"binary16 to_odd", 0xB079B3CECBA1963E},
      {"e4m3fn nearest_upward", 0xCBA577AEBA22B1F3},
      {"e2m1 nearest_upward", 0x6D0A75226BA20B50},
      {"binary16 nearest_upward", 0x5C9D780C5B85D1E6},
      {"e4m3fn nearest_downward", 0x9FEF33B51FAAE323},
      {"e2m1 nearest_downward", 0xAEF5CD3DE70C02C8},
      {"binary16 nearest_downward", 0xCA694D5201B5DA15},
    {"e4m3fn stochastic 32", 0x748AA2BFAFD56CDA},
    {"e2m1 stochastic 32", 0x30581B02B46460B5},
    {"binary16 stochastic 32", 0xD74B933ADE956E01},
    {"e4m3fn stochastic 8", 0xDD19B37BCAB2FE51},
    {"e2m1 stochastic 8", 0xA85C121E4EBC970F},
    {"binary16 stochastic 8", 0xB7E4274FA70F00D3},
    {"e4m3fn stochastic 32 b", 0x4F1A21619AA4947E},
    {"e2m1 stochastic 32 b", 0x6E262D8B78D484E5},
    {"binary16 stochastic 32 b", 0xF067517BDBED2C3E},
    {"e4m3fn stochastic 8 a", 0x05E546E92D8E01CC},
    {"e2m1 stochastic 8 a", 0xE56533AEC1FFC2C3},
    {"binary16 stochastic 8 a", 0xB726BD97CBDC0EB4},
    {"e4m3fn stochastic 1 equal", 0xC1F10498C3152707},
    {"e2m1 stochastic 1 equal", 0xC2F68D56A6CAA700},
    {"binary16 stochastic 1 equal", 0x57082497518AD118},
};
constexpr line range_lines[] = {
    {"e4m3fn saturate", 0xEF988D159A193B3E},
    {"e4m3fn propagate", 0xEF988D159A193B3E},
    {"e4m3fn wrap", 0xEF988D159A193B3E},
    {"e5m2 saturate", 0x4885EA73056488DC},
    {"e5m2 propagate", 0x080DE4A611336F87},
    {"e5m2 wrap", 0x4885EA73056488DC},
    {"p3109(8, 3) saturate", 0xD2C18F959A83177A},
    {"p3109(8, 3) propagate", 0x086962906065B8FF},
    {"p3109(8, 3) wrap", 0xD2C18F959A83177A},
    {"posit<8, 2> saturate", 0xE5E1C7720D017F42},
    {"posit<8, 2> propagate", 0xE5E1C7720D017F42},
    {"posit<8, 2> wrap", 0xE5E1C7720D017F42},
    {"fixed<16, 8> saturate", 0xDCD1CAE87674BD53},
    {"fixed<16, 8> propagate", 0xDCD1CAE87674BD53},
    {"fixed<16, 8> wrap", 0x066E9F509CE57D5D},
    {"int_n<8> saturate", 0x5108FB8ECA48F6B3},
    {"int_n<8> propagate", 0x5108FB8ECA48F6B3},
    {"int_n<8> wrap", 0x081ADBCBD40C1398},
    {"uint_n<8> saturate", 0xEE5090543A04FDBF},
    {"uint_n<8> propagate", 0xEE5090543A04FDBF},
    {"uint_n<8> wrap", 0xBB73A0A3031CBA98},
    {"symmetric_int_n<8> saturate", 0xF84601FCA5EBF856},
    {"symmetric_int_n<8> propagate", 0xF84601FCA5EBF856},
    {"symmetric_int_n<8> wrap", 0x063D26162CB4C754},
    {"e2m1 signed_largest", 0x993D4D44D7E564DC},
    {"e2m1 zero", 0x2DDC6573EB930A0C},
    {"e2m1 flipped_zero", 0x14F6BAC581FF300C},
    {"e3m2 signed_largest", 0xCFA71D365313FD2D},
    {"e3m2 zero", 0xC5BE838895C69ED9},
    {"e3m2 flipped_zero", 0x1AD2B3D3BDB2E4D9},
    {"int_n<8> signed_largest", 0x48A23463A00F3FE9},
    {"int_n<8> zero", 0xB262DEB3A2F3A355},
    {"int_n<8> flipped_zero", 0xB262DEB3A2F3A355},
};
constexpr line source_lines[] = {
    {"e2m1 from binary32", 0x23992F888AE6D408},
    {"e4m3fn from binary64", 0x5039DE94BF7BA62B},
    {"e4m3fn from bfloat16", 0xFCF9B06835FB1295},
};
constexpr line decode_lines[] = {
    {"e4m3fn", 0xDAD259C50F757625},
    {"e5m2", 0xA4C9F019470B0385},
    {"e4m3", 0x5EC93E00154A78E5},
    {"e3m4", 0x80787327A21E89A5},
    {"e4m3fnuz", 0xF51851CB11C63018},
    {"e5m2fnuz", 0x94AE6FC493D49818},
    {"e4m3b11fnuz", 0xD90D7A600530D158},
    {"e3m2", 0xC7270F06DF8985A5},
    {"e2m3", 0x2CD6942B8460ED25},
    {"e2m2", 0x4013D4A3454B4D25},
    {"e2m1", 0x00E6ECCC4E469B25},
    {"e1m2", 0x6ECCE5C99E83F725},
    {"e1m2_bias0", 0x4693F7FC9CC5E725},
    {"e3m0", 0x8192A12576F0E325},
    {"e8m0", 0x6D2C8B41C3F0E5A5},
    {"ue4m3", 0x11EE9D2CD8531C25},
    {"ue5m3", 0x7F5C9F051ACE29B8},
    {"e6m2", 0x73D01A9F3C4DF5AD},
    {"binary16", 0xD87EA19EFABF8D45},
    {"bfloat16", 0x826ECC6AEF1E7325},
    {"tf32", 0x276844C77EEBB681},
    {"binary32", 0xA04FBA79CB2F7418},
    {"binary64", 0xA04FBA79CB2F7418},
    {"p3109(8, 3)", 0x33E8C658992A5CD8},
    {"p3109(6, 3)", 0xD3A20F3E9187CAA5},
    {"posit<8, 0>", 0xD352820224D3B398},
    {"posit<8, 2>", 0x96197D6145141498},
    {"posit<16, 1>", 0xD09308E51E6674F8},
    {"fixed<8, 6>", 0xAF3F5CF2E12A1985},
    {"fixed<16, 8>", 0x722B83C50B7B185C},
    {"int_n<4>", 0x3D5698B528D48925},
    {"int_n<8>", 0xB5C3DD83E4FB0B3C},
    {"uint_n<8>", 0xF977BE1BF8BE6A08},
    {"symmetric_int_n<8>", 0xB5C3DD83E4FB0B3C},
};
constexpr line round_lines[] = {
    {"binary32 to e4m3fn nearest_even", 0xE8365C62732D8829},
    {"binary32 to e3m2 nearest_even", 0xF63779C3963401AF},
    {"binary32 to e5m12 nearest_even", 0x17845F8AB8DA79C7},
    {"binary32 to posit<16, 1> nearest_even", 0x6ECEF6ACFAAC31B4},
    {"binary32 to fixed<16, 8> nearest_even", 0xC1672BFD8277CDA2},
    {"binary64 to e4m3fn nearest_even", 0xFD4EE5C8CDB6F47F},
    {"binary64 to binary32 nearest_even", 0xB2CD63686E6372B1},
    {"binary64 to e5m12 nearest_even", 0xE0C283E6CAF8F50B},
    {"binary64 to e9m30 nearest_even", 0xB1F297AB639BEF7C},
    {"binary32 to e4m3fn upward", 0x75E608A74ECB9D4E},
    {"binary32 to e3m2 upward", 0xD4ADB32922FF32A1},
    {"binary32 to e5m12 upward", 0xB5B2802D6C4F2178},
    {"binary32 to posit<16, 1> upward", 0xA7922D2810DA947B},
    {"binary32 to fixed<16, 8> upward", 0x51A4D497D4C5F45D},
    {"binary64 to e4m3fn upward", 0x062E5C3471AE88CC},
    {"binary64 to binary32 upward", 0xFC343957BDD74B93},
    {"binary64 to e5m12 upward", 0x191ACC7610BB5452},
    {"binary64 to e9m30 upward", 0x39AA875BD1EB0A09},
    {"binary32 to e4m3fn stochastic 8", 0xE219A288D4F8592A},
    {"binary32 to e3m2 stochastic 8", 0x59A45CABE3C1BD35},
    {"binary32 to e5m12 stochastic 8", 0x6FD372AD3ECEF517},
    {"binary32 to posit<16, 1> stochastic 8", 0xF2AAB9464D60256F},
    {"binary32 to fixed<16, 8> stochastic 8", 0x34319A4FF7825853},
    {"binary64 to e4m3fn stochastic 8", 0x0A44CC782B2A7DDB},
    {"binary64 to binary32 stochastic 8", 0x3168B410874F02FE},
    {"binary64 to e5m12 stochastic 8", 0xBD138F6A58DD57E6},
    {"binary64 to e9m30 stochastic 8", 0xF1C55B70C56D97D3},
    {"binary32 to e4m3fn stochastic 32", 0x0CB1C5EA0153DC4A},
    {"binary32 to e3m2 stochastic 32", 0x35029A0665677131},
    {"binary32 to e5m12 stochastic 32", 0xFA4BB5AE2CF34DA6},
    {"binary32 to posit<16, 1> stochastic 32", 0x3BE057EEA9642F46},
    {"binary32 to fixed<16, 8> stochastic 32", 0xEBC9F3B16BE5DD76},
    {"binary64 to e4m3fn stochastic 32", 0x41A385F95DE20BA0},
    {"binary64 to binary32 stochastic 32", 0xE1274A4AC60B5846},
    {"binary64 to e5m12 stochastic 32", 0xC2693F67C28455E0},
    {"binary64 to e9m30 stochastic 32", 0x5FC61E35D15E7D5A},
};
// clang-format on

}  // namespace

TEST_CASE("Digests of encode, to nearest even") {
  table t(encode_lines);
  for_each_format([&](const std::string& name, const auto& f) {
    t.check(name, [&](const execution& how) {
      return encoded(f, lowp::nearest_even, overflow::to_special, missing_nan::largest, how);
    });
  });
  t.finish();
}

TEST_CASE("Digests of encode, in other rounding modes") {
  table t(mode_lines);
  for (const auto& [mode_name, mode] : other_modes()) {
    for (const auto& [name, f] : {formats::named_float_format{"e4m3fn", formats::e4m3fn},
                                  {"e2m1", formats::e2m1},
                                  {"binary16", formats::binary16}}) {
      t.check(std::string(name) + " " + mode_name,
              [&, &format = f, &rounding = mode](const execution& how) {
                return encoded(format, rounding, overflow::to_special, missing_nan::largest, how);
              });
    }
  }
  t.finish();
}

TEST_CASE("Digests of encode, by the policies for overflow and NaN") {
  table t(range_lines);
  const std::pair<const char*, overflow> overflows[] = {{"saturate", overflow::saturate},
                                                        {"propagate", overflow::propagate},
                                                        {"wrap", overflow::wrap}};
  const std::pair<const char*, missing_nan> nans[] = {
      {"signed_largest", missing_nan::signed_largest},
      {"zero", missing_nan::zero},
      {"flipped_zero", missing_nan::flipped_zero}};
  const auto check_overflow = [&](const std::string& name, const auto& f) {
    for (const auto& [policy, o] : overflows) {
      t.check(name + " " + policy, [&, range = o](const execution& how) {
        return encoded(f, lowp::nearest_even, range, missing_nan::largest, how);
      });
    }
  };
  const auto check_nan = [&](const std::string& name, const auto& f) {
    for (const auto& [policy, n] : nans) {
      t.check(name + " " + policy, [&, nan = n](const execution& how) {
        return encoded(f, lowp::toward_zero, overflow::to_special, nan, how);
      });
    }
  };
  check_overflow("e4m3fn", formats::e4m3fn);
  check_overflow("e5m2", formats::e5m2);
  check_overflow("p3109(8, 3)", formats::p3109(8, 3));
  check_overflow("posit<8, 2>", formats::posit<8, 2>);
  check_overflow("fixed<16, 8>", formats::fixed<16, 8>);
  check_overflow("int_n<8>", formats::int_n<8>);
  check_overflow("uint_n<8>", formats::uint_n<8>);
  check_overflow("symmetric_int_n<8>", formats::symmetric_int_n<8>);
  check_nan("e2m1", formats::e2m1);
  check_nan("e3m2", formats::e3m2);
  check_nan("int_n<8>", formats::int_n<8>);
  t.finish();
}

TEST_CASE("Digests of encode from other sources, with the format as a template argument") {
  table t(source_lines);
  t.check("e2m1 from binary32",
          [](const execution& how) { return encoded_early<formats::e2m1>(floats(), how); });
  t.check("e4m3fn from binary64", [](const execution& how) {
    static const std::vector<double> doubles = test::digests::hostile_doubles(count);
    return encoded_early<formats::e4m3fn>(doubles, how);
  });
  t.check("e4m3fn from bfloat16", [](const execution& how) {
    std::vector<lowp::bfloat16> values;
    for (std::uint32_t code = 0; code < 1u << 16; ++code) {
      values.push_back(lowp::bfloat16::from_code(code));
    }
    return encoded_early<formats::e4m3fn>(values, how);
  });
  t.finish();
}

TEST_CASE("Digests of decode: all codes of up to 16 bits, else those of encode") {
  table t(decode_lines);
  for_each_format([&](const std::string& name, const auto& f) {
    const bool is_narrow = f.bits() <= 16;
    const std::size_t codes = is_narrow ? std::size_t{1} << f.bits() : count;
    // Short arrays are decoded without a table.
    const std::size_t size = codes < 256 ? 256 : codes;
    std::vector<std::uint8_t> bytes(lowp::packed_bytes(size, f.bits()));
    if (is_narrow) {
      for (std::size_t i = 0; i < size; ++i) {
        lowp::store_code(bytes.data(), i, f.bits(), i % codes);
      }
    } else {
      lowp::encode(f, floats(), bytes, any_rounding());
    }
    t.check(name, [&](const execution& how) {
      std::vector<float> out(size);
      lowp::decode(f, bytes, out, {}, how);
      digest d;
      d.add_all(out);
      return d.value();
    });
  });
  t.finish();
}

TEST_CASE("Digests of round_to") {
  table t(round_lines);
  static const std::vector<double> doubles = test::digests::hostile_doubles(count);
  constexpr lowp::float_format e5m12{.exponent_bits = 5, .mantissa_bits = 12};
  constexpr lowp::float_format e9m30{.exponent_bits = 9, .mantissa_bits = 30};
  const named_mode modes[] = {{"nearest_even", lowp::nearest_even},
                              {"upward", lowp::upward},
                              {"stochastic 8", lowp::stochastic{.seed = 21, .random_bits = 8}},
                              {"stochastic 32", lowp::stochastic{.seed = 22}}};
  for (const auto& [mode_name, mode] : modes) {
    const auto check_floats = [&, &name = mode_name, &m = mode](const std::string& format,
                                                                const auto& f) {
      t.check("binary32 to " + format + " " + name, [&](const execution& how) {
        return rounded(f, floats(), m, overflow::to_special, how);
      });
    };
    const auto check_doubles = [&, &name = mode_name, &m = mode](const std::string& format,
                                                                 const auto& f) {
      t.check("binary64 to " + format + " " + name, [&](const execution& how) {
        return rounded(f, doubles, m, overflow::saturate, how);
      });
    };
    check_floats("e4m3fn", formats::e4m3fn);
    check_floats("e3m2", formats::e3m2);
    check_floats("e5m12", e5m12);
    check_floats("posit<16, 1>", formats::posit<16, 1>);
    check_floats("fixed<16, 8>", formats::fixed<16, 8>);
    check_doubles("e4m3fn", formats::e4m3fn);
    check_doubles("binary32", formats::binary32);
    check_doubles("e5m12", e5m12);
    check_doubles("e9m30", e9m30);
  }
  t.finish();
}
