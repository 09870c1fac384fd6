// Helpers of the mapper's tests: records from JSON text, a vocabulary of a dozen concepts, rows as text.
#pragma once

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/plan_impl.hpp"

namespace kit {

using namespace pyojun;

// Concepts by (vocabulary, code): 1 SNOMED, 2 LOINC, 3 ICD10CM.
class FakeVocabulary final : public Vocabulary {
 public:
  struct Item {
    std::int32_t id;
    VocabularyId vocabulary;
    std::string_view code, domain, name;
    char standard;
    std::vector<std::int32_t> targets, values;
  };
  VocabularyId system(std::string_view name) const override {
    if (name == "SNOMED" || name == "http://snomed.info/sct") return 1;
    if (name == "LOINC" || name == "http://loinc.org") return 2;
    if (name == "ICD10CM") return 3;
    return name == "CPT4" ? VocabularyId{4} : no_vocabulary;
  }
  std::string_view system_name(VocabularyId id) const override {
    static constexpr std::string_view names[] = {"", "SNOMED", "LOINC", "ICD10CM", "CPT4"};
    return names[id];
  }
  bool has_concepts(VocabularyId id) const override { return id != 4; }
  Found find(VocabularyId vocabulary, std::string_view code) const override {
    ++asked;
    for (const auto& item : items) {
      if (item.vocabulary == vocabulary && item.code == code) return {item.id, false};
      if (vocabulary == 3 && item.vocabulary == 3 && code == "e11.9" && item.code == "E11.9") return {item.id, true};
    }
    return {};
  }
  std::optional<ConceptView> concept_of(std::int32_t id) const override {
    for (const auto& item : items) {
      if (item.id != id) continue;
      ConceptView view;
      view.id = id;
      view.name = item.name;
      view.code = item.code;
      view.domain = item.domain;
      view.vocabulary = system_name(item.vocabulary);
      view.standard = item.standard;
      return view;
    }
    return std::nullopt;
  }
  std::span<const std::int32_t> maps_to(std::int32_t id) const override { return of(id, &Item::targets); }
  std::span<const std::int32_t> maps_to_value(std::int32_t id) const override { return of(id, &Item::values); }
  std::int32_t standard_by_name(std::string_view name, std::string_view domain) const override {
    if (domain != "Meas Value") return 0;
    return name == "Negative" ? 9189 : name == "Yes" ? 4188539 : name == "1+" ? 4126673 : 0;
  }
  std::int32_t unit(std::string_view text) const override {
    if (text == "mg/dL") return 8840;
    if (text == "mm") return 8588;
    return text == "NA" ? -1 : 0;
  }
  std::int32_t word(std::string_view domain, std::string_view text) const override {
    if (domain == "Gender") return text == "M" ? 8507 : text == "F" ? 8532 : 0;
    return domain == "Route" && text == "oral" ? 4132161 : 0;
  }
  std::size_t priority(VocabularyId id) const override { return id; }
  const Info& info() const override { return info_; }
  const std::string& sql_folder() const override { return folder_; }
  std::vector<ConceptView> suggest(std::string_view, std::size_t) const override { return {}; }

  mutable int asked = 0;
  std::vector<Item> items{
      {44054006, 1, "44054006", "Condition", "Diabetes mellitus type 2", 'S', {44054006}, {}},
      {35206882, 3, "E11.9", "Condition", "Type 2 diabetes mellitus", 0, {44054006}, {}},
      {35000001, 3, "Z99", "Observation", "Two meanings", 0, {44054006, 4000001}, {}},  // 1:N into two tables
      {4000001, 1, "4000001", "Observation", "Dependence", 'S', {4000001}, {}},
      {35000002, 3, "Z88.0", "Observation", "Allergy to penicillin", 0, {439224}, {1728416}},  // Maps to value
      {439224, 1, "439224", "Observation", "Allergy to drug", 'S', {439224}, {}},
      {1728416, 1, "1728416", "Drug", "Penicillin", 'S', {1728416}, {}},
      {3000963, 2, "718-7", "Measurement", "Hemoglobin [Mass/volume] in Blood", 'S', {3000963}, {}},
      {35000003, 3, "X00", "Condition", "Known, without a target", 0, {}, {}},
      {8532, 1, "248152002", "Gender", "Female", 'S', {8532}, {}},
      {1112807, 1, "ASA", "Drug", "Aspirin", 'S', {1112807}, {}},
      {9189, 1, "260385009", "Meas Value", "Negative", 'S', {9189}, {}},
  };

 private:
  std::span<const std::int32_t> of(std::int32_t id, std::vector<std::int32_t> Item::*which) const {
    for (const auto& item : items) {
      if (item.id == id) return item.*which;
    }
    return {};
  }
  Info info_;
  std::string folder_;
};

inline const Schema& schema() {
  static const Schema loaded = [] {
    auto made = Schema::load();
    REQUIRE(made);
    return std::move(*made);
  }();
  return loaded;
}

// JSON objects, one after another, as trees. Just enough JSON for tests; names unknown to the plan are left out, as readers do.
class Json {
 public:
  Json(std::string_view text, const SymbolTable& names, RecordBatch& batch) : text_(text), names_(names), batch_(batch) {}
  void records(std::string_view kind) {
    while (skip(), i_ < text_.size()) {
      const std::size_t start = i_;
      Record record;
      record.root = value(0, true);
      record.kind = names_.find(kind);
      record.offset = start;
      record.length = static_cast<std::uint32_t>(i_ - start);
      record.line = static_cast<std::uint32_t>(batch_.records.size());
      batch_.records.push_back(record);
      ++batch_.seen;
    }
  }

 private:
  void skip() {
    while (i_ < text_.size() && std::strchr(" \n\r\t,:", text_[i_]) != nullptr) ++i_;
  }
  std::string string() {
    std::string out;
    for (++i_; text_[i_] != '"'; ++i_) out += text_[i_] == '\\' ? text_[++i_] : text_[i_];
    ++i_;
    return out;
  }
  NodeIndex add(Symbol name, NodeKind kind, std::string text) {
    Node node;
    node.name = name;
    node.kind = kind;
    batch_.store.push_back(std::move(text));
    node.data = batch_.store.back().data();
    node.length = static_cast<std::uint32_t>(batch_.store.back().size());
    batch_.nodes.push_back(node);
    return static_cast<NodeIndex>(batch_.nodes.size() - 1);
  }
  NodeIndex value(Symbol name, bool keep) {
    skip();
    const std::size_t before = batch_.nodes.size();
    NodeIndex made = 0;
    if (text_[i_] == '{') {
      made = object(name);
    } else if (text_[i_] == '"') {
      made = add(name, NodeKind::text, string());
    } else {
      const std::size_t end = std::min(text_.find_first_of(",}] \n", i_), text_.size());
      const std::string word(text_.substr(i_, end - i_));
      i_ = end;
      made = add(name,
                 word == "null"                      ? NodeKind::null
                 : word == "true" || word == "false" ? NodeKind::boolean
                                                     : NodeKind::number,
                 word == "null" ? "" : word);
    }
    if (!keep) batch_.nodes.resize(before);
    return made;
  }
  NodeIndex object(Symbol name) {
    const NodeIndex made = add(name, NodeKind::object, {});
    NodeIndex last = 0;
    ++i_;
    const auto link = [&](NodeIndex child) {
      (last == 0 ? batch_.nodes[made].child : batch_.nodes[last].next) = child;
      last = child;
    };
    while (skip(), text_[i_] != '}') {
      const std::string key = string();
      const Symbol symbol = names_.find(key);
      skip();
      const bool array = text_[i_] == '[';
      if (array) ++i_;
      while (skip(), !(array && text_[i_] == ']')) {
        const NodeIndex child = value(symbol, symbol != 0 || all_);
        if (symbol != 0 || all_) link(child);
        if (!array) break;
      }
      if (array) ++i_;
    }
    ++i_;
    return made;
  }
  std::string_view text_;
  std::size_t i_ = 0;
  const SymbolTable& names_;
  const bool all_ = names_.find("*") != 0;  // key * and // paths: every node counts
  RecordBatch& batch_;
};

// CSV lines with a header, as a flat batch: columns nobody reads are left out.
inline void flat(std::string_view text, std::string_view kind, const SymbolTable& names, RecordBatch& batch) {
  std::vector<int> keep;
  std::uint64_t offset = 0;
  std::uint32_t number = 0;
  for (bool header = true; !text.empty(); header = false) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const std::uint64_t start = offset;
    offset += end + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
    Record record;
    if (!header) {
      record.root = static_cast<NodeIndex>(batch.nodes.size());
      record.kind = names.find(kind);
      record.offset = start;
      record.length = static_cast<std::uint32_t>(line.size());
      record.line = ++number;
      batch.nodes.push_back({});
      batch.nodes.back().kind = NodeKind::object;
      batch.nodes.back().child = record.root + 1;
    }
    for (std::size_t column = 0;; ++column) {
      const auto comma = line.find(',');
      const auto field = line.substr(0, comma);
      if (header) {
        keep.push_back(names.find(field) != 0);
        if (keep.back() != 0) batch.columns.push_back(names.find(field));
      } else if (keep[column] != 0) {
        Node node;
        batch.store.emplace_back(field);
        node.data = batch.store.back().data();
        node.length = static_cast<std::uint32_t>(field.size());
        node.name = names.find(field);
        batch.nodes.push_back(node);
        batch.nodes.back().name = batch.columns[batch.nodes.size() - record.root - 2];
        batch.nodes.back().next = static_cast<NodeIndex>(batch.nodes.size());
      }
      if (comma == std::string_view::npos) break;
      line.remove_prefix(comma + 1);
    }
    if (header) continue;
    batch.nodes.back().next = 0;
    batch.records.push_back(record);
    ++batch.seen;
  }
}

inline std::string text_of(const ColumnValues& column, std::size_t row, const Column& known) {
  Storage storage = column.storage;
  if (storage == Storage::constant) {
    storage = column.constant_of;
    row = 0;
  }
  std::string out;
  switch (storage) {
    case Storage::integers:
      if (column.integers[row] == null_integer) return "-";
      if (known.type == ColumnType::date) return append_date(out, column.integers[row]), out;
      return fmt::format("{}", column.integers[row]);
    case Storage::datetimes:
      if (column.datetimes[row] == null_datetime) return "-";
      return append_datetime(out, column.datetimes[row]), out;
    case Storage::numbers:
      return std::bit_cast<std::uint64_t>(column.numbers[row]) == null_number_bits ? "-" : fmt::format("{}", column.numbers[row]);
    case Storage::texts: {
      const std::uint32_t begin = row == 0 ? 0 : column.ends[row - 1];
      return begin == column.ends[row] ? "-" : "'" + column.heap.substr(begin, column.ends[row] - begin) + "'";
    }
    case Storage::references:
      return column.references[row] ? "@" + schema().table(column.target).name : "-";
    case Storage::siblings:
      return column.siblings[row] == null_sibling ? "-" : fmt::format("#{}", column.siblings[row]);
    case Storage::constant:
      break;
  }
  return "?";
}

// "table: column=value, ..." for each row, nulls left out, in the order of chunks and rows.
inline std::vector<std::string> rows(const MappedBatch& batch) {
  std::vector<std::string> out;
  for (const auto& chunk : batch.chunks) {
    const Table& table = schema().table(chunk.table);
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      std::string line = table.name + ":";
      for (ColumnId id = 0; id < table.columns.size(); ++id) {
        for (const auto& column : chunk.columns) {
          if (column.column != id) continue;
          const std::string text = text_of(column, row, table.columns[id]);
          if (text != "-") line += " " + table.columns[id].name + "=" + text;
        }
      }
      out.push_back(line);
    }
  }
  return out;
}

inline std::string rejects(const MappedBatch& batch, const Plan& plan) {
  std::string out;
  for (const auto& reject : batch.rejects) {
    const std::string column =
        reject.column == no_column || reject.table == no_table ? "" : schema().table(reject.table).columns[reject.column].name;
    out += fmt::format("{}@{}+{} line {} record {} rule {} {} {} [{}];", info(reject.code).id, reject.offset, reject.length, reject.line,
                       reject.record, reject.rule, column, plan.symbols().name(reject.field), reject.path);
  }
  return out;
}

// One mapping with its mapper and output.
struct Run {
  std::shared_ptr<FakeVocabulary> vocabulary = std::make_shared<FakeVocabulary>();
  std::shared_ptr<const Plan> plan;
  std::unique_ptr<Mapper> mapper;
  RecordBatch batch;
  MappedBatch out;

  explicit Run(std::string_view rules, std::vector<std::string> code_lists = {}) {
    const std::string text = "mapping test\ncdm omop-5.4\n" + std::string(rules);
    CompileOptions options;
    options.schema = &schema();
    options.vocabulary = vocabulary;
    options.code_lists = std::move(code_lists);
    const Compiled compiled = mapping::compile_parsed(parse_text(text), options);
    for (const auto& d : compiled.diagnostics) {
      if (info(d.code).severity == Severity::fatal)
        FAIL_CHECK(info(d.code).id << " " << d.line << ":" << d.column << " " << info(d.code).says << " " << d.subject);
    }
    REQUIRE(compiled.plan);
    plan = compiled.plan;
    mapper = make_mapper(plan, vocabulary);
  }
  std::vector<std::string> map() {
    mapper->map(batch, out);
    return rows(out);
  }
  std::vector<std::string> json(std::string_view kind, std::string_view text) {
    batch.clear();
    Json(text, plan->symbols(), batch).records(kind);
    return map();
  }
  std::vector<std::string> csv(std::string_view kind, std::string_view text) {
    batch.clear();
    flat(text, kind, plan->symbols(), batch);
    return map();
  }
};

inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

}  // namespace kit
