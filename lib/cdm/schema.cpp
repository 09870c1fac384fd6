// Loads the CDM description: three small CSV tables of our own, without quotes, with one header line each.
#include "cdm/schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/resources.hpp"

namespace pyojun {

namespace {

// One of the three files: its text, name for messages, and the header it must have.
struct Sheet {
  std::string file;
  std::string text;
};

// Fields of one line; views into the sheet's text.
struct Line {
  std::vector<std::string_view> fields;
  std::uint64_t number = 0;
};

Error damaged(const std::string& file, std::uint64_t line, std::string_view subject) {
  return Error{Code::schema_damaged, file, Position{line, 0, 0}, std::string(subject), {}};
}

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return Error{Code::file_not_readable, path, {}, path, {}};
  std::string text;
  std::array<char, 16384> block{};
  std::size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), file.get())) > 0) text.append(block.data(), got);
  if (std::ferror(file.get()) != 0) return Error{Code::file_not_readable, path, {}, path, {}};
  return text;
}

Result<Sheet> open_sheet(std::string_view version, const std::string& folder, std::string_view name) {
  if (!folder.empty()) {
    Sheet sheet{folder + "/" + std::string(name), {}};
    auto text = read_file(sheet.file);
    if (!text) return text.error();
    sheet.text = std::move(*text);
    return sheet;
  }
  Sheet sheet{"schemas/" + std::string(version) + "/" + std::string(name), {}};
  const auto text = resource(sheet.file);
  if (!text) return Error{Code::schema_unknown, sheet.file, {}, std::string(version), {}};
  sheet.text = *text;
  return sheet;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

// Lines below the header, as views into `text`. The header must be exactly `header`: a column out of place must not be read as another one.
Result<std::vector<Line>> lines_of(const std::string& file, std::string_view text, std::string_view header) {
  std::vector<Line> lines;
  std::string_view rest = text;
  const std::size_t width = split(header).size();
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1) {
      if (line != header) return damaged(file, 1, header);
      continue;
    }
    if (line.empty()) continue;
    Line row{split(line), number};
    if (row.fields.size() != width) return damaged(file, number, row.fields[0]);
    lines.push_back(std::move(row));
  }
  if (lines.empty()) return damaged(file, 1, header);
  return lines;
}

std::optional<ColumnType> type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, ColumnType>, 5> types{{{"integer", ColumnType::integer},
                                                                                 {"number", ColumnType::number},
                                                                                 {"date", ColumnType::date},
                                                                                 {"datetime", ColumnType::datetime},
                                                                                 {"text", ColumnType::text}}};
  const auto found = std::ranges::find(types, name, &std::pair<std::string_view, ColumnType>::first);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

// Empty is no; anything but "yes" is a mistake in the file.
std::optional<bool> yes_no(std::string_view text) {
  if (text.empty()) return false;
  return text == "yes" ? std::optional(true) : std::nullopt;
}

std::optional<std::uint32_t> length_of(std::string_view text) {
  std::uint32_t value = 0;
  if (text.empty()) return value;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

constexpr std::string_view tables_header = "table,schema,primary_key,domain";
constexpr std::string_view columns_header = "table,column,type,max_length,required,primary_key,references,domain";
constexpr std::string_view stem_header = "table,attribute,column";

}  // namespace

ColumnId Table::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  return found == columns.end() ? no_column : static_cast<ColumnId>(found - columns.begin());
}

TableId Schema::find(std::string_view table) const {
  const auto found = ids_.find(std::string(table));
  return found == ids_.end() ? no_table : found->second;
}

std::vector<std::string> Schema::stem_attributes() const {
  std::vector<std::string> names;
  for (const auto& route : stem_) {
    if (std::ranges::find(names, route.attribute) == names.end()) names.push_back(route.attribute);
  }
  return names;
}

TableId Schema::table_for_domain(std::string_view domain) const {
  TableId fallback = no_table;
  for (TableId id = 0; id < tables_.size(); ++id) {
    const std::string& of = tables_[id].domain;
    if (of.empty()) continue;
    if (of == domain) return id;
    if (of == "Observation") fallback = id;
  }
  return fallback;
}

Result<Schema> Schema::load(std::string_view version, const std::string& folder) {
  Schema schema;
  const auto tables = open_sheet(version, folder, "tables.csv");
  if (!tables) return tables.error();
  const auto columns = open_sheet(version, folder, "columns.csv");
  if (!columns) return columns.error();
  const auto stem = open_sheet(version, folder, "stem.csv");
  if (!stem) return stem.error();

  const auto table_lines = lines_of(tables->file, tables->text, tables_header);
  if (!table_lines) return table_lines.error();
  for (const auto& line : *table_lines) {
    const auto id = static_cast<TableId>(schema.tables_.size());
    if (!schema.ids_.emplace(std::string(line.fields[0]), id).second) return damaged(tables->file, line.number, line.fields[0]);
    Table& table = schema.tables_.emplace_back();
    table.name = line.fields[0];
    table.schema = line.fields[1];
    table.domain = line.fields[3];
  }
  if (auto done = schema.add_columns(columns->text, columns->file); !done) return done.error();
  for (const auto& line : *table_lines) {
    Table& table = schema.tables_[schema.find(line.fields[0])];
    const bool named = table.primary_key == no_column ? line.fields[2].empty() : table.columns[table.primary_key].name == line.fields[2];
    if (!named || table.columns.empty()) return damaged(tables->file, line.number, table.name);
  }
  if (auto done = schema.add_stem(stem->text, stem->file); !done) return done.error();
  return schema;
}

Status Schema::add_columns(const std::string& text, const std::string& file) {
  const auto lines = lines_of(file, text, columns_header);
  if (!lines) return lines.error();
  for (const auto& line : *lines) {
    const auto& fields = line.fields;
    const TableId id = find(fields[0]);
    const auto type = type_of(fields[2]);
    const auto length = length_of(fields[3]);
    const auto required = yes_no(fields[4]);
    const auto primary = yes_no(fields[5]);
    const TableId target = fields[6].empty() ? no_table : find(fields[6]);
    const bool known = id != no_table && type && length && required && primary && (fields[6].empty() || target != no_table);
    if (!known || fields[1].empty() || tables_[id].find(fields[1]) != no_column) return damaged(file, line.number, fields[1]);
    Table& table = tables_[id];
    if (*primary) {
      if (table.primary_key != no_column) return damaged(file, line.number, fields[1]);
      table.primary_key = static_cast<ColumnId>(table.columns.size());
    }
    table.columns.push_back(Column{std::string(fields[1]), *type, *length, *required, *primary, target, std::string(fields[7])});
  }
  return {};
}

Status Schema::add_stem(const std::string& text, const std::string& file) {
  const auto lines = lines_of(file, text, stem_header);
  if (!lines) return lines.error();
  for (const auto& line : *lines) {
    const TableId id = find(line.fields[0]);
    const ColumnId column = id == no_table ? no_column : tables_[id].find(line.fields[2]);
    if (column == no_column || line.fields[1].empty()) return damaged(file, line.number, line.fields[1]);
    stem_.push_back(StemRoute{id, std::string(line.fields[1]), column});
  }
  return {};
}

}  // namespace pyojun
