// SPDX-License-Identifier: MIT
// arithmetic_unit against the machine: values, NaNs and status flags, in each rounding direction,
// with and without flushed subnormals.
#include "number/machine_unit.hpp"
#include "skip.hpp"

TEST_CASE("values and flags of binary32 and binary64 are those of the machine") {
#if LOWP_TEST_HAS_MACHINE_UNIT
  if (!test::has_machine_unit()) return test::skip("no FMA instructions");
  CHECK(test::machine_comparison<float>().run(8000) > 100000);
  CHECK(test::machine_comparison<double>().run(8000) > 100000);
#else
  test::skip("no instructions of this machine are known to the test");
#endif
}
