// SPDX-License-Identifier: MIT
// A format of any family as one type, for programs that read it from a command line or a file: what
// is generic over formats is compiled once for it.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/rounding/rounding_reference.hpp"

namespace lowp {

class any_format;

namespace detail {

/// What there is to ask of a format, by the address of its descriptor.
struct format_functions {
  int (*bits)(const void*);
  unpacked (*decode)(const void*, code_t);
  code_t (*encode)(const void*, const unpacked&, const rounding_reference&, overflow, missing_nan);
  const char* (*defect)(const void*);
  bool (*equals)(const void*, const void*);
  format_name (*name)(const void*);
  value_facts (*facts)(const void*);
  integer_values (*integers)(const void*);
  code_grid (*grid)(const void*);
  code_order (*order)(const void*);
  overflow (*overflow_as_read)(const void*, overflow);
  code_t (*smallest_normal)(const void*);
  nan_payload (*payload)(const void*, code_t);
  code_t (*nan_with_payload)(const void*, bool, const nan_payload&);
  code_fields (*fields)(const void*, code_t);
  short_text<320> (*text)(const void*);
};

/// A family whose products and roots are not those of multiples of powers of two.
template <class F>
concept has_arithmetic_of_its_own = requires(const F& f, code_t code) {
  exact_product(f, code, f, code);
};

template <class F>
inline constexpr format_functions functions_of_format{
    .bits = [](const void* f) { return static_cast<const F*>(f)->bits(); },
    .decode = [](const void* f, code_t code) { return decode(*static_cast<const F*>(f), code); },
    .encode = [](const void* f, const unpacked& x, const rounding_reference& mode, overflow o,
                 missing_nan n) { return encode(*static_cast<const F*>(f), x, mode, o, n); },
    .defect = [](const void* f) { return defect(*static_cast<const F*>(f)); },
    .equals = [](const void* f,
                 const void* g) { return *static_cast<const F*>(f) == *static_cast<const F*>(g); },
    .name = [](const void* f) { return lowp::name(*static_cast<const F*>(f)); },
    .facts = [](const void* f) { return facts_of(*static_cast<const F*>(f)); },
    .integers = [](const void* f) { return integers_of(*static_cast<const F*>(f)); },
    .grid =
        [](const void* f) {
          if constexpr (requires(const F& g) { known_grid(g); }) {
            return known_grid(*static_cast<const F*>(f));
          } else {
            (void)f;
            return code_grid{};
          }
        },
    .order =
        [](const void* f) {
          if constexpr (requires(const F& g) { known_code_order(g); }) {
            return known_code_order(*static_cast<const F*>(f));
          } else {
            (void)f;
            return code_order::other;
          }
        },
    .overflow_as_read =
        [](const void* f, overflow o) {
          return lowp::overflow_as_read(*static_cast<const F*>(f), o);
        },
    .smallest_normal =
        [](const void* f) { return smallest_normal_code(*static_cast<const F*>(f)); },
    .payload = [](const void* f,
                  code_t code) { return nan_payload_of(*static_cast<const F*>(f), code); },
    .nan_with_payload =
        [](const void* f, bool is_negative, const nan_payload& payload) {
          return nan_code(*static_cast<const F*>(f), is_negative, payload);
        },
    .fields =
        [](const void* f, code_t code) {
          if constexpr (requires(const F& g) { known_code_fields(g, code); }) {
            return known_code_fields(*static_cast<const F*>(f), code);
          } else {
            (void)code;
            return code_fields{{static_cast<const F*>(f)->bits()}};
          }
        },
    .text = [](const void* f) { return lowp::field_text(*static_cast<const F*>(f)); },
};

}  // namespace detail

/// A format that is known when a program runs; itself a number_format. It is made from a descriptor
/// of any family of up to 64 bytes whose values are multiples of powers of two, and binary32 unless
/// something else is said. Decoding and encoding take a call through a pointer each.
class any_format {
 public:
  any_format() : any_format(formats::binary32) {}
  template <number_format F>
  requires(std::is_trivially_copyable_v<F> && !std::is_same_v<F, any_format> &&
           !detail::has_arithmetic_of_its_own<F>) explicit any_format(const F& f)
      : functions_(&detail::functions_of_format<F>) {
    static_assert(sizeof(F) <= sizeof bytes_ && alignof(F) <= alignof(std::max_align_t),
                  "the descriptor is larger than any_format holds");
    std::memcpy(bytes_, &f, sizeof f);  // creates the descriptor there
  }

  /// The descriptor, if it is of this family; else null.
  template <number_format F>
  [[nodiscard]] const F* as() const {
    return functions_ == &detail::functions_of_format<F> ? static_cast<const F*>(descriptor())
                                                         : nullptr;
  }

  [[nodiscard]] int bits() const { return functions_->bits(bytes_); }
  /// The codes that smallest_normal_code() and largest_code() give.
  [[nodiscard]] code_t smallest_normal_magnitude() const {
    return functions_->smallest_normal(bytes_);
  }
  [[nodiscard]] code_t largest_magnitude() const { return largest_code(*this); }
  friend constexpr bool operator==(const any_format& f, const any_format& g) {
    return f.functions_ == g.functions_ && f.functions_->equals(f.bytes_, g.bytes_);
  }
  /// Whether it is this format of a family.
  template <number_format F>
  friend bool is_same_format(const any_format& f, const F& g) {
    if constexpr (std::is_same_v<F, any_format>) {
      return f == g;
    } else {
      return f.as<F>() != nullptr && *f.as<F>() == g;
    }
  }

  friend unpacked decode(const any_format& f, code_t code) {
    return f.functions_->decode(f.bytes_, code);
  }
  template <rounding_mode R = nearest_even_t>
  friend code_t encode(const any_format& f, const unpacked& x, const R& mode = {},
                       overflow o = overflow::to_special, missing_nan n = missing_nan::largest) {
    return f.functions_->encode(f.bytes_, x, rounding_reference(mode), o, n);
  }
  friend const char* defect(const any_format& f) { return f.functions_->defect(f.bytes_); }
  friend format_name known_name(const any_format& f) { return f.functions_->name(f.bytes_); }
  friend value_facts known_facts(const any_format& f) { return f.functions_->facts(f.bytes_); }
  friend integer_values known_integers(const any_format& f) {
    return f.functions_->integers(f.bytes_);
  }
  friend code_grid known_grid(const any_format& f) { return f.functions_->grid(f.bytes_); }
  friend code_order known_code_order(const any_format& f) { return f.functions_->order(f.bytes_); }
  friend overflow known_overflow(const any_format& f, overflow o) {
    return f.functions_->overflow_as_read(f.bytes_, o);
  }
  friend nan_payload known_nan_payload(const any_format& f, code_t code) {
    return f.functions_->payload(f.bytes_, code);
  }
  friend code_t known_nan_code(const any_format& f, bool is_negative, const nan_payload& payload) {
    return f.functions_->nan_with_payload(f.bytes_, is_negative, payload);
  }
  friend code_fields known_code_fields(const any_format& f, code_t code) {
    return f.functions_->fields(f.bytes_, code);
  }
  friend short_text<320> field_text(const any_format& f) { return f.functions_->text(f.bytes_); }

 private:
  [[nodiscard]] const void* descriptor() const { return bytes_; }

  alignas(std::max_align_t) std::byte bytes_[64]{};
  const detail::format_functions* functions_;
};

}  // namespace lowp
