#include "warehouse/settle.hpp"

#include <algorithm>
#include <numeric>

namespace pyojun {

bool balanced(const Balance& line) {
  const std::uint64_t filtered = std::accumulate(line.filtered.begin(), line.filtered.end(), std::uint64_t{0});
  return line.in == line.mapped + filtered + line.duplicates + line.quarantined;
}

Settle::Settle(const Schema& schema, KeyIndexes& indexes, Segment& segment, std::vector<ChunkInfo>& chunks, std::size_t living,
               Arrays& arrays, Books& books, Findings findings, LastRun last, std::uint64_t most_entrants)
    : schema_(schema),
      indexes_(indexes),
      segment_(segment),
      chunks_(chunks),
      living_(living),
      arrays_(arrays),
      books_(books),
      findings_(std::move(findings)),
      last_(last),
      most_entrants_(most_entrants) {
  segment_.chunks_ = chunks_;
  segment_.dead_ends_ = arrays_.dead_ends;
  segment_.dead_words_ = arrays_.dead_words;
  segment_.listed_ = arrays_.listed;
  segment_.tables_.assign(schema_.tables().size(), {});
  segment_.group_by_table(schema_.tables().size());
  arrays_.ids.resize(schema_.tables().size());
  arrays_.order.resize(schema_.tables().size());
  deleted_.resize(books_.lines().size());
}

Status Settle::run() {
  join_aliases();
  resolve_contests();
  if (Status status = tell_remarks(); !status) return status;
  if (Status status = refuse_incomplete(); !status) return status;
  if (Status status = resolve_orphans(); !status) return status;
  give_ids();
  return {};
}

namespace {

// Names that deletes join to others (merges), and under which no row of the table came: (chunk, row) of each.
std::vector<std::pair<std::uint32_t, std::uint32_t>> unheard_names(const Segment& segment, std::span<const ChunkInfo> living, TableId table,
                                                                   std::size_t slots) {
  std::vector<bool> heard(slots);
  for (const ChunkInfo& chunk : living) {
    const ChunkHeader& header = segment.header(chunk);
    if (chunk.table != table || header.keys != KeyForm::slots) continue;
    const Slot* const keys = segment.at<Slot>(header.keys_at);
    for (std::uint32_t row = 0; row < header.rows; ++row) heard[keys[row]] = true;
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
  for (std::uint32_t number = 0; number < living.size(); ++number) {
    const ChunkHeader& header = segment.header(living[number]);
    if (living[number].table != table || header.aliases == 0 || header.deletes_at == 0 || header.keys != KeyForm::slots) continue;
    const Slot* const keys = segment.at<Slot>(header.keys_at);
    const Slot* const pairs = segment.at<Slot>(header.aliases_at);
    std::uint32_t row = 0;  // pairs are in the order of their rows
    for (std::uint32_t i = 0; i < header.aliases; ++i) {
      while (row < header.rows && keys[row] != pairs[2 * i]) ++row;
      if (row == header.rows) break;
      if (!heard[pairs[2 * i + 1]]) out.emplace_back(number, row);
    }
  }
  return out;
}

}  // namespace

// What is merged follows from the files that count tonight; of a retired file nothing is left.
void Settle::join_aliases() {
  std::vector<TableId> merged;
  for (std::size_t number = 0; number < living_; ++number) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.aliases == 0) continue;
    KeyIndex& index = indexes_.of(chunk.table);
    if (header.deletes_at != 0 && std::ranges::find(merged, chunk.table) == merged.end()) merged.push_back(chunk.table);
    const Slot* const pairs = segment_.at<Slot>(header.aliases_at);
    for (std::uint32_t i = 0; i < header.aliases; ++i) {
      index.join(pairs[2 * i], pairs[2 * i + 1]);
      if (header.retires != 0) index.flags(pairs[2 * i + 1]) |= KeyIndex::retired;
    }
  }
  for (const TableId table : merged) {
    for (const auto& [chunk, row] : unheard_names(segment_, std::span(chunks_).first(living_), table, indexes_.of(table).size()))
      remarks_.push_back({chunk, row, Code::merge_found_nobody});
  }
}

bool Settle::kill_one(std::uint32_t number, std::uint32_t row) {
  ChunkInfo& chunk = chunks_[number];
  if (chunk.dead == 0) {
    arrays_.dead_words.resize(arrays_.dead_words.size() + (chunk.rows + 63) / 64);
    arrays_.dead_ends.push_back(arrays_.dead_words.size());
    chunk.dead = static_cast<std::uint32_t>(arrays_.dead_ends.size());
    segment_.dead_ends_ = arrays_.dead_ends;
    segment_.dead_words_ = arrays_.dead_words;
  }
  const std::size_t begin = chunk.dead == 1 ? 0 : arrays_.dead_ends[chunk.dead - 2];
  std::uint64_t& word = arrays_.dead_words[begin + row / 64];
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  --chunk.live;
  if (indexes_.find(chunk.table) != nullptr) keyed_row_died_ = true;
  return true;
}

void Settle::kill_candidate(const ChunkInfo& dying, std::uint32_t candidate) {
  const BatchInfo& batch = segment_.batches_[dying.batch];
  for (std::uint32_t number = batch.first_chunk; number < batch.first_chunk + batch.chunks; ++number) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    const Packed candidates = segment_.packed(header.candidates);
    std::uint32_t row = 0;
    if (header.sorted != 0) {
      std::uint32_t end = chunk.rows;
      while (row < end) {
        const std::uint32_t middle = row + (end - row) / 2;
        if (candidates[middle] < candidate) {
          row = middle + 1;
        } else {
          end = middle;
        }
      }
    }
    for (; row < chunk.rows; ++row) {
      const std::uint64_t here = candidates[row];
      if (here == candidate) kill_one(number, row);
      if (header.sorted != 0 && here > candidate) break;
    }
  }
}

void Settle::kill(std::uint32_t number, std::uint32_t row, Fate fate) {
  if (!kill_one(number, row)) return;
  const ChunkInfo& chunk = chunks_[number];
  const ChunkHeader& header = segment_.header(chunk);
  if (!segment_.lead(header, row)) return;
  Balance& line = books_.line(chunk.file, chunk.rule);
  --line.mapped;
  ++(fate == Fate::duplicate ? line.duplicates : line.quarantined);
  kill_candidate(chunk, static_cast<std::uint32_t>(segment_.packed(header.candidates)[row]));
}

bool Settle::counts_agree() const {
  std::vector<std::uint64_t> leads = deleted_;
  std::vector<std::uint64_t> rows(schema_.tables().size());
  for (const auto& chunk : std::span(chunks_).first(living_)) {
    const ChunkHeader& header = segment_.header(chunk);
    std::uint64_t& line = leads[books_.index(chunk.file, chunk.rule)];
    std::uint64_t live = 0;
    if (header.leads_at == 0 && chunk.dead == 0) {
      live = chunk.rows;
      line += chunk.rows;
    } else {
      for (std::uint32_t row = 0; row < chunk.rows; ++row) {
        if (segment_.dead(chunk, row)) continue;
        ++live;
        line += segment_.lead(header, row) ? 1U : 0U;
      }
    }
    if (live != chunk.live) return false;
    rows[chunk.table] += live;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != segment_.tables_[i].rows) return false;
  }
  for (std::size_t i = 0; i < leads.size(); ++i) {
    if (books_.lines()[i].rule >= 0 && books_.lines()[i].mapped != leads[i]) return false;
  }
  return true;
}

}  // namespace pyojun
