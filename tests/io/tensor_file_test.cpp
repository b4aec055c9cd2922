// SPDX-License-Identifier: MIT
// What all kinds of files share: opening by content, reading in pieces, writing in pieces, nothing
// partial after a failure, and kinds that only a program knows.
#include "lowp/io/files.hpp"

#include <stdexcept>

#include "catch.hpp"
#include "io/files.hpp"

namespace {

namespace fs = std::filesystem;
using namespace lowp::io;
using test::bytes_of;
using test::counting;

// One tensor of bytes, named in eight letters behind a mark; the checksum of all ends the file.
class one_tensor_kind final : public file_kind {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "one"; }
  [[nodiscard]] std::string_view extension() const noexcept override { return ".one"; }
  [[nodiscard]] bool recognizes(std::span<const std::byte> head,
                                std::uint64_t) const noexcept override {
    return head.size() >= 3 && head[0] == std::byte{'O'} && head[1] == std::byte{'N'};
  }
  [[nodiscard]] tensor_file read(const shared_bytes& source, const fs::path& path) const override {
    if (source->size() < 15) throw format_error(path.string() + ": too short");
    std::string name(8, ' ');
    source->read(3, std::as_writable_bytes(std::span(name)));
    std::vector<stored_tensor> tensors;
    tensors.emplace_back(
        tensor_declaration{name, element_dtype("U8"), {source->size() - 15}},
        std::make_shared<part_of_source>(source, std::uint64_t{11}, source->size() - 15));
    return {"one", path.string(), std::move(tensors)};
  }
  [[nodiscard]] file_plan plan(std::span<const tensor_declaration> tensors, const metadata&,
                               const fs::path&) const override {
    if (tensors.size() != 1) throw std::invalid_argument("one tensor");
    file_plan plan;
    plan.fixed.push_back({0, bytes_of("ONE" + tensors[0].name)});
    plan.tensor_offsets = {11};
    plan.size = 15 + tensors[0].shape.at(0);
    plan.checksums_before = {detail::crc32(plan.fixed[0].bytes)};
    plan.seal = [at = plan.size - 4](std::span<const std::uint32_t> checksums) {
      return std::vector<placed_bytes>{{at, bytes_of(test::little(checksums[0], 4))}};
    };
    return plan;
  }
};

TEST_CASE("a kind that only the program knows is opened and written as others are") {
  const one_tensor_kind one;
  const std::array<const file_kind*, 2> kinds{&one, &safetensors};
  test::temporary_folder folder;
  CHECK(kind_for("x.one", kinds) == &one);
  CHECK(kind_for("x.safetensors", kinds) == &safetensors);
  CHECK(kind_for("x.one") == nullptr);

  test::write_counting(folder.path / "a.one", one, {{"abcdefgh", element_dtype("U8"), {9}}});
  auto expected = counting(9);
  const auto mark = bytes_of("ONEabcdefgh");
  expected.insert(expected.begin(), mark.begin(), mark.end());
  CHECK(detail::crc32(bytes_of("123456789")) == 0xCBF43926);  // the check value of its standard
  const auto crc = bytes_of(test::little(detail::crc32(expected), 4));
  expected.insert(expected.end(), crc.begin(), crc.end());
  CHECK(test::contents_of(folder.path / "a.one") == expected);

  CHECK(open_tensors(folder.path / "a.one", kinds).at("abcdefgh").bytes() == counting(9));
  CHECK_THROWS_AS(open_tensors(folder.path / "a.one"), format_error);
  copy_tensors(open_tensors(folder.path / "a.one", kinds), folder.path / "b", safetensors, {}, 2);
  const auto copy = open_tensors(folder.path / "b");
  CHECK(copy.kind() == "safetensors");
  CHECK(copy.at("abcdefgh").bytes() == counting(9));
}

TEST_CASE("tensors are read in pieces, mapped or not") {
  test::temporary_folder folder;
  const fs::path path = folder.path / "a.safetensors";
  test::write_counting(path, safetensors,
                       {{"a", element_dtype("F32"), {2, 2}}, {"b", element_dtype("F4"), {6}}},
                       {{"k", std::string("v")}});
  for (const file_access how : {file_access::mapped, file_access::on_demand}) {
    const stored_tensor a = open_tensors(path, how).at("a");  // the file lives on in it
    CHECK(a.bytes() == counting(16, 1));
    std::vector<std::byte> piece(3);
    a.read(13, piece);
    CHECK(piece == counting(3, 14));
    CHECK_THROWS_AS(a.read(14, piece), std::out_of_range);
    CHECK_THROWS_AS(a.read(~std::uint64_t{0}, piece), std::out_of_range);
    const auto mapped = a.in_memory();
    CHECK(std::vector(mapped.begin(), mapped.end()) ==
          (mapped.empty() ? std::vector<std::byte>{} : counting(16, 1)));
    if (how == file_access::on_demand) CHECK(mapped.empty());
    const auto file = open_tensors(path, how);
    CHECK(file.metadata() == metadata{{"k", std::string("v")}});
    CHECK(file.at("b").bytes() == counting(3, 2));
    CHECK(file.find("c") == nullptr);
    CHECK_THROWS_AS(file.at("c"), format_error);
  }
  CHECK_THROWS_AS(open_tensors(folder.path / "absent"), std::runtime_error);
  CHECK_THROWS_AS(open_tensors(folder.path), std::runtime_error);
  test::put(folder.path / "empty", {});
  for (const file_access how : {file_access::mapped, file_access::on_demand})
    CHECK_THROWS_AS(open_tensors(folder.path / "empty", how), format_error);
}

TEST_CASE("a file that is not finished is not there") {
  test::temporary_folder folder;
  const fs::path path = folder.path / "a.safetensors";
  test::put(path, counting(3));
  const std::vector<tensor_declaration> two{{"a", element_dtype("U8"), {4}},
                                            {"b", element_dtype("U8"), {0}}};
  {
    tensor_writer out(path, safetensors, two);
    CHECK(folder.size() == 2);
    out.write("a", counting(3));
    CHECK_THROWS_AS(out.write(0, counting(2)), std::invalid_argument);
    CHECK_THROWS_AS(out.write(1, counting(1)), std::invalid_argument);
    CHECK_THROWS_AS(out.write(2, {}), std::invalid_argument);
    CHECK_THROWS_AS(out.write("c", {}), std::invalid_argument);
    CHECK_THROWS_AS(out.finish(), std::invalid_argument);
  }
  CHECK(folder.size() == 1);
  CHECK(test::contents_of(path) == counting(3));
  {
    tensor_writer out(path, safetensors, two);
    out.write(0, counting(4));
    out.finish();
    CHECK(folder.size() == 1);
    CHECK_THROWS_AS(out.write(1, {}), std::invalid_argument);
  }
  CHECK(open_tensors(path).at("a").bytes() == counting(4));
  {
    const fs::path taken = folder.path / "taken";
    tensor_writer out(taken, safetensors, two);
    fs::create_directories(taken / "inside");
    CHECK_THROWS_AS(tensor_writer(taken, safetensors, two), std::runtime_error);
    out.write(0, counting(4));
    for (int time = 0; time < 2; ++time) CHECK_THROWS_AS(out.finish(), std::runtime_error);
  }
  CHECK(fs::is_directory(folder.path / "taken"));
  fs::remove_all(folder.path / "taken");

  const auto refused = [&](const std::vector<tensor_declaration>& tensors,
                           const metadata& entries = {}) {
    CHECK_THROWS_AS(tensor_writer(folder.path / "new", safetensors, tensors, entries),
                    std::invalid_argument);
    CHECK(folder.size() == 1);
  };
  refused({two[0], two[0]});
  refused({{"a", element_dtype("I4"), {4}}});
  refused({{"a", element_dtype("F4"), {3}}});
  refused({{"a", {"unknown", 0}, {3}}});
  refused({{"__metadata__", element_dtype("U8"), {3}}});
  refused({{"a", element_dtype("U8"), {1ull << 60, 16}}});
  refused({}, {{"k", 1.0}});
  refused({}, {{"k", std::string("v")}, {"k", std::string("v")}});
}

TEST_CASE("bytes of a dtype and a shape") {
  std::string problem;
  const dtype q4_k{"Q4_K", 144 * 8, 256};
  CHECK(q4_k.bits_per_value() == 4.5);
  const std::vector<std::uint64_t> blocks{3, 512}, odd{3, 128}, none{0, 5}, three{3}, scalar;
  CHECK(byte_size(q4_k, blocks, problem) == 3 * 2 * 144);
  CHECK(problem.empty());
  CHECK(byte_size(q4_k, odd, problem) == 0);
  CHECK_FALSE(problem.empty());
  CHECK(byte_size(q4_k, scalar, problem) == 0);
  CHECK_FALSE(problem.empty());
  CHECK(byte_size(element_dtype("F32"), none, problem) == 0);
  CHECK(problem.empty());
  CHECK(byte_size(element_dtype("F4"), three, problem) == 2);
  CHECK(byte_size(element_dtype("C128"), scalar, problem) == 16);
  const std::vector<std::uint64_t> huge{0, ~std::uint64_t{0}, 2};
  CHECK(byte_size(element_dtype("I2"), huge, problem) == 0);
  CHECK_FALSE(problem.empty());
}

}  // namespace
