// Settle: deletes of what other rows stand in (a cancelled order, a cancelled document), and what two rows differ in.
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "cdm/rows.hpp"
#include "warehouse/settle.hpp"

namespace pyojun {

namespace {

std::string_view text_at(const Segment& segment, const ColumnHeader& column, std::uint32_t row) {
  const auto* const ends = segment.at<std::uint32_t>(column.at);
  const std::uint32_t begin = row == 0 ? 0 : ends[row - 1];
  return {segment.at<char>(column.heap) + begin, ends[row] - begin};
}

template <class T>
bool equal_at(const Segment& segment, const ColumnHeader& a, std::uint32_t i, const ColumnHeader& b, std::uint32_t j) {
  return std::memcmp(segment.at<T>(a.at) + i, segment.at<T>(b.at) + j, sizeof(T)) == 0;
}

// Nothing and concept 0 say nothing.
std::int32_t said_at(const Segment& segment, const ChunkInfo& chunk, ColumnId column, std::uint32_t row) {
  const ColumnHeader* const found = segment.column(chunk, column);
  if (found == nullptr || static_cast<Storage>(found->storage) != Storage::integers) return 0;
  const std::int32_t value = segment.at<std::int32_t>(found->at)[found->constant != 0 ? 0 : row];
  return value == null_integer ? 0 : value;
}

}  // namespace

// Two rows of persons that both say a sex or a part of the birth date, and not the same one.
bool Settle::other_person(const Entrant& one, const Entrant& other) const {
  const ChunkInfo &first = chunks_[one.chunk], &second = chunks_[other.chunk];
  if (first.table != persons_ || second.table != persons_ || one.deletes || other.deletes) return false;
  for (const std::string_view name : {"gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth"}) {
    const ColumnId column = schema_.table(persons_).find(name);
    const std::int32_t a = said_at(segment_, first, column, one.row), b = said_at(segment_, second, column, other.row);
    if (a != 0 && b != 0 && a != b) return true;
  }
  return false;
}

// What a person's row stands in (mapping: `within`), when it says all of it; rows told under a retired name say nothing here.
std::span<const Slot> Settle::likeness(const Entrant& row) const {
  const ChunkHeader& header = segment_.header(chunks_[row.chunk]);
  if (header.within_at == 0 || row.deletes || row.former || row.retired || !row.lead) return {};
  const std::span<const Slot> all(segment_.at<Slot>(header.within_at) + row.row * std::size_t{header.within_each}, header.within_each);
  return std::find(all.begin(), all.end(), Slot{0}) == all.end() ? all : std::span<const Slot>{};
}

// Rows of one person that agree with the latest in nothing they stand in tell of somebody else under the same identifier. Each such
// somebody is told once. `group`: all rows of one key, in order of delivery.
void Settle::tell_strangers(std::span<const Entrant> group) {
  if (chunks_[group.front().chunk].table != persons_) return;
  const Entrant* latest = nullptr;
  for (const Entrant& row : group) {
    if (!likeness(row).empty() && (latest == nullptr || follows(row, *latest))) latest = &row;
  }
  if (latest == nullptr) return;
  const std::span<const Slot> known = likeness(*latest);
  std::set<std::vector<Slot>> told;
  for (const Entrant& row : group) {
    const std::span<const Slot> here = likeness(row);
    if (here.size() != known.size()) continue;
    bool alike = false;
    for (std::size_t i = 0; i < here.size(); ++i) alike = alike || here[i] == known[i];
    if (!alike && told.emplace(here.begin(), here.end()).second) remarks_.push_back({row.chunk, row.row, Code::people_share_number});
  }
}

// Of the same table and equal in all columns. Slots are compared as they are, so a reference by another name of the same thing differs.
bool Settle::same_values(const Entrant& one, const Entrant& other) const {
  const ChunkInfo &first = chunks_[one.chunk], &second = chunks_[other.chunk];
  if (first.table != second.table || segment_.columns(first).size() != segment_.columns(second).size()) return false;
  for (const ColumnHeader& a : segment_.columns(first)) {
    const ColumnHeader* const found = segment_.column(second, a.column);
    if (found == nullptr || found->storage != a.storage) return false;
    const ColumnHeader& b = *found;
    const std::uint32_t i = a.constant != 0 ? 0 : one.row, j = b.constant != 0 ? 0 : other.row;
    bool same = true;
    switch (static_cast<Storage>(a.storage)) {
      case Storage::integers:
        same = equal_at<std::int32_t>(segment_, a, i, b, j);
        break;
      case Storage::references:
        same = equal_at<Slot>(segment_, a, i, b, j);
        break;
      case Storage::datetimes:
        same = equal_at<std::int64_t>(segment_, a, i, b, j);
        break;
      case Storage::numbers:
        same = equal_at<double>(segment_, a, i, b, j);
        break;
      case Storage::texts:
        same = text_at(segment_, a, i) == text_at(segment_, b, j);
        break;
      case Storage::siblings:
      case Storage::constant:
        break;
    }
    if (!same) return false;
  }
  return true;
}

// Did a row that is no delete (a cancel that was refused) come for the same thing, not older than the delete? `standing`: such rows,
// sorted.
bool Settle::taken_back(const Withdrawal& item, const std::vector<Withdrawal>& standing) const {
  const auto after = std::upper_bound(standing.begin(), standing.end(), item.what,
                                      [](const Hash128& what, const Withdrawal& row) { return what < row.what; });
  return after != standing.begin() && (after - 1)->what == item.what && (after - 1)->version >= item.version;
}

// Deletes with a version of rows of the tables that rows stand in, by what they delete and version.
std::vector<Settle::Withdrawal> Settle::withdrawals() const {
  std::set<TableId> targets;
  for (std::uint32_t number = 0; number < living_; ++number) {
    const ChunkHeader& header = segment_.header(chunks_[number]);
    if (header.within_at != 0) targets.insert(header.within_target);
  }
  std::vector<Withdrawal> out, standing;
  for (const TableId table : targets) {
    const KeyIndex& index = *indexes_.find(table);
    for (const std::uint32_t number : segment_.of_table(table)) {
      const ChunkHeader& header = segment_.header(chunks_[number]);
      if (number >= living_ || header.versions_at == 0 || header.keys != KeyForm::slots) continue;
      const Slot* const slots = segment_.at<Slot>(header.keys_at);
      for (std::uint32_t row = 0; row < header.rows; ++row) {
        const RowVersion version = segment_.version(header, row);
        if (version.number == null_datetime) continue;
        (segment_.deletes(header, row) ? out : standing).push_back({{index.root(slots[row]), table}, version, number, row});
      }
    }
  }
  const auto order = [](const Withdrawal& a, const Withdrawal& b) {
    return std::tie(a.what, a.version, a.chunk, a.row) < std::tie(b.what, b.version, b.chunk, b.row);
  };
  std::sort(out.begin(), out.end(), order);
  std::sort(standing.begin(), standing.end(), order);
  std::erase_if(out, [&](const Withdrawal& item) { return taken_back(item, standing); });
  return out;
}

// Rows that stand in what was deleted die when they are not later than the delete, in whatever order both came. A delete that finds no
// such row under any of the names its candidate gives is told.
void Settle::withdraw() {
  const std::vector<Withdrawal> all = withdrawals();
  if (all.empty()) return;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> found;  // batch and candidate of deletes
  std::vector<bool> met(all.size());
  const auto before = [](const Withdrawal& item, const Hash128& what) { return item.what < what; };
  for (std::uint32_t number = 0; number < living_; ++number) {
    const ChunkHeader& header = segment_.header(chunks_[number]);
    if (header.within_at == 0) continue;
    const KeyIndex& index = *indexes_.find(header.within_target);
    const Slot* const slots = segment_.at<Slot>(header.within_at);
    for (std::uint32_t row = 0; row < header.rows; ++row) {
      if (segment_.deletes(header, row)) continue;
      const RowVersion version = segment_.version(header, row);
      bool withdrawn = false;
      for (std::uint32_t i = 0; i < header.within_each; ++i) {
        const Slot slot = slots[row * std::size_t{header.within_each} + i];
        if (slot == 0) continue;
        const Hash128 what{index.root(slot), header.within_target};
        auto at = std::lower_bound(all.begin(), all.end(), what, before);
        for (; at != all.end() && at->what == what; ++at) {
          if (at->version < version) continue;
          withdrawn = true;
          met[static_cast<std::size_t>(at - all.begin())] = true;
        }
      }
      if (withdrawn) kill(number, row, Fate::duplicate);
    }
  }
  const auto candidate = [&](const Withdrawal& item) {
    const ChunkInfo& chunk = chunks_[item.chunk];
    return std::pair(chunk.batch, segment_.packed(segment_.header(chunk).candidates)[item.row]);
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (met[i]) found.push_back(candidate(all[i]));
  }
  std::sort(found.begin(), found.end());
  for (const Withdrawal& item : all) {
    const bool lead = segment_.lead(segment_.header(chunks_[item.chunk]), item.row);
    if (lead && !std::binary_search(found.begin(), found.end(), candidate(item)))
      remarks_.push_back({item.chunk, item.row, Code::withdrawal_found_nothing});
  }
}

}  // namespace pyojun
