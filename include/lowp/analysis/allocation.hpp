// SPDX-License-Identifier: MIT
// Which of several ways each item of a model is stored in, so that the losses are least within a
// limit of cost, exactly: bits of layers (HAWQ-V2, arXiv 1911.03852; HAWQ-V3, 2011.10680),
// experts (MC-MoE, 2410.06270), configurations (LQ-LoRA, 2311.12023), key/value caches (KVTuner,
// 2502.04420). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

/// A way to store an item: what it costs (bits, bytes, operations, time) and what it loses.
struct allocation_choice {
  double cost = 0, loss = 0;
};
using allocation_table = std::vector<allocation_choice>;
/// Items that take the same choice.
using allocation_ties = std::vector<std::vector<std::size_t>>;

struct allocation {
  std::vector<std::size_t> choices;  ///< the index of each item's choice in its table
  double cost = 0, loss = 0;         ///< of all
};

namespace detail {

/// Sets of choices of the first items that no other set undercuts, item by item.
class allocation_search {
 public:
  allocation_search(const char* function, std::span<const allocation_table> tables,
                    const allocation_ties& ties)
      : function_(function), item_of_(tables.size(), tables.size()) {
    std::vector<const std::vector<std::size_t>*> tie_of(tables.size());
    require_tables(tables);
    for (std::size_t t = 0; t < ties.size(); ++t) {
      for (const std::size_t member : ties[t]) require_member(tables, ties[t], t, member, tie_of);
    }
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (item_of_[i] != tables.size()) continue;  // tied to an earlier one
      item_of_[i] = items_.size();
      items_.push_back(tables[i]);
      if (tie_of[i] == nullptr) continue;
      std::vector<std::size_t> members = *tie_of[i];
      std::sort(members.begin(), members.end());
      for (const std::size_t member : members) {
        item_of_[member] = items_.size() - 1;
        if (member == i) continue;
        for (std::size_t c = 0; c < tables[i].size(); ++c) {
          allocation_choice& sum = items_.back()[c];
          sum.cost = opaque(sum.cost + tables[member][c].cost);
          sum.loss = opaque(sum.loss + tables[member][c].loss);
        }
      }
    }
    for (const allocation_table& item : items_) add_slopes(item);
    std::sort(slopes_.begin(), slopes_.end(), [](const slope& a, const slope& b) {
      return a.steepness != b.steepness ? a.steepness > b.steepness : a.rank < b.rank;
    });
    const double roundings = 0x1p-48 * static_cast<double>(tables.size() + 1);
    cost_margin_ = opaque(roundings * most_cost_);
    loss_margin_ = opaque(roundings * most_loss_);
  }

  /// All sets that no other undercuts and that the limit admits; with `to_least`, those that can
  /// become the one of least loss.
  void run(double limit, bool to_least, std::size_t most_states) {
    std::vector<state> next;
    double least = (std::numeric_limits<double>::max)();  // that some set is known to have
    for (std::size_t k = 0; k <= items_.size(); ++k) {
      if (to_least) keep_promising(k, limit, least);
      if (k == items_.size()) break;
      next.clear();
      for (std::size_t c = 0; c < items_[k].size(); ++c) {
        for (std::size_t s = 0; s < states_.size(); ++s) {
          const state sum{opaque(states_[s].cost + items_[k][c].cost),
                          opaque(states_[s].loss + items_[k][c].loss),
                          {static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(c)}};
          if (sum.cost <= limit) next.push_back(sum);
        }
      }
      std::sort(next.begin(), next.end(), [](const state& a, const state& b) {
        if (a.cost != b.cost) return a.cost < b.cost;
        if (a.loss != b.loss) return a.loss < b.loss;
        if (a.last.choice != b.last.choice) return a.last.choice < b.last.choice;
        return a.last.before < b.last.before;
      });
      states_.clear();
      std::vector<step> steps;
      for (const state& s : next) {
        if (!states_.empty() && !(s.loss < states_.back().loss)) continue;
        states_.push_back(s);
      }
      if (states_.size() > most_states) {
        refuse(text() + std::to_string(states_.size()) + " sums of the first " +
               std::to_string(k + 1) + " items are to be kept, expected at most " +
               std::to_string(most_states) + "; costs of fewer digits have fewer sums");
      }
      for (const state& s : states_) steps.push_back(s.last);
      steps_.push_back(std::move(steps));
    }
  }

  [[nodiscard]] std::size_t size() const { return states_.size(); }
  [[nodiscard]] allocation result(std::size_t s) const {
    allocation made{std::vector<std::size_t>(item_of_.size()), states_[s].cost, states_[s].loss};
    std::vector<std::size_t> choices(items_.size());
    std::size_t at = states_[s].last.before;
    if (!items_.empty()) choices.back() = states_[s].last.choice;
    for (std::size_t k = items_.size(); k-- > 1;) {
      choices[k - 1] = steps_[k - 1][at].choice;
      at = steps_[k - 1][at].before;
    }
    for (std::size_t i = 0; i < item_of_.size(); ++i) made.choices[i] = choices[item_of_[i]];
    return made;
  }

 private:
  struct step {
    std::uint32_t before, choice;  ///< the set that it extends, and by what
  };
  struct state {
    double cost = 0, loss = 0;
    step last{};
  };
  /// A side of the lower convex hull of an item's choices: what more cost takes from the loss.
  struct slope {
    double steepness = 0;
    std::size_t item = 0, rank = 0;
    double cost = 0, loss = 0;  ///< both positive
  };

  [[nodiscard]] std::string text() const { return std::string(function_) + ": "; }
  void require_tables(std::span<const allocation_table> tables) const {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::string name = text() + "tables[" + std::to_string(i) + "]";
      if (tables[i].empty() || tables[i].size() > std::size_t{1} << 16) {
        refuse(name + " has size " + std::to_string(tables[i].size()) + ", expected 1 to 65536");
      }
      for (std::size_t c = 0; c < tables[i].size(); ++c) {
        const allocation_choice& choice = tables[i][c];
        if (is_finite(choice.cost) && choice.cost >= 0 && is_finite(choice.loss)) continue;
        refuse(name + "[" + std::to_string(c) + "] has cost " + std::to_string(choice.cost) +
               " and loss " + std::to_string(choice.loss) +
               ", expected finite ones and a cost that is not negative");
      }
    }
  }
  void require_member(std::span<const allocation_table> tables, const std::vector<std::size_t>& tie,
                      std::size_t t, std::size_t member,
                      std::vector<const std::vector<std::size_t>*>& tie_of) const {
    const std::string name = text() + "ties[" + std::to_string(t) + "]";
    if (member >= tables.size()) {
      refuse(name + " names item " + std::to_string(member) + ", expected one below " +
             std::to_string(tables.size()));
    }
    if (tie_of[member] != nullptr) {
      refuse(name + " names item " + std::to_string(member) + ", which is tied already");
    }
    if (tables[member].size() != tables[tie.front()].size()) {
      refuse(name + " names items of " + std::to_string(tables[tie.front()].size()) + " and " +
             std::to_string(tables[member].size()) + " choices, expected as many of each");
    }
    tie_of[member] = &tie;
  }

  void add_slopes(const allocation_table& item) {
    allocation_table sorted = item;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.cost != b.cost ? a.cost < b.cost : a.loss < b.loss;
    });
    double largest = 0;
    for (const auto& c : sorted) largest = (std::max)(largest, magnitude_of(c.loss));
    most_cost_ = opaque(most_cost_ + sorted.back().cost);
    most_loss_ = opaque(most_loss_ + largest);
    if (!is_finite(opaque(2 * most_cost_)) || !is_finite(opaque(2 * most_loss_))) {
      refuse(text() + "twice the sum of all costs or of all magnitudes of losses exceeds binary64");
    }
    // Sides as shares, whose products neither overflow nor vanish.
    const double widest = sorted.back().cost - sorted.front().cost, highest = 2 * largest;
    allocation_table hull;
    for (const auto& c : sorted) {
      if (!hull.empty() && !(c.loss < hull.back().loss)) continue;
      while (hull.size() >= 2) {
        const auto &a = hull[hull.size() - 2], &b = hull.back();
        const double fall = opaque((b.loss - a.loss) / highest);
        const double whole_fall = opaque((c.loss - a.loss) / highest);
        const double width = opaque((b.cost - a.cost) / widest);
        if (fall * opaque((c.cost - a.cost) / widest) < whole_fall * width) break;
        hull.pop_back();
      }
      hull.push_back(c);
    }
    const std::size_t index = first_.size();
    first_.push_back(hull.front());
    double before = (std::numeric_limits<double>::max)();
    for (std::size_t i = 1; i < hull.size(); ++i) {
      const double cost = hull[i].cost - hull[i - 1].cost, loss = hull[i - 1].loss - hull[i].loss;
      before = (std::min)(before, loss / cost);
      slopes_.push_back({before, index, i, cost, loss});
    }
  }

  /// Forgets sets of the first `count` items that end above the limit or cannot become the best:
  /// what the others add is at least what it would be if they could be stored in part one way, in
  /// part another. Roundings of these bounds are within the margins, and nothing depends on them.
  void keep_promising(std::size_t count, double limit, double& least) {
    double rest_cost = 0, rest_loss = 0;
    for (std::size_t k = count; k < items_.size(); ++k) {
      rest_cost += first_[k].cost;
      rest_loss += first_[k].loss;
    }
    std::vector<allocation_choice> ends{{0, 0}};  // of slopes, the steepest first
    for (const slope& s : slopes_) {
      if (s.item >= count) ends.push_back({ends.back().cost + s.cost, ends.back().loss + s.loss});
    }
    const auto gain = [&](double budget, bool in_part) {
      const auto above =
          std::upper_bound(ends.begin() + 1, ends.end(), budget,
                           [](double b, const allocation_choice& end) { return b < end.cost; });
      const allocation_choice& below = *(above - 1);
      if (!in_part || above == ends.end()) return below.loss;
      const double share = opaque((budget - below.cost) / (above->cost - below.cost));
      return below.loss + share * (above->loss - below.loss);
    };
    std::vector<double> budgets, bounds;
    for (const state& s : states_) {
      const double budget = limit - s.cost - rest_cost;
      budgets.push_back(budget);
      bounds.push_back(s.loss + rest_loss - gain(budget + cost_margin_, true));
      if (budget < cost_margin_) continue;
      least = (std::min)(least, s.loss + rest_loss - gain(budget - cost_margin_, false));
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool is_out =
          budgets[i] < -cost_margin_ || bounds[i] - loss_margin_ > least + loss_margin_;
      if (is_out) continue;
      states_[kept] = states_[i];
      if (count != 0) steps_[count - 1][kept] = steps_[count - 1][i];
      ++kept;
    }
    states_.resize(kept);
  }

  const char* function_;
  std::vector<std::size_t> item_of_;
  std::vector<allocation_table> items_;
  std::vector<allocation_choice> first_;  ///< of each item, the end of its hull of least cost
  std::vector<slope> slopes_;
  std::vector<state> states_{state{}};
  std::vector<std::vector<step>> steps_;
  double most_cost_ = 0, most_loss_ = 0, cost_margin_ = 0, loss_margin_ = 0;
};

}  // namespace detail

inline namespace LOWP_BASELINE {

/// The choice for each item of least loss in all whose cost in all is at most `limit`, of equal
/// losses that of least cost; nothing if the least cost exceeds the limit. Costs and losses are
/// sums in binary64 in the order of items, each rounded once; items that are tied are one, in the
/// place of the first of them, whose costs and losses are the sums of theirs. The result is exactly
/// the best by these sums. Where they are exact, as integers below 2^53 are, it is of equally good
/// ones that whose last item has the choice named first, then the last but one, and so on; else a
/// function of the tables all the same, on every machine.
///
///   const auto best = allocate(tables, 4.5 * parameters, {{2, 4}});
///
/// Partial sums that another undercuts are dropped, and those that linear relaxations show not to
/// lead to the best; with integer costs no more are left than the limit is large. 64 items of 3
/// choices take milliseconds. `most_states` bounds what is kept of real costs, for which there is
/// no such limit.
///
/// Throws std::invalid_argument for tables without choices, costs that are negative, anything that
/// is not finite, ties that name an item twice or items of other numbers of choices, a limit that
/// is NaN, and where more than `most_states` sums were to be kept.
[[nodiscard]] inline std::optional<allocation> allocate(std::span<const allocation_table> tables,
                                                        double limit,
                                                        const allocation_ties& ties = {},
                                                        std::size_t most_states = 1u << 22) {
  if (detail::is_nan(limit)) refuse("allocate: limit is NaN, expected a number");
  const default_float_environment environment;
  detail::allocation_search search("allocate", tables, ties);
  // Infinity is compared with nothing, which -ffinite-math-only could misread.
  search.run(detail::is_finite(limit) ? limit
             : limit < 0              ? -1.0
                                      : (std::numeric_limits<double>::max)(),
             true, most_states);
  if (search.size() == 0) return std::nullopt;
  return search.result(search.size() - 1);
}

/// All choices that no other undercuts in cost without more loss, nor in loss without more cost, in
/// the order of costs; of equal sums one, as allocate says. Throws as allocate does.
[[nodiscard]] inline std::vector<allocation> allocation_front(
    std::span<const allocation_table> tables, const allocation_ties& ties = {},
    std::size_t most_states = 1u << 22) {
  const default_float_environment environment;
  detail::allocation_search search("allocation_front", tables, ties);
  search.run((std::numeric_limits<double>::max)(), false, most_states);
  std::vector<allocation> front;
  for (std::size_t i = 0; i < search.size(); ++i) front.push_back(search.result(i));
  return front;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
