// SPDX-License-Identifier: MIT
// Codes on Eigen. It must not vectorize: sums of float would else have another order.
#pragma once

#define EIGEN_DONT_VECTORIZE
#include <Eigen/Dense>
#include <Eigen/IterativeLinearSolvers>
#include <Eigen/SparseCore>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

constexpr int eigen_size = 4;
template <class real>
using square = Eigen::Matrix<real, eigen_size, eigen_size>;
template <class real>
using column = Eigen::Matrix<real, eigen_size, 1>;

template <class real>
square<real> eigen_matrix() {
  square<real> a;
  a << 3, 0.25, 0.5, -1, 0, 2.5, 1, 0.75, 0.5, 1, 4, 0.25, -0.5, 0, 1.25, 3;
  return a;
}
template <class real>
column<real> eigen_vector() {
  return {1, real(-0.5), 2, real(0.75)};
}

template <class Matrix>
void append_elements(std::vector<typename Matrix::Scalar>& results, const Matrix& m) {
  results.insert(results.end(), m.data(), m.data() + m.size());
}

template <class real>
std::vector<real> eigen_products() {
  const square<real> a = eigen_matrix<real>();
  const column<real> x = eigen_vector<real>();
  std::vector<real> results;
  const square<real> squares = a * a.transpose() - 2 * a;
  append_elements(results, squares);
  const column<real> y = (a * x + x / 4) * real(0.5);
  append_elements(results, y);
  results.insert(results.end(), {x.dot(y), y.squaredNorm(), a.trace(), y.maxCoeff(), a.sum()});
  return results;
}

template <class real>
std::vector<real> eigen_arrays() {
  const column<real> x = eigen_vector<real>();
  const column<real> y = (x.array().exp().sin() * 2 + x.array().abs().sqrt()).matrix();
  std::vector<real> results;
  append_elements(results, y);
  results.push_back(y.norm());
  return results;
}

template <class real>
std::vector<real> eigen_lu() {
  const column<real> x = eigen_matrix<real>().partialPivLu().solve(eigen_vector<real>());
  std::vector<real> results;
  append_elements(results, x);
  return results;
}

template <class real>
std::vector<real> eigen_cholesky() {
  square<real> a = eigen_matrix<real>();
  a = a.transpose() * a / 4;
  const square<real> factor = a.llt().matrixL();
  std::vector<real> results;
  append_elements(results, factor);
  return results;
}

template <class real>
std::vector<real> eigen_svd() {
  const Eigen::JacobiSVD<square<real>> svd(eigen_matrix<real>(),
                                           Eigen::ComputeFullU | Eigen::ComputeFullV);
  std::vector<real> results;
  append_elements(results, svd.singularValues());
  return results;
}

template <class real>
std::vector<real> eigen_conjugate_gradients() {
  Eigen::SparseMatrix<real> a(8, 8);
  for (int i = 0; i < 8; ++i) {
    a.insert(i, i) = 3;
    if (i > 0) a.insert(i, i - 1) = -1;
    if (i < 7) a.insert(i, i + 1) = -1;
  }
  Eigen::Matrix<real, Eigen::Dynamic, 1> b(8), x;
  b << 1, 0, 0.5, 0, -1, 0.25, 0, 1;
  Eigen::ConjugateGradient<Eigen::SparseMatrix<real>, Eigen::Lower | Eigen::Upper> solver;
  solver.setTolerance(std::numeric_limits<real>::epsilon());
  solver.compute(a);
  x = solver.solve(b);
  std::vector<real> results;
  append_elements(results, x);
  return results;
}

template <class real>
std::vector<real> eigen_geometry() {
  using vector = Eigen::Matrix<real, 3, 1>;
  const Eigen::Quaternion<real> turn(Eigen::AngleAxis<real>(real(0.5), vector::UnitZ()));
  const Eigen::Transform<real, 3, Eigen::Affine> map =
      Eigen::Translation<real, 3>(1, 0, real(-0.5)) * turn * Eigen::UniformScaling<real>(2);
  const vector v(1, 2, real(0.5)), turned = turn * v, mapped = map * v;
  const vector normal = turned.cross(mapped).normalized();
  std::vector<real> results;
  for (const vector& w : {turned, mapped, normal}) append_elements(results, w);
  return results;
}

/// The solution by Householder's QR decomposition, with and without pivots.
template <class real>
std::vector<real> eigen_qr() {
  const square<real> a = eigen_matrix<real>();
  const column<real> x = a.householderQr().solve(eigen_vector<real>());
  const column<real> y = a.colPivHouseholderQr().solve(eigen_vector<real>());
  std::vector<real> results;
  append_elements(results, x);
  append_elements(results, y);
  return results;
}

template <class real>
std::vector<real> eigen_eigenvalues() {
  const square<real> a = eigen_matrix<real>(), symmetric = (a + a.transpose()) / 2;
  const Eigen::SelfAdjointEigenSolver<square<real>> solver(symmetric);
  std::vector<real> results;
  append_elements(results, solver.eigenvalues());
  return results;
}

template <class real>
std::vector<test::code<real>> on_eigen() {
  using enum test::operations;
  return {{"Eigen, products", eigen_products<real>, 8},
          {"Eigen, arrays", eigen_arrays<real>, 8, others},
          {"Eigen, LU decomposition", eigen_lu<real>, 8},
          // It squares quotients of elements, which overflow in binary16.
          {"Eigen, singular values", eigen_svd<real>, 16, {}, 1e6},
          {"Eigen, conjugate gradients", eigen_conjugate_gradients<real>, 16},
          {"Eigen, geometry", eigen_geometry<real>, 8, others}};
}

/// Those that take longest to compile.
template <class real>
std::vector<test::code<real>> decompositions_on_eigen() {
  return {{"Eigen, Cholesky decomposition", eigen_cholesky<real>, 8},
          {"Eigen, QR decomposition", eigen_qr<real>, 16},
          {"Eigen, eigenvalues", eigen_eigenvalues<real>, 16}};
}

}  // namespace codes
