// SPDX-License-Identifier: MIT
// What metadata say of a tensor is as hostile as the rest of a file.
#include "lowp/io/stored_values.hpp"

#include <algorithm>

#include "catch.hpp"
#include "lowp/formats/read_format.hpp"

namespace {

using namespace lowp;
using namespace lowp::io;

// The error of a file with six bytes in "w", two in "w_scale" and four in "w_scale_2".
std::string error_of(const std::string& description) {
  std::vector<stored_tensor> tensors;
  const auto add = [&](const std::string& name, const std::string& type, std::uint64_t size) {
    tensors.emplace_back(
        tensor_declaration{name, element_dtype(type), {size}},
        std::make_shared<memory_source>(std::vector<std::byte>(
            static_cast<std::size_t>(size * element_dtype(type).record_bits / 8))));
  };
  add("w", "U8", 6);
  add("w_scale", "U8", 2);
  add("w_scale_2", "F32", 1);
  const tensor_file file("k", "f", std::move(tensors), {{"lowp.tensor.w", description}});
  const auto read_format = [](std::string_view text) { return format_of_text(text); };
  try {
    for (const auto& values : values_of(file, {}, read_format)) {
      if (values->name != "w") continue;
      std::vector<float> all(static_cast<std::size_t>(values->size()));
      values->read(0, all);
      return std::all_of(all.begin(), all.end(), [](float x) { return x == 0; }) ? "zeros" : "more";
    }
  } catch (const format_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST_CASE("descriptions of tensors that contradict the file are format errors") {
  CHECK(error_of(R"({"format":"e2m3","shape":[2,4]})") == "zeros");
  CHECK(error_of(R"({"format":"e2m3","shape":[8,0]})").find("has 6 bytes, expected 0") !=
        std::string::npos);
  CHECK(error_of(R"({"element":"e2m1","scale":"e8m0","block":6,"shape":[1,12]})") == "zeros");
  CHECK(
      error_of(R"({"element":"e2m1","scale":"e8m0","block":6,"tensor_scale":true,"shape":[1,12]})")
          .find("zeros") == 0);
  for (const char* const bad :
       {"", "[]", "{", R"({"format":"e2m3"})", R"({"format":5,"shape":[8]})",
        R"({"format":"no such format","shape":[8]})", R"({"format":"e2m3","shape":[-8]})",
        R"({"format":"e2m3","shape":[9]})", R"({"format":"e2m3","shape":[4294967296,4294967296]})",
        R"({"element":"e2m1","scale":"e8m0","block":0,"shape":[1,12]})",
        R"({"element":"e2m1","scale":"e8m0","block":6,"tensor_scale":"yes","shape":[1,12]})",
        R"({"element":"e2m1","scale":"e8m0","block":5,"shape":[1,12]})"}) {
    INFO(bad);
    CHECK(error_of(bad).substr(0, 3) == "f: ");
  }
}

}  // namespace
