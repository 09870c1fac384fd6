// String-aware skipping over JSON without looking inside: finds where an object or array ends, several bytes per cycle.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyojun {

// `at` points to '{' or '['. Returns one past the bracket that closes it, or nullptr when it does not close before `end`.
// Brackets are only counted, not matched by kind: what lies between is for the parser to judge.
const char* skip_container(const char* at, const char* end);

// The same without instructions that not every processor has; skip_container() takes it there.
const char* skip_container_portable(const char* at, const char* end);

// `at` points to the opening '"'. Returns one past the closing one, or nullptr.
const char* skip_string(const char* at, const char* end);

// First byte from `at` that is not JSON white space, or `end`.
inline const char* skip_space(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
  return at;
}

// Number of '\n' in [at, end).
std::uint64_t count_lines(const char* at, const char* end);

}  // namespace pyojun
