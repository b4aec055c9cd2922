// SPDX-License-Identifier: MIT
#include "diff.hpp"

#include <fmt/core.h>

#include "lowp/formats/read_format.hpp"
#include "lowp/profiles/diff.hpp"
#include "lowp/profiles/names.hpp"
#include "lowp/profiles/report.hpp"

namespace lowp_tool {

using namespace lowp;

void print_diff(const diff_options& options) {
  const profiles::named_casts first = profiles::casts_named(options.first);
  const profiles::named_casts second = profiles::casts_named(options.second);
  const any_format format = format_of_text(options.format);
  for (const profiles::named_casts& stack : {first, second}) {
    detail::require_cast("diff", stack.name, stack.casts, format);
  }
  const conversion_diff found =
      diff(first.casts, second.casts, format, {.count = options.count, .seed = options.seed});
  fmt::print("{} ({}) and {} ({}) to {}\n{}", first.name, first.version, second.name,
             second.version, options.format, report(found, format));
}

std::string list_of_profiles() {
  std::string text;
  profiles::for_each(
      [&](const auto& p) { text += fmt::format("  {:<20} {}\n", p.name, p.version); });
  return text;
}

}  // namespace lowp_tool
