// Settle: rows of one key that complete each other, group of columns by group (mapping: `combine`). The row that wins takes what it does
// not say itself from the latest row that says it.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>

#include "warehouse/settle.hpp"

namespace pyojun {

namespace {

// Of the living lead rows of one key in one table, those that tell of what the winner stands for: not older than the last delete.
// Answers for a column which of them says it.
class Tellers {
 public:
  Tellers(const Segment& segment, const std::vector<ChunkInfo>& chunks) : segment_(segment), chunks_(chunks) {}
  void add(RowPlace row) { rows_.push_back(row); }  // later ones first

  const ColumnHeader* column(RowPlace row, ColumnId id) const { return segment_.column(chunks_[row.chunk], id); }
  // Bit 0: the group is said; bit 1: a required column of it is there by assumption.
  std::uint32_t told(RowPlace row, const ColumnHeader& column) const {
    const ChunkHeader& header = segment_.header(chunks_[row.chunk]);
    if (header.said_at == 0 || column.group == no_group) return 0;
    return static_cast<std::uint32_t>(segment_.at<std::uint64_t>(header.said_at)[row.row] >> (2 * column.group)) & 3U;
  }
  // The latest row that says the column; nobody: the first that assumes something, else the first that was told.
  RowPlace teller(ColumnId id, bool& said) const {
    RowPlace first = rows_.front();
    bool assumes = false;
    for (const RowPlace row : rows_) {
      const ColumnHeader* const here = column(row, id);
      if (here == nullptr) continue;
      said = (told(row, *here) & 1U) != 0;
      if (said) return row;
      const bool assumed = (told(row, *here) & 2U) != 0;
      if (assumed || !assumes) first = row;
      assumes = assumes || assumed;
    }
    return first;
  }

 private:
  const Segment& segment_;
  const std::vector<ChunkInfo>& chunks_;
  std::vector<RowPlace> rows_;
};

std::optional<std::int32_t> integer_of(const Segment& segment, const ChunkInfo& chunk, const ColumnHeader& column, std::size_t at) {
  std::int32_t value = null_integer;
  switch (static_cast<Storage>(column.storage)) {
    case Storage::references: {
      const auto ids = segment.tables_[column.target].ids;
      const std::uint32_t slot = segment.at<std::uint32_t>(column.at)[at];
      value = slot < ids.size() ? ids[slot] : null_integer;
      break;
    }
    case Storage::siblings:
      value = segment.lead_id(chunk.batch, segment.at<std::uint32_t>(column.at)[at]);
      break;
    default:
      value = segment.at<std::int32_t>(column.at)[at];
  }
  return value == null_integer ? std::nullopt : std::optional(value);
}

}  // namespace

// `group`: all rows of one key, in order of delivery.
void Settle::complete(std::span<const Entrant> group, const Entrant& winner) {
  const ChunkInfo& chunk = chunks_[winner.chunk];
  if (segment_.header(chunk).said_at == 0 || winner.deletes) return;
  std::vector<const Entrant*> rows;
  for (const Entrant& entrant : group) {
    if (entrant.lead == winner.lead && !entrant.retired && chunks_[entrant.chunk].table == chunk.table) rows.push_back(&entrant);
  }
  // As follows() has it. Rows stand in order of delivery, which decides between equal ones.
  const auto rank = [](const Entrant& row) {
    return std::tuple(row.version.number != null_datetime, !row.former, row.version, row.deletes);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Entrant* a, const Entrant* b) { return rank(*a) < rank(*b); });
  Tellers tellers(segment_, chunks_);
  tellers.add({winner.chunk, winner.row});
  for (std::size_t i = rows.size(); i-- > 0;) {
    const Entrant& row = *rows[i];
    if (&row == &winner) continue;
    if (row.deletes) break;
    tellers.add({row.chunk, row.row});
  }
  const RowPlace to{winner.chunk, winner.row};
  for (const ColumnHeader& column : segment_.columns(chunk)) {
    if (column.group == no_group) continue;
    bool said = false;
    RowPlace from = tellers.teller(column.column, said);
    ColumnId source = column.column;
    const ColumnHeader* told = tellers.column(from, source);
    if (column.instead != no_column && told != nullptr && (!said || (tellers.told(from, *told) & 2U) != 0)) {
      source = static_cast<ColumnId>(column.instead);
      from = tellers.teller(source, said);
      told = tellers.column(from, source);
    }
    if (told == nullptr || (from.chunk == to.chunk && from.row == to.row && source == column.column)) continue;
    arrays_.completions.push_back({to, from, chunk.table, column.column, source});
  }
}

// What of a row is given, as SQL reads it; nothing: null.
std::optional<std::string> cell_text(const Segment& segment, const ChunkInfo& chunk, std::size_t row, const ColumnHeader& column,
                                     ColumnType type) {
  const std::size_t at = column.constant != 0 ? 0 : row;
  std::string out;
  switch (type) {
    case ColumnType::integer:
    case ColumnType::date: {
      const auto value = integer_of(segment, chunk, column, at);
      if (!value) return std::nullopt;
      if (type == ColumnType::integer) return std::to_string(*value);
      append_date(out, *value);
      return out;
    }
    case ColumnType::datetime: {
      const std::int64_t value = segment.at<std::int64_t>(column.at)[at];
      if (value == null_datetime) return std::nullopt;
      append_datetime(out, value);
      return out;
    }
    case ColumnType::number: {
      const double value = segment.at<double>(column.at)[at];
      if (std::bit_cast<std::uint64_t>(value) == null_number_bits) return std::nullopt;
      return fmt::format("{}", value);
    }
    case ColumnType::text: {
      const std::uint32_t* const ends = segment.at<std::uint32_t>(column.at);
      const std::uint32_t begin = at == 0 ? 0 : ends[at - 1];
      if (ends[at] == begin) return std::nullopt;
      return std::string(segment.at<char>(column.heap) + begin, ends[at] - begin);
    }
  }
  return std::nullopt;
}

// Rows that lack a required column of a group nobody of their key says. Each was kept for what another row of its key might say.
Status Settle::refuse_incomplete() {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, ColumnId>> given;  // required cells that another row fills
  for (const Completion& one : arrays_.completions) {
    const Column& column = schema_.table(one.table).columns[one.column];
    const ChunkInfo& from = chunks_[one.from.chunk];
    if (column.required && cell_text(segment_, from, one.from.row, *segment_.column(from, one.source), column.type))
      given.emplace_back(one.to.chunk, one.to.row, one.column);
  }
  std::sort(given.begin(), given.end());
  for (std::uint32_t number = 0; number < living_; ++number) {
    const ChunkInfo& chunk = chunks_[number];
    const ChunkHeader& header = segment_.header(chunk);
    if (header.said_at == 0 || chunk.live == 0) continue;
    const std::uint64_t* const said = segment_.at<std::uint64_t>(header.said_at);
    for (const ColumnHeader& column : segment_.columns(chunk)) {
      const Column& known = schema_.table(chunk.table).columns[column.column];
      if (column.group == no_group || !known.required) continue;
      for (std::uint32_t row = 0; row < header.rows; ++row) {
        if ((said[row] >> (2 * column.group) & 3U) != 0 || segment_.dead(chunk, row)) continue;  // said or assumed, or no row any more
        if (cell_text(segment_, chunk, row, column, known.type)) continue;
        if (std::binary_search(given.begin(), given.end(), std::tuple(number, row, column.column))) continue;
        if (Status status = tell(findings_.told, number, row, column.column, Code::row_incomplete); !status) return status;
        kill(number, row, Fate::orphan);
      }
    }
  }
  return {};
}

std::vector<CompletedCell> completed_cells(const Schema& schema, const Segment& segment, std::vector<Completion> completions) {
  const auto place = [](const Completion& one) { return std::tie(one.to.chunk, one.to.row, one.column); };
  std::sort(completions.begin(), completions.end(), [&](const Completion& a, const Completion& b) { return place(a) < place(b); });
  const auto same = [&](const Completion& a, const Completion& b) { return place(a) == place(b); };
  completions.erase(std::unique(completions.begin(), completions.end(), same), completions.end());
  std::vector<CompletedCell> out;
  for (const Completion& one : completions) {
    const ChunkInfo &to = segment.chunks_[one.to.chunk], &from = segment.chunks_[one.from.chunk];
    const std::int32_t id = segment.row_id(to, one.to.row);
    if (segment.dead(to, one.to.row) || id == 0 || id == null_integer) continue;
    const ColumnType type = schema.table(one.table).columns[one.column].type;
    auto value = cell_text(segment, from, one.from.row, *segment.column(from, one.source), type);
    if (value == cell_text(segment, to, one.to.row, *segment.column(to, one.column), type)) continue;
    out.push_back({one.table, one.column, id, std::move(value)});
  }
  return out;
}

}  // namespace pyojun
