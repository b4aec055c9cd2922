// SPDX-License-Identifier: MIT
// Trains the character model on the licence texts of a Debian system and writes its parameters as a
// safetensors file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include "model.hpp"
#include "text.hpp"
#include "training.hpp"

namespace {

struct arguments {
  std::string output = "char_lm.safetensors";
  std::string text_dir = "/usr/share/common-licenses";
  std::string hold_out = "MPL-2.0";
  char_lm::training_options options;
};

void train(const arguments& chosen) {
  const auto text = char_lm::load_corpus(chosen.text_dir, chosen.hold_out);
  fmt::print("{} characters of {} files to train on, {} of {} held out; {} parameters\n",
             text.training.size(), text.training_files.size(), text.held_out.size(),
             chosen.hold_out, char_lm::parameter_count);

  char_lm::trainer trainer(char_lm::random_model(chosen.options.seed), text.training,
                           chosen.options);
  const auto start = std::chrono::steady_clock::now();
  double loss = 0;
  while (trainer.steps_done() < chosen.options.steps) {
    const double step_loss = trainer.step();
    const std::size_t done = trainer.steps_done();
    loss = done == 1 ? step_loss : 0.98 * loss + 0.02 * step_loss;
    if (done % 50 != 0 && done != chosen.options.steps) continue;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const double remaining = elapsed.count() / static_cast<double>(done) *
                             static_cast<double>(chosen.options.steps - done);
    fmt::print("\rstep {}/{}  loss {:.3f} bits per character  {:.0f} s left   ", done,
               chosen.options.steps, loss, remaining);
    std::fflush(stdout);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  fmt::print("\ntrained in {:.0f} s\n", elapsed.count());

  const auto& model = trainer.current();
  const char_lm::float_product product{model};
  char_lm::save_model(model, chosen.output);
  fmt::print("bits per character: {:.4f} training, {:.4f} held out\n",
             char_lm::bits_per_character(model, text.training, product),
             char_lm::bits_per_character(model, text.held_out, product));
}

}  // namespace

int main(int argc, char** argv) {
  arguments chosen;
  CLI::App app(
      "Trains a small character language model; the result does not depend on the number of "
      "threads.");
  app.option_defaults()->always_capture_default();
  app.add_option("--output", chosen.output, "Safetensors file to write");
  app.add_option("--steps", chosen.options.steps, "Minibatches to train on")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", chosen.options.seed,
                 "Seed of the first weights, the minibatches and the dropped units");
  app.add_option("--threads", chosen.options.threads, "Threads; more than 8 find no work")
      ->check(CLI::PositiveNumber);
  app.add_option("--text-dir", chosen.text_dir, "Directory of the texts")
      ->check(CLI::ExistingDirectory);
  app.add_option("--hold-out", chosen.hold_out, "Name of the text to measure on, not train on");
  CLI11_PARSE(app, argc, argv);
  try {
    train(chosen);
  } catch (const std::exception& error) {
    fmt::print(stderr, "char_lm_train: {}\n", error.what());
    return 1;
  }
  return 0;
}
