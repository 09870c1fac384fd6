#include "mapping/fixed_layout.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "mapping/csv_line.hpp"

namespace pyojun::mapping {

namespace {

constexpr std::uint32_t most_bytes = 16U << 20;  // of a record
constexpr std::uint32_t most_decimals = 18;

struct Columns {
  std::ptrdiff_t record = -1, field = -1, start = -1, bytes = -1, type = -1, value = -1;
  bool complete() const { return record >= 0 && field >= 0 && bytes >= 0; }
};

Columns columns_of(const CsvLine& header) {
  const auto find = [&](std::string_view name) {
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
      std::string_view field = header.fields[i];
      if (i == 0 && field.starts_with("\xEF\xBB\xBF")) field.remove_prefix(3);
      if (equal_folded(trim(field), name)) return static_cast<std::ptrdiff_t>(i);
    }
    return std::ptrdiff_t{-1};
  };
  return {find("record"), find("field"), find("start"), find("bytes"), find("type"), find("value")};
}

std::string_view cell(const CsvLine& line, std::ptrdiff_t column) {
  if (column < 0 || static_cast<std::size_t>(column) >= line.fields.size()) return {};
  return trim(line.fields[static_cast<std::size_t>(column)]);
}

std::optional<std::uint32_t> whole(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool read_type(std::string_view text, FixedField& field) {
  using Type = FixedField::Type;
  if (text.starts_with("number.")) {
    const auto scale = whole(text.substr(7));
    if (!scale || *scale > most_decimals) return false;
    field.scale = *scale;
    field.type = Type::number;
    return true;
  }
  static constexpr std::pair<std::string_view, Type> types[] = {{"", Type::text},         {"text", Type::text}, {"raw", Type::raw},
                                                                {"number", Type::number}, {"date", Type::date}, {"tag", Type::tag},
                                                                {"filler", Type::filler}};
  const auto found = std::find_if(std::begin(types), std::end(types), [&](const auto& row) { return row.first == text; });
  if (found == std::end(types)) return false;
  field.type = found->second;
  return true;
}

// The values of a tag; each as long as the field.
bool read_values(std::string_view text, FixedField& field) {
  if (field.type != FixedField::Type::tag) return text.empty();
  while (true) {
    const std::size_t bar = std::min(text.find('|'), text.size());
    field.values.emplace_back(text.substr(0, bar));
    if (field.values.back().size() != field.bytes) return false;
    if (bar == text.size()) return true;
    text.remove_prefix(bar + 1);
  }
}

bool read_field(const CsvLine& line, const Columns& columns, FixedRecord& record) {
  FixedField field;
  field.name = cell(line, columns.field);
  const auto bytes = whole(cell(line, columns.bytes));
  const std::string_view start = cell(line, columns.start);
  field.start = record.fields.empty() ? 0 : record.fields.back().start + record.fields.back().bytes;
  if (!start.empty()) {
    const auto from_one = whole(start);
    if (!from_one || *from_one == 0) return false;
    field.start = *from_one - 1;
  }
  if (!bytes || *bytes == 0 || *bytes > most_bytes || field.start > most_bytes - *bytes) return false;
  field.bytes = *bytes;
  if (!read_type(cell(line, columns.type), field) || !read_values(cell(line, columns.value), field)) return false;
  const auto same = [&](const FixedField& other) { return other.name == field.name; };
  const bool nameless = field.type == FixedField::Type::filler && field.name.empty();
  if (!nameless && (field.name.empty() || std::any_of(record.fields.begin(), record.fields.end(), same))) return false;
  record.bytes = std::max(record.bytes, field.start + field.bytes);
  record.fields.push_back(std::move(field));
  return true;
}

}  // namespace

LayoutReading read_fixed_layout(std::string_view csv) {
  LayoutReading out;
  std::uint32_t number = 0;
  CsvLine line;
  if (!next_csv_line(csv, ',', number, line)) return {{}, 1};
  const Columns columns = columns_of(line);
  if (!columns.complete()) return {{}, 1};
  while (next_csv_line(csv, ',', number, line)) {
    if (line.fields.size() == 1 && trim(line.fields[0]).empty()) continue;
    const std::string_view kind = cell(line, columns.record);
    auto record = std::find_if(out.records.begin(), out.records.end(), [&](const FixedRecord& r) { return r.kind == kind; });
    if (record == out.records.end()) record = out.records.insert(record, FixedRecord{std::string(kind), 0, {}});
    if (kind.empty() || !read_field(line, columns, *record)) return {{}, line.number};
  }
  if (out.records.empty()) out.wrong_line = 1;
  return out;
}

}  // namespace pyojun::mapping
