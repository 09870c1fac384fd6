// A settled warehouse in memory: rows for the CSV publisher, and the same rows as tables of schema cdm for SQL.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time_value.hpp"
#include "publish/fake_rows.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun::test {

class FakeWarehouse : public Warehouse {
 public:
  struct Content {
    std::uint32_t rows = 0;
    std::vector<FakeColumn> columns;
  };

  FakeWarehouse() {
    auto loaded = Schema::load();
    REQUIRE(loaded);
    schema_ = std::make_unique<Schema>(std::move(*loaded));
    DuckOptions options;
    options.threads = 2;
    auto duck = Duck::open(options);
    REQUIRE(duck);
    duck_ = std::move(*duck);
    REQUIRE(duck_->exec(
        "create schema cdm; create schema ledger; create table ledger.csv_block(place varchar, \"table\" varchar, program varchar, "
        "mark_low bigint, mark_high bigint, \"at\" bigint, bytes bigint, rows bigint, sum_low bigint, sum_high bigint, state "
        "varchar); create table ledger.run(run bigint, program varchar);"));
  }

  // Columns by name; those not named are null.
  void fill(const std::string& table, std::uint32_t rows, const std::vector<std::pair<std::string, FakeColumn>>& columns) {
    const TableId id = schema_->find(table);
    REQUIRE(id != no_table);
    Content& content = content_[id];
    content.rows = rows;
    content.columns.assign(schema_->table(id).columns.size(), {});
    for (const auto& [name, column] : columns) content.columns[schema_->table(id).find(name)] = column;
    fill_duck(schema_->table(id), content);
  }

  Status begin(const RunIdentity&) override { return {}; }
  void identify(const RunIdentity&) override {}
  const std::vector<FileName>& names() const override { return no_names_; }
  void set_names(std::vector<FileName>) override {}
  std::uint64_t run_number() const override { return 1; }
  std::uint32_t add_rules(const RuleSet&) override { return 0; }
  void keep(std::uint32_t) override {}
  void set_encoding(std::uint32_t, const std::string&) override {}
  void add_columns(std::uint32_t, const std::vector<std::string>&, const std::vector<std::string>&) override {}
  void add_finding(std::uint32_t, Code, const std::string&, std::uint64_t) override {}
  void drop(std::uint32_t) override {}
  void set_order(std::vector<std::uint32_t>) override {}
  std::uint32_t add_file(const FileEntry&) override { return 0; }
  Status commit(std::uint32_t, std::vector<RowChunk>&, const std::vector<RuleTally>&, const BatchFacts&,
                std::vector<QuarantineEntry>&) override {
    return {};
  }
  void note_file(std::uint32_t, const std::vector<QuarantineEntry>&) override {}
  void add_codes(const std::vector<CodeTally>&) override {}
  void add_profile(std::uint32_t, const std::string&, const std::vector<std::pair<std::string, std::uint64_t>>&, std::uint64_t) override {}
  Status settle() override { return {}; }
  const std::vector<Balance>& balances() const override { return balances_; }
  const std::vector<FileEntry>& files() const override { return files_; }
  std::vector<std::pair<std::string, std::uint64_t>> table_rows() const override { return {}; }
  bool balanced() const override { return true; }
  Result<std::unique_ptr<RowSource>> rows(TableId table) override {
    const Content& content = content_[table];
    auto source = std::make_unique<FakeSource>(schema_->table(table), table, content.rows, content.columns, block_rows);
    source->lie = table == liar ? 1 : 0;
    return std::unique_ptr<RowSource>(std::move(source));
  }
  const Schema& schema() const override { return *schema_; }
  Result<std::optional<Provenance>> provenance(TableId, std::int32_t) const override { return std::optional<Provenance>(); }
  const std::vector<std::string>& rules() const override { return rules_; }
  std::size_t swept() const override { return 0; }
  Status finish() override { return {}; }
  Duck& duck() override { return *duck_; }

  std::uint32_t block_rows = 100;
  TableId liar = no_table;  // the table whose source promises one row more than it has

 private:
  std::vector<FileName> no_names_;
  static std::string literal(ColumnType type, const FakeColumn& column, std::size_t row) {
    switch (type) {
      case ColumnType::integer:
        return column.integers[row] == null_integer ? "NULL" : fmt::format("{}", column.integers[row]);
      case ColumnType::number:
        return std::bit_cast<std::uint64_t>(column.numbers[row]) == null_number_bits ? "NULL" : fmt::format("{}", column.numbers[row]);
      case ColumnType::text:
        return column.texts[row].empty() ? "NULL" : sql_text(column.texts[row]);
      case ColumnType::date:
        break;
      case ColumnType::datetime:
        break;
    }
    std::string text;
    if (type == ColumnType::date && column.integers[row] != null_date) append_date(text, column.integers[row]);
    if (type == ColumnType::datetime && column.datetimes[row] != null_datetime) append_datetime(text, column.datetimes[row]);
    return text.empty() ? "NULL" : fmt::format("{} '{}'", type == ColumnType::date ? "DATE" : "TIMESTAMP", text);
  }

  void fill_duck(const Table& table, const Content& content) {
    constexpr std::string_view types[] = {"INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"};
    std::string columns, values;
    for (const Column& column : table.columns)
      columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", sql_name(column.name), types[static_cast<std::size_t>(column.type)]);
    for (std::size_t row = 0; row < content.rows; ++row) {
      values += row == 0 ? "(" : ", (";
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const FakeColumn& column = content.columns[i];
        if (i != 0) values += ", ";
        if (column.form == BlockColumn::Form::null) values += "NULL";
        if (column.form != BlockColumn::Form::null)
          values += literal(table.columns[i].type, column, column.form == BlockColumn::Form::constant ? 0 : row);
      }
      values += ")";
    }
    REQUIRE(duck_->exec(fmt::format("CREATE TABLE cdm.{} ({})", table.name, columns)));
    if (content.rows != 0) REQUIRE(duck_->exec(fmt::format("INSERT INTO cdm.{} VALUES {}", table.name, values)));
  }

  std::unique_ptr<Schema> schema_;
  std::unique_ptr<Duck> duck_;
  std::map<TableId, Content> content_;
  std::vector<Balance> balances_;
  std::vector<FileEntry> files_;
  std::vector<std::string> rules_;
};

}  // namespace pyojun::test
