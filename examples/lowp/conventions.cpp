// SPDX-License-Identifier: MIT
#include "conventions.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints.hpp"
#include "lowp/io/open_tensors.hpp"
#include "lowp/io/safetensors_kind.hpp"

namespace lowp_tool {

using namespace lowp;
namespace checkpoints = io::checkpoints;

namespace {

// Some rows at a time become a matrix of their own, which kernels read.
template <class Format>
class weight_values final : public io::tensor_values {
 public:
  weight_values(std::shared_ptr<const io::tensor_file> file, checkpoints::weight_view<Format> view)
      : file_(std::move(file)), view_(std::move(view)) {}

  [[nodiscard]] std::uint64_t multiple() const override { return view_.cols() * rows_at_once(); }
  void read(std::uint64_t first, std::span<float> out) const override {
    const std::size_t cols = view_.cols(), rows = out.size() / cols;
    const auto row = static_cast<std::size_t>(first) / cols;
    basic_block_matrix<Format> piece(view_.described(), rows, cols);
    std::size_t heights[leaves] = {}, steps[leaves] = {};
    for_each_leaf(view_.composition(), view_.rows(), cols,
                  [&](int leaf, const auto&, std::size_t height, std::size_t) {
                    heights[static_cast<std::size_t>(leaf)] = height;
                  });
    for_each_leaf(view_.composition(), rows_at_once(), cols,
                  [&](int leaf, const auto&, std::size_t height, std::size_t) {
                    steps[static_cast<std::size_t>(leaf)] = height;
                  });
    for_each_leaf(view_.composition(), rows, cols,
                  [&](int leaf, const auto&, std::size_t height, std::size_t width) {
                    const auto i = static_cast<std::size_t>(leaf);
                    const std::size_t top = heights[i] == 1 ? 0 : row / rows_at_once() * steps[i];
                    for (std::size_t r = 0; r < height; ++r) {
                      for (std::size_t c = 0; c < width; ++c)
                        piece.set_code(leaf, r, c, view_.code(leaf, top + r, c));
                    }
                  });
    dequantize(piece, matrix_view<float>(out.data(), rows, cols));
  }

 private:
  static constexpr auto leaves = static_cast<std::size_t>(leaf_count<typename Format::type>);
  // Groups of several rows begin with a piece.
  [[nodiscard]] std::size_t rows_at_once() const {
    const int rows = view_.composition().shape.rows;
    return rows == block_shape::whole ? 1 : static_cast<std::size_t>(rows);
  }

  std::shared_ptr<const io::tensor_file> file_;  // whose bytes the view refers to
  checkpoints::weight_view<Format> view_;
};

[[nodiscard]] checkpoints::settings settings_beside(const std::filesystem::path& path) {
  for (const char* const name : {"config.json", "quantize_config.json", "hf_quant_config.json"}) {
    std::ifstream stream(path.parent_path() / name, std::ios::binary);
    if (!stream) continue;
    return checkpoints::settings(std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  return {};
}

}  // namespace

std::vector<std::unique_ptr<io::tensor_values>> values_of_conventions(const io::tensor_file& file) {
  std::vector<std::unique_ptr<io::tensor_values>> all;
  if (file.kind() != io::safetensors.name()) return all;
  const checkpoints::settings settings = settings_beside(file.origin());
  if (checkpoints::find(checkpoints::tensor_set(file), settings).empty()) return all;
  const io::file_kind* const kinds[] = {&io::safetensors};
  const auto mapped = std::make_shared<const io::tensor_file>(
      io::open_tensors(file.origin(), kinds, io::file_access::mapped));
  const checkpoints::tensor_set tensors(*mapped);
  for (const checkpoints::found_weight& found : checkpoints::find(tensors, settings)) {
    if (!found.problem.empty()) continue;
    const auto add = [&](const auto& convention) {
      if (convention.name != found.convention) return;
      if (!all.empty() && all.back()->parts == found.tensors) return;  // two of one name
      auto view = checkpoints::view(convention, tensors, found.name, settings);
      using format = std::remove_cvref_t<decltype(view.described())>;
      auto values = std::make_unique<weight_values<format>>(mapped, std::move(view));
      const bool has_dot = !found.tensors.empty() &&
                           found.tensors.front().substr(found.name.size()).starts_with(".");
      values->name = found.name + (has_dot ? ".weight" : "");
      values->shape = found.shape;
      values->format = found.convention;
      values->parts = found.tensors;
      for (const std::string& part : found.tensors)
        values->stored_bytes += mapped->at(part).byte_size();
      all.push_back(std::move(values));
    };
    std::apply([&](const auto&... convention) { (add(convention), ...); },
               checkpoints::conventions);
  }
  return all;
}

}  // namespace lowp_tool
