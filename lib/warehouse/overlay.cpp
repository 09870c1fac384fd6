#include "warehouse/overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "cdm/rows.hpp"
#include "warehouse/table_function.hpp"

namespace pyojun {

// Not in an anonymous namespace: a friend of Overlay.
class OverlaySource : public RowSource {
 public:
  OverlaySource(const Overlay& overlay, std::unique_ptr<RowSource> source)
      : overlay_(overlay), source_(std::move(source)), table_(overlay.schema_.table(source_->table())), mark_(overlay.mark(table())) {}
  TableId table() const override { return source_->table(); }
  std::uint64_t rows() const override { return source_->rows() - overlay_.removed(table()); }
  std::size_t blocks() const override { return source_->blocks(); }
  Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const override;
  Hash128 mark(std::size_t index) const override {
    const Hash128 rows = source_->mark(index);
    return rows ? combine(rows, mark_) : rows;
  }

 private:
  void own(RowBlock& block, ColumnId id) const;
  void follow_references(RowBlock& block) const;
  void change(RowBlock& block, const Overlay::Cells& cells) const;
  void change_texts(RowBlock& block, const Overlay::Cells& cells, std::size_t from, std::size_t to) const;
  void leave_out(RowBlock& block) const;

  const Overlay& overlay_;
  std::unique_ptr<RowSource> source_;
  const Table& table_;
  std::uint64_t mark_;
};

namespace {

std::string type_cast(ColumnType type) {
  if (type == ColumnType::datetime) return "epoch_us(cast(value as timestamp))";
  return fmt::format("cast(value as {})", sql_type(type));
}

template <class T>
void keep_rows(std::vector<T>& values, const std::vector<std::uint32_t>& kept) {
  for (std::size_t i = 0; i < kept.size(); ++i) values[i] = values[kept[i]];
  values.resize(kept.size());
}

void keep_texts(RowBlock& block, ColumnId id, const std::vector<std::uint32_t>& kept) {
  auto& ends = block.scratch_ends[id];
  auto& heap = block.scratch_heaps[id];
  std::string text;
  std::vector<std::uint32_t> out;
  for (const std::uint32_t row : kept) {
    const std::uint32_t from = row == 0 ? 0 : ends[row - 1];
    text.append(heap, from, ends[row] - from);
    out.push_back(static_cast<std::uint32_t>(text.size()));
  }
  ends = std::move(out);
  heap = std::move(text);
}

// The pointers of a column whose values are all in the block's own memory.
void point_to_scratch(RowBlock& block, ColumnId id) {
  BlockColumn& column = block.columns[id];
  column.integers = block.scratch_integers[id].data();
  column.datetimes = block.scratch_wide[id].data();
  column.numbers = block.scratch_numbers[id].data();
  column.ends = block.scratch_ends[id].data();
  column.heap = block.scratch_heaps[id].data();
  column.begin = 0;
}

template <class T>
void own_values(const T* values, bool constant, std::uint32_t rows, T missing, std::vector<T>& to) {
  if (values == nullptr) {
    to.assign(rows, missing);
  } else if (constant) {
    to.assign(rows, T(values[0]));
  } else if (values != to.data()) {
    to.assign(values, values + rows);
  } else {
    to.resize(rows);
  }
}

void own_texts(const BlockColumn& column, RowBlock& block, ColumnId id) {
  std::string heap;
  std::vector<std::uint32_t> ends;
  for (std::uint32_t row = 0; row < block.rows; ++row) {
    if (column.form != BlockColumn::Form::null) {
      const std::size_t at = column.form == BlockColumn::Form::constant ? 0 : row;
      const std::uint32_t from = at == 0 ? column.begin : column.ends[at - 1];
      heap.append(column.heap + from, column.ends[at] - from);
    }
    ends.push_back(static_cast<std::uint32_t>(heap.size()));
  }
  block.scratch_heaps[id] = std::move(heap);
  block.scratch_ends[id] = std::move(ends);
}

}  // namespace

Status Overlay::load_cells(Duck& duck, TableId table, ColumnId column) {
  const Table& facts = schema_.table(table);
  Cells cells;
  cells.column = column;
  const ColumnType type = facts.columns[column].type;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const bool null = rows.null(1, i);
      cells.ids.push_back(static_cast<std::int32_t>(rows.integer(0, i)));
      if (type == ColumnType::text) {
        cells.texts.emplace_back(rows.text(1, i));
      } else if (type == ColumnType::number) {
        cells.values.push_back(std::bit_cast<std::int64_t>(null ? std::bit_cast<double>(null_number_bits) : rows.number(1, i)));
      } else {
        cells.values.push_back(!null ? rows.integer(1, i) : type == ColumnType::datetime ? null_datetime : null_integer);
      }
    }
    return true;
  };
  const std::string sql = fmt::format(
      "select id, {} from (select id, value, row_number() over (partition by id order by step desc, rowid desc) as place from "
      "assemble.change "
      "where tab = {} and col = {}) where place = 1 order by id",
      type_cast(type), sql_text(facts.name), sql_text(facts.columns[column].name));
  if (Status status = duck.query(sql, take, "assembled values"); !status) return status;
  auto& all = tables_[table].cells;
  const auto at = std::ranges::lower_bound(all, column, {}, &Cells::column);
  if (at != all.end() && at->column == column) {
    *at = std::move(cells);
  } else {
    all.insert(at, std::move(cells));
  }
  return {};
}

// A row that stands for another may itself have been left out: references follow to the end.
Status Overlay::load_removals(Duck& duck) {
  for (TableOverlay& one : tables_) {
    one.gone.clear();
    one.followers.clear();
    one.removed = 0;
  }
  const auto take = [this](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const TableId table = schema_.find(rows.text(0, i));
      if (table == no_table) continue;
      TableOverlay& one = tables_[table];
      const auto id = static_cast<std::int32_t>(rows.integer(1, i));
      if (id < 0) continue;
      if (one.gone.size() <= static_cast<std::size_t>(id)) one.gone.resize(static_cast<std::size_t>(id) + 1);
      one.gone[static_cast<std::size_t>(id)] = true;
      one.followers.emplace_back(id, rows.null(2, i) ? null_integer : static_cast<std::int32_t>(rows.integer(2, i)));
      ++one.removed;
    }
    return true;
  };
  const std::string sql = "select tab, id, min(kept_id) from assemble.removal group by tab, id order by tab, id";
  if (Status status = duck.query(sql, take, "assembled rows"); !status) return status;
  for (TableId table = 0; table < tables_.size(); ++table) {
    TableOverlay& one = tables_[table];
    for (auto& [id, target] : one.followers) {
      for (std::size_t steps = 0; is_gone(table, target) && steps <= one.followers.size(); ++steps) target = follow(table, target);
    }
  }
  return {};
}

std::int32_t Overlay::follow(TableId table, std::int32_t id) const {
  const auto& followers = tables_[table].followers;
  const auto at =
      std::lower_bound(followers.begin(), followers.end(), id, [](const auto& pair, std::int32_t value) { return pair.first < value; });
  return at != followers.end() && at->first == id ? at->second : id;
}

Status Overlay::load(Duck& duck) {
  tables_.assign(schema_.tables().size(), {});
  if (Status status = load_columns(duck, ""); !status) return status;
  return load_removals(duck);
}

Status Overlay::take(Duck& duck, int step) {
  const std::string of_step = fmt::format("where step = {}", step);
  if (Status status = load_columns(duck, of_step); !status) return status;
  auto removals = duck.integer("select count(*) from assemble.removal " + of_step, "assembled rows");
  if (!removals) return removals.error();
  return *removals == 0 ? Status() : load_removals(duck);
}

Status Overlay::load_columns(Duck& duck, const std::string& where) {
  std::vector<std::pair<TableId, ColumnId>> columns;
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const TableId table = schema_.find(rows.text(0, i));
      const ColumnId column = table == no_table ? no_column : schema_.table(table).find(rows.text(1, i));
      if (column != no_column) columns.emplace_back(table, column);
    }
    return true;
  };
  if (Status status =
          duck.query("select distinct tab, col from assemble.change " + where + " order by tab, col", take, "assembled columns");
      !status) {
    return status;
  }
  for (const auto& [table, column] : columns) {
    if (Status status = load_cells(duck, table, column); !status) return status;
  }
  return {};
}

std::uint64_t Overlay::mark(TableId table) const {
  std::string text;
  const auto add = [&text](const auto& values) {
    const std::uint64_t count = values.size();
    text.append(reinterpret_cast<const char*>(&count), sizeof count);
    text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
  };
  for (const Cells& cells : tables_[table].cells) {
    text += fmt::format("{} ", cells.column);
    add(cells.ids);
    add(cells.values);
    for (const auto& one : cells.texts) add(one);
  }
  add(tables_[table].followers);  // names all rows that are gone
  for (const auto& column : schema_.table(table).columns) {
    if (column.references != no_table) add(tables_[column.references].followers);
  }
  return hash128(text).low;
}

bool Overlay::touches(TableId table) const {
  if (!tables_[table].cells.empty() || tables_[table].removed != 0) return true;
  for (const auto& column : schema_.table(table).columns) {
    if (column.references != no_table && tables_[column.references].removed != 0) return true;
  }
  return false;
}

std::unique_ptr<RowSource> Overlay::over(std::unique_ptr<RowSource> source) const {
  if (!touches(source->table())) return source;
  return std::make_unique<OverlaySource>(*this, std::move(source));
}

Status OverlaySource::read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const {
  std::vector<bool> with_key = wanted;
  if (!wanted.empty() && table_.primary_key != no_column) with_key[table_.primary_key] = true;
  if (Status status = source_->read(index, with_key, out); !status) return status;
  follow_references(out);
  if (table_.primary_key == no_column || out.rows == 0) return {};
  for (const auto& cells : overlay_.tables_[table()].cells) {
    if (wanted.empty() || wanted[cells.column]) change(out, cells);
  }
  if (overlay_.removed(table()) != 0) leave_out(out);
  return {};
}

// Copies a column into the block's own memory, one value a row.
void OverlaySource::own(RowBlock& block, ColumnId id) const {
  BlockColumn& column = block.columns[id];
  const bool constant = column.form == BlockColumn::Form::constant, null = column.form == BlockColumn::Form::null;
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::date:
      own_values(null ? nullptr : column.integers, constant, block.rows, null_integer, block.scratch_integers[id]);
      break;
    case ColumnType::datetime:
      own_values(null ? nullptr : column.datetimes, constant, block.rows, null_datetime, block.scratch_wide[id]);
      break;
    case ColumnType::number:
      own_values(null ? nullptr : column.numbers, constant, block.rows, std::bit_cast<double>(null_number_bits), block.scratch_numbers[id]);
      break;
    case ColumnType::text:
      own_texts(column, block, id);
      break;
  }
  column.form = BlockColumn::Form::plain;
  point_to_scratch(block, id);
}

void OverlaySource::follow_references(RowBlock& block) const {
  for (ColumnId id = 0; id < table_.columns.size(); ++id) {
    const TableId target = table_.columns[id].references;
    if (target == no_table || overlay_.removed(target) == 0 || block.columns[id].form == BlockColumn::Form::null) continue;
    const std::size_t count = block.columns[id].form == BlockColumn::Form::constant ? 1 : block.rows;
    const std::int32_t* const values = block.columns[id].integers;
    if (std::none_of(values, values + count, [&](std::int32_t value) { return overlay_.is_gone(target, value); })) continue;
    own(block, id);
    for (auto& value : block.scratch_integers[id]) {
      if (overlay_.is_gone(target, value)) value = overlay_.follow(target, value);
    }
  }
}

void OverlaySource::change(RowBlock& block, const Overlay::Cells& cells) const {
  const std::int32_t* const keys = block.columns[table_.primary_key].integers;
  const auto first = std::lower_bound(cells.ids.begin(), cells.ids.end(), keys[0]);
  const auto last = std::upper_bound(first, cells.ids.end(), keys[block.rows - 1]);
  if (first == last) return;
  const auto from = static_cast<std::size_t>(first - cells.ids.begin()), to = static_cast<std::size_t>(last - cells.ids.begin());
  own(block, cells.column);
  if (block.columns[cells.column].type == ColumnType::text) return change_texts(block, cells, from, to);
  std::uint32_t row = 0;
  for (std::size_t i = from; i < to; ++i) {
    while (row < block.rows && keys[row] < cells.ids[i]) ++row;
    if (row == block.rows || keys[row] != cells.ids[i]) continue;
    switch (block.columns[cells.column].type) {
      case ColumnType::datetime:
        block.scratch_wide[cells.column][row] = cells.values[i];
        break;
      case ColumnType::number:
        block.scratch_numbers[cells.column][row] = std::bit_cast<double>(cells.values[i]);
        break;
      default:
        block.scratch_integers[cells.column][row] = static_cast<std::int32_t>(cells.values[i]);
    }
  }
}

void OverlaySource::change_texts(RowBlock& block, const Overlay::Cells& cells, std::size_t from, std::size_t to) const {
  const std::int32_t* const keys = block.columns[table_.primary_key].integers;
  const std::string before = std::move(block.scratch_heaps[cells.column]);
  auto& ends = block.scratch_ends[cells.column];
  std::string heap;
  std::uint32_t begin = 0;
  for (std::uint32_t row = 0; row < block.rows; ++row) {
    const std::uint32_t end = ends[row];
    while (from < to && cells.ids[from] < keys[row]) ++from;
    if (from < to && cells.ids[from] == keys[row]) {
      heap += cells.texts[from];
    } else {
      heap.append(before, begin, end - begin);
    }
    begin = end;
    ends[row] = static_cast<std::uint32_t>(heap.size());
  }
  block.scratch_heaps[cells.column] = std::move(heap);
  point_to_scratch(block, cells.column);
}

void OverlaySource::leave_out(RowBlock& block) const {
  const std::int32_t* const keys = block.columns[table_.primary_key].integers;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < block.rows; ++row) {
    if (!overlay_.is_gone(table(), keys[row])) kept.push_back(row);
  }
  if (kept.size() == block.rows) return;
  for (ColumnId id = 0; id < block.columns.size(); ++id) {
    BlockColumn& column = block.columns[id];
    if (column.form != BlockColumn::Form::plain) continue;
    own(block, id);
    switch (column.type) {
      case ColumnType::integer:
      case ColumnType::date:
        keep_rows(block.scratch_integers[id], kept);
        break;
      case ColumnType::datetime:
        keep_rows(block.scratch_wide[id], kept);
        break;
      case ColumnType::number:
        keep_rows(block.scratch_numbers[id], kept);
        break;
      case ColumnType::text:
        keep_texts(block, id, kept);
        break;
    }
    point_to_scratch(block, id);
  }
  block.rows = static_cast<std::uint32_t>(kept.size());
}

}  // namespace pyojun
