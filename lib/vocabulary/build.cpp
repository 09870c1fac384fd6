// build_snapshot: from an Athena download to a published snapshot folder.
#include <filesystem>
#include <thread>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "vocabulary/builder.hpp"
#include "vocabulary/snapshot_file.hpp"
#include "vocabulary/snapshot_info.hpp"
#include "vocabulary/sql_tables.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

namespace vocabulary {

namespace {

namespace fs = std::filesystem;

using Tables = std::array<std::optional<SourceTable>, static_cast<std::size_t>(TableName::count)>;

const SourceTable* table_of(const Tables& tables, TableName name) {
  const auto& table = tables[static_cast<std::size_t>(name)];
  return table ? &*table : nullptr;
}

Result<Tables> find_tables(const std::string& folder) {
  Tables tables;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    auto table = SourceTable::find(folder, static_cast<TableName>(i));
    if (!table) return table.error();
    if (!*table && table_info(static_cast<TableName>(i)).required) {
      std::string name(table_info(static_cast<TableName>(i)).name);
      for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
      return Error{Code::vocabulary_file_missing, folder, {}, name + ".csv", {}};
    }
    tables[i] = std::move(*table);
  }
  return tables;
}

// One hash over the files' own hashes: each file can be hashed apart, and its name in the folder does not matter.
std::string hash_tables(const Tables& tables) {
  std::string lines;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!tables[i]) continue;
    lines += table_info(static_cast<TableName>(i)).name;
    lines += ' ' + sha256_hex(tables[i]->bytes()) + '\n';
  }
  return sha256_hex(lines);
}

struct Synonyms {
  std::vector<SynonymEntry> entries;
  std::string text;
};

Result<Synonyms> import_synonyms(const SourceTable& table, const Concepts& concepts, const Indexes& indexes) {
  Synonyms result;
  if (const std::size_t bad = find_bad_utf8(table.bytes()); bad != no_bad_byte) {
    return table.damaged(
        1 + static_cast<std::uint64_t>(std::count(table.bytes().begin(), table.bytes().begin() + static_cast<std::ptrdiff_t>(bad), '\n')),
        "UTF-8");
  }
  const auto use = [&](const Fields& row) -> std::string_view {
    std::int32_t id = 0;
    if (!parse_id(row.at[0], id)) return "concept_id";
    const std::string_view name = row.at[1];
    if (name.size() > 65535) return "concept_synonym_name";
    const std::uint32_t at = row_of(indexes, concepts, id);
    if (at == no_row || result.text.size() > 0xFFF00000u) return {};
    result.entries.push_back({at, static_cast<std::uint32_t>(result.text.size())});
    result.text.push_back(static_cast<char>(name.size() & 255));
    result.text.push_back(static_cast<char>(name.size() >> 8));
    result.text.append(name);
    return {};
  };
  if (const auto damage = table.each(table.body(), use)) return table.damaged(damage->line + 1, damage->column);
  return result;
}

Status describe_vocabularies(const Tables& tables, const Concepts& concepts, Vocabulary::Info& info) {
  std::unordered_map<std::string, Vocabulary::Info::Item> known;
  if (const auto* table = table_of(tables, TableName::vocabulary)) {
    const auto use = [&](const Fields& row) -> std::string_view {
      const std::string id(row.at[0]);
      known[id] = {id, std::string(row.at[1]), std::string(row.at[2]), 0, {}};
      if (id == "None") info.release = row.at[2];
      return {};
    };
    if (const auto damage = table->each(table->body(), use)) return table->damaged(damage->line + 1, damage->column);
  }
  for (std::size_t i = 0; i < concepts.per_string.size(); ++i) {
    if (concepts.per_string[i] == 0) continue;
    const std::string& id = concepts.strings.all()[i];
    auto item = known.contains(id) ? known[id] : Vocabulary::Info::Item{id, {}, {}, 0, {}};
    item.concepts = concepts.per_string[i];
    info.concepts += item.concepts;
    info.vocabularies.push_back(std::move(item));
  }
  std::sort(info.vocabularies.begin(), info.vocabularies.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!tables[i]) info.absent.emplace_back(table_info(static_cast<TableName>(i)).name);
  }
  return {};
}

template <class T>
std::string_view raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Sinks for column blocks: a file in the work folder, or none.
struct ColumnFile {
  OutputFile file;
  BlockSink sink;
  Status open(const std::string& path) {
    sink = [this](std::string_view block) { return file.write(block); };
    return file.create(path);
  }
  Status finish() { return sink ? file.finish() : Status(); }
};

class Build {
 public:
  explicit Build(const SnapshotOptions& options) : options_(options), work_(options.target) {}

  Result<Vocabulary::Info> run() {
    if (auto status = WorkFolder::check_target(options_.target); !status) return status.error();
    auto tables = find_tables(options_.source);
    if (!tables) return tables.error();
    tables_ = std::move(*tables);
    if (auto status = work_.create(); !status) return status.error();
    std::thread hasher;
    if (options_.threads > 1) {
      hasher = std::thread([this] { info_.content_hash = hash_tables(tables_); });
    } else {
      info_.content_hash = hash_tables(tables_);
    }
    const Status status = import();
    if (hasher.joinable()) hasher.join();
    if (!status) return status.error();
    if (auto written = write(); !written) return written.error();
    for (const auto& table : tables_) {
      if (table) {
        if (auto same = table->unchanged(); !same) return same.error();
      }
    }
    if (auto published = work_.publish(); !published) return published.error();
    for (auto& item : info_.vocabularies) item.licence = licence_of(item.id);
    return info_;
  }

 private:
  std::string in_work(std::string_view name) const { return (fs::path(work_.path()) / name).string(); }

  Status import() {
    const SourceTable& concept_table = *table_of(tables_, TableName::concept_);
    auto concepts = import_concepts(concept_table, options_.threads);
    if (!concepts) return concepts.error();
    concepts_ = std::move(*concepts);
    auto indexes = build_indexes(concepts_, concept_table.path(), options_.threads);
    if (!indexes) return indexes.error();
    indexes_ = std::move(*indexes);
    if (auto status = import_relations(); !status) return status;
    if (const auto* table = table_of(tables_, TableName::concept_synonym)) {
      auto synonyms = import_synonyms(*table, concepts_, indexes_);
      if (!synonyms) return synonyms.error();
      synonyms_ = std::move(*synonyms);
    }
    return describe_vocabularies(tables_, concepts_, info_);
  }

  Status import_relations() {
    ColumnFile relationship_columns, ancestor_columns;
    if (options_.sql_tables) {
      std::error_code problem;
      fs::create_directories(in_work(sql_folder_name), problem);
      if (auto status = relationship_columns.open(in_work(relationship_columns_file)); !status) return status;
    }
    auto relations =
        vocabulary::import_relationships(*table_of(tables_, TableName::concept_relationship), options_.threads, relationship_columns.sink);
    if (!relations) return relations.error();
    if (auto status = relationship_columns.finish(); !status) return status;
    info_.relationships = relations->count;
    relationship_names_ = std::move(relations->names);
    targets_ = resolve_targets(concepts_, indexes_, relations->maps);
    if (const auto* table = table_of(tables_, TableName::concept_ancestor)) {
      if (options_.sql_tables) {
        if (auto status = ancestor_columns.open(in_work(ancestor_columns_file)); !status) return status;
      }
      auto count = import_ancestors(*table, options_.threads, ancestor_columns.sink);
      if (!count) return count.error();
      info_.ancestors = *count;
      if (auto status = ancestor_columns.finish(); !status) return status;
    }
    return {};
  }

  Status write() {
    std::string strings;
    for (const auto& text : concepts_.strings.all()) {
      strings.push_back(static_cast<char>(text.size() & 255));
      strings.push_back(static_cast<char>(text.size() >> 8));
      strings += text;
    }
    const std::string info = write_info(info_);
    const std::vector<std::string_view> sections{concepts_.rows.raw(),
                                                 concepts_.text.raw(),
                                                 indexes_.codes.raw(),
                                                 indexes_.ids.raw(),
                                                 indexes_.names.raw(),
                                                 targets_.single.raw(),
                                                 raw(targets_.more),
                                                 raw(targets_.values),
                                                 raw(concepts_.kinds),
                                                 strings,
                                                 info,
                                                 raw(synonyms_.entries),
                                                 synonyms_.text};
    if (auto status = write_snapshot(in_work(snapshot_file), static_cast<std::uint32_t>(concepts_.rows.size()), sections); !status)
      return status;
    return options_.sql_tables ? write_sql() : Status();
  }

  Status write_sql() {
    OutputFile names;
    if (auto status = names.create(in_work(relationship_names_file)); !status) return status;
    for (const auto& name : relationship_names_) {
      if (auto status = names.write(name + "\n"); !status) return status;
    }
    if (auto status = names.finish(); !status) return status;
    for (const TableName name : {TableName::vocabulary, TableName::domain, TableName::concept_class, TableName::relationship,
                                 TableName::concept_synonym, TableName::drug_strength}) {
      const auto* table = table_of(tables_, name);
      if (table == nullptr) continue;
      OutputFile copy;
      if (auto status = copy.create(in_work(source_copy_file(table_info(name).name, table->tabs()))); !status) return status;
      if (auto status = copy.write(table->bytes()); !status) return status;
      if (auto status = copy.finish(); !status) return status;
    }
    // A small vocabulary gets its Parquet files at once; for a big one they would double the work of the build.
    if (info_.concepts + info_.relationships + info_.ancestors > small_vocabulary_rows) return {};
    auto snapshot = Vocabulary::open(work_.path());
    if (!snapshot) return snapshot.error();
    return export_sql_tables(**snapshot, options_.threads);
  }

  SnapshotOptions options_;
  WorkFolder work_;
  Tables tables_;
  Vocabulary::Info info_;
  Concepts concepts_;
  Indexes indexes_;
  Targets targets_;
  Synonyms synonyms_;
  std::vector<std::string> relationship_names_;
};

}  // namespace

}  // namespace vocabulary

Result<Vocabulary::Info> build_snapshot(const SnapshotOptions& options) { return vocabulary::Build(options).run(); }

}  // namespace pyojun
