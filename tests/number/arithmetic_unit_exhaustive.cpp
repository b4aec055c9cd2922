// SPDX-License-Identifier: MIT
// arithmetic_unit against the machine, as in arithmetic_unit_machine_test.cpp: 10^8 operations.
#include "number/machine_unit.hpp"
#include "skip.hpp"

TEST_CASE("10^8 values and their flags are those of the machine") {
#if LOWP_TEST_HAS_MACHINE_UNIT
  if (!test::has_machine_unit()) return test::skip("no FMA instructions");
  const long long compared = test::machine_comparison<float>().run(270000) +
                             test::machine_comparison<double>().run(270000);
  CHECK(compared >= 100000000);
#else
  test::skip("no instructions of this machine are known to the test");
#endif
}
