#include "warehouse/assemble.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>

#include "base/resources.hpp"
#include "cdm/rows.hpp"
#include "warehouse/table_function.hpp"

namespace pyojun {

namespace {

constexpr std::string_view folder = "schemas/omop-5.4/assemble/";

std::string typed_columns(const Table& table, std::string_view pattern) {
  std::string out;
  for (const auto& column : table.columns) {
    if (!out.empty()) out += ", ";
    out += fmt::format(fmt::runtime(pattern), sql_name(column.name), sql_type(column.type));
  }
  return out;
}

// "person" of a first line "-- table: person"; empty when there is none.
std::string_view target_of(std::string_view sql) {
  constexpr std::string_view mark = "-- table: ";
  if (!sql.starts_with(mark)) return {};
  return sql.substr(mark.size(), sql.find('\n') - mark.size());
}

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

}  // namespace

std::unique_ptr<RowSource> derived_source(const Duck& duck, const Schema& schema, const Derived& derived) {
  return std::make_unique<DerivedSource>(duck, schema, derived);
}

Status make_views(Duck& duck, const Schema& schema, const std::vector<Derived>& derived, const std::string& vocabulary_folder) {
  std::string sql;
  for (TableId id = 0; id < schema.tables().size(); ++id) {
    const Table& table = schema.table(id);
    const bool is_derived = std::any_of(derived.begin(), derived.end(), [id](const Derived& one) { return one.table == id; });
    std::string source;
    if (table.schema == "vocabulary") {
      const std::string file = vocabulary_folder + "/" + table.name + ".parquet";
      struct stat facts {};
      const bool there = !vocabulary_folder.empty() && ::stat(file.c_str(), &facts) == 0;
      source = there ? "from read_parquet(" + sql_text(file) + ")" : "select " + typed_columns(table, "null::{1} as {0}") + " where false";
    } else if (is_derived) {
      source = "from derived." + sql_name(table.name);
    } else {
      source = "from part_rows(" + sql_text(table.name) + ")";
    }
    sql += fmt::format("create or replace view cdm.{} as {};", sql_name(table.name), source);
  }
  return duck.exec(sql, "views");
}

Result<std::vector<Derived>> assemble(Duck& duck, const Schema& schema, const std::vector<std::uint64_t>& mapped) {
  std::vector<Derived> out;
  for (const std::string_view path : resources_under(folder)) {
    if (!path.ends_with(".sql")) continue;
    const std::string sql(resource(path).value_or(""));
    const std::string_view name = path.substr(folder.size());
    const std::string_view target = target_of(sql);
    if (target.empty()) {
      if (Status status = duck.exec(sql, name); !status) return status.error();
      continue;
    }
    const TableId id = schema.find(target);
    if (id == no_table || mapped[id] > 0) continue;
    const Table& table = schema.table(id);
    const std::string create = fmt::format("create table derived.{}({});", sql_name(table.name), typed_columns(table, "{0} {1}"));
    if (Status status = duck.exec(create + sql, name); !status) return status.error();
    auto rows = duck.integer("select count(*) from derived." + sql_name(table.name), name);
    if (!rows) return rows.error();
    out.push_back({id, static_cast<std::uint64_t>(*rows)});
    const std::string view = fmt::format("create or replace view cdm.{0} as from derived.{0};", sql_name(table.name));
    if (Status status = duck.exec(view, name); !status) return status.error();
  }
  std::sort(out.begin(), out.end(), [](const Derived& a, const Derived& b) { return a.table < b.table; });
  return out;
}

}  // namespace pyojun
