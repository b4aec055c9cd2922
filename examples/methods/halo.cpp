// SPDX-License-Identifier: MIT
// HALO (arXiv 2501.02625), level 2: all products of INT8 operands with one scale each; Hadamard
// transforms of a layer's inputs (forward) and of tokens (backward) spread outliers. Claims: they
// cancel exactly and save what outliers cost; INT8 trains as BF16 does. Data: char_lm's gradients
// and training; normal numbers with 3 columns, and gradients with 3 tokens, times 30.
#include <functional>
#include <lowp/lowp.hpp>
#include <lowp/transforms/hadamard_transform.hpp>

#include "support/figures.hpp"
#include "support/training.hpp"

using namespace lowp;

namespace {

using operand = matrix_view<const float>;
constexpr auto int8 = formats::scaled_tensor(formats::symmetric_int_n<8>);

methods::matrix transformed(operand x, transform_side side = transform_side::right) {
  methods::matrix result{x.rows, x.cols};
  const std::size_t size = side == transform_side::right ? x.cols : x.rows;
  hadamard_transform(x, result.view(), {.size = size, .side = side});
  return result;
}

// y = x w^T, of operands as they are (level 0) or transformed.
void output(bool transforms, std::size_t, operand x, operand w, matrix_view<float> y) {
  if (!transforms) return gemm(quantize<int8>(x), quantize<int8>(w), y);
  gemm(quantize<int8>(transformed(x)), quantize<int8>(transformed(w)), y);
}

// g = e w, with the tokens transformed and back (level 2).
void input_gradient(bool transforms, std::size_t, operand e, operand w, matrix_view<float> g) {
  if (!transforms) return gemm(quantize<int8>(e), quantize_transposed<int8>(w), g);
  gemm(quantize<int8>(transformed(e, transform_side::left)), quantize_transposed<int8>(w), g);
  hadamard_transform(g, g, {.size = g.rows, .side = transform_side::left});
}

void weight_gradient(std::size_t, operand e, operand x, matrix_view<float> g) {
  gemm(quantize_transposed<int8>(e), quantize_transposed<int8>(x), g);
}

// The SQNR of a product without transforms must be below that with them.
void compare(methods::figures& to, const std::string& what, const auto& product, const auto& plain,
             const methods::matrix& a, const methods::matrix& b, methods::matrix c) {
  methods::matrix exact{c}, turned{c};
  plain(0, a, b, exact);
  product(false, 0, a, b, c.view());
  product(true, 0, a, b, turned.view());
  to.less(what + ", dB, below transformed", "less", methods::sqnr_db(exact, c),
          methods::sqnr_db(exact, turned));
}

}  // namespace

int main(int count, char** arguments) {
  methods::figures figures("HALO", "arXiv 2501.02625");
  const auto plain = methods::binary32_products();
  const auto compare_both = [&](const std::string& what, const auto& w, const auto& x,
                                const auto& e) {
    compare(figures, what + ": output", output, plain.output, x, w, {x.rows, w.rows});
    compare(figures, what + ": input's gradient", input_gradient, plain.input_gradient, e, w,
            {e.rows, w.cols});
  };
  const auto [v, seen, gradient] = methods::trained_layers()[0];
  compare_both("hidden1", v, seen, gradient);
  auto x = methods::normal_matrix(256, 512), e = methods::normal_matrix(256, 256, 3);
  for (std::size_t i = 0; i < 256; ++i)
    for (const std::size_t at : {17u, 100u, 211u}) x.view()(i, at) *= 30, e.view()(at, i) *= 30;
  compare_both("outliers", methods::normal_matrix(256, 512, 2), x, e);
  const double equal = methods::sqnr_db(methods::product(seen, v),
                                        methods::product(transformed(seen), transformed(v)));
  figures.within("(X H) (W H)^T against X W^T, dB", "equal", equal, 120, 200);
  methods::compare_training(
      figures, "INT8",
      {std::bind_front(output, true), std::bind_front(input_gradient, true), weight_gradient},
      "as in BF16", 0.5, count, arguments);
  return figures.status();
}
