// SPDX-License-Identifier: MIT
// The C face of lowp: golden functions behind handles; no exception crosses it.
#include "lowp_c.h"

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "../lowp/functions.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/verification/golden_function.hpp"
#include "lowp/version.hpp"

using namespace lowp;
using namespace lowp::verification;

struct lowp_format {
  any_format format;
  std::string name;
};

struct lowp_function {
  std::unique_ptr<golden_function> function;
  std::vector<int> operand_bits, result_bits;
  std::vector<code_t> operands, results;  // of lowp_set_operand and lowp_run
  std::vector<code_t> answer;             // of an evaluation that has not succeeded yet
  bool has_run = false;                   // results are those of the last run
  code_t random = 0;

  explicit lowp_function(std::unique_ptr<golden_function> from) : function(std::move(from)) {
    for (const port& p : function->operands)
      operand_bits.insert(operand_bits.end(), p.count, p.format.bits());
    for (const port& p : function->results)
      result_bits.insert(result_bits.end(), p.count, p.format.bits());
    operands.resize(operand_bits.size());
    results.resize(result_bits.size());
    answer.resize(result_bits.size());
  }
};

namespace {

// Of a fixed size, since to say that there is no memory must not need any; longer texts are cut.
struct error_buffer {
  char text[1024] = "";
  void set(const char* message) noexcept {
    std::size_t size = std::strlen(message);
    if (size >= sizeof text) size = sizeof text - 1;
    std::memcpy(text, message, size);
    text[size] = 0;
  }
};
constinit thread_local error_buffer last_error;

// Runs what may throw; gives a status.
template <class Run>
int guarded(const Run& run) noexcept {
  try {
    run();
    return LOWP_OK;
  } catch (const std::invalid_argument& error) {
    last_error.set(error.what());
    return LOWP_INVALID_ARGUMENT;
  } catch (const std::bad_alloc&) {
    last_error.set("out of memory");
    return LOWP_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    last_error.set(error.what());
  } catch (...) {
    last_error.set("an error of no known kind");
  }
  return LOWP_INTERNAL_ERROR;
}
template <class T, class Make>
T* opened(const Make& make) noexcept {
  T* result = nullptr;
  return guarded([&] { result = make(); }) == LOWP_OK ? result : nullptr;
}

// SystemVerilog has no string that is NULL: an empty one is read as it.
bool is_absent(const char* text) { return text == nullptr || *text == 0; }
std::string_view text_of(const char* text, const char* argument) {
  if (is_absent(text)) refuse(std::string(argument) + " is NULL or empty, expected a text");
  return text;
}
// Leaves the value alone, which is the default, if there is no text.
void set_if_given(std::string& value, const char* text) {
  if (!is_absent(text)) value = text;
}
void require_range(const char* argument, std::size_t value, std::size_t most) {
  if (value >= 1 && value <= most) return;
  refuse(std::string(argument) + " is " + std::to_string(value) + ", expected 1 to " +
         std::to_string(most));
}
template <class T>
T& object_of(T* pointer, const char* argument) {
  if (pointer == nullptr) refuse(std::string(argument) + " is NULL");
  return *pointer;
}
const vector_rounding& rounding_of_number(int number) {
  for (const vector_rounding& r : vector_roundings) {
    if (static_cast<int>(r.number) == number) return r;
  }
  if (number == LOWP_STOCHASTIC) return stochastic_rounding;
  refuse("rounding is " + std::to_string(number) + ", expected a number of lowp_rounding");
}
void require_code(code_t code, int bits, std::size_t index) {
  if ((code & ~low_mask(bits)) == 0) return;
  refuse("operand " + std::to_string(index) + " has more than " + std::to_string(bits) + " bits");
}

// operands are as many as the function has. What goes wrong does so before f.answer is complete;
// nobody else has been told anything then.
std::uint32_t evaluate(lowp_function& f, int rounding, const code_t* operands) {
  for (std::size_t i = 0; i < f.operand_bits.size(); ++i)
    require_code(operands[i], f.operand_bits[i], i);
  status_flags found;
  with_rounding(rounding_of_number(rounding), f.random, [&](const rounding_reference& mode) {
    found = f.function->evaluate(mode, operands, f.answer.data());
  });
  return f.function->has_flags ? bits_of(found) : 0;
}
int evaluate_few(lowp_function* function, int rounding, const code_t* operands, std::size_t count,
                 uint64_t* result, uint32_t* flags) {
  return guarded([&] {
    lowp_function& f = object_of(function, "function");
    uint64_t& out = object_of(result, "result");
    if (f.operands.size() != count || f.results.size() != 1) {
      refuse("the function has " + std::to_string(f.operands.size()) + " operands and " +
             std::to_string(f.results.size()) + " results, expected " + std::to_string(count) +
             " and 1");
    }
    const std::uint32_t found = evaluate(f, rounding, operands);
    out = f.answer[0];
    if (flags != nullptr) *flags = found;
  });
}

}  // namespace

static_assert(sizeof(code_t) == sizeof(uint64_t));

int lowp_c_version(void) { return LOWP_C_VERSION; }
#define LOWP_C_TEXT(Number) #Number
#define LOWP_C_VERSION_TEXT(Major, Minor, Patch) \
  LOWP_C_TEXT(Major) "." LOWP_C_TEXT(Minor) "." LOWP_C_TEXT(Patch)
const char* lowp_version(void) {
  return LOWP_C_VERSION_TEXT(LOWP_VERSION_MAJOR, LOWP_VERSION_MINOR, LOWP_VERSION_PATCH);
}
const char* lowp_error_text(void) { return last_error.text; }
int lowp_rounding_of_name(const char* name) {
  int number = -1;
  return guarded([&] {
           number = static_cast<int>(rounding_of_name(text_of(name, "name")).number);
         }) == LOWP_OK
             ? number
             : -1;
}

lowp_format* lowp_format_open(const char* text) {
  return opened<lowp_format>([&] {
    const any_format f = lowp_tool::format_of_name(text_of(text, "text"));
    return new lowp_format{f, std::string(name(f))};
  });
}
void lowp_format_close(lowp_format* format) { delete format; }
int lowp_format_bits(const lowp_format* format) {
  return format == nullptr ? -1 : format->format.bits();
}
const char* lowp_format_name(const lowp_format* format) {
  return format == nullptr ? "" : format->name.c_str();
}
int lowp_encode(const lowp_format* format, double value, int rounding, int saturates,
                uint64_t* code) {
  return guarded([&] {
    const any_format& f = object_of(format, "format").format;
    uint64_t& out = object_of(code, "code");
    const vector_rounding& r = rounding_of_number(rounding);
    if (r.mode.is_stochastic())
      refuse("lowp_encode draws no random bits: use the operation convert");
    out = encode(f, unpack(value), r.mode,
                 saturates != 0 ? lowp::overflow::saturate : lowp::overflow::to_special);
  });
}
int lowp_decode(const lowp_format* format, uint64_t code, double* value) {
  return guarded([&] {
    const any_format& f = object_of(format, "format").format;
    require_code(code, f.bits(), 0);
    object_of(value, "value") = pack_as<double>(decode(f, code));
  });
}

lowp_function* lowp_operation_open(const char* operation, const char* format, const char* source,
                                   const char* environment) {
  return lowp_operation_open_overflow(operation, format, source, environment, nullptr);
}
lowp_function* lowp_operation_open_overflow(const char* operation, const char* format,
                                            const char* source, const char* environment,
                                            const char* overflow) {
  return opened<lowp_function>([&] {
    lowp_tool::function_description d;
    d.op = text_of(operation, "operation");
    if (d.op == "quantize" || d.op == "dot")
      refuse("'" + d.op + "' is no operation: it has a function of its own here");
    d.format = text_of(format, "format");
    set_if_given(d.from, source);
    set_if_given(d.environment, environment);
    set_if_given(d.overflow, overflow);
    return new lowp_function(lowp_tool::make_function(d));
  });
}
static lowp_function* quantizer_of(lowp_tool::function_description& d, const char* rule,
                                   size_t columns) {
  require_range("columns", columns, lowp_tool::most_columns);
  d.op = "quantize";
  d.columns = columns;
  set_if_given(d.rule, rule);
  return new lowp_function(lowp_tool::make_function(d));
}
lowp_function* lowp_quantizer_open(const char* block_format, const char* rule, size_t columns) {
  return opened<lowp_function>([&] {
    lowp_tool::function_description d;
    d.block = text_of(block_format, "block_format");
    return quantizer_of(d, rule, columns);
  });
}
lowp_function* lowp_custom_quantizer_open(const char* element, const char* scale, size_t block,
                                          int has_row_scale, const char* rule, size_t columns) {
  return opened<lowp_function>([&] {
    require_range("block", block, lowp_tool::most_columns);
    lowp_tool::function_description d;
    d.element = text_of(element, "element");
    d.scale = text_of(scale, "scale");
    d.block_size = static_cast<int>(block);
    d.has_tensor_scale = has_row_scale != 0;
    return quantizer_of(d, rule, columns);
  });
}
lowp_function* lowp_dot_product_open(const char* policy, const char* a, const char* b,
                                     size_t depth) {
  return opened<lowp_function>([&] {
    require_range("depth", depth, lowp_tool::most_depth);
    lowp_tool::function_description d;
    d.op = "dot";
    d.policy = text_of(policy, "policy");
    d.format = text_of(a, "a");
    d.second_format = text_of(b, "b");
    d.depth = depth;
    return new lowp_function(lowp_tool::make_function(d));
  });
}
void lowp_function_close(lowp_function* function) { delete function; }
size_t lowp_operand_count(const lowp_function* function) {
  return function == nullptr ? 0 : function->operands.size();
}
size_t lowp_result_count(const lowp_function* function) {
  return function == nullptr ? 0 : function->results.size();
}
int lowp_operand_bits(const lowp_function* function, size_t index) {
  return index < lowp_operand_count(function) ? function->operand_bits[index] : 0;
}
int lowp_result_bits(const lowp_function* function, size_t index) {
  return index < lowp_result_count(function) ? function->result_bits[index] : 0;
}

int lowp_evaluate(lowp_function* function, int rounding, const uint64_t* operands,
                  uint64_t* results, uint32_t* flags) {
  return guarded([&] {
    lowp_function& f = object_of(function, "function");
    const code_t* const in = &object_of(operands, "operands");
    uint64_t* const out = &object_of(results, "results");
    const std::uint32_t found = evaluate(f, rounding, in);
    for (std::size_t i = 0; i < f.answer.size(); ++i) out[i] = f.answer[i];
    if (flags != nullptr) *flags = found;
  });
}
int lowp_evaluate1(lowp_function* function, int rounding, uint64_t a, uint64_t* result,
                   uint32_t* flags) {
  const code_t operands[] = {a};
  return evaluate_few(function, rounding, operands, 1, result, flags);
}
int lowp_evaluate2(lowp_function* function, int rounding, uint64_t a, uint64_t b, uint64_t* result,
                   uint32_t* flags) {
  const code_t operands[] = {a, b};
  return evaluate_few(function, rounding, operands, 2, result, flags);
}
int lowp_evaluate3(lowp_function* function, int rounding, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t* result, uint32_t* flags) {
  const code_t operands[] = {a, b, c};
  return evaluate_few(function, rounding, operands, 3, result, flags);
}
int lowp_set_random_bits(lowp_function* function, uint32_t bits) {
  return guarded([&] { object_of(function, "function").random = bits; });
}
int lowp_set_operand(lowp_function* function, size_t index, uint64_t code) {
  return guarded([&] {
    lowp_function& f = object_of(function, "function");
    if (index >= f.operands.size()) {
      refuse("index is " + std::to_string(index) + ", expected less than " +
             std::to_string(f.operands.size()));
    }
    require_code(code, f.operand_bits[index], index);
    f.operands[index] = code;
  });
}
int lowp_run(lowp_function* function, int rounding, uint32_t* flags) {
  return guarded([&] {
    lowp_function& f = object_of(function, "function");
    f.has_run = false;
    const std::uint32_t found = evaluate(f, rounding, f.operands.data());
    f.results.swap(f.answer);
    f.has_run = true;
    if (flags != nullptr) *flags = found;
  });
}
int lowp_get_result(const lowp_function* function, size_t index, uint64_t* code) {
  return guarded([&] {
    const lowp_function& f = object_of(function, "function");
    uint64_t& out = object_of(code, "code");
    if (index >= f.results.size()) {
      refuse("index is " + std::to_string(index) + ", expected less than " +
             std::to_string(f.results.size()));
    }
    if (!f.has_run) refuse("there are no results: no lowp_run has succeeded");
    out = f.results[index];
  });
}
