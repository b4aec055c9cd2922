// SPDX-License-Identifier: MIT
// Kernels of linear algebra and stencils with the drop-in types, and with every operation written
// out.
#include "dropin/codes/kernels.hpp"

#include "dropin/codes/differential_equations.hpp"
#include "dropin/codes/stencils.hpp"
#include "dropin/codes/written_out.hpp"

TEST_CASE("kernels of linear algebra with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) { return codes::kernels<real>(); });
}

TEST_CASE("stencils with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) { return codes::stencils<real>(); });
}

TEST_CASE("kernels with formats chosen at run time") {
  test::check_dynamic([]<class real>(real) { return codes::kernels<real>(); });
}

namespace {

template <auto F>
void check(const char* name) {
  INFO(name);
  using real = lowp::dropin::number<F>;
  namespace words = codes::written_out;
  const auto check_code = [](const std::vector<real>& actual,
                             const std::vector<lowp::number<F>>& expected) {
    CHECK(!actual.empty());
    CHECK(test::bits_of(actual) == test::bits_of(expected));
  };
  check_code(codes::gemm<real>(), words::gemm<F>());
  check_code(codes::cholesky<real>(), words::cholesky<F>());
  check_code(codes::jacobi_1d<real>(), words::jacobi_1d<F>());
  check_code(codes::relaxation<real>(), words::relaxation<F>());
  check_code(codes::lorenz<real>(), words::lorenz<F>());
}

}  // namespace

TEST_CASE("codes with operators are the codes written out") {
  check<lowp::formats::binary16>("binary16");
  check<lowp::formats::bfloat16>("bfloat16");
  check<lowp::formats::e5m2>("e5m2");
  check<lowp::formats::tf32>("tf32");
  check<lowp::formats::posit<16, 1>>("posit<16, 1>");
  check<lowp::formats::posit<32, 2>>("posit<32, 2>");
  check<lowp::formats::fixed<32, 16>>("fixed<32, 16>");
  check<lowp::formats::binary32>("binary32");
}
