// Regular expressions of `matches`: an ECMAScript subset without back references and look-around, over code points, in linear time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace pyojun::mapping {

class Regex {
 public:
  // Nothing when the pattern is not one: . [] [^] \d \w \s \D \W \S \uXXXX escapes ( ) (?: ) | * + ? {n} {n,} {n,m} ^ $
  static std::optional<Regex> compile(std::string_view pattern);
  // The whole text must match. `scratch` is reused between calls.
  struct Scratch {
    std::vector<std::uint32_t> now, next, stack;
    std::vector<std::uint32_t> seen;
    std::uint32_t mark = 0;
  };
  bool matches(std::string_view text, Scratch& scratch) const;

 private:
  friend class RegexCompiler;
  enum class Kind : std::uint8_t { character, any, set, split, jump, begin, end, accept };
  struct Instruction {
    Kind kind = Kind::accept;
    std::uint32_t a = 0, b = 0;  // character, set number, or targets
  };
  struct Set {
    bool negated = false;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
    bool holds(std::uint32_t c) const;
  };
  void add(std::uint32_t instruction, bool at_begin, bool at_end, std::vector<std::uint32_t>& list, Scratch& scratch) const;
  std::vector<Instruction> program_;
  std::vector<Set> sets_;
};

}  // namespace pyojun::mapping
