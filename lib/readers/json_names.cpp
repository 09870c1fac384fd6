#include "readers/json_names.hpp"

#include <string>

namespace pyojun {

JsonNames::JsonNames(SymbolTable& symbols, bool grow, std::string_view sign) : symbols_(&symbols), grow_(grow), sign_(sign) {
  std::size_t slots = 256;
  while (slots < symbols.size() * 4) slots *= 2;
  rehash(slots);
  for (std::size_t i = 1; i < symbols.size(); ++i) {
    const auto symbol = static_cast<Symbol>(i);
    const std::string_view name = symbols.name(symbol);
    if (name.starts_with(sign_)) place(name.substr(sign_.size())).name.symbol = symbol;
  }
}

void JsonNames::set_role(std::string_view name, std::uint16_t role) { place(name).name.role = role; }

JsonName JsonNames::intern(std::string_view name) {
  const Symbol symbol = sign_.empty() ? symbols_->intern(name) : symbols_->intern(std::string(sign_).append(name));
  if (symbol == 0) return {};
  Entry& entry = place(symbols_->name(symbol).substr(sign_.size()));
  entry.name.symbol = symbol;
  return entry.name;
}

// The entry of `name`, made when it is new. `name` must outlive the table.
JsonNames::Entry& JsonNames::place(std::string_view name) {
  if (used_ * 2 >= entries_.size()) rehash(entries_.size() * 2);
  const std::uint64_t head = head_of(name, name.size());
  for (std::size_t at = slot(head, name);; ++at) {
    Entry& entry = entries_[at & mask_];
    if (!entry.used) {
      entry.head = head;
      entry.rest = name.size() > 8 ? name.data() + 8 : nullptr;
      entry.length = static_cast<std::uint32_t>(name.size());
      entry.used = true;
      ++used_;
      return entry;
    }
    const bool same = entry.head == head && entry.length == name.size() &&
                      (name.size() <= 8 || std::memcmp(entry.rest, name.data() + 8, name.size() - 8) == 0);
    if (same) return entry;
  }
}

void JsonNames::rehash(std::size_t slots) {
  std::vector<Entry> old(slots);
  old.swap(entries_);
  mask_ = slots - 1;
  for (const Entry& entry : old) {
    if (!entry.used) continue;
    // Only head, length and last byte decide the slot.
    const std::uint64_t tail = entry.length > 8 ? static_cast<unsigned char>(entry.rest[entry.length - 9]) : 0U;
    const std::uint64_t mixed = (entry.head ^ (std::uint64_t{entry.length} << 40) ^ (tail << 48)) * 0x9E3779B97F4A7C15ULL;
    std::size_t at = static_cast<std::size_t>(mixed >> 32);
    while (entries_[at & mask_].used) ++at;
    entries_[at & mask_] = entry;
  }
}

}  // namespace pyojun
