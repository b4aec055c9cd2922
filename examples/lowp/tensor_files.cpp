// SPDX-License-Identifier: MIT
// The one file of the tool that compiles kinds of files and what they hold.
#include "tensor_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include "conventions.hpp"
#include "functions.hpp"
#include "lowp/io/element_format.hpp"
#include "lowp/io/files.hpp"
#include "lowp/io/stored_values.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace lowp_tool {

using namespace lowp;

io::tensor_file open_file(const std::string& path) {
  return io::open_tensors(path, io::file_access::on_demand);
}

const io::file_kind& kind_of_new_file(const std::string& path, const std::string& kind) {
  std::string names;
  for (const io::file_kind* known : io::file_kinds) {
    if (known->name() == kind) return *known;
    names += (names.empty() ? "" : ", ") + std::string(known->name());
  }
  const io::file_kind* const by_name = kind.empty() ? io::kind_for(path) : nullptr;
  if (by_name != nullptr) return *by_name;
  throw std::invalid_argument(
      kind.empty() ? path + ": its ending tells no kind of file; --kind is one of " + names
                   : "no kind of file is called '" + kind + "'; there are " + names);
}

std::vector<std::unique_ptr<io::tensor_values>> values_of_file(const io::tensor_file& file) {
  auto all = io::values_of(file, types_of_gguf(),
                           [](std::string_view text) { return format_of_name(text); });
  // What the file's own metadata describe is not asked of conventions.
  std::map<std::string, std::size_t, std::less<>> plain, described;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool is_plain =
        all[i]->parts.size() == 1 && all[i]->format == file.at(all[i]->parts.front()).type.name;
    for (const std::string& part : all[i]->parts) (is_plain ? plain : described)[part] = i;
  }
  for (auto& weight : values_of_conventions(file)) {
    std::size_t place = all.size();
    bool is_taken = false;
    for (const std::string& part : weight->parts) {
      is_taken = is_taken || described.contains(part);
      if (const auto found = plain.find(part); found != plain.end())
        place = (std::min)(place, found->second);
    }
    if (is_taken) continue;
    for (const std::string& part : weight->parts) {
      if (const auto found = plain.find(part); found != plain.end()) all[found->second] = nullptr;
    }
    if (place == all.size()) {
      all.push_back(std::move(weight));
    } else {
      all[place] = std::move(weight);
    }
  }
  std::erase(all, nullptr);
  return all;
}

std::string list_of_types() {
  std::string text = "Dtypes:\n ";
  for (const io::element_format& entry : io::element_formats)
    text += " " + std::string(entry.dtype);
  text += "\nTypes of GGUF:\n ";
  for (const gguf_type& type : types_of_gguf()) text += " " + std::string(type.name);
  text += "\nKinds of files:\n ";
  for (const io::file_kind* kind : io::file_kinds) {
    text += fmt::format(" {} ({})", kind->name(), kind->extension());
  }
  return text + "\n";
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text;
  for (const std::uint64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

std::string size_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < std::size(units); size /= 1000) ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.3g} {}", size, units[unit]);
}

unsigned thread_count(unsigned count) {
  return count != 0 ? count : (std::max)(1u, std::thread::hardware_concurrency());
}

progress_bar::progress_bar(std::uint64_t total, bool is_wanted)
    : total_(total), is_shown_(is_wanted) {
#if defined(__unix__) || defined(__APPLE__)
  is_shown_ = is_shown_ && ::isatty(2) != 0;
#else
  is_shown_ = false;
#endif
}
progress_bar::~progress_bar() {
  if (is_shown_ && shown_ >= 0) fmt::print(stderr, "\r{:58}\r", "");
}
void progress_bar::add(std::uint64_t count) {
  done_ += count;
  if (!is_shown_ || total_ == 0) return;
  const int percent =
      static_cast<int>(100.0 * static_cast<double>(done_) / static_cast<double>(total_));
  if (percent == shown_) return;
  shown_ = percent;
  const auto filled = static_cast<std::size_t>((std::min)(percent, 100) / 2);
  fmt::print(stderr, "\r[{}{}] {:3}%", std::string(filled, '#'), std::string(50 - filled, ' '),
             percent);
  static_cast<void>(std::fflush(stderr));
}

}  // namespace lowp_tool
