// Key index of one table: natural keys (hashes) to slots, and what is known of each slot. About 31 bytes an entry.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.hpp"
#include "warehouse/growing_array.hpp"

namespace pyojun {

using Slot = std::uint32_t;  // from 1, in the order of first mention; 0 is "no key"

// Not thread-safe. Slots never move; several slots may name one entity (join), root() is the one that counts.
class KeyIndex {
 public:
  enum Flag : std::uint8_t {
    mentioned = 1,  // row or reference of a segment (the others are keys of events whose files were retired)
    defined = 2,    // set by settle, on the root: a row came
    again = 4,      // set by settle, on the root: more than one row came
    alive = 8,      // set by settle, on the root: one live row stands for it
    retired = 16,   // set by settle, on the slot itself: another name took its place
  };

  KeyIndex();
  // The slot of a key, made when it is new. {0, 0} is slot 0.
  Slot slot(const Hash128& key);
  Slot find(const Hash128& key) const;  // 0 when it is not there
  // Slots of many keys, `each` to a row (1 or more); what the row before has at the same place is looked up once, memory is asked for
  // ahead.
  void slots(std::span<const Hash128> keys, std::uint8_t flag, std::vector<Slot>& out, std::size_t each = 1);
  // `other` names the same entity as `row` from now on.
  void join(Slot row, Slot other);
  Slot root(Slot slot) const {
    if (forward_.empty()) return slot;
    while (slot < forward_.size() && forward_[slot] != 0) slot = forward_[slot];
    return slot;
  }
  bool joined() const { return !forward_.empty(); }

  std::size_t size() const { return keys_.size(); }  // slots 0 .. size() - 1
  std::uint8_t& flags(Slot slot) { return flags_[slot]; }
  std::uint8_t flags(Slot slot) const { return flags_[slot]; }
  std::int32_t& id(Slot slot) { return ids_[slot]; }  // id of an earlier run or of this one; 0: none yet
  const GrowingArray<Hash128>& keys() const { return keys_; }
  const GrowingArray<std::int32_t>& ids() const { return ids_; }
  const GrowingArray<std::uint8_t>& all_flags() const { return flags_; }
  // Entries 1 .. of an earlier run into an index without any; slots keep their numbers. `ids` and `flags` are as many as the keys. False
  // when a key is {0, 0} or there were entries: what is read is no index.
  bool load(std::span<const Hash128> keys, const std::int32_t* ids, const std::uint8_t* flags);
  bool any_id() const;
  bool any_mentioned() const;
  void forget_lookup() { table_.release(); }  // after settle: slots stay, find() and slot() may not be called any more
  std::size_t bytes() const;

  std::int32_t next_id = 1;  // first id never given in this table

 private:
  void reserve(std::size_t entries);  // of an index without entries
  void make_table(std::size_t size);
  void enter();  // all keys into the empty table
  Slot add(const Hash128& key, std::size_t at);

  GrowingArray<Slot> table_;  // open addressing, power of two, 0 is free
  std::uint64_t mask_ = 0;
  GrowingArray<Hash128> keys_;
  GrowingArray<std::int32_t> ids_;
  GrowingArray<std::uint8_t> flags_;
  GrowingArray<Slot> forward_;  // empty until the first join
};

}  // namespace pyojun
