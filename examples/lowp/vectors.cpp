// SPDX-License-Identifier: MIT
#include "vectors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <vector>

#include "lowp/core/near_names.hpp"
#include "lowp/core/random.hpp"
#include "lowp/verification/vector_writer.hpp"
#include "text_sink.hpp"

namespace lowp_tool {

using namespace lowp;
using namespace lowp::verification;

namespace {

// What the command line says and nothing would heed is refused.
void refuse_unused(const vector_options& options, const golden_function& f) {
  const std::string& op = options.function.op;
  const bool is_quantization = op == "quantize", is_product = op == "dot";
  const bool is_operation = !is_quantization && !is_product;
  const std::string function = "'--op " + op + "'";
  const auto only_if = [&](bool is_used, const std::string& where,
                           std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (!is_used && options.given.contains(name))
        throw std::invalid_argument(fmt::format("{} does not apply to {}", name, where));
    }
  };
  only_if(!is_quantization, function, {"--format"});
  only_if(is_operation, function, {"--environment", "--overflow"});
  only_if(op == "convert", function, {"--from"});
  only_if(
      is_quantization, function,
      {"--block", "--element", "--scale", "--block-size", "--tensor-scale", "--rule", "--columns"});
  only_if(options.function.block.empty(), "a format by its name, '--block'",
          {"--element", "--scale", "--block-size", "--tensor-scale"});
  only_if(is_product, function, {"--second-format", "--policy", "--depth"});
  only_if(f.takes_rounding, "what does not round by a mode, " + function, {"--rounding"});
  only_if(!options.is_exhaustive, "'--exhaustive', which takes all operands",
          {"--count", "--corners"});
  const bool is_stochastic = options.rounding.find(stochastic_rounding.name) != std::string::npos;
  only_if(!options.is_exhaustive || is_stochastic, "'--exhaustive' without random bits",
          {"--seed"});
  only_if(options.layout == "c", "'--layout " + options.layout + "'", {"--prefix"});
}

[[nodiscard]] std::unique_ptr<vector_layout> layout_of_name(const vector_options& options,
                                                            bool has_random_bits) {
  if (options.layout == "text") return std::make_unique<text_layout>();
  if (options.layout == "hex") return std::make_unique<readmemh_layout>(has_random_bits);
  if (options.layout == "json") return std::make_unique<json_layout>();
  if (options.layout == "c") return std::make_unique<c_layout>(options.prefix);
  constexpr std::string_view names[] = {"text", "hex", "json", "c"};
  throw std::invalid_argument(unknown_name("layout", options.layout, names));
}

[[nodiscard]] std::vector<const vector_rounding*> chosen_roundings(const std::string& text,
                                                                   const golden_function& f) {
  if (!f.takes_rounding) return {nullptr};
  std::vector<const vector_rounding*> chosen;
  if (text == "all") {
    for (const vector_rounding& r : vector_roundings) chosen.push_back(&r);
    return chosen;
  }
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    chosen.push_back(&rounding_of_name(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return chosen;
}

// Calls use(operands) for each set of operands that was asked for.
template <class Use>
void for_each_operands(const vector_options& options, const golden_function& f, const Use& use) {
  const std::size_t size = code_count(f.operands);
  std::vector<code_t> in(size);
  if (options.is_exhaustive) {
    constexpr int most = 28;
    int bits = 0;
    for (const port& p : f.operands) {
      if (p.count > most)
        throw std::invalid_argument("--exhaustive is for functions of few numbers");
      bits += p.format.bits() * static_cast<int>(p.count);
    }
    if (bits > most) {
      throw std::invalid_argument(fmt::format(
          "--exhaustive: the operands have {} bits in all, expected at most {}", bits, most));
    }
    for (std::uint64_t i = 0; i < std::uint64_t{1} << bits; ++i) {
      std::uint64_t rest = i;
      for (std::size_t k = size; k-- > 0;) {  // the last operand counts fastest
        const int width = port_of(f.operands, k).format.bits();
        in[k] = rest & low_mask(width);
        rest >>= width;
      }
      use(in.data());
    }
    return;
  }
  if (options.has_corners) {
    std::vector<code_t> corners;
    f.add_corners(options.seed, corners);
    for (std::size_t i = 0; i < corners.size(); i += size) use(&corners[i]);
  }
  for (std::uint64_t i = 0; i < options.count; ++i) {
    f.draw(options.seed, i, in.data());
    use(in.data());
  }
}

}  // namespace

void write_vectors(const vector_options& options) {
  if (!options.is_exhaustive && !options.has_corners && options.count == 0)
    throw std::invalid_argument("one of --count, --exhaustive and --corners is needed");
  const std::unique_ptr<golden_function> function = make_function(options.function);
  refuse_unused(options, *function);
  const auto roundings = chosen_roundings(options.rounding, *function);
  bool has_random_bits = false;
  for (const vector_rounding* r : roundings)
    has_random_bits = has_random_bits || r == &stochastic_rounding;
  const std::unique_ptr<vector_layout> layout = layout_of_name(options, has_random_bits);

  text_sink sink(options.out);
  coverage found(*function);
  test_vector v;
  v.results.resize(code_count(function->results));
  layout->begin(sink.text, *function, options.origin);
  std::uint64_t count = 0;
  const std::size_t size = code_count(function->operands);
  for_each_operands(options, *function, [&](const code_t* in) {
    for (const vector_rounding* rounding : roundings) {
      v.rounding = rounding;
      v.operands.assign(in, in + size);
      code_t random = 0;
      if (rounding == &stochastic_rounding) {
        random = random_bits(options.seed, count, 32);
        v.operands.push_back(random);
      }
      status_flags flags;
      with_rounding(rounding == nullptr ? vector_roundings[0] : *rounding, random,
                    [&](const rounding_reference& mode) {
                      flags = function->evaluate(mode, v.operands.data(), v.results.data());
                    });
      v.flags = bits_of(flags);
      if (!function->has_flags) v.flags = 0;
      found.add(v.operands.data(), v.results.data(), flags);
      layout->append(sink.text, *function, v);
      sink.flush_if_large();
      ++count;
    }
  });
  layout->end(sink.text, *function, count);
  sink.keep();
  std::FILE* const report = options.out == "-" ? stderr : stdout;
  fmt::print(report, "{} vectors of {}; of these\n{}", count, function->name, found.text());
}

}  // namespace lowp_tool
