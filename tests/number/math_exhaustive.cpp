// SPDX-License-Identifier: MIT
// math.hpp against MPFR: every code of the formats of 16 bits that elementary.hpp names.
#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "math_oracle.hpp"
#include "share.hpp"
#include "split_mix.hpp"

using namespace lowp;
using oracle::ends;

namespace {

template <class T>
void check(const oracle::table& t) {
  INFO(t.name);
  const test::share mine = test::share_of_run();
  const math_oracle::count one = math_oracle::compare_one<T>(t, mine.parts, mine.part);
  INFO(one.first);
  CHECK(one.wrong == 0);
  const math_oracle::count two = math_oracle::compare_two<T>(
      t, 300000 / mine.parts, math_oracle::some_pairs<T>(t, 2 + mine.part));
  INFO(two.first);
  CHECK(two.wrong == 0);
}

}  // namespace

TEST_CASE("functions of <cmath> are the correct rounding for every code of 16 bits") {
  check<binary16>(oracle::float_table("binary16", 5, 10, 15, ends::ieee));
  check<bfloat16>(oracle::float_table("bfloat16", 8, 7, 127, ends::ieee));
  check<posit<16, 1>>(oracle::posit_table(16, 1));
  check<posit<16>>(oracle::posit_table(16, 2));
  check<fixed<16, 8>>(oracle::fixed_table("fixed16.8", 16, 8));
}
