// Reads code lists: RFC 4180 CSV with a header line; what a spreadsheet may have damaged is refused, not guessed.
#include "mapping/code_list.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "mapping/csv_line.hpp"
#include "mapping/values.hpp"

namespace pyojun::mapping {

namespace {

struct Columns {
  int code = -1, target = -1, vocabulary = -1, source_concept = -1, status = -1, invalid = -1;
};

Columns columns_of(const CsvLine& header) {
  const auto find = [&](std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
      const auto found = std::ranges::find_if(header.fields, [name](const std::string& field) { return trimmed(field) == name; });
      if (found != header.fields.end()) return static_cast<int>(found - header.fields.begin());
    }
    return -1;
  };
  Columns out;
  out.code = find({"source_code", "sourceCode"});
  out.target = find({"target_concept_id", "conceptId"});
  out.vocabulary = find({"source_vocabulary_id"});
  out.source_concept = find({"source_concept_id", "sourceConceptId"});
  out.status = find({"mappingStatus"});
  out.invalid = find({"invalid_reason"});
  return out;
}

// 1.2E+05 and 5-Jan, Jan-05: what spreadsheets make of codes.
bool damaged(std::string_view code) {
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto digits = [](std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; };
  if (const auto e = code.find("E+"); e != std::string_view::npos && e > 0 && digits(code.substr(e + 2))) {
    const auto mantissa = code.substr(0, e);
    const auto dot = mantissa.find('.');
    if (digits(mantissa.substr(0, dot)) && (dot == std::string_view::npos || digits(mantissa.substr(dot + 1)))) return true;
  }
  const auto dash = code.find('-');
  if (dash == std::string_view::npos) return false;
  const auto left = code.substr(0, dash), right = code.substr(dash + 1);
  const auto month = [](std::string_view text) { return std::ranges::find(months, text) != months.end(); };
  return (digits(left) && left.size() <= 2 && month(right)) || (month(left) && digits(right) && right.size() <= 4);
}

Diagnostic finding(const ListSource& source, Code code, std::uint32_t line, std::string subject = {}) {
  Diagnostic out;
  out.code = code;
  out.file = source.file;
  out.line = line;
  out.column = 1;
  out.subject = std::move(subject);
  return out;
}

// Standard concepts a target stands for. Without a vocabulary it is taken as it is.
std::vector<std::int32_t> standard_targets(const ListSource& source, std::int32_t target, std::uint32_t line,
                                           std::vector<Diagnostic>& diagnostics) {
  if (target == 0 || source.vocabulary == nullptr) return target == 0 ? std::vector<std::int32_t>{} : std::vector{target};
  const auto found = source.vocabulary->concept_of(target);
  if (!found) {
    diagnostics.push_back(finding(source, Code::list_target_unknown, line, fmt::format("{}", target)));
    return {};
  }
  if (found->is_standard()) return {target};
  diagnostics.push_back(finding(source, Code::list_target_not_standard, line, fmt::format("{}", target)));
  const auto targets = source.vocabulary->maps_to(target);
  return {targets.begin(), targets.end()};
}

template <class Choose>
void read_rows(const ListSource& source, std::vector<Diagnostic>& diagnostics, Choose choose) {
  std::string_view rest = source.text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  const auto first = rest.substr(0, rest.find('\n'));
  const char delimiter = first.find('\t') != std::string_view::npos                                               ? '\t'
                         : first.find(',') == std::string_view::npos && first.find(';') != std::string_view::npos ? ';'
                                                                                                                  : ',';
  std::uint32_t number = 0;
  CsvLine line;
  if (!next_csv_line(rest, delimiter, number, line)) return diagnostics.push_back(finding(source, Code::list_columns, 1));
  const Columns columns = columns_of(line);
  if (columns.code < 0 || columns.target < 0) return diagnostics.push_back(finding(source, Code::list_columns, 1));
  const auto field = [&](int column) {
    const auto at = static_cast<std::size_t>(column);
    return column < 0 || at >= line.fields.size() ? std::string_view() : trimmed(line.fields[at]);
  };
  while (next_csv_line(rest, delimiter, number, line)) {
    const auto code = field(columns.code);
    if (code.empty() || !field(columns.invalid).empty()) continue;
    if (const auto status = field(columns.status); !status.empty() && status != "APPROVED") continue;
    if (damaged(code)) {
      diagnostics.push_back(finding(source, Code::list_damaged_by_spreadsheet, line.number, "source_code"));
      continue;
    }
    const auto target = parse_integer(field(columns.target));
    if (!target || *target < 0 || *target > std::numeric_limits<std::int32_t>::max()) {
      diagnostics.push_back(finding(source, Code::list_target_not_number, line.number, "target_concept_id"));
      continue;
    }
    ListItem& item = choose(field(columns.vocabulary), code);
    item.source_concept = static_cast<std::int32_t>(parse_integer(field(columns.source_concept)).value_or(0));
    for (const auto id : standard_targets(source, static_cast<std::int32_t>(*target), line.number, diagnostics)) {
      if (std::ranges::find(item.targets, id) == item.targets.end()) item.targets.push_back(id);
    }
  }
}

}  // namespace

void read_list(const ListSource& source, CodeList& list, std::vector<Diagnostic>& diagnostics) {
  std::optional<std::string> vocabulary;
  bool several = false;
  read_rows(source, diagnostics, [&](std::string_view of, std::string_view code) -> ListItem& {
    if (!vocabulary) vocabulary = of;
    several = several || *vocabulary != of;
    return list.items[std::string(code)];
  });
  list.vocabulary = vocabulary && !vocabulary->empty() && !several ? *vocabulary : list.name;
}

void read_lists(const ListSource& source, ListsByVocabulary& lists, std::vector<Diagnostic>& diagnostics) {
  read_rows(source, diagnostics, [&](std::string_view of, std::string_view code) -> ListItem& {
    CodeList& list = lists[std::string(of)];
    list.name = list.vocabulary = of;
    return list.items[std::string(code)];
  });
}

}  // namespace pyojun::mapping
