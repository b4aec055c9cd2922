// SPDX-License-Identifier: MIT
// Codes, entries and scales of additive codebooks for given weights: AQLM (arXiv 2401.06118) and
// PV-Tuning (2405.14852) for an error that counts each column by itself. Residual k-means to begin
// with; then beam search over the codes, and least squares for the entries of one codebook after
// the other and for the scales. The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/additive_codebook_matrix.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/random.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

struct additive_fit {
  int start_iterations = 8;  ///< of k-means, for each codebook
  int rounds = 10;           ///< of codes, entries and scales, at most
  int beam = 4;              ///< sums of entries that the search keeps
  std::uint64_t seed = 0;
  /// What squares of errors of a column count, positive normal numbers; none: 1. For the error of
  /// products the means of squares of what meets the column.
  std::span<const float> col_weights{};
};

namespace detail {

inline void require_additive(const char* function, const matrix_view<const float>& w,
                             const additive_codebook_matrix& q,
                             std::span<const float> col_weights) {
  const std::string text = std::string(function) + ": ";
  if (w.rows != q.rows() || w.cols != q.cols()) {
    refuse(text + "weights are " + std::to_string(w.rows) + " x " + std::to_string(w.cols) +
           ", expected " + std::to_string(q.rows()) + " x " + std::to_string(q.cols()));
  }
  if (!col_weights.empty() && col_weights.size() != w.cols) {
    refuse(text + "col_weights has size " + std::to_string(col_weights.size()) +
           ", expected 0 or " + std::to_string(w.cols));
  }
  for (std::size_t i = 0; i < col_weights.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(col_weights[i]) - 0x00800000u < 0x7F000000u) continue;
    refuse(text + "col_weights[" + std::to_string(i) + "] is " + std::to_string(col_weights[i]) +
           ", expected a positive normal number");
  }
  for (std::size_t row = 0; row < w.rows; ++row) {
    for (std::size_t col = 0; col < w.cols; ++col) {
      const float& x = w(row, col);
      if (is_finite(x)) continue;
      refuse(text + "the weight at (" + std::to_string(row) + ", " + std::to_string(col) + ") is " +
             std::to_string(x) + ", expected finite ones");
    }
  }
}

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// Entries of a matrix as kernels read them; the first of a codebook again behind its last.
class entry_tables {
 public:
  explicit entry_tables(const additive_codebook_matrix& q)
      : size_(static_cast<std::size_t>(q.codebooks().group)),
        stride_((q.codebooks().entries() + kernels::entry_step - 1) / kernels::entry_step *
                kernels::entry_step),
        elements_(static_cast<std::size_t>(q.codebooks().count) * size_ * stride_) {
    for (std::size_t m = 0; m < static_cast<std::size_t>(q.codebooks().count); ++m) {
      for (std::size_t i = 0; i < size_; ++i) {
        for (std::size_t v = 0; v < stride_; ++v) {
          elements_[(m * size_ + i) * stride_ + v] =
              q.entry(m, v < q.codebooks().entries() ? v : 0)[i];
        }
      }
    }
  }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] kernels::entry_table of(std::size_t codebook) const {
    return {elements_.data() + codebook * size_ * stride_, stride_, size_};
  }

 private:
  std::size_t size_, stride_;
  std::vector<float> elements_;
};

inline void subtract_floats(const float* a, const float* b, std::size_t count, float* out) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) lowp::detail::subtract_arrays<4>(a + i, b + i, out + i);
  for (; i < count; ++i) out[i] = lowp::detail::difference_of_floats(a[i], b[i]);
}

/// The search for the codes of a group.
class additive_search {
 public:
  additive_search(const additive_codebook_matrix& q, const entry_tables& tables,
                  std::span<const float> col_weights, std::size_t beam, isa level)
      : q_(q),
        tables_(tables),
        col_weights_(col_weights),
        size_(static_cast<std::size_t>(q.codebooks().group)),
        count_(static_cast<std::size_t>(q.codebooks().count)),
        beam_(beam),
        level_(level),
        x_(size_),
        distances_(tables.stride()),
        old_(count_) {}

  /// Divides the weights of a group by the scale, in binary32, and reads its codes.
  void begin(const float* w, std::size_t row, std::size_t group) {
    const float scale = q_.scales()[row];
    for (std::size_t i = 0; i < size_; ++i) {
      x_[i] = lowp::detail::quotient_of_floats(w[group * size_ + i], scale);
    }
    weights_ = col_weights_.empty() ? nullptr : col_weights_.data() + group * size_;
    load_codes(q_, row, group * count_, count_, old_.data());
  }
  /// What the codes leave over, without the scale: the sum of weighted squares of
  /// (x - e_0) - e_1 - …, in binary32 from the first element on.
  [[nodiscard]] float error_of(const std::vector<std::uint16_t>& codes) {
    rest_ = x_;
    for (std::size_t m = 0; m < count_; ++m) subtract(rest_, m, codes[m]);
    float sum = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      float square = lowp::detail::product_of_floats(rest_[i], rest_[i]);
      if (weights_ != nullptr) square = lowp::detail::product_of_floats(weights_[i], square);
      sum = i == 0 ? square : lowp::detail::sum_of_floats(sum, square);
    }
    return sum;
  }
  [[nodiscard]] float old_error() { return error_of(old_); }

  /// The codes of least error that the beam meets, if it is below that of the old ones, else these.
  [[nodiscard]] const std::vector<std::uint16_t>& best() {
    const float before = old_error();
    now_.rests = x_;
    now_.codes.assign(count_, 0);
    std::size_t width = 1;
    for (std::size_t m = 0; m < count_; ++m) {
      nearest_.clear();
      for (std::size_t s = 0; s < width; ++s) {
        kernels::squared_distances(level_, tables_.of(m), now_.rests.data() + s * size_, weights_,
                                   distances_.data());
        keep_nearest(s);
      }
      width = nearest_.size();
      next_.rests.resize(width * size_);
      next_.codes.resize(width * count_);
      for (std::size_t s = 0; s < width; ++s) {
        const candidate& c = nearest_[s];
        std::copy_n(now_.codes.data() + c.from * count_, m, next_.codes.data() + s * count_);
        next_.codes[s * count_ + m] = c.code;
        bulk::subtract_floats(now_.rests.data() + c.from * size_, q_.entry(m, c.code), size_,
                              next_.rests.data() + s * size_);
      }
      std::swap(now_, next_);
    }
    if (!(nearest_[0].error < before)) return old_;
    now_.codes.resize(count_);
    return now_.codes;
  }
  /// The best code of one codebook if the others keep theirs, whose sum is taken away first.
  [[nodiscard]] std::uint16_t best_of(std::size_t codebook) {
    rest_ = x_;
    for (std::size_t m = 0; m < count_; ++m) {
      if (m != codebook) subtract(rest_, m, old_[m]);
    }
    kernels::squared_distances(level_, tables_.of(codebook), rest_.data(), weights_,
                               distances_.data());
    return static_cast<std::uint16_t>(
        kernels::first_of_least(level_, distances_.data(), distances_.size()));
  }

 private:
  /// Sums of entries that are kept: what they leave over, and their codes.
  struct states {
    std::vector<float> rests;
    std::vector<std::uint16_t> codes;
  };
  struct candidate {
    float error = 0;
    std::size_t from = 0;
    std::uint16_t code = 0;
  };

  void subtract(std::vector<float>& rest, std::size_t codebook, std::size_t code) const {
    bulk::subtract_floats(rest.data(), q_.entry(codebook, code), size_, rest.data());
  }
  /// Into the best so far, in ascending order; of equal errors the earlier state and code.
  void keep_nearest(std::size_t from) {
    const float* const errors = distances_.data();
    const auto insert = [&](std::size_t v) {
      if (nearest_.size() == beam_) nearest_.pop_back();
      std::size_t at = nearest_.size();
      while (at != 0 && errors[v] < nearest_[at - 1].error) --at;
      nearest_.insert(nearest_.begin() + static_cast<std::ptrdiff_t>(at),
                      {errors[v], from, static_cast<std::uint16_t>(v)});
    };
    if (beam_ == 1) return insert(kernels::first_of_least(level_, errors, distances_.size()));
    const std::size_t count = q_.codebooks().entries();
    std::size_t v = 0;
    for (; v < count && nearest_.size() < beam_; ++v) insert(v);
    for (;; ++v) {
      v = kernels::first_below(level_, errors, v, distances_.size(), nearest_.back().error);
      if (v >= count) return;
      insert(v);
    }
  }

  const additive_codebook_matrix& q_;
  const entry_tables& tables_;
  std::span<const float> col_weights_;
  std::size_t size_, count_, beam_;
  isa level_;
  const float* weights_ = nullptr;
  std::vector<float> x_, rest_, distances_;
  std::vector<std::uint16_t> old_;
  states now_, next_;
  std::vector<candidate> nearest_;
};

/// use(search, row, group) for all groups, rows on the threads of `how`.
template <class Use>
void for_additive_groups(const matrix_view<const float>& w, const additive_codebook_matrix& q,
                         std::span<const float> col_weights, std::size_t beam, const execution& how,
                         const Use& use) {
  const entry_tables tables(q);
  constexpr std::size_t height = 8;  // rows of a part
  const auto part = [&](std::size_t p) {
    const default_float_environment environment;
    additive_search search(q, tables, col_weights, beam, how.level());
    for (std::size_t row = p * height; row < (std::min)((p + 1) * height, w.rows); ++row) {
      for (std::size_t group = 0; group < q.groups(); ++group) {
        search.begin(w.row(row), row, group);
        use(search, row, group);
      }
    }
  };
  run_and_rethrow(how, (w.rows + height - 1) / height, task(part));
}

/// The entries of one codebook by least squares while all else stays: of an entry the quotient of
/// sums over the groups that have it, in binary64, row by row and group by group: of
/// weight * (scale * rest), rest = w - scale * (the sum of the other entries), and of
/// weight * scale^2. Rounded to binary32; an entry that no group has stays, and so does an element
/// that would exceed binary32.
inline void fit_codebook_entries(const matrix_view<const float>& w, additive_codebook_matrix& q,
                                 std::size_t codebook, std::span<const float> col_weights) {
  const auto size = static_cast<std::size_t>(q.codebooks().group);
  const auto count = static_cast<std::size_t>(q.codebooks().count);
  std::vector<double> products(q.codebooks().entries() * size), squares(products.size());
  std::vector<std::uint16_t> codes(q.groups() * count);
  for (std::size_t row = 0; row < w.rows; ++row) {
    const double scale = static_cast<double>(q.scales()[row]);
    const double square = scale * scale;  // exact
    load_codes(q, row, 0, codes.size(), codes.data());
    for (std::size_t group = 0; group < q.groups(); ++group) {
      const std::uint16_t* const of_group = codes.data() + group * count;
      for (std::size_t i = 0; i < size; ++i) {
        double others = 0;
        for (std::size_t m = 0; m < count; ++m) {
          if (m == codebook) continue;
          others = opaque(others + static_cast<double>(q.entry(m, of_group[m])[i]));
        }
        const std::size_t col = group * size + i, at = of_group[codebook] * size + i;
        const double rest = opaque(static_cast<double>(w(row, col)) - opaque(scale * others));
        const double weight = col_weights.empty() ? 1.0 : static_cast<double>(col_weights[col]);
        products[at] = opaque(products[at] + opaque(weight * opaque(scale * rest)));
        squares[at] = opaque(squares[at] + opaque(weight * square));
      }
    }
  }
  float* const entries = q.entries().data() + codebook * products.size();
  for (std::size_t at = 0; at < products.size(); ++at) {
    if (!(squares[at] > 0)) continue;
    const double entry = opaque(products[at] / squares[at]);
    if (lowp::detail::fits_binary32(entry)) entries[at] = static_cast<float>(entry);
  }
}

}  // namespace bulk

/// The sum of weighted squares of w - q, in binary64 row by row.
[[nodiscard]] inline double additive_error(matrix_view<const float> w,
                                           const additive_codebook_matrix& q,
                                           std::span<const float> col_weights = {}) {
  detail::require_additive("additive_error", w, q, col_weights);
  const default_float_environment environment;
  std::vector<float> values(w.cols);
  double sum = 0;
  for (std::size_t row = 0; row < w.rows; ++row) {
    const auto count = static_cast<std::size_t>(q.codebooks().count);
    const auto size = static_cast<std::size_t>(q.codebooks().group);
    for (std::size_t group = 0; group < q.groups(); ++group) {
      std::uint16_t codes[16];
      bulk::load_codes(q, row, group * count, count, codes);
      bulk::sum_entries(q, codes, values.data() + group * size);
    }
    for (std::size_t col = 0; col < w.cols; ++col) {
      const float value = detail::product_of_floats(q.scales()[row], values[col]);
      const double apart = opaque(static_cast<double>(w(row, col)) - static_cast<double>(value));
      const double weight = col_weights.empty() ? 1.0 : static_cast<double>(col_weights[col]);
      sum = opaque(sum + opaque(weight * opaque(apart * apart)));
    }
  }
  return sum;
}

/// Chooses codes anew by beam search, for a `share` of all groups, rounded up: those whose error,
/// times the square of the scale, is largest, the first of equal ones. A group's codes change only
/// if its error falls. With share = 1 it is the search of AQLM; with less, and w = values - rate *
/// gradient, the V step of PV-Tuning, which moves few codes far in place of all a little. Returns
/// how many groups have new codes.
///
/// For each codebook in order the errors of all sums kept with all entries are compared, and of the
/// least ones as many kept as the beam is wide; of equal errors the earlier sum and entry. Errors
/// are sums of weighted squares in binary32, from the first element on, of w / scale - e_0 - e_1 …,
/// each operation rounded once. Groups are apart from each other: no thread changes a bit.
///
/// Throws std::invalid_argument for shapes that differ, weights that are not finite, weights of
/// columns that are out of range, a beam or a share out of range, entries or scales that are not
/// finite, and a scale of zero.
inline std::size_t choose_additive_codes(matrix_view<const float> w, additive_codebook_matrix& q,
                                         const additive_fit& fit = {}, double share = 1,
                                         const execution& how = {}) {
  detail::require_additive("choose_additive_codes", w, q, fit.col_weights);
  if (fit.beam < 1 || fit.beam > 1024) {
    refuse("choose_additive_codes: beam is " + std::to_string(fit.beam) + ", expected 1 to 1024");
  }
  detail::require_finite_entries("choose_additive_codes", q);
  if (detail::is_nan(share) || !(share >= 0 && share <= 1)) {
    refuse("choose_additive_codes: share is " + std::to_string(share) + ", expected 0 to 1");
  }
  for (std::size_t row = 0; row < q.rows(); ++row) {
    const float& scale = q.scales()[row];
    if (detail::is_finite(scale) && scale != 0) continue;
    refuse("choose_additive_codes: the scale of row " + std::to_string(row) + " is " +
           std::to_string(scale) + ", expected a finite number that is not zero");
  }
  const default_float_environment environment;
  const auto beam = static_cast<std::size_t>(fit.beam);
  const std::size_t groups = q.rows() * q.groups();
  std::vector<std::uint8_t> is_chosen(groups, 1);
  if (share < 1) {
    std::vector<std::pair<double, std::size_t>> errors(groups);
    bulk::for_additive_groups(
        w, q, fit.col_weights, beam, how,
        [&](bulk::additive_search& search, std::size_t row, std::size_t group) {
          const double scale = static_cast<double>(q.scales()[row]);
          const std::size_t at = row * q.groups() + group;
          errors[at] = {opaque(static_cast<double>(search.old_error()) * (scale * scale)), at};
        });
    const double exact_count = opaque(share * static_cast<double>(groups));
    auto count = static_cast<std::size_t>(exact_count);
    if (static_cast<double>(count) < exact_count) ++count;
    std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (std::size_t i = count; i < groups; ++i) is_chosen[errors[i].second] = 0;
  }
  std::vector<std::uint8_t> has_changed(groups);
  // Codes of a row share bytes with no other row's.
  bulk::for_additive_groups(w, q, fit.col_weights, beam, how,
                            [&](bulk::additive_search& search, std::size_t row, std::size_t group) {
                              const std::size_t at = row * q.groups() + group;
                              if (is_chosen[at] == 0) return;
                              const std::vector<std::uint16_t>& codes = search.best();
                              for (std::size_t m = 0; m < codes.size(); ++m) {
                                if (q.code(row, group, m) == codes[m]) continue;
                                q.set_code(row, group, m, codes[m]);
                                has_changed[at] = 1;
                              }
                            });
  return static_cast<std::size_t>(std::count(has_changed.begin(), has_changed.end(), 1));
}

/// Entries by least squares, the codebooks in order (bulk::fit_codebook_entries), then scales: of a
/// row the quotient of the sums of weight * (w * e) and of weight * e^2, e being the sum of entries
/// in binary32, in binary64 and the order of columns; a row whose sums of entries are zero, or
/// whose scale would be or exceed binary32, keeps its own. The P step of PV-Tuning for squared
/// errors. Throws std::invalid_argument as additive_error does, and for entries that are not
/// finite.
inline void fit_additive_entries(matrix_view<const float> w, additive_codebook_matrix& q,
                                 std::span<const float> col_weights = {}) {
  detail::require_additive("fit_additive_entries", w, q, col_weights);
  detail::require_finite_entries("fit_additive_entries", q);
  const default_float_environment environment;
  const auto count = static_cast<std::size_t>(q.codebooks().count);
  const auto size = static_cast<std::size_t>(q.codebooks().group);
  for (std::size_t m = 0; m < count; ++m) bulk::fit_codebook_entries(w, q, m, col_weights);
  for (std::size_t row = 0; row < w.rows; ++row) {
    double product = 0, square = 0;
    for (std::size_t group = 0; group < q.groups(); ++group) {
      std::uint16_t codes[16];
      float sums[64];
      bulk::load_codes(q, row, group * count, count, codes);
      bulk::sum_entries(q, codes, sums);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t col = group * size + i;
        const double e = static_cast<double>(sums[i]);
        const double weight = col_weights.empty() ? 1.0 : static_cast<double>(col_weights[col]);
        const double both = static_cast<double>(w(row, col)) * e;  // exact
        product = opaque(product + opaque(weight * opaque(both)));
        square = opaque(square + opaque(weight * opaque(e * e)));
      }
    }
    if (!(square > 0)) continue;
    const double scale = opaque(product / square);
    if (!detail::fits_binary32(scale) || static_cast<float>(scale) == 0) continue;
    q.scales()[row] = static_cast<float>(scale);
  }
}

/// `w` in additive codebooks. Scales are the root mean squares of rows at first, 1 for a row of
/// zeros. Codebook after codebook begins with what those before it leave over of one group each of
/// as many equal parts of the matrix, drawn by `seed`, and takes `start_iterations` of k-means;
/// then rounds of choose_additive_codes and fit_additive_entries, until the error does not fall.
/// The best of all is returned: a function of the arguments, on every machine and any `execution`.
/// Throws std::invalid_argument as these do, and for columns that are no multiple of the group.
///
///   auto q = quantize_additive(w, {.count = 2, .code_bits = 8, .group = 8});   // about 2 bits
///   round_to(formats::binary16, std::span<const float>(q.entries()), q.entries());
[[nodiscard]] inline additive_codebook_matrix quantize_additive(
    matrix_view<const float> w, const additive_codebooks& shape = {}, const additive_fit& fit = {},
    const execution& how = {}) {
  additive_codebook_matrix q(w.rows, w.cols, shape);
  detail::require_additive("quantize_additive", w, q, fit.col_weights);
  if (fit.beam < 1 || fit.beam > 1024) {
    refuse("quantize_additive: beam is " + std::to_string(fit.beam) + ", expected 1 to 1024");
  }
  if (w.rows == 0 || w.cols == 0) return q;
  const default_float_environment environment;
  const auto size = static_cast<std::size_t>(shape.group);
  for (std::size_t row = 0; row < w.rows; ++row) {
    double sum = 0;
    for (std::size_t col = 0; col < w.cols; ++col) {
      const double x = static_cast<double>(w(row, col));
      sum = opaque(sum + opaque(x * x));
    }
    const double mean = opaque(sum / static_cast<double>(w.cols));
    const auto scale = static_cast<float>(opaque(detail::square_root_of(mean)));
    q.scales()[row] = scale > 0 ? scale : 1.0F;
  }
  const std::uint64_t groups = std::uint64_t{w.rows} * q.groups();
  for (std::size_t m = 0; m < static_cast<std::size_t>(shape.count); ++m) {
    const std::uint64_t count = shape.entries();
    for (std::uint64_t e = 0; e < count; ++e) {
      // Group floor((e + u) groups / count), u a random number below 1 of 32 bits.
      const std::uint64_t u = random_bits(fit.seed, (m << shape.code_bits) + e, 32);
      const std::uint64_t begin = e * groups / count, end = (e + 1) * groups / count;
      const std::uint64_t at = (std::min)(groups - 1, begin + ((end - begin) * u >> 32));
      const auto row = static_cast<std::size_t>(at / q.groups());
      const auto group = static_cast<std::size_t>(at % q.groups());
      float* const to =
          q.entries().data() + ((m << shape.code_bits) + static_cast<std::size_t>(e)) * size;
      for (std::size_t i = 0; i < size; ++i) {
        float rest = detail::quotient_of_floats(w(row, group * size + i), q.scales()[row]);
        for (std::size_t before = 0; before < m; ++before) {
          rest = detail::difference_of_floats(rest, q.entry(before, q.code(row, group, before))[i]);
        }
        to[i] = rest;
      }
    }
    for (int iteration = 0; iteration < fit.start_iterations; ++iteration) {
      bulk::for_additive_groups(
          w, q, fit.col_weights, 1, how,
          [&](bulk::additive_search& search, std::size_t row, std::size_t group) {
            q.set_code(row, group, m, search.best_of(m));
          });
      bulk::fit_codebook_entries(w, q, m, fit.col_weights);
    }
  }
  double error = additive_error(w, q, fit.col_weights);
  for (int round = 0; round < fit.rounds; ++round) {
    additive_codebook_matrix next = q;
    (void)choose_additive_codes(w, next, fit, 1, how);
    fit_additive_entries(w, next, fit.col_weights);
    const double next_error = additive_error(w, next, fit.col_weights);
    if (!(next_error < error)) break;
    error = next_error;
    q = std::move(next);
  }
  return q;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
