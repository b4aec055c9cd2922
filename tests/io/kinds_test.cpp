// SPDX-License-Identifier: MIT
// What holds for every kind of file: it is told by its content alone, tensors go from each kind to
// each other, opening reads the header only, and no byte of a file is planned twice or forgotten.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "catch.hpp"
#include "fuzz/reader.hpp"
#include "io/files.hpp"
#include "lowp/io/files.hpp"

namespace {

namespace fs = std::filesystem;
namespace io = lowp::io;
using namespace lowp::io;
using test::counting;

// Counts the bytes that are asked for.
class counted_source final : public byte_source {
 public:
  explicit counted_source(shared_bytes from) : from_(std::move(from)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return from_->size(); }
  mutable std::atomic<std::uint64_t> bytes_read = 0;

 private:
  void read_within(std::uint64_t first, std::span<std::byte> out) const override {
    bytes_read += out.size();
    from_->read(first, out);
  }
  shared_bytes from_;
};

// What all kinds can say.
const std::vector<tensor_declaration> one{{"a", element_dtype("F32"), {2, 3}}};

TEST_CASE("tensors go from each kind of file to each other") {
  const test::temporary_folder folder;
  for (const file_kind* from : file_kinds) {
    const fs::path path = folder.path / ("a" + std::string(from->extension()));
    CHECK(kind_for(path) == from);
    test::write_counting(path, *from, one);
    const fs::path unnamed = folder.path / "a";  // without its ending
    fs::rename(path, unnamed);
    const auto file = open_tensors(unnamed, file_access::on_demand);
    CHECK(file.kind() == from->name());
    for (const file_kind* to : file_kinds) {
      const fs::path copy = folder.path / "b";
      copy_tensors(file, copy, *to, {}, 5);
      const auto again = open_tensors(copy);
      CHECK(again.kind() == to->name());
      REQUIRE(again.tensors().size() == 1);
      CHECK(again.tensors()[0].type == one[0].type);
      CHECK(again.tensors()[0].shape == one[0].shape);
      CHECK(again.tensors()[0].bytes() == counting(24));
    }
  }
}

TEST_CASE("opening a file reads its header and little more") {
  const test::temporary_folder folder;
  constexpr std::uint64_t data = 1 << 20, most = 80'000;  // a ZIP's comment is looked for in 64 KiB
  for (const file_kind* kind : file_kinds) {
    const fs::path path = folder.path / "a";
    tensor_writer out(path, *kind, {{"a", element_dtype("F32"), {data / 4}}});
    out.write(0, std::vector<std::byte>(data));
    out.finish();
    const auto source = std::make_shared<counted_source>(open_source(path, file_access::on_demand));
    const auto file = kind->read(source, path);
    CHECK(source->bytes_read < most);
    std::vector<std::byte> piece(8);
    file.tensors()[0].read(data / 2, piece);
    CHECK(source->bytes_read < most + 8);
    CHECK(file.tensors()[0].byte_size() == data);
  }
}

TEST_CASE("plans place each byte of a file once") {
  const std::vector<tensor_declaration> more{{"a", element_dtype("F32"), {3}},
                                             {"none", element_dtype("F64"), {0}},
                                             {"b", element_dtype("I8"), {5}}};
  for (const file_kind* kind : file_kinds) {
    const bool is_single = kind == &npy;
    const auto& tensors = is_single ? one : more;
    const auto plan = kind->plan(tensors, {}, "f");
    REQUIRE(plan.tensor_offsets.size() == tensors.size());
    if (!plan.data_suffix.empty()) continue;  // what lies between tensors of a second file is zero
    std::vector<std::vector<std::byte>> contents;
    for (const tensor_declaration& tensor : tensors)
      contents.push_back(counting(value_count(tensor.shape) * tensor.type.record_bits / 8));
    const auto file = test::read_bytes_as(*kind, fuzz::assembled(plan, contents));
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const stored_tensor* const found =
          is_single ? &file.tensors()[0] : file.find(tensors[i].name);
      REQUIRE(found != nullptr);
      CHECK(found->bytes() == contents[i]);
    }
  }
}

TEST_CASE("tensors without bytes and without dimensions, in front, between and last") {
  const test::temporary_folder folder;
  const std::vector<tensor_declaration> sparse{{"first", element_dtype("F32"), {0, 3}},
                                               {"a", element_dtype("F32"), {3}},
                                               {"between", element_dtype("I16"), {0}},
                                               {"b", element_dtype("F32"), {}},
                                               {"last", element_dtype("F64"), {2, 0}}};
  const onnx_kind with_data_beside(1);
  std::vector<const file_kind*> kinds(file_kinds.begin(), file_kinds.end());
  kinds.push_back(&with_data_beside);
  for (const file_kind* kind : kinds) {
    INFO(kind->name());
    for (const std::size_t count : {1u, 5u}) {
      const std::vector<tensor_declaration> tensors(
          sparse.begin(), sparse.begin() + static_cast<std::ptrdiff_t>(count));
      if (kind == &npy && count != 1) continue;
      const fs::path path = folder.path / "first";
      test::write_counting(path, *kind, tensors);
      for (const file_access how : {file_access::mapped, file_access::on_demand}) {
        const auto file = open_tensors(path, kinds, how);
        REQUIRE(file.tensors().size() == count);
        for (std::size_t i = 0; i < count; ++i) {
          const stored_tensor& found = file.at(tensors[i].name);
          CHECK(tensor_declaration(found) == tensors[i]);
          CHECK(found.bytes() == counting(i == 1 ? 12 : i == 3 ? 4 : 0, unsigned(i + 1)));
        }
      }
    }
  }
}

TEST_CASE("the README's example") {
  const test::temporary_folder folder;
  const auto before = fs::current_path();
  fs::current_path(folder.path);
  test::write_counting("model.safetensors", safetensors,
                       {{"w", element_dtype("BF16"), {2, 3}}, {"s", element_dtype("F32"), {1}}});
  std::size_t printed = 0;
  {
    const io::tensor_file file = io::open_tensors("model.safetensors");
    for (const io::stored_tensor& t : file.tensors()) printed += t.name.size();
    std::vector<std::byte> piece(4096);
    const io::stored_tensor& w = file.at("w");
    w.read(0, std::span(piece).first(std::min<std::uint64_t>(piece.size(), w.byte_size())));

    io::tensor_writer out("model.gguf", io::gguf, {{"w", w.type, w.shape}});
    out.write("w", w.bytes());
    out.finish();
  }
  CHECK(printed == 2);
  CHECK(open_tensors("model.gguf").at("w").bytes() == counting(12));
  fs::current_path(before);
}

}  // namespace
