// The three tables a lookup goes through: by id, by (vocabulary, code), by (domain, name).
#include <xxhash.h>

#include <thread>

#include "vocabulary/builder.hpp"
#include "vocabulary/hash_table.hpp"

namespace pyojun::vocabulary {

std::uint64_t hash_code(std::uint16_t vocabulary, std::string_view code) {
  return XXH3_64bits_withSeed(code.data(), code.size(), 0x9E3779B97F4A7C15ull * (std::uint64_t{vocabulary} + 1));
}

std::uint64_t hash_name(std::uint16_t domain, std::string_view lower_name) {
  return XXH3_64bits_withSeed(lower_name.data(), lower_name.size(), 0xC2B2AE3D27D4EB4Full * (std::uint64_t{domain} + 1));
}

namespace {

constexpr std::size_t batch = 32;  // so many keys are hashed and their slots fetched before the first is put in

template <class T>
void fetch(const T* at) {
  __builtin_prefetch(at, 1);
}

// Row + 1 by id. The row that has an id twice, or no_row.
std::uint32_t index_ids(const Concepts& concepts, HugeArray<std::uint32_t>& ids) {
  const auto rows = concepts.rows.span();
  ids.reserve(slots_for(rows.size()));
  ids.resize(slots_for(rows.size()));
  for (std::size_t from = 0; from < rows.size(); from += batch) {
    const std::size_t to = std::min(rows.size(), from + batch);
    for (std::size_t i = from; i < to; ++i) fetch(&ids[home_of(hash_id(rows[i].id), ids.size())]);
    for (std::size_t i = from; i < to; ++i) {
      std::size_t at = home_of(hash_id(rows[i].id), ids.size());
      for (; ids[at] != 0; at = at + 1 == ids.size() ? 0 : at + 1) {
        if (rows[ids[at] - 1].id == rows[i].id) return static_cast<std::uint32_t>(i);
      }
      ids[at] = static_cast<std::uint32_t>(i) + 1;
    }
  }
  return no_row;
}

// Of two concepts with one code, the one to find: standard before valid before retired, then the older id.
bool better(const Concepts& concepts, const Row& a, const Row& b) {
  const int rank_a = concepts.standard(a) ? 2 : concepts.valid(a) ? 1 : 0, rank_b = concepts.standard(b) ? 2 : concepts.valid(b) ? 1 : 0;
  return rank_a != rank_b ? rank_a > rank_b : a.id < b.id;
}

void put_code(const Concepts& concepts, HugeArray<Slot>& slots, std::uint64_t hash, std::uint32_t index) {
  const Row& row = concepts.rows[index];
  const Slot mine = make_slot(hash, index);
  std::size_t at = home_of(hash, slots.size());
  for (; slots[at] != 0; at = at + 1 == slots.size() ? 0 : at + 1) {
    if ((slots[at] >> 32) != (mine >> 32)) continue;
    const Row& other = concepts.rows[static_cast<std::uint32_t>(slots[at]) - 1];
    if (concepts.kinds[other.kind].vocabulary != concepts.kinds[row.kind].vocabulary || concepts.code(other) != concepts.code(row))
      continue;
    if (better(concepts, row, other)) slots[at] = mine;
    return;
  }
  slots[at] = mine;
}

void index_codes(const Concepts& concepts, HugeArray<Slot>& slots) {
  const auto rows = concepts.rows.span();
  slots.reserve(slots_for(rows.size()));
  slots.resize(slots_for(rows.size()));
  std::uint64_t hashes[batch];
  for (std::size_t from = 0; from < rows.size(); from += batch) {
    const std::size_t to = std::min(rows.size(), from + batch);
    for (std::size_t i = from; i < to; ++i) {
      hashes[i - from] = hash_code(concepts.kinds[rows[i].kind].vocabulary, concepts.code(rows[i]));
      fetch(&slots[home_of(hashes[i - from], slots.size())]);
    }
    for (std::size_t i = from; i < to; ++i) put_code(concepts, slots, hashes[i - from], static_cast<std::uint32_t>(i));
  }
}

void put_name(const Concepts& concepts, HugeArray<Slot>& slots, std::uint64_t hash, std::uint32_t index, const std::string& name) {
  const Row& row = concepts.rows[index];
  const Slot mine = make_slot(hash, index);
  std::string other_name;
  std::size_t at = home_of(hash, slots.size());
  for (; slots[at] != 0; at = at + 1 == slots.size() ? 0 : at + 1) {
    if ((slots[at] >> 32) != (mine >> 32)) continue;
    const Row& other = concepts.rows[static_cast<std::uint32_t>(slots[at] & 0x7FFFFFFF) - 1];
    if (concepts.kinds[other.kind].domain != concepts.kinds[row.kind].domain) continue;
    lower_into(concepts.name(other), other_name);
    if (other_name != name) continue;
    slots[at] |= ambiguous_bit;
    return;
  }
  slots[at] = mine;
}

// Valid standard concepts only.
void index_names(const Concepts& concepts, HugeArray<Slot>& slots) {
  const auto rows = concepts.rows.span();
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (concepts.standard(rows[i])) chosen.push_back(static_cast<std::uint32_t>(i));
  }
  slots.reserve(slots_for(chosen.size()));
  slots.resize(slots_for(chosen.size()));
  std::string names[batch];
  std::uint64_t hashes[batch];
  for (std::size_t from = 0; from < chosen.size(); from += batch) {
    const std::size_t to = std::min(chosen.size(), from + batch);
    for (std::size_t i = from; i < to; ++i) {
      const Row& row = rows[chosen[i]];
      lower_into(concepts.name(row), names[i - from]);
      hashes[i - from] = hash_name(concepts.kinds[row.kind].domain, names[i - from]);
      fetch(&slots[home_of(hashes[i - from], slots.size())]);
    }
    for (std::size_t i = from; i < to; ++i) put_name(concepts, slots, hashes[i - from], chosen[i], names[i - from]);
  }
}

}  // namespace

Result<Indexes> build_indexes(const Concepts& concepts, const std::string& path, unsigned threads) {
  Indexes indexes;
  std::thread codes;
  if (threads > 1) {
    codes = std::thread([&] { index_codes(concepts, indexes.codes); });
  } else {
    index_codes(concepts, indexes.codes);
  }
  const std::uint32_t twice = index_ids(concepts, indexes.ids);
  if (twice == no_row) index_names(concepts, indexes.names);
  if (codes.joinable()) codes.join();
  if (twice != no_row) return Error{Code::vocabulary_concept_twice, path, {std::uint64_t{twice} + 2, 0, 0}, "concept_id", {}};
  return indexes;
}

std::uint32_t row_of(const Indexes& indexes, const Concepts& concepts, std::int32_t id) {
  std::size_t at = home_of(hash_id(id), indexes.ids.size());
  for (; indexes.ids[at] != 0; at = at + 1 == indexes.ids.size() ? 0 : at + 1) {
    if (concepts.rows[indexes.ids[at] - 1].id == id) return indexes.ids[at] - 1;
  }
  return no_row;
}

}  // namespace pyojun::vocabulary
