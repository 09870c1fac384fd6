// Rows of derived tables, alone or behind the mapped rows they add to.
#include <fmt/format.h>

#include <bit>

#include "cdm/rows.hpp"
#include "warehouse/assemble.hpp"

namespace pyojun {

namespace {

// Reads by row number, in blocks, so that memory does not grow with the table.
class DerivedSource : public RowSource {
 public:
  DerivedSource(const Duck& duck, const Schema& schema, const Derived& derived) : duck_(duck), schema_(schema), derived_(derived) {}
  TableId table() const override { return derived_.table; }
  std::uint64_t rows() const override { return derived_.rows; }
  std::size_t blocks() const override { return (derived_.rows + block_rows - 1) / block_rows; }
  Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const override;

 private:
  static constexpr std::uint64_t block_rows = 16384;
  static void take(const DuckRows& rows, std::size_t from, ColumnType type, ColumnId to, RowBlock& out);
  const Duck& duck_;
  const Schema& schema_;
  Derived derived_;
};

void DerivedSource::take(const DuckRows& rows, std::size_t from, ColumnType type, ColumnId to, RowBlock& out) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const bool null = rows.null(from, i);
    switch (type) {
      case ColumnType::integer:
      case ColumnType::date:
        out.scratch_integers[to].push_back(null ? null_integer : static_cast<std::int32_t>(rows.integer(from, i)));
        break;
      case ColumnType::datetime:
        out.scratch_wide[to].push_back(null ? null_datetime : rows.integer(from, i));
        break;
      case ColumnType::number:
        out.scratch_numbers[to].push_back(null ? std::bit_cast<double>(null_number_bits) : rows.number(from, i));
        break;
      case ColumnType::text:
        out.scratch_heaps[to] += rows.text(from, i);
        out.scratch_ends[to].push_back(static_cast<std::uint32_t>(out.scratch_heaps[to].size()));
        break;
    }
  }
}

Status DerivedSource::read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const {
  const Table& table = schema_.table(derived_.table);
  auto connection = duck_.connect();
  if (!connection) return connection.error();
  std::string names;
  std::vector<ColumnId> columns;
  const std::size_t count = table.columns.size();
  out.table = derived_.table;
  out.rows = 0;
  out.columns.assign(count, {});
  out.scratch_integers.assign(count, {});
  out.scratch_wide.assign(count, {});
  out.scratch_numbers.assign(count, {});
  out.scratch_ends.assign(count, {});
  out.scratch_heaps.assign(count, {});
  for (ColumnId i = 0; i < count; ++i) {
    out.columns[i].type = table.columns[i].type;
    if (!wanted.empty() && !wanted[i]) continue;
    names += sql_name(table.columns[i].name) + ", ";
    columns.push_back(i);
  }
  const std::string sql = fmt::format("select {}rowid from derived.{} where rowid >= {} and rowid < {} order by rowid", names,
                                      sql_name(table.name), index * block_rows, (index + 1) * block_rows);
  const auto chunk = [&](const DuckRows& rows) {
    out.rows += static_cast<std::uint32_t>(rows.rows());
    for (std::size_t i = 0; i < columns.size(); ++i) take(rows, i, table.columns[columns[i]].type, columns[i], out);
    return true;
  };
  if (Status status = (*connection)->query(sql, chunk, table.name); !status) return status;
  for (const ColumnId i : columns) {
    BlockColumn& column = out.columns[i];
    column.form = BlockColumn::Form::plain;
    column.integers = out.scratch_integers[i].data();
    column.datetimes = out.scratch_wide[i].data();
    column.numbers = out.scratch_numbers[i].data();
    column.ends = out.scratch_ends[i].data();
    column.heap = out.scratch_heaps[i].data();
  }
  return {};
}

// Mapped rows, then the derived ones, whose ids are higher.
class JoinedSource : public RowSource {
 public:
  JoinedSource(std::unique_ptr<RowSource> first, std::unique_ptr<RowSource> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  TableId table() const override { return first_->table(); }
  std::uint64_t rows() const override { return first_->rows() + second_->rows(); }
  std::size_t blocks() const override { return first_->blocks() + second_->blocks(); }
  Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const override {
    return index < first_->blocks() ? first_->read(index, wanted, out) : second_->read(index - first_->blocks(), wanted, out);
  }
  Hash128 mark(std::size_t index) const override {
    return index < first_->blocks() ? first_->mark(index) : second_->mark(index - first_->blocks());
  }

 private:
  std::unique_ptr<RowSource> first_, second_;
};

}  // namespace

std::unique_ptr<RowSource> assembled_source(const Duck& duck, const Schema& schema, const Overlay& overlay,
                                            const std::vector<Derived>& derived, std::unique_ptr<RowSource> mapped) {
  for (const auto& one : derived) {
    if (one.table != mapped->table()) continue;
    auto rows = std::make_unique<DerivedSource>(duck, schema, one);
    if (!one.added) return rows;
    return std::make_unique<JoinedSource>(overlay.over(std::move(mapped)), std::move(rows));
  }
  return overlay.over(std::move(mapped));
}

}  // namespace pyojun
