// SPDX-License-Identifier: MIT
// Products of rows beside memory that may not be touched.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "gemm/product_cases.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

#if LOWP_HAS_GUARDED_MEMORY

namespace test::gemm {

/// With operands and a result that lie so, the bits are those of elsewhere.
template <auto P, class T>
void compare_at_edges(oracle::tally& t) {
  constexpr std::size_t m = 13, n = 20, few = 3;
  for (const std::size_t k : {1u, 5u, 7u, 33u, 513u}) {
    const matrix a_values(m, k, 1, kind::ordinary), b_values(n, k, 2, kind::ordinary);
    std::vector<T> a, b;
    for (std::size_t i = 0; i < m * k; ++i) a.push_back(T(a_values.view()(i / k, i % k)));
    for (std::size_t i = 0; i < n * k; ++i) b.push_back(T(b_values.view()(i / k, i % k)));
    const std::size_t a_size = a.size() * sizeof(T), b_size = b.size() * sizeof(T);
    const test::guarded a_memory(a_size), b_memory(b_size), c_memory(4 * m * n);
    for (const isa level : test::isas()) {
      std::vector<float> expected(m * n), of_few(few * n);
      const auto by_columns = [&](const T* rows, const T* columns, float* out) {
        lowp::gemm<P>(matrix_view<const T>(rows, few, k),
                      lowp::transposed(matrix_view<const T>(columns, k, n)),
                      matrix_view<float>(out, few, n), level);
      };
      by_columns(a.data(), b.data(), of_few.data());
      lowp::gemm<P>(matrix_view<const T>(a.data(), m, k), matrix_view<const T>(b.data(), n, k),
                    matrix_view<float>(expected.data(), m, n), level);
      for (const bool at_end : {false, true}) {
        auto* const x = reinterpret_cast<T*>(a_memory.place(a_size, at_end));
        auto* const y = reinterpret_cast<T*>(b_memory.place(b_size, at_end));
        auto* const c = reinterpret_cast<float*>(c_memory.place(4 * m * n, at_end));
        std::copy(a.begin(), a.end(), x);
        std::copy(b.begin(), b.end(), y);
        lowp::gemm<P>(matrix_view<const T>(x, m, k), matrix_view<const T>(y, n, k),
                      matrix_view<float>(c, m, n), level);
        t.check(std::memcmp(c, expected.data(), 4 * m * n) == 0,
                [&](auto& text) { text << "K " << k << " on " << lowp::name(level); });
        auto* const results = reinterpret_cast<float*>(c_memory.place(4 * few * n, at_end));
        by_columns(x, y, results);
        t.check(std::memcmp(results, of_few.data(), 4 * few * n) == 0,
                [&](auto& text) { text << "columns, K " << k << " on " << lowp::name(level); });
      }
    }
  }
}

}  // namespace test::gemm

#endif
