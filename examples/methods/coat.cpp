// SPDX-License-Identifier: MIT
// COAT (arXiv 2410.19313): Adam's averages m of gradients and v of their squares in E4M3, with a
// scale for each 128, after magnitudes were raised to a power that spreads them over the range of
// E4M3 (dynamic range expansion); activations in E4M3 under one scale for products, under one for
// each 16 for the rest. Claims: expansion lowers the error of m / sqrt(v), to 1 / 1.63 of it in the
// paper's model; training goes on as with states in binary32.
// Data: char_lm, its training (an argument says for how many steps) and what its layers see.
#include <lowp/block/tiles/companded_tile.hpp>
#include <lowp/block/tiles/tile_matrix.hpp>
#include <lowp/lowp.hpp>

#include "support/figures.hpp"
#include "support/training.hpp"

using namespace lowp;

namespace {

constexpr block_format plain = formats::deepseek_1x128;
constexpr laws::range_expansion expansion{};
constexpr auto expanded =
    companded_tiles(block_shape{1, 128}, formats::e4m3fn, formats::binary32, expansion);

methods::matrix in_groups(std::span<const float> x) {
  const auto whole = x.first(x.size() / 128 * 128);
  return {whole.size() / 128, 128, {whole.begin(), whole.end()}};
}
double step(const methods::matrix& m, const methods::matrix& v, std::size_t i) {
  return m.values[i] / (std::sqrt(v.values[i]) + 1e-8f);
}

}  // namespace

int main(int count, char** arguments) {
  methods::figures figures("COAT", "arXiv 2410.19313");
  methods::matrix group{1, 128, std::vector<float>(128, 1e-8f)};
  group.values[5] = 1e-4f;
  const float power = expansion.compander_of(expansion.choose(expanded, group.view())).exponent;
  figures.equal("power for magnitudes from 1e-8 to 1e-4", "1.25", power, 1.25);

  methods::matrix m, v;
  methods::training_run run{.steps = count > 1 ? std::stoul(arguments[1]) : 60};
  run.after_step = [&](std::span<float> means, std::span<float> squares) {
    m = in_groups(means);
    v = in_groups(squares);
  };
  const double exact = methods::last_loss(train(methods::binary32_products(), run));
  const auto pm = methods::values_of(quantize<plain>(m)),
             pv = methods::values_of(quantize<plain>(v));
  const auto em = methods::values_of(quantize(expanded, m)),
             ev = methods::values_of(quantize(expanded, v));
  double of_plain = 0, of_expanded = 0, lost = 0, lost_expanded = 0;
  for (std::size_t i = 0; i < v.values.size(); ++i) {
    lost += v.values[i] != 0 && pv.values[i] == 0;
    lost_expanded += v.values[i] != 0 && ev.values[i] == 0;
    if (pv.values[i] == 0) continue;
    of_plain += std::pow(step(pm, pv, i) - step(m, v, i), 2);
    of_expanded += std::pow(step(em, ev, i) - step(m, v, i), 2);
  }
  figures.within("times that expansion lowers the error of m / sqrt(v)", "1.63",
                 of_plain / of_expanded, 1.2, 10);
  figures.note("of other numbers than v = 0 in E4M3, by which plain E4M3 divides");
  figures.less("such v with expansion, below those without", "fewer", lost_expanded, lost);
  run.after_step = [&](std::span<float> means, std::span<float> squares) {
    for (const auto state : {means, squares}) {
      const matrix_view<float> groups(state.data(), state.size() / 128, 128);
      dequantize(quantize(expanded, groups), groups);
    }
  };
  const double ours = methods::last_loss(train(methods::binary32_products(), run));
  figures.within("loss with such states above that in binary32, %", "as in BF16",
                 100 * (ours / exact - 1), -2, 1);
  const auto x = methods::char_lm_layers()[1].input;
  constexpr block_format of_16{formats::e4m3fn, formats::bfloat16, block_shape{1, 16}};
  constexpr auto whole = formats::scaled_tensor(formats::e4m3fn);
  figures.less("activations under one scale, dB, below scales of 16", "less",
               methods::sqnr_db(x, methods::values_of(quantize<whole>(x))),
               methods::sqnr_db(x, methods::values_of(quantize<of_16>(x))));
  return figures.status();
}
