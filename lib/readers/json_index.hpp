// Where the tokens of a JSON text stand. The only room that knows simdjson: its first stage checks UTF-8, string ends and control
// characters at gigabytes per second and lists every token; grammar, numbers and escapes are checked by JsonWalker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/codes.hpp"

namespace pyojun {

class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(JsonIndex&&) noexcept;
  JsonIndex& operator=(JsonIndex&&) noexcept;

  // Indexes `text` (less than 4 GiB, no padding needed, stays with the caller). False: not UTF-8, a control character inside a
  // string, a string that does not end, or nothing but white space; find_defect() says which and where.
  bool build(std::string_view text);

  const char* base() const { return base_; }
  std::uint32_t length() const { return length_; }
  // Token starts, ascending, count() of them; tokens()[count()] is length().
  const std::uint32_t* tokens() const { return tokens_; }
  std::uint32_t count() const { return count_; }

 private:
  struct Stage;
  std::unique_ptr<Stage> stage_;
  const char* base_ = nullptr;
  const std::uint32_t* tokens_ = nullptr;
  std::uint32_t length_ = 0;
  std::uint32_t count_ = 0;
};

struct JsonDefect {
  Code code = Code::json_syntax;
  std::uint32_t at = 0;
};

// Slow and exact: the first byte at which `text` is not UTF-8 or a string is broken. Called only after build() said no.
JsonDefect find_defect(std::string_view text);

}  // namespace pyojun
