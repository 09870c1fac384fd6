// Small helpers for warehouse tests: a temporary folder, chunks built row by row, finished tables as vectors.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace kit {

using namespace pyojun;

// Stops the test with the error's own words.
inline void must(const Status& status) {
  if (status) return;
  const Error& error = status.error();
  FAIL(std::string(info(error.code).id), " ", error.file, " ", error.subject, ": ", error.detail);
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pyojun-warehouse-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

inline const Schema& schema() {
  static const Schema loaded = [] {
    auto result = Schema::load();
    REQUIRE(result);
    return *result;
  }();
  return loaded;
}

inline Hash128 key(std::string_view text) { return hash128(text); }

// One row to be; unset columns are null.
struct Row {
  std::uint32_t record = 0, candidate = 0;
  std::string key;  // empty: no key
  bool lead = true, deletes = false;
  std::optional<std::int64_t> version;
  std::string order;                             // between equal versions
  std::string within;                            // key of a care site
  std::map<std::string, std::int32_t> integers;  // integers and dates
  std::map<std::string, std::string> texts, references;
  std::map<std::string, double> numbers;
  std::map<std::string, std::uint32_t> siblings;
};

inline RowChunk chunk(const std::string& table_name, std::uint16_t rule, const std::vector<Row>& rows) {
  RowChunk out;
  out.table = schema().find(table_name);
  REQUIRE(out.table != no_table);
  const Table& table = schema().table(out.table);
  out.rule = rule;
  out.rows = static_cast<std::uint32_t>(rows.size());
  std::map<std::string, ColumnValues> columns;
  const auto column = [&](const std::string& name, Storage storage) -> ColumnValues& {
    ColumnValues& values = columns[name];
    values.column = table.find(name);
    REQUIRE(values.column != no_column);
    values.storage = storage;
    values.target = table.columns[values.column].references;
    return values;
  };
  for (const Row& row : rows) {
    for (const auto& [name, value] : row.integers) column(name, Storage::integers);
    for (const auto& [name, value] : row.texts) column(name, Storage::texts);
    for (const auto& [name, value] : row.references) column(name, Storage::references);
    for (const auto& [name, value] : row.numbers) column(name, Storage::numbers);
    for (const auto& [name, value] : row.siblings) column(name, Storage::siblings);
    out.keyed = out.keyed || !row.key.empty();
  }
  const bool versions = std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.version.has_value(); });
  const bool ordered = std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.order.empty(); });
  const bool standing = std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.within.empty(); });
  if (standing) {
    out.within_each = 1;
    out.within_target = schema().find("care_site");
  }
  for (const Row& row : rows) {
    out.records.push_back(row.record);
    out.candidates.push_back(row.candidate);
    out.leads.push_back(row.lead ? 1 : 0);
    out.deletes.push_back(row.deletes ? 1 : 0);
    if (out.keyed) out.keys.push_back(key(row.key));
    if (versions) out.versions.push_back(row.version.value_or(0));
    if (ordered) {
      out.order_heap += row.order;
      out.order_ends.push_back(static_cast<std::uint32_t>(out.order_heap.size()));
      out.orders.push_back(static_cast<std::uint32_t>(out.orders.size()));
    }
    if (standing) out.within.push_back(row.within.empty() ? Hash128{} : key(row.within));
    for (auto& [name, values] : columns) {
      switch (values.storage) {
        case Storage::integers:
          values.integers.push_back(row.integers.contains(name) ? row.integers.at(name) : null_integer);
          break;
        case Storage::numbers:
          values.numbers.push_back(row.numbers.contains(name) ? row.numbers.at(name) : std::bit_cast<double>(null_number_bits));
          break;
        case Storage::texts:
          if (row.texts.contains(name)) values.heap += row.texts.at(name);
          values.ends.push_back(static_cast<std::uint32_t>(values.heap.size()));
          break;
        case Storage::references:
          values.references.push_back(row.references.contains(name) ? key(row.references.at(name)) : Hash128{});
          break;
        default:
          values.siblings.push_back(row.siblings.contains(name) ? row.siblings.at(name) : 0);
      }
    }
  }
  for (auto& [name, values] : columns) out.columns.push_back(std::move(values));
  return out;
}

// A person, a visit, a condition with the columns tests look at.
inline Row person(std::string_view name, std::int32_t year = 1950) {
  Row row;
  row.key = name;
  row.integers["year_of_birth"] = year;
  row.texts["person_source_value"] = name;
  return row;
}
inline Row visit(std::string_view name, const std::string& of, std::int32_t day = 18000) {
  Row row;
  row.key = name;
  row.references["person_id"] = of;
  row.integers["visit_start_date"] = day;
  row.integers["visit_end_date"] = day;
  row.texts["visit_source_value"] = name;
  return row;
}
inline Row condition(const std::string& of, const std::string& during = {}, std::int32_t concept_id = 1, std::int32_t day = 18000) {
  Row row;
  row.references["person_id"] = of;
  if (!during.empty()) row.references["visit_occurrence_id"] = during;
  row.integers["condition_concept_id"] = concept_id;
  row.integers["condition_start_date"] = day;
  return row;
}
// Numbers records and candidates in order.
inline std::vector<Row> numbered(std::vector<Row> rows, std::uint32_t first = 0) {
  for (auto& row : rows) row.record = row.candidate = first++;
  return rows;
}

// A table as text cells: "" is null.
using Cells = std::vector<std::map<std::string, std::string>>;
inline Cells cells(Warehouse& warehouse, const std::string& name) {
  const TableId id = schema().find(name);
  auto source = warehouse.rows(id);
  REQUIRE(source);
  Cells out;
  RowBlock block;
  for (std::size_t b = 0; b < (*source)->blocks(); ++b) {
    REQUIRE((*source)->read(b, {}, block));
    for (std::uint32_t row = 0; row < block.rows; ++row) {
      auto& line = out.emplace_back();
      for (std::size_t c = 0; c < block.columns.size(); ++c) {
        const BlockColumn& column = block.columns[c];
        std::string& cell = line[schema().table(id).columns[c].name];
        if (column.form == BlockColumn::Form::null) continue;
        const std::size_t at = column.form == BlockColumn::Form::constant ? 0 : row;
        switch (column.type) {
          case ColumnType::integer:
          case ColumnType::date:
            if (column.integers[at] != null_integer) cell = std::to_string(column.integers[at]);
            break;
          case ColumnType::datetime:
            if (column.datetimes[at] != null_datetime) cell = std::to_string(column.datetimes[at]);
            break;
          case ColumnType::number:
            if (std::bit_cast<std::uint64_t>(column.numbers[at]) != null_number_bits) cell = fmt::format("{}", column.numbers[at]);
            break;
          case ColumnType::text: {
            const std::uint32_t begin = at == 0 ? column.begin : column.ends[at - 1];
            cell.assign(column.heap + begin, column.ends[at] - begin);
          }
        }
      }
    }
  }
  CHECK(out.size() == (*source)->rows());
  return out;
}

// "value value ..." of one column in table order.
inline std::string column(Warehouse& warehouse, const std::string& table, const std::string& name) {
  std::string out;
  for (const auto& line : cells(warehouse, table)) {
    if (!out.empty()) out += ' ';
    out += line.at(name).empty() ? "-" : line.at(name);
  }
  return out;
}

struct Run {
  std::unique_ptr<Warehouse> warehouse;
  std::uint32_t rules = 4;

  explicit Run(const std::string& folder, std::uint32_t rule_count = 4, std::uint64_t contest_rows = 1U << 21,
               std::uint64_t memory_bytes = 256ULL << 20)
      : rules(rule_count) {
    WarehouseOptions options;
    options.folder = folder;
    options.schema = &schema();
    options.contest_rows = contest_rows;
    options.memory_bytes = memory_bytes;
    for (std::uint32_t i = 0; i < rules; ++i) options.rules.push_back("rule" + std::to_string(i));
    options.filters.resize(rules, {"first", "second"});
    auto opened = Warehouse::open(options);
    REQUIRE(opened);
    warehouse = std::move(*opened);
    RunIdentity identity;
    identity.identity = "0123";
    identity.source_name = "test";
    identity.mapping_name = "map";
    identity.mapping_hash = "abcdef";
    identity.vocabulary_release = "v5.0 test";
    identity.program_version = "0";
    must(warehouse->begin(identity));
  }
  std::uint32_t file(const std::string& name = "a.csv") {
    FileEntry entry;
    entry.name = entry.path = name;
    entry.sha256 = "00";
    return warehouse->add_file(entry);
  }
  // Commits chunks as one batch; tallies follow from the lead rows.
  void commit(std::uint32_t to, std::vector<RowChunk> chunks, const std::vector<RecordPlace>& places = {}, std::uint64_t first_record = 0,
              std::uint64_t first_line = 0) {
    std::vector<RuleTally> tallies(rules);
    BatchFacts facts;
    for (const auto& one : chunks) {
      for (const auto lead : one.leads) {
        tallies[one.rule].in += lead;
        tallies[one.rule].mapped += lead;
        facts.seen += lead;
      }
    }
    facts.places = places;
    facts.first_record = first_record;
    facts.first_line = first_line;
    std::vector<QuarantineEntry> rejects;
    must(warehouse->commit(to, chunks, tallies, facts, rejects));
  }
  void settle() {
    must(warehouse->settle());
    CHECK(warehouse->balanced());
  }
  void finish() { must(warehouse->finish()); }
  Balance balance(std::uint32_t file, std::int32_t rule) const {
    for (const auto& line : warehouse->balances()) {
      if (line.file == file && line.rule == rule) return line;
    }
    FAIL("no such line");
    return {};
  }
  // code:column:row_kept of the quarantine, in order.
  std::string quarantine() const {
    std::string out;
    const auto take = [&out](const DuckRows& rows) {
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        if (!out.empty()) out += ' ';
        out += std::string(rows.text(0, i)) + ":" + std::string(rows.text(1, i)) + ":" + std::to_string(rows.integer(2, i));
      }
      return true;
    };
    REQUIRE(warehouse->duck().query("select code, \"column\", row_kept from quarantine.entry order by rowid", take));
    return out;
  }
};

}  // namespace kit
