// SPDX-License-Identifier: MIT
#include "gemm_peers.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#if LOWP_BENCH_OPENBLAS
#include <cblas.h>
#endif
#if LOWP_BENCH_ONEDNN
#include <omp.h>

#include <dnnl.hpp>
#endif

namespace lowp_bench {
namespace {

#if LOWP_BENCH_OPENBLAS
gemm_peer openblas(std::size_t m, std::size_t n, std::size_t k) {
  struct matrices {
    std::vector<float> a, b, c;
  };
  const auto x = std::make_shared<matrices>(matrices{std::vector<float>(m * k, 1.5f),
                                                     std::vector<float>(n * k, 0.75f),
                                                     std::vector<float>(m * n)});
  const int rows = static_cast<int>(m), cols = static_cast<int>(n), depth = static_cast<int>(k);
  return {"openblas", [=] {
            openblas_set_num_threads(1);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols, depth, 1.0f,
                        x->a.data(), depth, x->b.data(), depth, 0.0f, x->c.data(), cols);
          }};
}
#endif

#if LOWP_BENCH_ONEDNN
gemm_peer onednn(const std::string& name, dnnl::memory::data_type a_type,
                 dnnl::memory::data_type b_type, dnnl::memory::data_type c_type, std::size_t m,
                 std::size_t n, std::size_t k) {
  using dnnl::memory;
  omp_set_num_threads(1);
  const auto rows = static_cast<memory::dim>(m), cols = static_cast<memory::dim>(n),
             depth = static_cast<memory::dim>(k);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const memory::desc a({rows, depth}, a_type, memory::format_tag::ab);
  const memory::desc b({depth, cols}, b_type, memory::format_tag::any);
  const memory::desc c({rows, cols}, c_type, memory::format_tag::ab);
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), engine);
  const auto product = std::make_shared<dnnl::matmul>(description);
  const auto stream = std::make_shared<dnnl::stream>(engine);
  const auto filled = [&](const memory::desc& of) {
    memory all(of, engine);
    std::fill_n(static_cast<unsigned char*>(all.get_data_handle()), of.get_size(), 0x3F);
    return all;
  };
  const memory x = filled(description.src_desc()), y = filled(description.weights_desc()),
               z = filled(description.dst_desc());
  return {
      name, [=] {
        product->execute(*stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, y}, {DNNL_ARG_DST, z}});
        stream->wait();
      }};
}
#endif

}  // namespace

std::vector<gemm_peer> gemm_peers([[maybe_unused]] std::size_t m, [[maybe_unused]] std::size_t n,
                                  [[maybe_unused]] std::size_t k) {
  std::vector<gemm_peer> all;
#if LOWP_BENCH_OPENBLAS
  all.push_back(openblas(m, n, k));
#endif
#if LOWP_BENCH_ONEDNN
  using type = dnnl::memory::data_type;
  all.push_back(onednn("onednn_f32", type::f32, type::f32, type::f32, m, n, k));
  all.push_back(onednn("onednn_bf16", type::bf16, type::bf16, type::f32, m, n, k));
  all.push_back(onednn("onednn_s8", type::s8, type::s8, type::s32, m, n, k));
#endif
  return all;
}

}  // namespace lowp_bench
