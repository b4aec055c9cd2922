// SPDX-License-Identifier: MIT
// XR-NPE (arXiv 2508.13049): products in FP4 (E2M1), posit(4,1), posit(8,0) and posit(16,1), whose
// sums a quire keeps without rounding; each layer has the fewest bits that it bears. Claims: posits
// neither overflow nor underflow; with formats chosen by layer hardly anything is lost. Data: the
// values of the formats; char_lm, not trained for them, each tensor with a scale of a power of two.
#include <lowp/gemm/gemm.hpp>
#include <lowp/lowp.hpp>
#include <lowp/number/quire.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;

namespace {
// Numbers of a format with a power of two that brings the root mean square to 1.
template <auto Format>
struct scaled {
  std::vector<number<Format>> numbers;
  float scale = 1;
  explicit scaled(const matrix_view<const float>& x) {
    const std::span values(x.data, x.rows * x.cols);
    double squares = 0;
    for (const float v : values) squares += double(v) * double(v);
    const double octaves = std::log2(squares / static_cast<double>(values.size())) / 2;
    scale = std::exp2(std::round(static_cast<float>(octaves)));
    for (const float v : values) numbers.push_back(convert<Format>(v / scale));
  }
};
template <auto Format>
void multiply(const matrix_view<const float>& x, const matrix_view<const float>& w,
              const matrix_view<float>& y) {
  const scaled<Format> a(x), b(w);
  gemm(matrix_view(a.numbers.data(), x.rows, x.cols), matrix_view(b.numbers.data(), w.rows, w.cols),
       y);
  for (std::size_t i = 0; i < y.rows * y.cols; ++i) y.data[i] *= a.scale * b.scale;
}
}  // namespace

int main() {
  methods::figures figures("XR-NPE", "arXiv 2508.13049");
  const float of_posit4[] = {0, 0.0625f, 0.25f, 0.5f, 1, 2, 4, 16};
  int wrong = 0;
  for (code_t code = 0; code < 8; ++code)
    wrong += pack_as<float>(decode(formats::posit<4, 1>, code)) != of_posit4[code];
  figures.equal("values of posit(4,1) that are others", "0", wrong, 0);
  figures.equal("largest of posit(8,0)", "64", double(convert<formats::posit<8, 0>>(1e30f)), 64);
  figures.equal("least", "1/64", double(convert<formats::posit<8, 0>>(1e-30f)), 1.0 / 64);
  const double huge(convert<formats::posit<16, 1>>(1e30f));
  figures.equal("largest of posit(16,1)", "2^28", huge, 0x1p28);
  // All products of posit(8,0), then all their opposites in the other order: nothing is left.
  quire<formats::posit<8, 0>> q;
  const auto of_code = [](int code) { return posit<8, 0>::from_code(static_cast<code_t>(code)); };
  for (const bool adds : {true, false})
    for (int i = 0; i < 65536; ++i) {
      const int a = (adds ? i : 65535 - i) / 256, b = (adds ? i : 65535 - i) % 256;
      if (a == 128 || b == 128) continue;  // NaR
      adds ? q.add_product(of_code(a), of_code(b)) : q.subtract_product(of_code(a), of_code(b));
    }
  q += of_code(1);
  figures.equal("1/64 beside them", "1/64", double(q.to_number()), 1.0 / 64);

  const auto l = methods::char_lm_layers();
  const auto bits = [&](const auto& multiply_by) {
    return methods::char_lm_bits(
        [&](std::size_t i, auto x, auto y) { multiply_by(i, x, l[i].weight.view(), y); });
  };
  const double exact = bits([](auto, auto... x) { gemm(x...); });
  const double p16 = bits([](auto, auto... x) { multiply<formats::posit<16, 1>>(x...); }) - exact;
  const double p8 = bits([](auto, auto... x) { multiply<formats::posit<8, 0>>(x...); }) - exact;
  const double fp4 = bits([](auto, auto... x) { multiply<formats::e2m1>(x...); }) - exact;
  const double by_layer = bits([](auto i, auto... x) {
    i == 1 ? multiply<formats::e2m1>(x...) : multiply<formats::posit<8, 0>>(x...);
  });
  figures.within("posit(16,1) costs, bits per character", "nothing", p16, -0.001, 0.001);
  figures.within("posit(8,0)", "hardly anything", p8, -0.005, 0.005);
  figures.within("FP4 in the second layer, else posit(8,0)", "hardly anything", by_layer - exact, 0,
                 0.02);
  figures.less("below FP4 in all layers", "less", by_layer - exact, fp4);
  return figures.status();
}
