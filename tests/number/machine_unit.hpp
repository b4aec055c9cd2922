// SPDX-License-Identifier: MIT
// The floating-point unit of the machine that runs the test, one instruction at a time, with its
// control and status registers: x86 with SSE and FMA, AArch64. It is compared with arithmetic_unit
// on random bits with many specials.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/number/arithmetic_unit.hpp"
#include "lowp/number/status_registers.hpp"

namespace test {

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define LOWP_TEST_HAS_MACHINE_UNIT 1
inline bool has_machine_unit() {
  return __builtin_cpu_supports("fma") != 0 && __builtin_cpu_supports("avx2") != 0;  // and F16C
}

/// One setting of the control register and what it stands for.
struct machine_setting {
  std::uint32_t control;
  lowp::environment environment;
};
inline std::vector<machine_setting> machine_settings() {
  lowp::environment daz = lowp::environments::x86_sse, ftz = daz;
  daz.flushes_operands = true;
  ftz.flushes_results = true;
  return {{0x1F80, lowp::environments::x86_sse},
          {0x1FC0, daz},
          {0x9F80, ftz},
          {0x9FC0, lowp::environments::flushing(lowp::environments::x86_sse)}};
}
inline constexpr std::uint32_t toward_zero_bits = 0x6000, upward_bits = 0x4000,
                               downward_bits = 0x2000;

[[nodiscard]] inline lowp::status_flags flags_of(std::uint32_t status) {
  return lowp::flags_from_mxcsr(status);
}

#define LOWP_TEST_BEGIN "ldmxcsr %[control]\n\t"
#define LOWP_TEST_END "\n\tstmxcsr %[status]\n\tldmxcsr %[normal]"
#define LOWP_TEST_INSTRUCTION(result, text, ...)                                        \
  asm volatile(LOWP_TEST_BEGIN text LOWP_TEST_END                                       \
               : [x] result(x), [status] "=m"(status)                                   \
               : [control] "m"(control), [normal] "m"(normal)__VA_OPT__(, ) __VA_ARGS__ \
               : "memory", "cc")

struct machine_unit {
  std::uint32_t control;
  std::uint32_t status = 0;
  static constexpr std::uint32_t normal = 0x1F80;

#define LOWP_TEST_OPERATION(name, instruction)                            \
  float name(float x, float y) {                                          \
    LOWP_TEST_INSTRUCTION("+x", instruction "ss %[y], %[x]", [y] "x"(y)); \
    return x;                                                             \
  }                                                                       \
  double name(double x, double y) {                                       \
    LOWP_TEST_INSTRUCTION("+x", instruction "sd %[y], %[x]", [y] "x"(y)); \
    return x;                                                             \
  }
  LOWP_TEST_OPERATION(add, "add")
  LOWP_TEST_OPERATION(subtract, "sub")
  LOWP_TEST_OPERATION(multiply, "mul")
  LOWP_TEST_OPERATION(divide, "div")
  LOWP_TEST_OPERATION(square_root, "sqrt")  // of y
#undef LOWP_TEST_OPERATION
  float fma(float x, float y, float z) {
    std::swap(x, y);  // the second operand is the first factor
    LOWP_TEST_INSTRUCTION("+x", "vfmadd213ss %[z], %[y], %[x]", [y] "x"(y), [z] "x"(z));
    return x;
  }
  double fma(double x, double y, double z) {
    std::swap(x, y);  // the second operand is the first factor
    LOWP_TEST_INSTRUCTION("+x", "vfmadd213sd %[z], %[y], %[x]", [y] "x"(y), [z] "x"(z));
    return x;
  }
  float round_to_integral(float y) {
    float x = 0;
    LOWP_TEST_INSTRUCTION("+x", "roundss $4, %[y], %[x]", [y] "x"(y));
    return x;
  }
  double round_to_integral(double y) {
    double x = 0;
    LOWP_TEST_INSTRUCTION("+x", "roundsd $4, %[y], %[x]", [y] "x"(y));
    return x;
  }
  double convert(float y) {
    double x = 0;
    LOWP_TEST_INSTRUCTION("+x", "cvtss2sd %[y], %[x]", [y] "x"(y));
    return x;
  }
  float convert(double y) {
    float x = 0;
    LOWP_TEST_INSTRUCTION("+x", "cvtsd2ss %[y], %[x]", [y] "x"(y));
    return x;
  }
  std::int32_t to_int32(float y) {
    std::int32_t x = 0;
    LOWP_TEST_INSTRUCTION("=&r", "cvtss2si %[y], %[x]", [y] "x"(y));
    return x;
  }
  std::int64_t to_int64(float y) {
    std::int64_t x = 0;
    LOWP_TEST_INSTRUCTION("=&r", "cvtss2si %[y], %[x]", [y] "x"(y));
    return x;
  }
  std::int32_t to_int32(double y) {
    std::int32_t x = 0;
    LOWP_TEST_INSTRUCTION("=&r", "cvtsd2si %[y], %[x]", [y] "x"(y));
    return x;
  }
  std::int64_t to_int64(double y) {
    std::int64_t x = 0;
    LOWP_TEST_INSTRUCTION("=&r", "cvtsd2si %[y], %[x]", [y] "x"(y));
    return x;
  }
  std::uint32_t to_binary16(float y) {
    float x = 0;
    LOWP_TEST_INSTRUCTION("+x", "vcvtps2ph $4, %[y], %[x]", [y] "x"(y));
    return std::bit_cast<std::uint32_t>(x) & 0xFFFF;
  }
  float from_binary16(std::uint32_t code) {
    const float y = std::bit_cast<float>(code);
    float x = 0;
    LOWP_TEST_INSTRUCTION("+x", "vcvtph2ps %[y], %[x]", [y] "x"(y));
    return x;
  }
  /// The flags alone.
  template <class T>
  void compare(T y, T z, bool is_signaling) {
    std::uint32_t x = 0;
    if constexpr (sizeof(T) == 4) {
      if (is_signaling) {
        LOWP_TEST_INSTRUCTION("+r", "comiss %[z], %[y]", [y] "x"(y), [z] "x"(z));
      } else {
        LOWP_TEST_INSTRUCTION("+r", "ucomiss %[z], %[y]", [y] "x"(y), [z] "x"(z));
      }
    } else if (is_signaling) {
      LOWP_TEST_INSTRUCTION("+r", "comisd %[z], %[y]", [y] "x"(y), [z] "x"(z));
    } else {
      LOWP_TEST_INSTRUCTION("+r", "ucomisd %[z], %[y]", [y] "x"(y), [z] "x"(z));
    }
  }
};

#elif (defined(__GNUC__) || defined(__clang__)) && defined(__aarch64__)
#define LOWP_TEST_HAS_MACHINE_UNIT 1
inline bool has_machine_unit() { return true; }

struct machine_setting {
  std::uint32_t control;
  lowp::environment environment;
};
inline std::vector<machine_setting> machine_settings() {
  using namespace lowp::environments;
  return {{0, aarch64},
          {1u << 25, aarch64_default_nan},
          {1u << 24, flushing(aarch64)},
          {3u << 24, flushing(aarch64_default_nan)}};
}
inline constexpr std::uint32_t toward_zero_bits = 3u << 22, upward_bits = 1u << 22,
                               downward_bits = 2u << 22;

[[nodiscard]] inline lowp::status_flags flags_of(std::uint32_t status) {
  return lowp::flags_from_fpsr(status);
}

#define LOWP_TEST_INSTRUCTION(result, text, ...)                                 \
  asm volatile("msr fpcr, %[control]\n\tmsr fpsr, xzr\n\t" text                  \
               "\n\tmrs %[status], fpsr\n\tmsr fpcr, xzr"                        \
               : [x] result(x), [status] "=&r"(word)                             \
               : [control] "r"(std::uint64_t{control})__VA_OPT__(, ) __VA_ARGS__ \
               : "memory", "cc");                                                \
  status = static_cast<std::uint32_t>(word)

struct machine_unit {
  std::uint32_t control;
  std::uint32_t status = 0;
  std::uint64_t word = 0;

#define LOWP_TEST_OPERATION(name, instruction)                                   \
  float name(float x, float y) {                                                 \
    LOWP_TEST_INSTRUCTION("+w", instruction " %s[x], %s[x], %s[y]", [y] "w"(y)); \
    return x;                                                                    \
  }                                                                              \
  double name(double x, double y) {                                              \
    LOWP_TEST_INSTRUCTION("+w", instruction " %d[x], %d[x], %d[y]", [y] "w"(y)); \
    return x;                                                                    \
  }
  LOWP_TEST_OPERATION(add, "fadd")
  LOWP_TEST_OPERATION(subtract, "fsub")
  LOWP_TEST_OPERATION(multiply, "fmul")
  LOWP_TEST_OPERATION(divide, "fdiv")
#undef LOWP_TEST_OPERATION
#define LOWP_TEST_OPERATION(name, to, instruction, x_as, y_as) \
  template <class T>                                           \
  requires std::same_as<T, y_as> x_as name(T y) {              \
    x_as x = 0;                                                \
    LOWP_TEST_INSTRUCTION("+" to, instruction, [y] "w"(y));    \
    return x;                                                  \
  }
  LOWP_TEST_OPERATION(root, "w", "fsqrt %s[x], %s[y]", float, float)
  LOWP_TEST_OPERATION(root, "w", "fsqrt %d[x], %d[y]", double, double)
  LOWP_TEST_OPERATION(round_to_integral, "w", "frintx %s[x], %s[y]", float, float)
  LOWP_TEST_OPERATION(round_to_integral, "w", "frintx %d[x], %d[y]", double, double)
  LOWP_TEST_OPERATION(convert, "w", "fcvt %d[x], %s[y]", double, float)
  LOWP_TEST_OPERATION(convert, "w", "fcvt %s[x], %d[y]", float, double)
#undef LOWP_TEST_OPERATION
  template <class T>
  T square_root(T, T y) {
    return root(y);
  }
  std::uint32_t to_binary16(float y) {
    float x = 0;
    LOWP_TEST_INSTRUCTION("+w", "fcvt %h[x], %s[y]", [y] "w"(y));
    return std::bit_cast<std::uint32_t>(x) & 0xFFFF;
  }
  float from_binary16(std::uint32_t code) {
    const float y = std::bit_cast<float>(code);
    float x = 0;
    LOWP_TEST_INSTRUCTION("+w", "fcvt %s[x], %h[y]", [y] "w"(y));
    return x;
  }
  template <class T>
  T smaller_number(T x, T y) {
    if constexpr (sizeof(T) == 4) {
      LOWP_TEST_INSTRUCTION("+w", "fminnm %s[x], %s[x], %s[y]", [y] "w"(y));
    } else {
      LOWP_TEST_INSTRUCTION("+w", "fminnm %d[x], %d[x], %d[y]", [y] "w"(y));
    }
    return x;
  }
  template <class T>
  T larger(T x, T y) {
    if constexpr (sizeof(T) == 4) {
      LOWP_TEST_INSTRUCTION("+w", "fmax %s[x], %s[x], %s[y]", [y] "w"(y));
    } else {
      LOWP_TEST_INSTRUCTION("+w", "fmax %d[x], %d[x], %d[y]", [y] "w"(y));
    }
    return x;
  }
  float fma(float x, float y, float z) {
    LOWP_TEST_INSTRUCTION("+w", "fmadd %s[x], %s[x], %s[y], %s[z]", [y] "w"(y), [z] "w"(z));
    return x;
  }
  double fma(double x, double y, double z) {
    LOWP_TEST_INSTRUCTION("+w", "fmadd %d[x], %d[x], %d[y], %d[z]", [y] "w"(y), [z] "w"(z));
    return x;
  }
  /// Rounds as the control register says, which conversions to integers here do not: the integral
  /// number first.
  template <class T>
  std::int32_t to_int32(T y) {
    return to_integer<std::int32_t>(y);
  }
  template <class T>
  std::int64_t to_int64(T y) {
    return to_integer<std::int64_t>(y);
  }
  template <class Integer, class T>
  Integer to_integer(T y) {
    Integer x = 0;
    const std::uint32_t mode = control & toward_zero_bits;
#define LOWP_TEST_CONVERSION(instruction)                                  \
  if constexpr (sizeof(T) == 4 && sizeof(Integer) == 4) {                  \
    LOWP_TEST_INSTRUCTION("=&r", instruction " %w[x], %s[y]", [y] "w"(y)); \
  } else if constexpr (sizeof(T) == 4) {                                   \
    LOWP_TEST_INSTRUCTION("=&r", instruction " %x[x], %s[y]", [y] "w"(y)); \
  } else if constexpr (sizeof(Integer) == 4) {                             \
    LOWP_TEST_INSTRUCTION("=&r", instruction " %w[x], %d[y]", [y] "w"(y)); \
  } else {                                                                 \
    LOWP_TEST_INSTRUCTION("=&r", instruction " %x[x], %d[y]", [y] "w"(y)); \
  }
    if (mode == 0) {
      LOWP_TEST_CONVERSION("fcvtns")
    } else if (mode == upward_bits) {
      LOWP_TEST_CONVERSION("fcvtps")
    } else if (mode == downward_bits) {
      LOWP_TEST_CONVERSION("fcvtms")
    } else {
      LOWP_TEST_CONVERSION("fcvtzs")
    }
#undef LOWP_TEST_CONVERSION
    return x;
  }
  template <class T>
  void compare(T y, T z, bool is_signaling) {
    std::uint64_t x = 0;
    if constexpr (sizeof(T) == 4) {
      if (is_signaling) {
        LOWP_TEST_INSTRUCTION("+r", "fcmpe %s[y], %s[z]", [y] "w"(y), [z] "w"(z));
      } else {
        LOWP_TEST_INSTRUCTION("+r", "fcmp %s[y], %s[z]", [y] "w"(y), [z] "w"(z));
      }
    } else if (is_signaling) {
      LOWP_TEST_INSTRUCTION("+r", "fcmpe %d[y], %d[z]", [y] "w"(y), [z] "w"(z));
    } else {
      LOWP_TEST_INSTRUCTION("+r", "fcmp %d[y], %d[z]", [y] "w"(y), [z] "w"(z));
    }
  }
};
#else
#define LOWP_TEST_HAS_MACHINE_UNIT 0
#endif

#if LOWP_TEST_HAS_MACHINE_UNIT
template <class T>
class machine_comparison {
  static constexpr bool is_single = sizeof(T) == 4;
  using bits = std::conditional_t<is_single, std::uint32_t, std::uint64_t>;
  using other = std::conditional_t<is_single, double, float>;
  static constexpr lowp::float_format format =
      is_single ? lowp::formats::binary32 : lowp::formats::binary64;
  static constexpr lowp::float_format other_format =
      is_single ? lowp::formats::binary64 : lowp::formats::binary32;
  static constexpr bits sign_bit = bits{1} << (8 * sizeof(T) - 1);
  static constexpr bits infinity = sign_bit - (bits{1} << format.mantissa_bits);

 public:
  /// `count` operand triples in every setting and direction; what was compared.
  long long run(int count) {
    for (const machine_setting& setting : machine_settings()) {
      in_setting(count, setting, 0, lowp::nearest_even);
      in_setting(count, setting, toward_zero_bits, lowp::toward_zero);
      in_setting(count, setting, upward_bits, lowp::upward);
      in_setting(count, setting, downward_bits, lowp::downward);
    }
    INFO(first_);
    CHECK(wrong_ == 0);
    return compared_;
  }

 private:
  template <class R>
  void in_setting(int count, const machine_setting& setting, std::uint32_t direction,
                  const R& mode) {
    using namespace lowp;
    const arithmetic_unit unit{format, mode, setting.environment};
    const arithmetic_unit to_other{other_format, mode, setting.environment};
    const arithmetic_unit to_half{formats::binary16, mode, setting.environment};
    machine_unit machine{setting.control | direction};
    std::mt19937_64 random(64);
    for (int i = 0; i < count; ++i) {
      // Three specials at a time, now and then.
      const bool is_special = i % 8 == 2;
      const bits a = pattern(random, i), c = pattern(random, is_special ? 2 : i / 7);
      bits b = pattern(random, is_special ? 2 : i / 3);
      if (i % 5 == 0) b = (a ^ static_cast<bits>(random() % 8192)) ^ (i % 2 == 0 ? sign_bit : 0);
      const T x = std::bit_cast<T>(a), y = std::bit_cast<T>(b), z = std::bit_cast<T>(c);
      const auto expect = [&](const char* name, const auto& got, auto value) {
        code_t want = 0;
        if constexpr (std::floating_point<decltype(value)>) {
          want = std::bit_cast<std::conditional_t<sizeof value == 4, std::uint32_t, std::uint64_t>>(
              value);
        } else {
          want = static_cast<code_t>(value);
        }
        const status_flags flags = flags_of(machine.status);
        ++compared_;
        if (static_cast<code_t>(got.value) == want && got.flags == flags) return;
        if (wrong_++ > 8) return;
        char text[300];
        std::snprintf(text, sizeof text,
                      "%s(%llx, %llx, %llx) under %x: %llx %s, the machine %llx %s\n", name,
                      static_cast<unsigned long long>(a), static_cast<unsigned long long>(b),
                      static_cast<unsigned long long>(c), machine.control,
                      static_cast<unsigned long long>(got.value), to_text(got.flags).text,
                      static_cast<unsigned long long>(want), to_text(flags).text);
        first_ += text;
      };
      // clang-format off: the value first, since it sets the status.
      const T sum = machine.add(x, y);
      expect("add", unit.add(a, b), sum);
      const T difference = machine.subtract(x, y);
      expect("subtract", unit.subtract(a, b), difference);
      const T product = machine.multiply(x, y);
      expect("multiply", unit.multiply(a, b), product);
      const T quotient = machine.divide(x, y);
      expect("divide", unit.divide(a, b), quotient);
      const T root = machine.square_root(x, y);
      expect("sqrt", unit.sqrt(b), root);
      const T sum_of_product = machine.fma(x, y, z);
      expect("fma", unit.fma(a, b, c), sum_of_product);
      const T integral = machine.round_to_integral(x);
      expect("round", unit.round_to_integral(a), integral);
      const other converted = machine.convert(x);
      expect("convert", to_other.convert(format, a), converted);
      const std::int32_t word = machine.to_int32(x);
      expect("int32", unit.template to_integer<std::int32_t>(a), word);
      const std::int64_t wide = machine.to_int64(x);
      expect("int64", unit.template to_integer<std::int64_t>(a), wide);
      // clang-format on
      const auto extrema = [&](auto& m) {
        if constexpr (requires { m.smaller_number(x, y); }) {
          const T low = m.smaller_number(x, y);
          expect("minimum_number", unit.minimum_number(a, b), low);
          const T high = m.larger(x, y);
          expect("maximum", unit.maximum(a, b), high);
        }
      };
      extrema(machine);
      if constexpr (is_single) {
        const std::uint32_t half = machine.to_binary16(x);
        expect("to binary16", to_half.convert(format, a), half);
        const std::uint32_t code =
            static_cast<std::uint32_t>(random()) & (i % 2 == 0 ? 0xFFFF : 0x87FF);
        const float from_half = machine.from_binary16(code);
        expect("from binary16", unit.convert(formats::binary16, code), from_half);
      }
      for (const bool is_signaling : {false, true}) {
        machine.compare(x, y, is_signaling);
        const auto order = is_signaling ? unit.compare_signaling(a, b) : unit.compare_quiet(a, b);
        expect("compare", flagged<code_t>{0, order.flags}, 0);
      }
    }
  }

  /// Any bits, small exponents, exponents around 1, specials, few significant bits.
  static bits pattern(std::mt19937_64& random, int kind) {
    const std::uint64_t word = random();
    const bits any = static_cast<bits>(word);
    switch (kind % 8) {
      case 0: return any & ~(infinity >> 1);
      case 1: return any & (sign_bit | ~infinity);
      case 2: {
        constexpr bits quiet = infinity | infinity >> (format.exponent_bits),
                       specials[] = {0,
                                     1,
                                     2,
                                     infinity,
                                     infinity - 1,
                                     infinity + 1,
                                     infinity / 2,
                                     quiet,
                                     quiet + 3,
                                     sign_bit >> (format.exponent_bits)};
        return specials[word % 10] | (any & sign_bit);
      }
      case 3: return any & ~(~bits{0} >> (9 + word % 20));
      case 4:
        return (any & (sign_bit | ~infinity)) |
               ((infinity >> 1) + ((any & infinity) >> 4) % infinity) % infinity;
      default: return any;
    }
  }

  long long wrong_ = 0, compared_ = 0;
  std::string first_;
};
#endif

}  // namespace test
