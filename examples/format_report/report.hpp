// SPDX-License-Identifier: MIT
// What the report computes, as plain data: figures per tensor and format, and the quality of the
// character model per format.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "char_lm/model.hpp"
#include "formats.hpp"
#include "lowp/io/safetensors.hpp"

namespace format_report {

struct tensor_row {
  std::string format;
  tensor_figures figures;
};

struct tensor_report {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string error;  // why it could not be read as numbers; then there are no rows
  std::vector<tensor_row> rows;
};

struct model_row {
  std::string format;
  double bits_per_value = 0;  // of all weight matrices together
  double weights_only = 0;    // held-out bits per character
  double weights_and_activations = 0;
};

// Called with (done, total) from any thread, one call at a time.
using progress_function = std::function<void(std::size_t done, std::size_t total)>;

// Runs the tasks on `threads` threads. The first exception of a task is thrown again here.
inline void run_all(const std::vector<std::function<void()>>& tasks, std::size_t threads,
                    const progress_function& progress) {
  std::atomic<std::size_t> next{0};
  std::size_t done = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks.size(); i = next++) {
      try {
        tasks[i]();
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = tasks.size();
      }
      const std::lock_guard lock(mutex);
      progress(++done, tasks.size());
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

// A tensor as a matrix: its last dimension is contiguous, all others are rows.
[[nodiscard]] inline std::pair<std::size_t, std::size_t> matrix_shape(
    std::span<const std::uint64_t> shape, std::size_t size) {
  const std::size_t cols = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  return {cols == 0 ? 0 : size / cols, cols};
}

// Figures for every tensor of a file in every format.
[[nodiscard]] inline std::vector<tensor_report> report_tensors(
    const lowp::io::safetensors_file& file, const std::vector<report_format>& formats,
    const lowp::any_rounding& mode, std::size_t threads, const progress_function& progress) {
  std::vector<tensor_report> reports;
  std::vector<std::vector<float>> values;
  for (const lowp::io::tensor_view& tensor : file.tensors()) {
    tensor_report report{tensor.name, tensor.shape, {}, {}};
    values.emplace_back();
    try {
      values.back() = lowp::io::to_floats(tensor);
      for (const report_format& format : formats) report.rows.push_back({format.name, {}});
    } catch (const std::invalid_argument& unreadable) {
      report.error = unreadable.what();
    }
    reports.push_back(std::move(report));
  }
  std::vector<std::function<void()>> tasks;
  for (std::size_t t = 0; t < reports.size(); ++t) {
    const auto [rows, cols] = matrix_shape(reports[t].shape, values[t].size());
    const const_matrix view(values[t].data(), rows, cols);
    for (std::size_t f = 0; f < reports[t].rows.size(); ++f) {
      tasks.push_back([&reports, &formats, &mode, t, f, view] {
        reports[t].rows[f].figures = formats[f].measure(view, mode);
      });
    }
  }
  run_all(tasks, threads, progress);
  return reports;
}

// The character model with every layer's product made by one format.
class quantized_product {
 public:
  quantized_product(const char_lm::model& model, const report_format& format,
                    const lowp::any_rounding& mode, bool quantizes_activations)
      : quantizes_activations_(quantizes_activations) {
    for (std::size_t i = 0; i < char_lm::layer_shapes.size(); ++i) {
      const auto& shape = char_lm::layer_shapes[i];
      const auto weights = model.weight(static_cast<char_lm::layer>(i));
      layers_.push_back(format.prepare({weights.data(), shape.outputs, shape.inputs}, mode));
    }
  }

  void operator()(char_lm::layer which, std::span<const float> x, std::size_t rows,
                  std::span<float> y) const {
    const auto& shape = char_lm::shape_of(which);
    layers_[static_cast<std::size_t>(which)]({x.data(), rows, shape.inputs}, quantizes_activations_,
                                             {y.data(), rows, shape.outputs});
  }

 private:
  bool quantizes_activations_;
  std::vector<layer_product> layers_;
};

// Held-out bits per character of the model in every format; embedding and biases stay in binary32.
[[nodiscard]] inline std::vector<model_row> report_model(const char_lm::model& model,
                                                         std::span<const std::uint8_t> text,
                                                         const std::vector<report_format>& formats,
                                                         const lowp::any_rounding& mode,
                                                         std::size_t threads,
                                                         const progress_function& progress) {
  std::vector<model_row> rows(formats.size());
  std::vector<std::function<void()>> tasks;
  for (std::size_t f = 0; f < formats.size(); ++f) {
    rows[f].format = formats[f].name;
    tasks.push_back([&, f] {
      double bits = 0, values = 0;
      for (std::size_t i = 0; i < char_lm::layer_shapes.size(); ++i) {
        const auto& shape = char_lm::layer_shapes[i];
        const auto weights = model.weight(static_cast<char_lm::layer>(i));
        const auto figures =
            formats[f].measure({weights.data(), shape.outputs, shape.inputs}, mode);
        bits += figures.bits_per_value * static_cast<double>(weights.size());
        values += static_cast<double>(weights.size());
      }
      rows[f].bits_per_value = bits / values;
    });
    tasks.push_back([&, f] {
      rows[f].weights_only = char_lm::bits_per_character(
          model, text, quantized_product(model, formats[f], mode, false));
    });
    tasks.push_back([&, f] {
      rows[f].weights_and_activations = char_lm::bits_per_character(
          model, text, quantized_product(model, formats[f], mode, true));
    });
  }
  run_all(tasks, threads, progress);
  return rows;
}

}  // namespace format_report
