// SPDX-License-Identifier: MIT
// Trains a small network on images of digits, makes integers of it, weights of 8 and of 4 bits, and
// reads the images that it was not trained on in integers alone, rounded as TFLite, HAWQ-V3 and
// I-ViT do it. Fails if it then is more than one point worse, or not what the definitions say.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <lowp/io/npz.hpp>
#include <lowp/io/open_tensors.hpp>
#include <tuple>
#include <vector>

#include "float_network.hpp"
#include "integer_network.hpp"

namespace {

using namespace digits;

dataset read(const char* path) {
  const lowp::io::file_kind* const kinds[]{&lowp::io::npz};
  const lowp::io::tensor_file file = lowp::io::open_tensors(path, kinds);
  const auto bytes = [&](const char* name) {
    std::vector<std::uint8_t> values;
    for (const std::byte b : file.at(name).bytes()) values.push_back(static_cast<std::uint8_t>(b));
    return values;
  };
  dataset data{0, bytes("images"), bytes("labels")};
  data.size = data.labels.size();
  return data;
}

template <class Values>
std::size_t largest(const Values* of) {
  return static_cast<std::size_t>(std::max_element(of, of + 10) - of);
}

/// What a network of integers reads, and whether all of it is the definitions'.
struct reading {
  double right = 0;        ///< in percent
  double probability = 0;  ///< of the true digit, mean
  bool is_defined = true;
};
template <int Bits, class Rounding>
reading read_in_integers(const float_network& network, const ranges& r, const dataset& data,
                         std::size_t begin, const Rounding& rounding) {
  const integer_network<Bits> integers(network, r);
  const std::vector<std::int8_t> images(data.image(begin), data.image(0) + data.images.size());
  const auto result = integers.run(images, rounding);
  reading all;
  const double share = 1 / static_cast<double>(data.size - begin);
  for (std::size_t i = begin; i < data.size; ++i) {
    const std::int8_t* const logits = result.logits.data() + (i - begin) * 10;
    if (largest(logits) == data.labels[i]) all.right += 100 * share;
    all.probability += share / 128 * result.probabilities[(i - begin) * 10 + data.labels[i]];
    const auto defined = integers.define(images.data() + 64 * (i - begin), rounding);
    all.is_defined = all.is_defined && std::equal(defined.begin(), defined.end(), logits);
  }
  return all;
}

}  // namespace

int main() {
  const dataset data = read(LOWP_DIGITS_FILE);
  const std::size_t trained = data.size * 3 / 4;
  float_network network;
  network.train(data, trained, 20);
  ranges r;
  for (std::size_t i = 0; i < trained; ++i) r.add(network.run(data.image(i)));
  double right = 0;
  for (std::size_t i = trained; i < data.size; ++i) {
    if (largest(network.run(data.image(i)).logits.data()) == data.labels[i]) right += 1;
  }
  right *= 100 / static_cast<double>(data.size - trained);
  std::printf("%zu images, of which %zu were not trained on\n", data.size, data.size - trained);
  std::printf("%-36s %5.2f %% right\n", "binary32", right);

  bool is_good = right > 90;
  const auto report = [&](const char* name, const reading& integers) {
    std::printf("%-36s %5.2f %% right, probability %.3f%s\n", name, integers.right,
                integers.probability, integers.is_defined ? "" : ", NOT AS DEFINED");
    is_good = is_good && integers.is_defined && integers.right >= right - 1;
  };
  const auto& [tflite, single, hawq] =
      std::tie(lowp::dyadic_roundings::tflite, lowp::dyadic_roundings::tflite_single_rounding,
               lowp::dyadic_roundings::hawq_v3);
  report("INT8, as TFLite", read_in_integers<8>(network, r, data, trained, tflite));
  report("INT8, as TFLite, single rounding",
         read_in_integers<8>(network, r, data, trained, single));
  report("INT8, as HAWQ-V3 and I-ViT", read_in_integers<8>(network, r, data, trained, hawq));
  report("INT4 weights, as TFLite", read_in_integers<4>(network, r, data, trained, tflite));
  report("INT4 weights, as HAWQ-V3 and I-ViT",
         read_in_integers<4>(network, r, data, trained, hawq));
  return is_good ? 0 : 1;
}
