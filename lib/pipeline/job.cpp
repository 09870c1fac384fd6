#include "pipeline/job.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace pyojun {

namespace {

// Reads known keys of one table; the first mistake is kept.
class Keys {
 public:
  Keys(const toml::table& table, const std::string& file, std::optional<Error>& error) : table_(table), file_(file), error_(error) {}

  template <class T>
  bool read(std::string_view key, T& out) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return false;
    const auto value = node->value_exact<T>();
    if (!value) {
      fail(Code::job_value_wrong, *node, key);
      return false;
    }
    out = *value;
    return true;
  }
  // Whole numbers count as numbers too.
  void number(std::string_view key, double& out) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    value ? static_cast<void>(out = *value) : fail(Code::job_value_wrong, *node, key);
  }
  // One text or a list of texts.
  void texts(std::string_view key, std::vector<std::string>& out) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return;
    if (const auto one = node->value_exact<std::string>()) {
      out.push_back(*one);
      return;
    }
    const toml::array* const list = node->as_array();
    if (list == nullptr) return fail(Code::job_value_wrong, *node, key);
    for (const auto& item : *list) {
      const auto text = item.value_exact<std::string>();
      if (!text) return fail(Code::job_value_wrong, item, key);
      out.push_back(*text);
    }
  }
  // One of the words; answers its number.
  std::optional<std::size_t> word(std::string_view key, const std::vector<std::string>& words) {
    std::string text;
    if (!read(key, text)) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    wrong(key);
    return std::nullopt;
  }
  const toml::array* tables(std::string_view key) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return nullptr;
    const toml::array* const list = node->as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table)) fail(Code::job_value_wrong, *node, key);
    return list;
  }
  void need(std::string_view key, bool there) {
    if (!there) fail(Code::job_key_missing, table_, key);
  }
  void end() {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) fail(Code::job_key_unknown, node, key.str());
    }
  }
  void wrong(std::string_view key) { fail(Code::job_value_wrong, *table_.get(key), key); }
  void fail(Code code, const toml::node& node, std::string_view subject) {
    if (error_) return;
    const toml::source_position at = node.source().begin;
    error_ = Error{code, file_, {at.line, at.column, 0}, std::string(subject), {}};
  }

 private:
  const toml::table& table_;
  const std::string& file_;
  std::optional<Error>& error_;
  std::set<std::string> known_;
};

// Files beside the warehouse are named after sources.
bool plain_name(const std::string& name) {
  const auto bad = [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.starts_with('.') && name.size() <= 100 && std::none_of(name.begin(), name.end(), bad);
}

class JobReader {
 public:
  explicit JobReader(const std::string& path) : path_(path), folder_(std::filesystem::path(path).parent_path()) {}
  Result<Job> read();

 private:
  std::string beside(const std::string& path) const {
    return path.empty() || path == "-" ? path : (folder_ / path).lexically_normal().string();
  }
  void source(const toml::table& table, Job& job);
  void budget(const toml::table& table, Job& job);
  void common(Keys& keys, Job& job);

  const std::string& path_;
  std::filesystem::path folder_;
  std::optional<Error> error_;
};

void JobReader::source(const toml::table& table, Job& job) {
  Keys keys(table, path_, error_);
  SourceRequest& out = job.convert.sources.emplace_back();
  out.keep_vanished = true;
  keys.need("name", keys.read("name", out.name));
  if (!plain_name(out.name)) keys.fail(Code::job_value_wrong, table, "name");
  keys.texts("path", out.inputs);
  keys.need("path", !out.inputs.empty());
  keys.need("map", keys.read("map", out.map));
  keys.read("format", out.format);
  keys.read("kind", out.kind);
  keys.texts("codes", out.code_lists);
  out.space = out.name;
  keys.read("space", out.space);
  if (const auto delivery = keys.word("delivery", {"snapshot", "delta", "messages"})) out.snapshot = *delivery == 0;
  if (const auto vanished = keys.word("vanished", {"keep", "retire"})) out.keep_vanished = *vanished == 0;
  keys.read("settle_seconds", out.settle_seconds);
  if (out.settle_seconds < 0) keys.fail(Code::job_value_wrong, table, "settle_seconds");
  keys.end();
  for (auto& input : out.inputs) input = beside(input);
  for (auto& list : out.code_lists) list = beside(list);
  // A mapping is a path when something is there; else the name of one that comes with the program.
  if (std::error_code failed; std::filesystem::exists(beside(out.map), failed)) out.map = beside(out.map);
  const auto same = [&](const SourceRequest& other) { return &other != &out && other.name == out.name; };
  if (std::any_of(job.convert.sources.begin(), job.convert.sources.end(), same)) keys.fail(Code::job_source_twice, table, out.name);
}

void JobReader::budget(const toml::table& table, Job& job) {
  Keys keys(table, path_, error_);
  Budget& out = job.convert.budgets.emplace_back();
  keys.read("source", out.source);
  keys.read("rule", out.rule);
  keys.number("warn_percent", out.warn_percent);
  keys.number("fail_percent", out.fail_percent);
  keys.read("warn", out.warn_count);
  keys.read("fail", out.fail_count);
  bool any = false;
  for (const auto& [key, percent] : {std::pair("warn_percent", out.warn_percent), std::pair("fail_percent", out.fail_percent)}) {
    const bool there = table.contains(key);
    any = any || there;
    if (there && !(percent >= 0 && percent <= 100)) keys.fail(Code::job_value_wrong, table, key);
  }
  for (const auto& [key, count] : {std::pair("warn", out.warn_count), std::pair("fail", out.fail_count)}) {
    const bool there = table.contains(key);
    any = any || there;
    if (there && count < 0) keys.fail(Code::job_value_wrong, table, key);
  }
  if (!any) keys.fail(Code::job_budget_empty, table, "budget");
  keys.end();
  const auto& sources = job.convert.sources;
  const auto named = [&](const SourceRequest& source) { return source.name == out.source; };
  if (!out.source.empty() && std::none_of(sources.begin(), sources.end(), named)) keys.fail(Code::job_value_wrong, table, "source");
}

void JobReader::common(Keys& keys, Job& job) {
  ConvertRequest& out = job.convert;
  keys.need("vocabulary", keys.read("vocabulary", out.vocabulary));
  keys.need("warehouse", keys.read("warehouse", out.warehouse));
  keys.texts("targets", out.targets);
  keys.read("report", out.report);
  keys.read("source_name", out.source_name);
  keys.read("with_vocabulary", out.with_vocabulary);
  keys.texts("packs", out.packs.packs);
  keys.texts("gates", out.packs.gates);
  keys.read("thresholds", out.packs.thresholds);
  keys.read("suppressions", out.packs.suppressions);
  std::int64_t cell = 0;
  if (keys.read("min_cell", cell)) {
    if (cell < 2) keys.wrong("min_cell");
    out.packs.min_cell = static_cast<std::uint64_t>(std::max<std::int64_t>(cell, 0));
  }
  out.packs.with_vocabulary = out.with_vocabulary;
  out.rehash = false;
  out.threads = 0;
  keys.read("rehash", out.rehash);
  std::int64_t jobs = 0;
  if (keys.read("jobs", jobs)) out.threads = static_cast<unsigned>(std::clamp<std::int64_t>(jobs, 1, 256));
  keys.read("metrics", job.metrics);
  keys.read("log", job.log);
  for (std::string* const path :
       {&out.vocabulary, &out.warehouse, &out.report, &out.packs.thresholds, &out.packs.suppressions, &job.metrics, &job.log})
    *path = beside(*path);
  for (auto& pack : out.packs.packs) {  // a folder, or the name of one that comes with the program
    if (std::error_code failed; std::filesystem::exists(beside(pack), failed)) pack = beside(pack);
  }
  for (auto& target : out.targets) {  // csv:DIR, duckdb:FILE; a service of a database is no path
    const std::size_t colon = target.find(':');
    const std::string kind = target.substr(0, colon);
    if (colon != std::string::npos && kind != "postgresql") target = kind + ":" + beside(target.substr(colon + 1));
  }
}

Result<Job> JobReader::read() {
  Job job;
  if (std::error_code failed; !std::filesystem::is_regular_file(path_, failed)) return Error{Code::file_not_readable, path_, {}, {}, {}};
  try {
    const toml::table table = toml::parse_file(path_);
    Keys keys(table, path_, error_);
    common(keys, job);
    const toml::array* const sources = keys.tables("source");
    keys.need("source", sources != nullptr && !sources->empty());
    const toml::array* const budgets = keys.tables("budget");
    keys.end();
    for (std::size_t i = 0; !error_ && i < sources->size(); ++i) source(*sources->get(i)->as_table(), job);
    for (std::size_t i = 0; !error_ && budgets != nullptr && i < budgets->size(); ++i) budget(*budgets->get(i)->as_table(), job);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return Error{Code::job_syntax, path_, {at.line, at.column, 0}, {}, {}};
  }
  if (error_) return *error_;
  return job;
}

}  // namespace

Result<Job> read_job(const std::string& path) { return JobReader(path).read(); }

}  // namespace pyojun
