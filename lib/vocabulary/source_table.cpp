// Files of an Athena download.
#include "vocabulary/source_table.hpp"

#include <algorithm>
#include <filesystem>

namespace pyojun::vocabulary {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// "concept.csv", or "concept_seed.csv"; but concept_class.csv is another table.
bool is_file_of(const std::string& file, std::string_view table) {
  const std::string name = lower(file);
  if (!name.ends_with(".csv") && !name.ends_with(".tsv")) return false;
  const std::string_view stem = std::string_view(name).substr(0, name.size() - 4);
  if (stem == table) return true;
  if (!stem.starts_with(table) || stem[table.size()] != '_') return false;
  for (int i = 0; i < static_cast<int>(TableName::count); ++i) {
    const std::string_view other = table_info(static_cast<TableName>(i)).name;
    if (other.size() > table.size() && stem.starts_with(other)) return false;
  }
  return true;
}

}  // namespace

const TableInfo& table_info(TableName table) {
  static const std::array<TableInfo, static_cast<std::size_t>(TableName::count)> tables{{
      {"concept",
       true,
       {"concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept", "concept_code",
        "valid_start_date", "valid_end_date", "invalid_reason"}},
      {"concept_relationship",
       true,
       {"concept_id_1", "concept_id_2", "relationship_id", "valid_start_date", "valid_end_date", "invalid_reason"}},
      {"concept_ancestor", false, {"ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation", "max_levels_of_separation"}},
      {"vocabulary", false, {"vocabulary_id", "vocabulary_name", "vocabulary_version"}},
      {"domain", false, {"domain_id", "domain_name", "domain_concept_id"}},
      {"concept_class", false, {"concept_class_id", "concept_class_name", "concept_class_concept_id"}},
      {"relationship",
       false,
       {"relationship_id", "relationship_name", "is_hierarchical", "defines_ancestry", "reverse_relationship_id",
        "relationship_concept_id"}},
      {"concept_synonym", false, {"concept_id", "concept_synonym_name", "language_concept_id"}},
      {"drug_strength", false, {"drug_concept_id", "ingredient_concept_id"}},
  }};
  return tables[static_cast<std::size_t>(table)];
}

Result<std::optional<SourceTable>> SourceTable::find(const std::string& folder, TableName table) {
  std::error_code problem;
  std::vector<std::string> names;
  for (auto i = std::filesystem::directory_iterator(folder, problem); !problem && i != std::filesystem::directory_iterator();
       i.increment(problem)) {
    const std::string name = i->path().filename().string();
    if (is_file_of(name, table_info(table).name)) names.push_back(name);
  }
  if (problem) return Error{Code::file_not_readable, folder, {}, folder, problem.message()};
  if (names.empty()) return std::optional<SourceTable>();
  // The plain name wins over a longer one; the order of the folder does not matter.
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  SourceTable result;
  result.path_ = (std::filesystem::path(folder) / names.front()).string();
  auto file = MappedFile::open(result.path_);
  if (!file) return file.error();
  result.file_ = std::move(*file);
  result.bytes_ = {result.file_->bytes().data(), result.file_->bytes().size()};
  if (auto status = result.read_header(table); !status) return status.error();
  return std::optional<SourceTable>(std::move(result));
}

Result<SourceTable> SourceTable::over(std::string_view bytes, const std::string& name, TableName table) {
  SourceTable result;
  result.path_ = name;
  result.bytes_ = bytes;
  if (auto status = result.read_header(table); !status) return status.error();
  return result;
}

Status SourceTable::read_header(TableName table) {
  std::string_view text = bytes_;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view header = text.substr(0, end);
  tabs_ = header.find('\t') != std::string_view::npos || header.find(',') == std::string_view::npos;
  body_ = text.substr(std::min(text.size(), end + 1));
  Fields names;
  if (tabs_) {
    TabRows(header).next(names);
    return bind(names, table);
  }
  QuotedRows rows(header);  // quoted names live as long as the scanner
  rows.next(names);
  return bind(names, table);
}

Status SourceTable::bind(const Fields& names, TableName table) {
  columns_ = names.count;
  const auto last = names.at + std::min(names.count, Fields::most);
  for (const auto column : table_info(table).columns) {
    const auto found = std::find_if(names.at, last, [&](std::string_view name) {
      if (name.ends_with('\r')) name.remove_suffix(1);
      return lower(name) == column;
    });
    if (found == last) return Error{Code::vocabulary_column_missing, path_, {1, 0, 0}, std::string(column), {}};
    wanted_.push_back(static_cast<std::size_t>(found - names.at));
  }
  return {};
}

std::vector<std::string_view> SourceTable::pieces(std::size_t size) const {
  std::vector<std::string_view> result;
  if (!tabs_) return {body_};
  for (std::size_t from = 0; from < body_.size();) {
    std::size_t to = std::min(body_.size(), from + size);
    if (to < body_.size()) {
      const std::size_t feed = body_.find('\n', to - 1);
      to = feed == std::string_view::npos ? body_.size() : feed + 1;
    }
    result.push_back(body_.substr(from, to - from));
    from = to;
  }
  return result;
}

Error SourceTable::damaged(std::uint64_t line, const std::string& column) const {
  return Error{Code::vocabulary_row_damaged, path_, {line, 0, 0}, column.empty() ? "number of columns" : column, {}};
}

}  // namespace pyojun::vocabulary
