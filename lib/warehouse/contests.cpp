// Settle, first part: rows of equal key compete; memory stays bounded by working through the keys in partitions.
#include <algorithm>
#include <tuple>

#include "warehouse/settle.hpp"

namespace pyojun {

namespace {

constexpr std::uint64_t filter_bits_per_key = 16;        // one key in a thousand is suspected without cause
constexpr std::uint64_t most_filter_bits = 64ULL << 23;  // 64 MB

// Bloom filter of 64-byte blocks: one memory access per key.
class Filter {
 public:
  explicit Filter(std::uint64_t bits) {
    while (blocks_ * 512 < bits) blocks_ *= 2;
    words_.resize(blocks_ * 8);
  }
  void ask_ahead(const Hash128& key) const { __builtin_prefetch(words_.data() + (key.low & (blocks_ - 1)) * 8, 1); }
  // True when the key was (perhaps) there already; it is there afterwards.
  bool add(const Hash128& key) {
    std::uint64_t* const block = words_.data() + (key.low & (blocks_ - 1)) * 8;
    std::uint64_t bits = key.high, missing = 0;
    for (int i = 0; i < 6; ++i, bits >>= 9) {
      const std::uint64_t bit = std::uint64_t{1} << (bits & 63);
      std::uint64_t& word = block[bits >> 6 & 7];
      missing |= ~word & bit;
      word |= bit;
    }
    return missing == 0;
  }

 private:
  std::uint64_t blocks_ = 64;
  GrowingArray<std::uint64_t> words_;
};

}  // namespace

void Settle::enter(std::uint32_t number, std::uint32_t row, const Hash128& key, bool former) {
  const ChunkHeader& header = segment_.header(chunks_[number]);
  Entrant entrant;
  entrant.key = key;
  entrant.version = segment_.version(header, row);
  entrant.deletes = segment_.deletes(header, row);
  entrant.former = former;
  entrant.chunk = number;
  entrant.row = row;
  entrant.lead = segment_.lead(header, row);
  entrant.retired = number >= living_;
  entrants_.push_back(entrant);
}

bool Settle::same_record(const Entrant& one, const Entrant& other) const {
  const ChunkInfo &a = chunks_[one.chunk], &b = chunks_[other.chunk];
  return a.file == b.file && a.batch == b.batch &&
         segment_.packed(segment_.header(a).records)[one.row] == segment_.packed(segment_.header(b).records)[other.row];
}

// Does `here`, which was delivered after `before`, take its place? Rows without version are below all, so that a delete that only joins
// names removes nothing. Where `version` lists several values and all are equal, a delete does not lose to another record.
bool Settle::follows(const Entrant& here, const Entrant& before) const {
  const bool unversioned = here.version.number == null_datetime, unversioned_before = before.version.number == null_datetime;
  if (unversioned != unversioned_before) return unversioned_before;
  if (here.former != before.former) return before.former;
  if (here.version != before.version) return here.version > before.version;
  if (here.deletes == before.deletes || here.version.text.empty() || same_record(here, before)) return true;
  return here.deletes;
}

// What a winner decided that no clock did, or against the clock.
void Settle::remark(std::span<const Entrant> group, const Entrant& best) {
  for (const Entrant& loser : group) {
    if (&loser == &best || !loser.lead || loser.retired) continue;
    if (loser.former && !best.former && loser.version > best.version) {
      remarks_.push_back({loser.chunk, loser.row, Code::retired_name_gave_way});
    }
    const bool tie = loser.former == best.former && loser.version == best.version && !best.version.text.empty();
    if (tie && !same_record(loser, best) && (loser.deletes != best.deletes || !same_values(loser, best))) {
      remarks_.push_back({loser.chunk, loser.row, Code::version_tie});
    } else if (loser.former == best.former && loser.version == best.version && !same_record(loser, best) && other_person(loser, best)) {
      remarks_.push_back({loser.chunk, loser.row, Code::person_differs});
    }
  }
}

// Partitions may have been begun anew, so a remark can be there twice.
Status Settle::tell_remarks() {
  std::sort(remarks_.begin(), remarks_.end());
  remarks_.erase(std::unique(remarks_.begin(), remarks_.end()), remarks_.end());
  for (const Remark& it : remarks_) {
    if (Status status = tell(findings_.told, it.chunk, it.row, 0, it.code); !status) return status;
  }
  remarks_ = {};
  return {};
}

// The row that stands for a key takes the id that the key has in its table.
void Settle::bequeath(std::span<const Entrant> group, const Entrant& winner) {
  const ChunkInfo& chunk = chunks_[winner.chunk];
  if (indexes_.entity(chunk.table)) return;  // the key index remembers
  std::int32_t id = 0;
  for (const Entrant& entrant : group) {
    if (chunks_[entrant.chunk].table != chunk.table) continue;
    if (entrant.retired) succeeded_.emplace_back(entrant.chunk, entrant.row);
    const std::int32_t given = segment_.row_id(chunks_[entrant.chunk], entrant.row);
    if (given != 0 && (id == 0 || given < id)) id = given;
  }
  if (id != 0 && segment_.row_id(chunk, winner.row) == 0) heirs_.push_back({winner.chunk, winner.row, id});
}

void Settle::decide_leads() {
  std::sort(entrants_.begin(), entrants_.end(),
            [](const Entrant& a, const Entrant& b) { return std::tie(a.key, a.chunk, a.row) < std::tie(b.key, b.chunk, b.row); });
  for (std::size_t begin = 0, end = 0; begin < entrants_.size(); begin = end) {
    const Entrant* best = nullptr;
    bool others = false;
    for (end = begin; end < entrants_.size() && entrants_[end].key == entrants_[begin].key; ++end) {
      const Entrant& here = entrants_[end];
      if (!here.lead) others = true;
      if (here.lead && !here.retired && (best == nullptr || follows(here, *best))) best = &here;
    }
    if (end - begin < 2) continue;
    if (best != nullptr && best->deletes && std::any_of(&entrants_[begin], &entrants_[begin] + (end - begin), [](const Entrant& one) {
          return !one.deletes && !one.retired;
        })) {
      effective_.emplace_back(best->chunk, best->row);
    }
    if (best != nullptr) remark({&entrants_[begin], end - begin}, *best);
    if (best != nullptr) tell_strangers({&entrants_[begin], end - begin});
    if (best != nullptr) complete({&entrants_[begin], end - begin}, *best);
    for (std::size_t i = begin; i < end; ++i) {
      if (entrants_[i].lead && &entrants_[i] != best) kill(entrants_[i].chunk, entrants_[i].row, Fate::duplicate);
    }
    if (others) {
      others_.insert(others_.end(), entrants_.begin() + static_cast<std::ptrdiff_t>(begin),
                     entrants_.begin() + static_cast<std::ptrdiff_t>(end));
    } else if (best != nullptr) {
      bequeath({&entrants_[begin], end - begin}, *best);
    }
  }
  entrants_.clear();
}

// The groups lie one after the other, each in order of delivery; leads that lost are dead already.
void Settle::decide_others() {
  for (std::size_t begin = 0, end = 0; begin < others_.size(); begin = end) {
    const Entrant* best = nullptr;
    for (end = begin; end < others_.size() && others_[end].key == others_[begin].key; ++end) {
      const Entrant& here = others_[end];
      if (segment_.dead(chunks_[here.chunk], here.row)) continue;
      if (best == nullptr || here.lead || (!best->lead && follows(here, *best))) best = &here;
    }
    if (best != nullptr && !best->lead) complete({&others_[begin], end - begin}, *best);
    for (std::size_t i = begin; i < end; ++i) {
      if (&others_[i] != best) kill(others_[i].chunk, others_[i].row, Fate::duplicate);
    }
    if (best != nullptr) bequeath({&others_[begin], end - begin}, *best);
  }
  others_ = {};
}

void Settle::contest_entities(TableId table) {
  KeyIndex* const index = indexes_.find(table);
  if (index == nullptr || !indexes_.entity(table)) return;
  const auto each = [&](auto&& act) {
    for (const std::uint32_t number : segment_.of_table(table)) {
      const ChunkHeader& header = segment_.header(chunks_[number]);
      if (header.keys != KeyForm::slots || number >= living_) continue;
      const Slot* const slots = segment_.at<Slot>(header.keys_at);
      for (std::uint32_t row = 0; row < header.rows; ++row) act(number, row, slots[row]);
    }
  };
  std::uint64_t twice = 0;
  each([&](std::uint32_t, std::uint32_t, Slot slot) {
    std::uint8_t& flags = index->flags(index->root(slot));
    if ((flags & KeyIndex::defined) != 0) {
      flags |= KeyIndex::again;
      ++twice;
    }
    flags |= KeyIndex::defined;
  });
  if (twice == 0) return;
  const auto parts = static_cast<std::uint32_t>(2 * twice / most_entrants_ + 1);
  for (std::uint32_t part = 0; part < parts; ++part) {
    each([&](std::uint32_t chunk, std::uint32_t row, Slot own) {
      const Slot slot = index->root(own);
      if ((index->flags(slot) & KeyIndex::again) == 0 || slot % parts != part) return;
      enter(chunk, row, {slot, table}, (index->flags(own) & KeyIndex::retired) != 0);
    });
    decide_leads();
  }
}

bool Settle::contest_partition(const std::vector<std::uint32_t>& chunks, std::uint64_t keys, std::uint32_t part, std::uint32_t parts) {
  constexpr std::uint32_t ahead = 8;
  KeyIndex suspects;
  {
    Filter filter(keys / parts * filter_bits_per_key);
    for (const std::uint32_t number : chunks) {
      const ChunkHeader& header = segment_.header(chunks_[number]);
      const Hash128* const hashes = segment_.at<Hash128>(header.keys_at);
      for (std::uint32_t row = 0; row < header.rows; ++row) {
        if (row + ahead < header.rows) filter.ask_ahead(hashes[row + ahead]);
        if (parts > 1 && (hashes[row].high >> 56) % parts != part) continue;
        if (filter.add(hashes[row])) suspects.slot(hashes[row]);
      }
      if (suspects.size() > most_entrants_ / 2 && parts < 256) return false;
    }
  }
  if (suspects.size() == 1) return true;
  for (const std::uint32_t number : chunks) {
    const ChunkHeader& header = segment_.header(chunks_[number]);
    const Hash128* const hashes = segment_.at<Hash128>(header.keys_at);
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      if (parts > 1 && (hashes[row].high >> 56) % parts != part) continue;
      if (suspects.find(hashes[row]) != 0) enter(number, row, hashes[row]);
    }
  }
  decide_leads();
  return true;
}

void Settle::contest_events() {
  std::vector<std::uint32_t> chunks;
  std::uint64_t keys = 0;
  for (std::uint32_t number = 0; number < chunks_.size(); ++number) {  // retired rows too, for their ids
    if (segment_.header(chunks_[number]).keys != KeyForm::hashes) continue;
    chunks.push_back(number);
    keys += chunks_[number].rows;
  }
  if (keys < 2) return;
  const std::size_t settled_others = others_.size();
  auto parts = static_cast<std::uint32_t>(keys * filter_bits_per_key / most_filter_bits + 1);
  for (std::uint32_t part = 0; part < parts;) {
    if (contest_partition(chunks, keys, part, parts)) {
      ++part;
    } else {
      // Too many rows compete at once: smaller partitions. Leads that lost stay dead; groups with further rows come up again.
      others_.resize(settled_others);
      parts = std::min(parts * 4, 256U);
      part = 0;
    }
  }
}

void Settle::apply_deletes() {
  std::sort(effective_.begin(), effective_.end());
  for (std::uint32_t number = 0; number < living_; ++number) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.deletes_at == 0) continue;
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      if (!segment_.deletes(header, row) || segment_.dead(chunk, row)) continue;
      kill_one(number, row);
      if (segment_.lead(header, row)) {
        if (segment_.told(header, row) && !std::binary_search(effective_.begin(), effective_.end(), std::pair(number, row)))
          remarks_.push_back({number, row, Code::withdrawal_found_nothing});
        ++deleted_[books_.index(chunk.file, chunk.rule)];
        kill_candidate(chunk, static_cast<std::uint32_t>(segment_.packed(header.candidates)[row]));
      }
    }
  }
}

void Settle::resolve_contests() {
  for (TableId table = 0; table < schema_.tables().size(); ++table) contest_entities(table);
  contest_events();
  decide_others();
  apply_deletes();
  withdraw();
}

}  // namespace pyojun
