#include "conformance/overrides.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/csv.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "conformance/render.hpp"

namespace pyojun {

namespace {

Result<CsvTable> read_table(const std::string& path, Code code) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  const auto bytes = (*file)->bytes();
  return CsvTable::parse(std::string_view(bytes.data(), bytes.size()), path, code);
}

std::optional<double> percent(std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < 0 || value > 100) return std::nullopt;
  return value;
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') out += ascii_lower(c);
  }
  return out;
}

// DQD writes NA, nothing or one blank for "none".
std::string_view given(std::string_view text) {
  text = trim(text);
  return text == "NA" ? std::string_view() : text;
}

Status own_form(const CsvTable& table, std::vector<Pack>& packs) {
  for (const CsvLine& line : table.lines()) {
    const std::string id(trim(table.cell(line, "criterion")));
    const std::string_view cell = trim(table.cell(line, "threshold"));
    if (cell.empty()) continue;
    const bool none = cell == "none";
    const auto value = none ? std::nullopt : percent(cell);
    bool found = false;
    for (Pack& pack : packs) {
      for (Criterion& criterion : pack.criteria) {
        if (criterion.id != id && pack.id + "/" + criterion.id != id) continue;
        criterion.threshold = value;
        found = true;
      }
    }
    if ((!value && !none) || !found) return Error{Code::audit_thresholds_damaged, table.file(), Position{line.number, 0, 0}, id, {}};
  }
  return {};
}

// A row speaks of the criteria with its table, field and concept; a file without such a column does not limit them.
std::string row_key(std::string_view table, std::string_view field, std::string_view concept_id) {
  return without_blanks(table) + "|" + without_blanks(field) + "|" + without_blanks(concept_id);
}

Status dqd_form(const CsvTable& table, std::vector<Pack>& packs) {
  const bool fields = table.has("cdmfieldname"), concepts = table.has("conceptid");
  std::unordered_map<std::string, const CsvLine*> rows;
  for (const CsvLine& line : table.lines()) {
    rows[row_key(table.cell(line, "cdmtablename"), table.cell(line, "cdmfieldname"), table.cell(line, "conceptid"))] = &line;
  }
  for (Pack& pack : packs) {
    std::vector<Criterion> kept;
    for (Criterion& criterion : pack.criteria) {
      const auto concept_id = criterion.args.find("concept");
      const bool of_concept = criterion.labels.contains("level") && criterion.labels.at("level") == "CONCEPT";
      const auto row = rows.find(row_key(criterion.table, fields ? criterion.field : "",
                                         concepts && of_concept && concept_id != criterion.args.end() ? concept_id->second : ""));
      const std::string name = ascii_lower(criterion.check);
      if (row != rows.end() && table.has(name + "threshold")) {
        const std::string_view cell = given(table.cell(*row->second, name + "threshold"));
        const auto value = percent(cell);
        if (!cell.empty() && !value)
          return Error{Code::audit_thresholds_damaged, table.file(), Position{row->second->number, 0, 0}, criterion.check, {}};
        if (value) criterion.threshold = value;
      }
      const bool off = row != rows.end() && table.has(name) && equal_folded(given(table.cell(*row->second, name)), "no");
      if (!off) kept.push_back(std::move(criterion));
    }
    pack.criteria = std::move(kept);
  }
  return {};
}

}  // namespace

Status apply_thresholds(const std::string& file, std::vector<Pack>& packs) {
  auto table = read_table(file, Code::audit_thresholds_damaged);
  if (!table) return table.error();
  if (table->has("criterion") && table->has("threshold")) return own_form(*table, packs);
  if (table->has("cdmtablename")) return dqd_form(*table, packs);
  return Error{Code::audit_thresholds_damaged, file, Position{1, 0, 0}, {}, {}};
}

Result<std::vector<std::string>> apply_suppressions(const std::string& file, const std::string& today, AuditResult& result) {
  auto table = read_table(file, Code::audit_suppressions_damaged);
  if (!table) return table.error();
  std::vector<std::string> idle;
  for (const CsvLine& line : table->lines()) {
    const std::string id(trim(table->cell(line, "criterion")));
    const std::string_view reason = trim(table->cell(line, "reason")), expires = trim(table->cell(line, "expires"));
    if (id.empty() || reason.empty() || !is_day(expires))
      return Error{Code::audit_suppressions_damaged, file, Position{line.number, 0, 0}, id, {}};
    bool found = false;
    for (PackResult& pack : result.packs) {
      for (CriterionResult& one : pack.criteria) {
        if (one.criterion.id != id && pack.pack.id + "/" + one.criterion.id != id) continue;
        found = true;
        if (expires >= today) one.suppressed = reason;
      }
    }
    if (!found || expires < today) idle.push_back(id);
  }
  return idle;
}

}  // namespace pyojun
