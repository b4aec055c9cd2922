// SPDX-License-Identifier: MIT
// The table of targets: rows build on what stands before them, keep its features, and are served by
// lanes that are compiled here.
#include "lowp/kernels/targets/table.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace {

using lowp::isa;
using lowp::isas;
using lowp::kernels::feature;
using lowp::kernels::has;
using lowp::kernels::lanes_of;

constexpr feature features[]{feature::packing,      feature::nibble_products,
                             feature::byte_tables,  feature::integer_products,
                             feature::dot_bfloat16, feature::tile_products};

TEST_CASE("levels have names of their own, in the order of their enumerators") {
  for (std::size_t i = 0; i < isas.size(); ++i) {
    CHECK(static_cast<std::size_t>(isas[i]) == i);
    CHECK_FALSE(name(isas[i]).empty());
    for (std::size_t j = 0; j < i; ++j) CHECK(name(isas[i]) != name(isas[j]));
  }
  CHECK(name(isa::portable) == "portable");
  CHECK(name(isa::avx512bf16) == "avx512bf16");
}

TEST_CASE("a level has the features of what it builds on") {
  for (const feature f : features) {
    CAPTURE(static_cast<int>(f));
    CHECK_FALSE(has(isa::portable, f));
    bool is_anywhere = false;
    for (const isa level : isas) {
      CAPTURE(name(level));
      const isa base = lowp::kernels::detail::target_rows[static_cast<std::size_t>(level)].base;
      CHECK((base < level || level == isa::portable));
      CHECK((has(level, f) || !has(base, f)));
      CHECK((has(level, f) == has(base, f) || lowp::kernels::is_compiled(level)));
      is_anywhere = is_anywhere || has(level, f);
    }
    const bool is_of_aarch64 = f == feature::integer_products && LOWP_COMPILES_dotprod != 0;
    CHECK(is_anywhere == (LOWP_X86_TARGETS != 0 || is_of_aarch64));
  }
  CHECK_FALSE(has(isa::amx, feature::none));
}

TEST_CASE("dot products of bytes are in one row of each architecture") {
  CHECK(has(isa::dotprod, feature::integer_products) == (LOWP_COMPILES_dotprod != 0));
  CHECK(has(isa::amx, feature::integer_products) == (LOWP_X86_TARGETS != 0));
  CHECK_FALSE(has(isa::vector128, feature::integer_products));
  CHECK(lanes_of(isa::dotprod) == lanes_of(isa::vector128));
}

TEST_CASE("the lanes that serve a level are compiled, and serve themselves") {
  for (const isa level : isas) {
    CAPTURE(name(level));
    CHECK(lanes_of(level) <= level);
    CHECK(lanes_of(lanes_of(level)) == lanes_of(level));
    const std::size_t width = lowp::kernels::group_size(level, 4);
    CHECK(width == 2 * lowp::kernels::group_size(level, 8) - (width == 4 ? 4 : 0));
  }
#if LOWP_X86_TARGETS
  CHECK(lanes_of(isa::amx) == isa::avx512);
  CHECK(lanes_of(isa::avx512vbmi) == isa::avx512);
  CHECK(lanes_of(isa::avx2) == isa::avx2);
  CHECK(lowp::kernels::group_size(isa::amx, 4) == 64);
  CHECK(lowp::kernels::group_size(isa::avx2, 8) == 16);
#endif
}

TEST_CASE("this machine's best level is served by lanes that it has") {
  CHECK(lanes_of(lowp::best_isa()) <= lowp::best_isa());
  CHECK(test::isas().back() == test::highest_isa());
  for (const isa level : test::isas()) CHECK(lowp::kernels::is_compiled(level));
}

}  // namespace
