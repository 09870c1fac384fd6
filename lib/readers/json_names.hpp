// Member names that matter, found in a few nanoseconds: a small hash table made once from the plan's symbols.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/short_text.hpp"
#include "base/symbol.hpp"

namespace pyojun {

// What a member name means to a reader. `symbol` 0: nobody reads it; `role` 0: an ordinary name. Roles are the reader's own numbers.
struct JsonName {
  Symbol symbol = 0;
  std::uint16_t role = 0;
};

class JsonNames {
 public:
  // Takes every name `symbols` has at this moment. With `grow` unknown names are interned as they come (not thread-safe).
  // `sign`: only names that begin so, which are then asked for without it ("@" for XML attributes: `value` finds "@value").
  JsonNames(SymbolTable& symbols, bool grow, std::string_view sign = {});

  // Gives `name` a role; it is found from now on even if nobody reads it.
  void set_role(std::string_view name, std::uint16_t role);

  // `name` is raw text of the source; `readable` says how many bytes may be read from its start (at least name.size()).
  JsonName find(std::string_view name, std::size_t readable) const {
    const std::uint64_t head = head_of(name, readable);
    for (std::size_t at = slot(head, name);; ++at) {
      const Entry& entry = entries_[at & mask_];
      if (!entry.used) return {};
      if (entry.head != head || entry.length != name.size()) continue;
      if (name.size() <= 8 || same_text({entry.rest, entry.length - std::size_t{8}}, name.substr(8))) return entry.name;
    }
  }

  // As find(), but interns in growing mode. Symbol 0 in growing mode: the symbol table is full.
  JsonName get(std::string_view name, std::size_t readable) {
    const JsonName found = find(name, readable);
    if (!grow_ || found.symbol != 0) return found;
    return intern(name);
  }

  bool grows() const { return grow_; }
  SymbolTable& symbols() const { return *symbols_; }

 private:
  struct Entry {
    std::uint64_t head = 0;      // first eight bytes, zero-padded
    const char* rest = nullptr;  // bytes after the eighth, in the symbol table or in the source of set_role
    std::uint32_t length = 0;
    JsonName name;
    bool used = false;
  };

  static std::uint64_t head_of(std::string_view name, std::size_t readable) {
    std::uint64_t head = 0;
    if (name.empty()) return head;
    if (readable >= 8) {
      std::memcpy(&head, name.data(), 8);
      if constexpr (std::endian::native == std::endian::little) {
        if (name.size() < 8) head &= (std::uint64_t{1} << (8 * name.size())) - 1;
        return head;
      }
      head = 0;
    }
    std::memcpy(&head, name.data(), name.size() < 8 ? name.size() : 8);
    return head;
  }
  std::size_t slot(std::uint64_t head, std::string_view name) const {
    const std::uint64_t tail = name.size() > 8 ? static_cast<unsigned char>(name.back()) : 0U;
    const std::uint64_t mixed = (head ^ (name.size() << 40) ^ (tail << 48)) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(mixed >> 32);
  }
  Entry& place(std::string_view name);
  void rehash(std::size_t slots);
  JsonName intern(std::string_view name);

  SymbolTable* symbols_;
  bool grow_;
  std::string_view sign_;
  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace pyojun
