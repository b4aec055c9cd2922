// SPDX-License-Identifier: MIT
// QuEST (arXiv 2502.05003), forward: a Hadamard transform of 128 elements makes rows nearly normal,
// so that it is known which clip, in units of their root mean square, errs least on a grid of
// 2^bits values that has no zero. Gradients pass where the error is at most half a step.
// Claims: the authors' clips err least, by so much; real tensors err as normal numbers do.
// Data: normal numbers; weights of char_lm, and what its layers see.
#include <lowp/block/quantize_rows.hpp>
#include <lowp/block/rules/statistic.hpp>
#include <lowp/formats/centred_format.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/hadamard_transform.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

template <int Bits>
methods::matrix rounded(const methods::matrix& x, double clip) {
  const rules::root_mean_square step{.factor = 2 * clip / ((1 << Bits) - 1)};
  return methods::values_of(
      quantize<formats::scaled_rows(formats::centred<Bits>)>(x, rules::of_statistic(step)));
}

double error(const methods::matrix& x, const methods::matrix& y) {  // of squares, relative
  return std::pow(10, -methods::sqnr_db(x, y) / 10);
}

// Of 4 bits, after a transform.
double error_after(const hadamard& t, const methods::matrix& x) {
  methods::matrix y{x.rows, x.cols};
  hadamard_transform(x, y.view(), t);
  return error(y, rounded<4>(y, 2.5139305786));
}

template <int Bits>
void show(methods::figures& figures, double clip, const char* claim, double expected) {
  const methods::matrix noise = methods::normal_matrix(512, 4096);
  const std::string bits = std::to_string(Bits) + (Bits == 1 ? " bit" : " bits");
  const double ours = error(noise, rounded<Bits>(noise, clip));
  figures.within(bits + ": error of normal numbers", claim, ours, 0.99 * expected, 1.01 * expected);
  for (const double factor : {0.95, 1.05})
    figures.less(bits + ": below " + (factor < 1 ? "a lower clip" : "a higher clip"),
                 "the least error", ours, error(noise, rounded<Bits>(noise, factor * clip)));
}

}  // namespace

int main() {
  methods::figures figures("QuEST", "arXiv 2502.05003");
  show<1>(figures, 0.7978845608, "0.3634", 0.36338023);
  show<2>(figures, 1.4935346200, "0.1188", 0.11884605);
  show<3>(figures, 2.0510683541, "0.03744", 0.03743966);
  show<4>(figures, 2.5139305786, "0.01154", 0.01154288);

  const auto noise = methods::normal_matrix(512, 4096), q = rounded<4>(noise, 2.5139305786);
  double outside = 0;
  for (std::size_t r = 0; r < q.rows; ++r) {
    const auto row = noise.view().row_range(r, 1);
    const double half =
        rules::root_mean_square{.factor = 2.5139305786 / 15}(statistics_of_block(row));
    for (std::size_t c = 0; c < q.cols; ++c)
      outside += double(std::abs(row(0, c) - q.view()(r, c))) > 1.00001 * half;
  }
  figures.within("4 bits: share without a gradient", "0.0073, of normal numbers",
                 outside / static_cast<double>(q.values.size()), 0.0071, 0.0076);
  const auto layers = methods::char_lm_layers();
  const hadamard plain{.size = 128}, with_signs{.size = 128, .signs = random_signs{7}};
  const auto is_normal = [&](const char* what, double ours) {
    figures.within(what, "0.0115, as normal numbers", ours, 0.0109, 0.0121);
  };
  is_normal("4 bits: hidden2's weights", error_after(plain, layers[1].weight));
  is_normal("4 bits: embedded characters", error_after(plain, layers[0].input));
  is_normal("4 bits: rectified values, with random signs",
            error_after(with_signs, layers[1].input));
  figures.note("QuEST has no signs; with none, 0.083: the mean of rectified values is one element");
  return figures.status();
}
