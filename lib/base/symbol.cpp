#include "base/symbol.hpp"

#include <limits>

namespace pyojun {

Symbol SymbolTable::intern(std::string_view name) {
  if (name.empty()) return 0;
  if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
  if (names_.size() > std::numeric_limits<Symbol>::max()) return 0;
  names_.emplace_back(name);
  const auto symbol = static_cast<Symbol>(names_.size() - 1);
  ids_.emplace(names_.back(), symbol);
  return symbol;
}

Symbol SymbolTable::find(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? Symbol{0} : found->second;
}

std::string_view SymbolTable::name(Symbol symbol) const {
  return symbol < names_.size() ? std::string_view(names_[symbol]) : std::string_view();
}

}  // namespace pyojun
