#include "conformance/pack.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <set>
#include <span>

#include "base/mapped_file.hpp"
#include "base/resources.hpp"
#include "base/text.hpp"
#include "conformance/guard.hpp"
#include "conformance/kinds.hpp"
#include "conformance/template.hpp"

namespace pyojun {

namespace {

constexpr std::string_view shipped = "schemas/conformance/";

bool is_folder(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

Result<PackFiles> folder_files(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
  if (!dir) return Error{Code::pack_unknown, folder, {}, folder, {}};
  PackFiles files;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".csv")) continue;
    auto file = MappedFile::open(folder + "/" + name);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    files.emplace(name, std::string(bytes.data(), bytes.size()));
  }
  if (!files.contains("pack.csv")) return Error{Code::pack_unknown, folder, {}, folder, {}};
  return files;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view default_file(std::string_view name) { return resource(std::string(shipped) + std::string(name)).value_or(""); }

// Reads a pack's tables and expands its criteria.
class Loader {
 public:
  Loader(const std::string& name, const PackFiles& files, const PackOptions& options) : name_(name), files_(files), options_(options) {}
  Result<Pack> load();

 private:
  Error at(Code code, const std::string& file, std::uint64_t line, std::string_view subject) const {
    return Error{code, name_ + "/" + file, Position{line, 0, 0}, std::string(subject), {}};
  }
  Result<const CsvTable*> table(const std::string& file);
  Status read_pack();
  Status read_scales();
  Status read_parameters();
  Status set_parameter(const std::string& name, const std::string& value);
  std::string settings() const;
  Status read_criteria();
  Status expand(const CsvTable& criteria, const CsvLine& line);
  Status add(const CsvTable& criteria, const CsvLine& line, const CsvTable* list, const CsvLine* entry);
  Result<std::string> cell(const CsvTable& criteria, const CsvLine& line, std::string_view column, const CsvTable* list,
                           const CsvLine* entry) const;
  Status fill(Criterion& out, const CsvTable& criteria, const CsvLine& line, const CsvTable* list, const CsvLine* entry) const;
  Status words(Criterion& out, const CsvLine& line, std::map<std::string, std::string, std::less<>>& cells) const;

  const std::string& name_;
  const PackFiles& files_;
  const PackOptions& options_;
  std::map<std::string, CsvTable, std::less<>> tables_;
  Arguments parameters_;
  Arguments allowed_;                          // values of parameters: "a|b" or "1..9"; none: any
  std::set<std::string, std::less<>> groups_;  // optional groups that were switched on and are in use
  std::set<std::string, std::less<>> ids_;
  Pack pack_;
};

Result<const CsvTable*> Loader::table(const std::string& file) {
  if (const auto found = tables_.find(file); found != tables_.end()) return &found->second;
  const auto text = files_.find(file);
  if (text == files_.end()) return at(Code::pack_damaged, file, 0, file);
  auto parsed = CsvTable::parse(text->second, name_ + "/" + file, Code::pack_damaged);
  if (!parsed) return parsed.error();
  return &tables_.emplace(file, std::move(*parsed)).first->second;
}

Status Loader::read_pack() {
  auto found = table("pack.csv");
  if (!found) return found.error();
  for (const CsvLine& line : (*found)->lines()) {
    const std::string_view key = (*found)->cell(line, "key");
    const std::string value((*found)->cell(line, "value"));
    const std::pair<std::string_view, std::string*> texts[] = {
        {"title", &pack_.title},           {"title_ko", &pack_.title_ko},   {"edition", &pack_.edition},
        {"edition_ko", &pack_.edition_ko}, {"authority", &pack_.authority}, {"authority_ko", &pack_.authority_ko},
        {"language", &pack_.language},     {"basis", &pack_.basis},         {"basis_ko", &pack_.basis_ko}};
    const auto text = std::ranges::find(texts, key, &std::pair<std::string_view, std::string*>::first);
    if (text != std::end(texts)) {
      *text->second = value;
    } else if (key == "evaluation" && (value == "plain" || value == "dqd")) {
      pack_.evaluation = value == "dqd" ? Evaluation::dqd : Evaluation::plain;
    } else if (key == "scoring" && (value == "share" || value == "count")) {
      pack_.scoring = value == "count" ? Scoring::count : Scoring::share;
    } else {
      return at(Code::pack_word_unknown, "pack.csv", line.number, std::string(key) + ", " + value);
    }
  }
  if (pack_.title.empty()) return at(Code::pack_damaged, "pack.csv", 1, "title");
  for (const auto& [korean, other] : {std::pair{&pack_.title_ko, &pack_.title}, std::pair{&pack_.edition_ko, &pack_.edition},
                                      std::pair{&pack_.authority_ko, &pack_.authority}, std::pair{&pack_.basis_ko, &pack_.basis}}) {
    if (korean->empty()) *korean = *other;
  }
  return {};
}

// Only an authority certifies; a pack says how ready the data is. 인증 준비 (ready to be certified) may be said.
bool says_certified(std::string_view text) {
  if (ascii_lower(text).find("certified") != std::string::npos) return true;
  return text.find("인증") != std::string_view::npos && text.find("준비") == std::string_view::npos;
}

// A row whose `from` is `critical` gives the verdict while a critical criterion fails; `decided 75`: while less than 75 % of the weight
// could be checked.
Status Loader::read_scales() {
  const auto own = files_.find("scales.csv");
  auto parsed = CsvTable::parse(own == files_.end() ? default_file("scales.csv") : std::string_view(own->second), name_ + "/scales.csv",
                                Code::pack_damaged);
  if (!parsed) return parsed.error();
  for (const CsvLine& line : parsed->lines()) {
    const std::string_view from = parsed->cell(line, "from");
    const std::string verdict(parsed->cell(line, "verdict")), verdict_ko(parsed->cell(line, "verdict_ko"));
    for (const std::string_view text : {std::string_view(verdict), std::string_view(verdict_ko), parsed->cell(line, "band")}) {
      if (says_certified(text)) return at(Code::pack_says_certified, "scales.csv", line.number, text);
    }
    if (from == "critical") {
      pack_.capped = verdict;
      pack_.capped_ko = verdict_ko;
      continue;
    }
    constexpr std::string_view decided = "decided ";
    const auto value = number(from.starts_with(decided) ? from.substr(decided.size()) : from);
    if (!value || *value < 0 || *value > 100) return at(Code::pack_word_unknown, "scales.csv", line.number, from);
    if (from.starts_with(decided)) {
      pack_.least_decided = *value;
      pack_.undecided = verdict;
      pack_.undecided_ko = verdict_ko;
      continue;
    }
    pack_.bands.push_back({*value, std::string(parsed->cell(line, "band")), verdict, verdict_ko});
  }
  std::ranges::stable_sort(pack_.bands, std::greater<>(), &Band::from);
  return {};
}

// Whether a value is one of "a|b", or a whole number of "1..9"; "" allows every value.
bool allows(std::string_view allowed, std::string_view value) {
  if (allowed.empty()) return true;
  if (const auto dots = allowed.find(".."); dots != std::string_view::npos) {
    const auto low = number(trim(allowed.substr(0, dots))), high = number(trim(allowed.substr(dots + 2))), given = number(value);
    const bool digits = !value.empty() && value.size() < 10 && value.find_first_not_of("0123456789") == std::string_view::npos;
    return digits && low && high && given && *given >= *low && *given <= *high;
  }
  while (!allowed.empty()) {
    const auto end = std::min(allowed.find('|'), allowed.size());
    if (trim(allowed.substr(0, end)) == value) return true;
    allowed.remove_prefix(std::min(allowed.size(), end + 1));
  }
  return false;
}

// Values end up inside SQL, so only harmless characters are taken.
Status Loader::set_parameter(const std::string& name, const std::string& value) {
  const bool harmless = std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '+';
  });
  if (!harmless) return at(Code::pack_parameter_wrong, "parameters.csv", 0, name);
  if (const std::string& allowed = allowed_[name]; !allows(allowed, value)) {
    Error error = at(Code::pack_value_unknown, "parameters.csv", 0, name + "=" + value);
    error.detail = allowed;
    return error;
  }
  parameters_[name] = value;
  return {};
}

Status Loader::read_parameters() {
  if (files_.contains("parameters.csv")) {
    auto found = table("parameters.csv");
    if (!found) return found.error();
    for (const CsvLine& line : (*found)->lines()) {
      const std::string name((*found)->cell(line, "name"));
      allowed_[name] = (*found)->cell(line, "values");
      parameters_[name] = (*found)->cell(line, "default");
      if (!allows(allowed_[name], parameters_[name])) return at(Code::pack_value_unknown, "parameters.csv", line.number, name);
    }
  }
  for (const auto& [name, value] : options_.parameters) {
    const auto known = parameters_.find(name);
    if (known == parameters_.end()) continue;  // another pack of the same run may know it; run_audit finds those nobody knows
    if (Status status = set_parameter(name, value); !status) return status;
  }
  return {};
}

std::string Loader::settings() const {
  std::string out;
  for (const auto& [name, value] : parameters_) out += (out.empty() ? "" : "; ") + name + "=" + value;
  for (const auto& group : groups_) out += (out.empty() ? "" : "; ") + group;
  return out;
}

Result<std::string> Loader::cell(const CsvTable& criteria, const CsvLine& line, std::string_view column, const CsvTable* list,
                                 const CsvLine* entry) const {
  const std::string_view text = criteria.cell(line, column);
  if (text.find('{') == std::string_view::npos) return std::string(text);
  std::string unknown;
  std::string out = fill_known(text, [&](std::string_view name) -> std::optional<std::string_view> {
    if (list != nullptr && list->has(name)) return list->cell(*entry, name);
    const auto parameter = parameters_.find(name);
    if (parameter != parameters_.end()) return std::string_view(parameter->second);
    // What a kind's SQL fills in later ({a}, {g1}, {field} of its own) stays as it is in `args` and `applies`.
    if (column == "args" || column == "applies") return std::nullopt;
    unknown = name;
    return std::nullopt;
  });
  if (!unknown.empty()) return at(Code::pack_placeholder_unknown, "criteria.csv", line.number, unknown);
  return out;
}

Result<Arguments> named(std::string_view text) {
  Arguments out;
  while (!text.empty()) {
    const std::string_view part = trim(text.substr(0, text.find(';')));
    text.remove_prefix(std::min(text.size(), text.find(';') == std::string_view::npos ? text.size() : text.find(';') + 1));
    if (part.empty()) continue;
    const auto equal = part.find('=');
    if (equal == std::string_view::npos) return Error{Code::pack_damaged, {}, {}, std::string(part), {}};
    const std::string_view value = trim(part.substr(equal + 1));
    if (!value.empty()) out[std::string(trim(part.substr(0, equal)))] = value;
  }
  return out;
}

Status Loader::words(Criterion& out, const CsvLine& line, std::map<std::string, std::string, std::less<>>& cells) const {
  const auto wrong = [&](std::string_view column) {
    return at(Code::pack_word_unknown, "criteria.csv", line.number, std::string(column) + ": " + cells[std::string(column)]);
  };
  const auto flag = [&](std::string_view column, std::string_view yes, std::string_view no, bool& to) {
    const std::string& text = cells[std::string(column)];
    if (text == yes || text == no) to = text == yes;
    return text.empty() || text == yes || text == no;
  };
  if (!flag("effect", "scoring", "informational", out.scoring)) return wrong("effect");
  if (!flag("critical", "yes", "no", out.critical)) return wrong("critical");
  if (!flag("observable", "yes", "no", out.observable)) return wrong("observable");
  if (const std::string& text = cells["threshold"]; !text.empty() && text != "none") {
    out.threshold = number(text);
    if (!out.threshold || *out.threshold < 0 || *out.threshold > 100) return wrong("threshold");
  }
  if (const std::string& text = cells["weight"]; !text.empty()) {
    const auto value = number(text);
    if (!value || *value < 0 || *value > 1000) return wrong("weight");
    out.weight = *value;
  }
  for (const auto& [column, to] : {std::pair{"args", &out.args}, std::pair{"labels", &out.labels}}) {
    auto pairs = named(cells[column]);
    if (!pairs) return wrong(column);
    *to = std::move(*pairs);
  }
  return {};
}

Status Loader::fill(Criterion& out, const CsvTable& criteria, const CsvLine& line, const CsvTable* list, const CsvLine* entry) const {
  std::map<std::string, std::string, std::less<>> cells;
  for (const auto& column : criteria.names()) {
    auto text = cell(criteria, line, column, list, entry);
    if (!text) return text.error();
    cells[column] = std::string(trim(*text));
  }
  out.line = line.number;
  const std::pair<const char*, std::string*> texts[] = {{"id", &out.id},
                                                        {"title", &out.title},
                                                        {"title_ko", &out.title_ko},
                                                        {"category", &out.category},
                                                        {"subcategory", &out.subcategory},
                                                        {"check", &out.check},
                                                        {"kind", &out.kind},
                                                        {"table", &out.table},
                                                        {"field", &out.field},
                                                        {"applies", &out.applies},
                                                        {"basis", &out.basis},
                                                        {"basis_ko", &out.basis_ko},
                                                        {"remedy", &out.remedy},
                                                        {"remedy_ko", &out.remedy_ko},
                                                        {"reason", &out.reason},
                                                        {"reason_ko", &out.reason_ko}};
  for (const auto& [column, to] : texts) *to = cells[column];
  if (out.title_ko.empty()) out.title_ko = out.title;
  if (out.basis_ko.empty()) out.basis_ko = out.basis;
  if (out.remedy_ko.empty()) out.remedy_ko = out.remedy;
  if (out.reason_ko.empty()) out.reason_ko = out.reason;
  if (out.check.empty()) out.check = out.id;
  return words(out, line, cells);
}

Status Loader::add(const CsvTable& criteria, const CsvLine& line, const CsvTable* list, const CsvLine* entry) {
  auto only = cell(criteria, line, "only", list, entry);
  if (!only) return only.error();
  if (!only->empty() && std::ranges::find(options_.groups, *only) == options_.groups.end()) return {};
  if (!only->empty()) groups_.insert(*only);
  Criterion out;
  if (Status status = fill(out, criteria, line, list, entry); !status) return status;
  if (out.id.empty()) return at(Code::pack_damaged, "criteria.csv", line.number, "id");
  if (out.title.empty()) return at(Code::pack_title_missing, "criteria.csv", line.number, out.id);
  if (!ids_.insert(out.id).second) return at(Code::pack_id_twice, "criteria.csv", line.number, out.id);
  const Kind* const kind = find_kind(out.kind);
  if (kind == nullptr) return at(Code::pack_kind_unknown, "criteria.csv", line.number, out.kind);
  if (const std::string name = unknown_argument(*kind, out); !name.empty()) {
    return at(Code::pack_word_unknown, "criteria.csv", line.number, "args: " + name);
  }
  const std::string missing = missing_argument(*kind, out);
  if (!missing.empty()) return at(Code::pack_argument_missing, "criteria.csv", line.number, out.id + ": " + missing);
  pack_.criteria.push_back(std::move(out));
  return {};
}

// `for` is empty, `list.csv` or `list.csv:column`: then the row stands once for every list row whose column is not empty.
Status Loader::expand(const CsvTable& criteria, const CsvLine& line) {
  const std::string_view each = trim(criteria.cell(line, "for"));
  if (each.empty()) return add(criteria, line, nullptr, nullptr);
  const std::string file(each.substr(0, each.find(':')));
  const std::string_view column = each.find(':') == std::string_view::npos ? std::string_view() : each.substr(each.find(':') + 1);
  auto list = table(file);
  if (!list) return list.error();
  if (!column.empty() && !(*list)->has(column)) return at(Code::pack_placeholder_unknown, "criteria.csv", line.number, column);
  for (const CsvLine& entry : (*list)->lines()) {
    if (!column.empty() && (*list)->cell(entry, column).empty()) continue;
    if (Status status = add(criteria, line, *list, &entry); !status) return status;
  }
  return {};
}

Status Loader::read_criteria() {
  static constexpr std::string_view known[] = {"check",       "for",    "only",      "id",      "title", "title_ko", "category",
                                               "subcategory", "kind",   "table",     "field",   "args",  "labels",   "threshold",
                                               "weight",      "effect", "critical",  "applies", "basis", "remedy",   "remedy_ko",
                                               "observable",  "reason", "reason_ko", "basis_ko"};
  auto criteria = table("criteria.csv");
  if (!criteria) return criteria.error();
  for (const auto& name : (*criteria)->names()) {
    if (std::ranges::find(known, name) == std::end(known)) return at(Code::pack_word_unknown, "criteria.csv", 1, name);
  }
  for (const CsvLine& line : (*criteria)->lines()) {
    if (Status status = expand(**criteria, line); !status) return status;
  }
  if (!files_.contains("categories.csv")) return {};
  auto categories = table("categories.csv");
  if (!categories) return categories.error();
  for (const CsvLine& line : (*categories)->lines()) {
    pack_.categories.push_back({std::string((*categories)->cell(line, "id")), std::string((*categories)->cell(line, "title")),
                                std::string((*categories)->cell(line, "title_ko"))});
  }
  return {};
}

Result<Pack> Loader::load() {
  pack_.id = pack_id(name_);
  if (Status status = read_pack(); !status) return status.error();
  if (Status status = read_scales(); !status) return status.error();
  if (Status status = read_parameters(); !status) return status.error();
  if (Status status = read_criteria(); !status) return status.error();
  if (Status status = check_statements(pack_, name_); !status) return status.error();
  pack_.settings = settings();
  return std::move(pack_);
}

}  // namespace

std::vector<std::string> shipped_packs() {
  std::vector<std::string> out;
  for (const std::string_view path : resources_under(shipped)) {
    if (path.ends_with("/pack.csv")) out.emplace_back(path.substr(shipped.size(), path.size() - shipped.size() - 9));
  }
  return out;
}

Result<PackFiles> pack_files(const std::string& name) {
  if (name.find('/') != std::string::npos || is_folder(name)) return folder_files(name);
  PackFiles files;
  const std::string prefix = std::string(shipped) + name + "/";
  for (const std::string_view path : resources_under(prefix)) files.emplace(path.substr(prefix.size()), resource(path).value_or(""));
  if (!files.contains("pack.csv")) {
    Error error{Code::pack_unknown, {}, {}, name, {}};
    const auto names = shipped_packs();
    const std::vector<std::string_view> views(names.begin(), names.end());
    error.detail = nearest(name, views);
    return error;
  }
  return files;
}

std::string pack_id(const std::string& name) {
  std::string_view rest = name;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return std::string(rest.substr(rest.find_last_of('/') + 1));
}

Result<std::vector<std::string>> pack_parameters(const std::string& name, const PackFiles& files) {
  std::vector<std::string> out;
  const auto found = files.find("parameters.csv");
  if (found == files.end()) return out;
  auto table = CsvTable::parse(found->second, name + "/parameters.csv", Code::pack_damaged);
  if (!table) return table.error();
  for (const CsvLine& line : table->lines()) out.emplace_back(table->cell(line, "name"));
  return out;
}

Result<Pack> load_pack(const std::string& name, const PackFiles& files, const PackOptions& options) {
  return Loader(name, files, options).load();
}

Result<Pack> load_pack(const std::string& name, const PackOptions& options) {
  auto files = pack_files(name);
  if (!files) return files.error();
  return load_pack(name, *files, options);
}

}  // namespace pyojun
