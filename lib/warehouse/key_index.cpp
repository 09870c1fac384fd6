#include "warehouse/key_index.hpp"

#include <algorithm>

namespace pyojun {

KeyIndex::KeyIndex() {
  keys_.push_back(Hash128{});
  ids_.push_back(0);
  flags_.push_back(0);
  table_.resize(1024);
  mask_ = 1023;
}

// The keys are dense, so the table is rebuilt from them and never lives twice.
void KeyIndex::make_table(std::size_t size) {
  table_.release();
  table_.resize(size);
  mask_ = size - 1;
}

void KeyIndex::enter() {
  constexpr std::size_t ahead = 16;  // each place is a miss of all caches
  for (std::size_t slot = 1; slot < keys_.size(); ++slot) {
    if (slot + ahead < keys_.size()) __builtin_prefetch(&table_[keys_[slot + ahead].low & mask_], 1);
    std::uint64_t at = keys_[slot].low & mask_;
    while (table_[at] != 0) at = (at + 1) & mask_;
    table_[at] = static_cast<Slot>(slot);
  }
}

Slot KeyIndex::add(const Hash128& key, std::size_t at) {
  const auto slot = static_cast<Slot>(keys_.size());
  keys_.push_back(key);
  ids_.push_back(0);
  flags_.push_back(0);
  table_[at] = slot;
  if (keys_.size() * 4 > table_.size() * 3) {
    make_table(table_.size() * 2);
    enter();
  }
  return slot;
}

Slot KeyIndex::slot(const Hash128& key) {
  if (!key) return 0;
  std::uint64_t at = key.low & mask_;
  for (;; at = (at + 1) & mask_) {
    const Slot slot = table_[at];
    if (slot == 0) return add(key, at);
    if (keys_[slot] == key) return slot;
  }
}

Slot KeyIndex::find(const Hash128& key) const {
  if (!key) return 0;
  for (std::uint64_t at = key.low & mask_;; at = (at + 1) & mask_) {
    const Slot slot = table_[at];
    if (slot == 0 || keys_[slot] == key) return slot;
  }
}

void KeyIndex::slots(std::span<const Hash128> keys, std::uint8_t flag, std::vector<Slot>& out, std::size_t each) {
  constexpr std::size_t far = 16, near = 8;
  out.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i >= each && keys[i] == keys[i - each]) {
      out[i] = out[i - each];
      continue;
    }
    if (i + far < keys.size()) __builtin_prefetch(&table_[keys[i + far].low & mask_]);
    if (i + near < keys.size()) __builtin_prefetch(&keys_[table_[keys[i + near].low & mask_]]);
    const Slot found = slot(keys[i]);
    if (found != 0) flags_[found] |= flag;
    out[i] = found;
  }
}

void KeyIndex::join(Slot row, Slot other) {
  const Slot into = root(row), from = root(other);
  if (into == from || into == 0 || from == 0) return;
  if (forward_.size() < keys_.size()) forward_.resize(keys_.size());
  forward_[from] = into;
}

bool KeyIndex::load(std::span<const Hash128> keys, const std::int32_t* ids, const std::uint8_t* flags) {
  if (keys_.size() != 1) return false;
  reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i]) return false;
    keys_.push_back(keys[i]);
    ids_.push_back(ids[i]);
    flags_.push_back(flags[i] & mentioned);
  }
  enter();
  return true;
}

bool KeyIndex::any_id() const {
  return std::any_of(ids_.begin(), ids_.end(), [](std::int32_t id) { return id != 0; });
}

bool KeyIndex::any_mentioned() const {
  return std::any_of(flags_.begin(), flags_.end(), [](std::uint8_t flags) { return (flags & mentioned) != 0; });
}

void KeyIndex::reserve(std::size_t entries) {
  keys_.reserve(entries + 1);
  ids_.reserve(entries + 1);
  flags_.reserve(entries + 1);
  std::size_t size = table_.size();
  while ((entries + 1) * 4 > size * 3) size *= 2;
  make_table(size);
}

std::size_t KeyIndex::bytes() const {
  return table_.size() * sizeof(Slot) + keys_.size() * (sizeof(Hash128) + sizeof(std::int32_t) + 1) + forward_.size() * sizeof(Slot);
}

}  // namespace pyojun
