// SPDX-License-Identifier: MIT
// Eigen over dropin numbers: binary64 gives the bits of double, other formats results near those.
#include "catch.hpp"
#include "skip.hpp"

#if __has_include(<Eigen/Dense>)

#define EIGEN_DONT_VECTORIZE  // so that double is computed in the order of other scalars
#include <Eigen/Dense>
#include <Eigen/IterativeLinearSolvers>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <sstream>
#include <vector>

#include "lowp/adapters/eigen.hpp"
#include "lowp/number/dropin.hpp"

using namespace lowp;

namespace {

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <class T>
matrix<T> example(int n) {
  matrix<T> a(n, n);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j)
      a(i, j) = i == j ? 3.0 + 0.25 * i : 0.5 / (1 + ((i * 5 + j * 3) % 7));
  }
  return a;
}

/// Jobs of a program with Eigen, as doubles. (A decomposition costs the compiler several seconds
/// for each T.)
template <class T>
std::vector<double> jobs() {
  std::vector<double> out;
  const auto keep = [&out](const matrix<T>& m) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      for (Eigen::Index i = 0; i < m.rows(); ++i) out.push_back(static_cast<double>(m(i, j)));
    }
  };
  const auto keep_scalar = [&out](T x) { out.push_back(static_cast<double>(x)); };
  const int n = 5;
  const matrix<T> a = example<T>(n);
  const matrix<T> s = a * a.transpose();
  vector<T> b(n);
  b << 1, 2.5, -1, 0.25, 2;
  keep(a * b);
  keep(0.5 * a + a * 2 - a / 3);
  keep(a.partialPivLu().solve(b));
  keep((a.array() * 0.5 + 1).sqrt().log().matrix());
  keep_scalar(b.norm()), keep_scalar(a.trace()), keep_scalar(b.maxCoeff()), keep_scalar(a.sum());
  Eigen::ConjugateGradient<matrix<T>> cg;
  cg.setTolerance(0.01);
  keep(cg.compute(s).solve(b));
  const Eigen::AngleAxis<T> turn(0.5, Eigen::Matrix<T, 3, 1>(0, 0, 1));
  keep(turn.toRotationMatrix());
  Eigen::Matrix<std::complex<T>, 2, 2> z;
  z << std::complex<T>(1, 0.5), std::complex<T>(2), std::complex<T>(0, 1), std::complex<T>(3);
  keep((z * z.adjoint()).real());
  return out;
}

template <class T>
void check_near(double tolerance) {
  const auto want = jobs<double>(), got = jobs<T>();
  REQUIRE(want.size() == got.size());
  int wrong = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double scale = std::abs(want[i]) + 1;
    if (!(std::abs(got[i] - want[i]) <= tolerance * scale)) {
      if (wrong++ == 0) UNSCOPED_INFO(i << ": " << got[i] << " for " << want[i]);
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("Eigen over dropin::binary64 is Eigen over double") {
  const auto want = jobs<double>(), got = jobs<dropin::binary64>();
  REQUIRE(want.size() == got.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    INFO(i);
    CHECK(std::bit_cast<std::uint64_t>(got[i]) == std::bit_cast<std::uint64_t>(want[i]));
  }
}

TEST_CASE("Eigen over formats of fewer bits is near") { check_near<dropin::binary16>(0.1); }

TEST_CASE("traits of scalars") {
  using T = dropin::binary16;
  using traits = Eigen::NumTraits<T>;
  CHECK(traits::dummy_precision() == 0x1p-7);
  CHECK(traits::epsilon() == 0x1p-10);
  CHECK(traits::highest() == 65504);
  CHECK(traits::lowest() == -65504);
  CHECK(traits::digits10() == 3);
  CHECK(Eigen::NumTraits<dropin::posit<16, 1>>::digits10() == 3);
  CHECK(Eigen::NumTraits<binary16>::dummy_precision() == 0x1p-7);
  const matrix<T> a = example<T>(4);
  CHECK((a.isApprox(a * T(1.001))));
  CHECK_FALSE(a.isApprox(a * T(1.1)));
  const matrix<double> d = a.cast<double>();
  CHECK((d.cast<T>() == a));
  const matrix<T> random = matrix<T>::Random(20, 20);
  CHECK((random.allFinite()));
  CHECK((random.minCoeff() < -0.5));
  CHECK((random.maxCoeff() > 0.5));
  CHECK((random.maxCoeff() <= 1));
  std::ostringstream out;
  out << Eigen::Matrix<T, 1, 3>(0.1, 2, -3);
  CHECK(out.str() == "0.1   2  -3");
}

TEST_CASE("the literal face in Eigen") {
  using T = binary16;
  matrix<T> a = matrix<T>::Identity(3, 3);
  a(0, 1) = 0.5;
  a = a * T(0.5) + 2 * a;
  CHECK(a(0, 1) == 1.25);
}

#else

TEST_CASE("Eigen") { return test::skip("there is no Eigen"); }

#endif
