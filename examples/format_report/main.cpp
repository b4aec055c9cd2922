// SPDX-License-Identifier: MIT
// Prints what each number format does to the tensors of a safetensors file and, for the character
// model, to the quality of its predictions.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "char_lm/model.hpp"
#include "char_lm/text.hpp"
#include "formats.hpp"
#include "print.hpp"
#include "report.hpp"

namespace {

using namespace format_report;

struct options {
  std::string file = LOWP_CHAR_LM_FILE;
  std::vector<std::string> format_names;
  std::string rounding = "nearest_even";
  std::uint64_t seed = 1;
  std::string text_folder = "/usr/share/common-licenses";
  std::string hold_out = "MPL-2.0";
  std::size_t characters = 2048;
  std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  bool json = false;
};

[[nodiscard]] std::vector<report_format> chosen_formats(const std::vector<std::string>& names) {
  std::vector<report_format> all = all_formats();
  if (names.empty()) return all;
  std::vector<report_format> chosen;
  for (const std::string& name : names) {
    chosen.push_back(*std::find_if(all.begin(), all.end(),
                                   [&](const report_format& f) { return f.name == name; }));
  }
  return chosen;
}

[[nodiscard]] lowp::any_rounding chosen_rounding(const options& chosen) {
  const auto* found = std::find_if(lowp::rounding_modes.begin(), lowp::rounding_modes.end(),
                                   [&](const auto& mode) { return mode.name == chosen.rounding; });
  return found->mode.is_stochastic() ? lowp::stochastic{.seed = chosen.seed} : found->mode;
}

// A line that is rewritten in place on a terminal, and nothing elsewhere.
[[nodiscard]] progress_function progress_line(std::string what) {
  return [what = std::move(what), shows = isatty(STDERR_FILENO) != 0](std::size_t done,
                                                                      std::size_t total) {
    if (!shows) return;
    fmt::print(stderr, "\r{}: {} of {}{}", what, done, total, done == total ? "\n" : "");
    std::fflush(stderr);
  };
}

// Whether the file holds the parameters of the character model.
[[nodiscard]] bool is_char_lm(const lowp::io::safetensors_file& file) {
  return std::all_of(char_lm::parameter_tensors.begin(), char_lm::parameter_tensors.end(),
                     [&](const auto& tensor) { return file.find(tensor.name) != nullptr; });
}

[[nodiscard]] std::vector<std::uint8_t> held_out_text(const options& chosen) {
  try {
    auto text = char_lm::load_corpus(chosen.text_folder, chosen.hold_out).held_out;
    if (chosen.characters != 0) {
      text.resize(std::min(text.size(), chosen.characters + char_lm::context_size));
    }
    return text;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format(
        "the text to predict, {} in {} (see --text-folder and --hold-out), cannot be read: {}",
        chosen.hold_out, chosen.text_folder, error.what()));
  }
}

void run(const options& chosen) {
  const std::vector<report_format> formats = chosen_formats(chosen.format_names);
  const lowp::any_rounding mode = chosen_rounding(chosen);
  const auto file = lowp::io::safetensors_file::read(chosen.file);

  if (!chosen.json) {
    fmt::print("{}\nrounding {}{}\n", chosen.file, chosen.rounding,
               mode.is_stochastic() ? fmt::format(", seed {}", chosen.seed) : "");
  }
  const auto tensors =
      report_tensors(file, formats, mode, chosen.threads, progress_line("tensors"));
  if (!chosen.json) {
    print_tensors(tensors);
    std::fflush(stdout);
  }

  std::vector<model_row> rows;
  std::size_t characters = 0;
  const bool has_model = is_char_lm(file);
  if (has_model) {
    const auto text = held_out_text(chosen);
    characters = text.size() - char_lm::context_size;
    rows = report_model(char_lm::load_model(chosen.file), text, formats, mode, chosen.threads,
                        progress_line("model"));
  }
  if (!chosen.json) {
    if (has_model) print_model(rows, characters);
    return;
  }
  nlohmann::json report{
      {"file", chosen.file}, {"rounding", chosen.rounding}, {"tensors", to_json(tensors)}};
  if (mode.is_stochastic()) report["seed"] = chosen.seed;
  if (has_model) {
    report["characters"] = characters;
    report["model"] = to_json(rows);
  }
  fmt::print("{}\n", report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

int main(int argc, char** argv) {
  options chosen;
  std::vector<std::string> names;
  std::string catalogue = "Formats:\n";
  for (const report_format& format : all_formats()) {
    names.push_back(format.name);
    catalogue += fmt::format("  {:<12} {}\n", format.name, format.description);
  }

  std::vector<std::string> modes;
  for (const auto& mode : lowp::rounding_modes) modes.emplace_back(mode.name);

  CLI::App app("What number formats do to the tensors of a model.");
  app.footer(catalogue);
  app.add_option("file", chosen.file, "A safetensors file; the committed model if absent")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  app.add_option("--format", chosen.format_names, "A format, may be repeated; all if absent")
      ->check(CLI::IsMember(names));
  app.add_option("--rounding", chosen.rounding, "How elements are rounded")
      ->check(CLI::IsMember(modes))
      ->capture_default_str();
  app.add_option("--seed", chosen.seed, "Seed of stochastic rounding")->capture_default_str();
  app.add_option("--text-folder", chosen.text_folder, "Where the texts of the model are")
      ->capture_default_str();
  app.add_option("--hold-out", chosen.hold_out, "The text there that the model did not see")
      ->capture_default_str();
  app.add_option("--characters", chosen.characters, "How many to predict of it; 0 for all")
      ->capture_default_str();
  app.add_option("--threads", chosen.threads, "Threads; the figures do not depend on them")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  app.add_flag("--json", chosen.json, "Print JSON instead of tables");
  CLI11_PARSE(app, argc, argv);

  try {
    run(chosen);
  } catch (const std::exception& error) {
    fmt::print(stderr, "format_report: {}\n", error.what());
    return 1;
  }
  return 0;
}
