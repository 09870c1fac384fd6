// Names (fields, elements, record kinds) become small integers once, so that comparing names is comparing integers.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pyojun {

// Symbol 0 is "no name". A table holds at most 65,535 names; intern() answers 0 when it is full.
using Symbol = std::uint16_t;

// Not thread-safe while it grows. The plan's table is frozen before workers start; readers then only find().
class SymbolTable {
 public:
  Symbol intern(std::string_view name);
  Symbol find(std::string_view name) const;           // 0 when the name is not there
  std::string_view name(Symbol symbol) const;         // borrowed from the table, valid as long as it lives
  std::size_t size() const { return names_.size(); }  // number of symbols, "no name" included

 private:
  std::deque<std::string> names_{std::string()};
  std::unordered_map<std::string_view, Symbol> ids_;
};

}  // namespace pyojun
