// The functions of the mapping language as one table: what check, the plan compiler, `pyojun list functions` and docs/functions.md read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pyojun {

// One function. A new one is one row here and one `run` in plan_functions.hpp.
struct Function {
  std::string_view name;
  std::uint8_t min_args = 0, max_args = 0;  // max 255: any number
  std::string_view result;                  // "text", "number", "time", "code", "concept", "node", "condition" ... for people
  std::string_view about;
  std::string_view example;   // an expression over example_record(); empty: needs more than an expression
  std::string_view expected;  // its text; empty with an example means absent
};

// In the order of docs/functions.md. References to tables (`person(k)`) and lookups (`NAME(k).column`) are not in the table.
std::span<const Function> functions();
const Function* find_function(std::string_view name);

// The record all examples are evaluated over, as JSON; its kind is "Sample".
std::string_view example_record();

// docs/functions.md.
std::string functions_markdown();

}  // namespace pyojun
