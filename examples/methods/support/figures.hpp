// SPDX-License-Identifier: MIT
// What a program of this directory prints: a line for each figure with what the paper claims, what
// is found here, and the bounds within which that must lie.
#pragma once

#include <cstdio>
#include <string>

namespace methods {

class figures {
 public:
  /// The published system, and where it was published.
  figures(const char* system, const char* source) { std::printf("%s (%s)\n", system, source); }

  /// `ours` must lie between two bounds, which follow from the paper or from the method. A NaN lies
  /// nowhere.
  void within(const std::string& what, const char* claim, double ours, double low, double high) {
    print(what, claim, ours, ours >= low && ours <= high);
    std::printf("  (%.6g to %.6g)\n", low, high);
  }
  /// A number that the paper states, and how near to it `ours` must lie.
  void about(const std::string& what, double claim, double ours, double by) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", claim);
    within(what, text, ours, claim - by, claim + by);
  }
  /// A number that the paper does not state, but that follows from its definitions and was found
  /// apart from this library.
  void computed(const std::string& what, double expected, double ours, double by) {
    char text[32];
    std::snprintf(text, sizeof text, "none; computed: %g", expected);
    within(what, text, ours, expected - by, expected + by);
  }
  /// An order: the figure of what the paper holds to be less must be less than the other one.
  void less(const std::string& what, const char* claim, double ours, double other) {
    print(what, claim, ours, ours < other);
    std::printf("  (less than %.6g)\n", other);
  }
  /// What follows exactly.
  void equal(const std::string& what, const char* claim, double ours, double expected) {
    print(what, claim, ours, ours == expected);
    std::printf("  (exactly %.6g)\n", expected);
  }
  /// What a reader should know of the figures beside them, such as what other data the paper has.
  void note(const std::string& text) const { std::printf("  note: %s\n", text.c_str()); }

  /// For `return`: 0 if there are figures and each lies where it must.
  [[nodiscard]] int status() const {
    if (count_ == 0) std::puts("  no figure");
    return count_ != 0 && outside_ == 0 ? 0 : 1;
  }

 private:
  void print(const std::string& what, const char* claim, double ours, bool is_inside) {
    ++count_;
    if (!is_inside) ++outside_;
    std::printf("  %s %-52s paper: %-30s ours: %.6g", is_inside ? "ok     " : "OUTSIDE",
                what.c_str(), claim, ours);
  }
  int count_ = 0;
  int outside_ = 0;
};

}  // namespace methods
