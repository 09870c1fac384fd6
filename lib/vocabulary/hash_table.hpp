// Open addressing with linear probing, shared by the builder and the reader so that both agree on the place of a key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vocabulary/layout.hpp"

namespace pyojun::vocabulary {

// Hash of a code within a vocabulary (index into kinds' strings), of a lower-case name within a domain, of a concept id.
std::uint64_t hash_code(std::uint16_t vocabulary, std::string_view code);
std::uint64_t hash_name(std::uint16_t domain, std::string_view lower_name);
inline std::uint64_t hash_id(std::int32_t id) { return static_cast<std::uint64_t>(static_cast<std::uint32_t>(id)) * 0x9E3779B97F4A7C15ull; }

// Slots for n keys: load factor at most 0.63.
inline std::size_t slots_for(std::size_t keys) { return keys + keys / 2 + keys / 10 + 8; }
// Home of a hash in a table of any size below 2^32: the high half of the hash, scaled.
inline std::size_t home_of(std::uint64_t hash, std::size_t slots) { return static_cast<std::size_t>(((hash >> 32) * slots) >> 32); }

// First slot whose hash part fits and for which same(row) holds; no_row when an empty slot comes first. The probe is bounded,
// so that a damaged table cannot loop.
template <class Same>
std::uint32_t find_slot(std::span<const Slot> slots, std::uint64_t hash, Same same) {
  if (slots.empty()) return no_row;
  const std::uint64_t tag = hash << 32;  // the home comes from the high bits, so the low ones tell keys of one home apart
  std::size_t at = home_of(hash, slots.size());
  for (std::size_t probes = 0; probes < slots.size(); ++probes) {
    const Slot slot = slots[at];
    if (slot == 0) return no_row;
    if ((slot & 0xFFFFFFFF00000000ull) == tag) {
      const std::uint32_t row = static_cast<std::uint32_t>(slot & 0x7FFFFFFF) - 1;
      if (same(row, (slot & ambiguous_bit) != 0)) return row;
    }
    if (++at == slots.size()) at = 0;
  }
  return no_row;
}

inline Slot make_slot(std::uint64_t hash, std::uint32_t row) { return (hash << 32) | (static_cast<std::uint64_t>(row) + 1); }

}  // namespace pyojun::vocabulary
