// One file of an Athena download: found by name, header read, columns bound by name, rows handed over in the order asked for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.hpp"
#include "base/result.hpp"
#include "vocabulary/scanner.hpp"

namespace pyojun::vocabulary {

// The files Pyojun knows, with the columns it wants of each, in that order.
enum class TableName {
  concept_,
  concept_relationship,
  concept_ancestor,
  vocabulary,
  domain,
  concept_class,
  relationship,
  concept_synonym,
  drug_strength,
  count
};
struct TableInfo {
  std::string_view name;  // lower case, without .csv
  bool required;
  std::vector<std::string_view> columns;
};
const TableInfo& table_info(TableName table);

// A damaged line: its number, and what is wrong with it (a column's name, or empty for a wrong number of columns).
struct Damage {
  std::uint64_t line = 0;
  std::string column;
};

class SourceTable {
 public:
  // Finds the table's file in the folder: CONCEPT.csv in any case, or <table>_<anything>.csv. No value when there is none;
  // an error when it cannot be read or lacks a column.
  static Result<std::optional<SourceTable>> find(const std::string& folder, TableName table);
  // The same over bytes in memory, for tests; `name` is used in messages.
  static Result<SourceTable> over(std::string_view bytes, const std::string& name, TableName table);

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return bytes_; }  // the whole file
  std::string_view body() const { return body_; }    // without header line and byte order mark
  bool tabs() const { return tabs_; }
  // Pieces of the body that end at line ends, about `size` bytes each; one piece when fields may be quoted.
  std::vector<std::string_view> pieces(std::size_t size) const;
  // True and the wanted columns in `row.at`, or false: the row has the wrong number of columns.
  bool pick(const Fields& from, Fields& row) const {
    if (from.count != columns_) return false;
    for (std::size_t i = 0; i < wanted_.size(); ++i) row.at[i] = from.at[wanted_[i]];
    row.count = wanted_.size();
    return true;
  }
  // Calls row(fields) for each row of the piece; row answers the name of the damaged column or an empty view. Stops at the first damage.
  template <class Use>
  std::optional<Damage> each(std::string_view piece, Use use, std::uint64_t* lines = nullptr) const;

  // Error when the file was written to since it was opened.
  Status unchanged() const { return file_ == nullptr ? Status() : file_->unchanged(); }
  Error damaged(std::uint64_t line, const std::string& column) const;

 private:
  Status read_header(TableName table);
  Status bind(const Fields& names, TableName table);
  template <class Rows, class Use>
  std::optional<Damage> run(Rows rows, Use use, std::uint64_t* lines) const;

  std::shared_ptr<const MappedFile> file_;
  std::string path_;
  std::string_view bytes_, body_;
  bool tabs_ = true;
  std::size_t columns_ = 0;
  std::vector<std::size_t> wanted_;
};

template <class Rows, class Use>
std::optional<Damage> SourceTable::run(Rows rows, Use use, std::uint64_t* lines) const {
  Fields found, row;
  while (rows.next(found)) {
    std::string_view wrong;
    if (!pick(found, row)) return Damage{rows.lines(), std::string()};
    if (wrong = use(row); !wrong.empty()) return Damage{rows.lines(), std::string(wrong)};
  }
  if (lines != nullptr) *lines = rows.lines();
  return std::nullopt;
}

template <class Use>
std::optional<Damage> SourceTable::each(std::string_view piece, Use use, std::uint64_t* lines) const {
  return tabs_ ? run(TabRows(piece), use, lines) : run(QuotedRows(piece), use, lines);
}

}  // namespace pyojun::vocabulary
