// Parquet files of the vocabulary tables, made from a snapshot's columns by DuckDB when somebody asks for them.
#include "vocabulary/sql_tables.hpp"

#include <duckdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "vocabulary/column_file.hpp"
#include "vocabulary/snapshot_view.hpp"
#include "vocabulary/source_table.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

namespace vocabulary {

namespace {

namespace fs = std::filesystem;

Error failed(const std::string& path, std::string why) { return Error{Code::vocabulary_tables_failed, path, {}, path, std::move(why)}; }

struct OutputColumn {
  const char* name;
  duckdb_type type;
};

// A source of rows that fills DuckDB's vectors. `next` writes at most `room` rows and answers how many; 0 at the end.
struct RowSource {
  std::vector<OutputColumn> columns;
  virtual ~RowSource() = default;
  virtual std::size_t next(duckdb_data_chunk chunk, std::size_t room) = 0;
};

template <class T>
T* cells(duckdb_data_chunk chunk, idx_t column) {
  return static_cast<T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column)));
}

void put_text(duckdb_vector vector, idx_t row, std::string_view text) {
  duckdb_vector_assign_string_element_len(vector, row, text.data(), text.size());
}

void put_null(duckdb_vector vector, idx_t row) {
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

void put_reason(duckdb_vector vector, idx_t row, char reason) {
  if (reason == 0) {
    put_null(vector, row);
  } else {
    put_text(vector, row, {&reason, 1});
  }
}

struct ConceptSource final : RowSource {
  const SnapshotView& view;
  std::size_t at = 0;
  explicit ConceptSource(const SnapshotView& snapshot) : view(snapshot) {
    columns = {{"concept_id", DUCKDB_TYPE_INTEGER},    {"concept_name", DUCKDB_TYPE_VARCHAR},     {"domain_id", DUCKDB_TYPE_VARCHAR},
               {"vocabulary_id", DUCKDB_TYPE_VARCHAR}, {"concept_class_id", DUCKDB_TYPE_VARCHAR}, {"standard_concept", DUCKDB_TYPE_VARCHAR},
               {"concept_code", DUCKDB_TYPE_VARCHAR},  {"valid_start_date", DUCKDB_TYPE_DATE},    {"valid_end_date", DUCKDB_TYPE_DATE},
               {"invalid_reason", DUCKDB_TYPE_VARCHAR}};
  }
  std::size_t next(duckdb_data_chunk chunk, std::size_t room) override {
    const std::size_t count = std::min(room, view.rows.size() - at);
    duckdb_vector vectors[10];
    for (idx_t i = 0; i < 10; ++i) vectors[i] = duckdb_data_chunk_get_vector(chunk, i);
    for (idx_t i = 0; i < count; ++i) {
      const ConceptView row = view.view(view.rows[at++]);
      cells<std::int32_t>(chunk, 0)[i] = row.id;
      put_text(vectors[1], i, row.name);
      put_text(vectors[2], i, row.domain);
      put_text(vectors[3], i, row.vocabulary);
      put_text(vectors[4], i, row.concept_class);
      put_reason(vectors[5], i, row.standard);
      put_text(vectors[6], i, row.code);
      cells<duckdb_date>(chunk, 7)[i].days = row.valid_start;
      cells<duckdb_date>(chunk, 8)[i].days = row.valid_end;
      put_reason(vectors[9], i, row.invalid_reason);
    }
    return count;
  }
};

// Blocks of a column file, one after the other.
class Blocks {
 public:
  explicit Blocks(std::string_view bytes, std::uint32_t width) : bytes_(bytes), width_(width) {}
  // Moves to a block with rows left; false at the end or when the file is cut.
  bool more() {
    while (row_ == rows_) {
      BlockHead head;
      if (bytes_.size() - next_ < sizeof head) return false;
      std::memcpy(&head, bytes_.data() + next_, sizeof head);
      const std::size_t size = std::size_t{head.rows} * head.width;
      if (head.width != width_ || size > bytes_.size() - next_ - sizeof head) return false;
      base_ = next_ + sizeof head;
      next_ = base_ + size;
      rows_ = head.rows;
      row_ = 0;
    }
    return true;
  }
  bool complete() const { return next_ == bytes_.size(); }
  std::size_t left() const { return rows_ - row_; }
  void advance(std::size_t rows) { row_ += rows; }
  // Copies `count` cells of the column that starts `before` bytes a row into the block.
  template <class T>
  void copy(std::size_t before, std::size_t count, T* to) const {
    std::memcpy(to, bytes_.data() + base_ + rows_ * before + row_ * sizeof(T), count * sizeof(T));
  }

 private:
  std::string_view bytes_;
  std::uint32_t width_;
  std::size_t next_ = 0, base_ = 0, rows_ = 0, row_ = 0;
};

struct RelationshipSource final : RowSource {
  Blocks blocks;
  std::vector<std::string> names;
  RelationshipSource(std::string_view bytes, std::vector<std::string> relationship_names)
      : blocks(bytes, RelationshipColumns::width), names(std::move(relationship_names)) {
    columns = {{"concept_id_1", DUCKDB_TYPE_INTEGER},  {"concept_id_2", DUCKDB_TYPE_INTEGER}, {"relationship_id", DUCKDB_TYPE_VARCHAR},
               {"valid_start_date", DUCKDB_TYPE_DATE}, {"valid_end_date", DUCKDB_TYPE_DATE},  {"invalid_reason", DUCKDB_TYPE_VARCHAR}};
  }
  std::size_t next(duckdb_data_chunk chunk, std::size_t room) override {
    if (!blocks.more()) return 0;
    const std::size_t count = std::min(room, blocks.left());
    std::vector<std::uint16_t> numbers(count), starts(count), ends(count);
    std::vector<char> reasons(count);
    blocks.copy(0, count, cells<std::int32_t>(chunk, 0));
    blocks.copy(4, count, cells<std::int32_t>(chunk, 1));
    blocks.copy(8, count, numbers.data());
    blocks.copy(10, count, starts.data());
    blocks.copy(12, count, ends.data());
    blocks.copy(14, count, reasons.data());
    blocks.advance(count);
    const duckdb_vector name = duckdb_data_chunk_get_vector(chunk, 2), reason = duckdb_data_chunk_get_vector(chunk, 5);
    auto* start = cells<duckdb_date>(chunk, 3);
    auto* end = cells<duckdb_date>(chunk, 4);
    for (idx_t i = 0; i < count; ++i) {
      put_text(name, i, numbers[i] < names.size() ? std::string_view(names[numbers[i]]) : std::string_view());
      start[i].days = starts[i] + day_base;
      end[i].days = ends[i] + day_base;
      put_reason(reason, i, reasons[i]);
    }
    return count;
  }
};

struct AncestorSource final : RowSource {
  Blocks blocks;
  explicit AncestorSource(std::string_view bytes) : blocks(bytes, AncestorColumns::width) {
    columns = {{"ancestor_concept_id", DUCKDB_TYPE_INTEGER},
               {"descendant_concept_id", DUCKDB_TYPE_INTEGER},
               {"min_levels_of_separation", DUCKDB_TYPE_INTEGER},
               {"max_levels_of_separation", DUCKDB_TYPE_INTEGER}};
  }
  std::size_t next(duckdb_data_chunk chunk, std::size_t room) override {
    if (!blocks.more()) return 0;
    const std::size_t count = std::min(room, blocks.left());
    std::vector<std::uint16_t> least(count), most(count);
    blocks.copy(0, count, cells<std::int32_t>(chunk, 0));
    blocks.copy(4, count, cells<std::int32_t>(chunk, 1));
    blocks.copy(8, count, least.data());
    blocks.copy(10, count, most.data());
    blocks.advance(count);
    std::copy(least.begin(), least.end(), cells<std::int32_t>(chunk, 2));
    std::copy(most.begin(), most.end(), cells<std::int32_t>(chunk, 3));
    return count;
  }
};

RowSource* source_of(duckdb_function_info info) { return static_cast<RowSource*>(duckdb_function_get_extra_info(info)); }

void bind_rows(duckdb_bind_info info) {
  const auto* source = static_cast<RowSource*>(duckdb_bind_get_extra_info(info));
  for (const auto& column : source->columns) {
    duckdb_logical_type type = duckdb_create_logical_type(column.type);
    duckdb_bind_add_result_column(info, column.name, type);
    duckdb_destroy_logical_type(&type);
  }
}

void start_rows(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

void give_rows(duckdb_function_info info, duckdb_data_chunk chunk) {
  duckdb_data_chunk_set_size(chunk, source_of(info)->next(chunk, duckdb_vector_size()));
}

// One DuckDB in memory for the whole export.
class Engine {
 public:
  ~Engine() {
    if (connection_ != nullptr) duckdb_disconnect(&connection_);
    if (database_ != nullptr) duckdb_close(&database_);
  }
  Status open(unsigned threads) {
    if (duckdb_open(nullptr, &database_) != DuckDBSuccess || duckdb_connect(database_, &connection_) != DuckDBSuccess)
      return failed("duckdb", "cannot start");
    return run(fmt::format("set threads to {}; set preserve_insertion_order = true", std::max(1u, threads)));
  }
  Status run(const std::string& sql) {
    duckdb_result result;
    const bool done = duckdb_query(connection_, sql.c_str(), &result) == DuckDBSuccess;
    const std::string why = done ? "" : duckdb_result_error(&result);
    duckdb_destroy_result(&result);
    return done ? Status() : failed("duckdb", why);
  }
  // The source becomes table function `name`; it must live as long as the engine.
  Status add(const char* name, RowSource& source) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, name);
    duckdb_table_function_set_extra_info(function, &source, nullptr);
    duckdb_table_function_set_bind(function, bind_rows);
    duckdb_table_function_set_init(function, start_rows);
    duckdb_table_function_set_function(function, give_rows);
    const bool done = duckdb_register_table_function(connection_, function) == DuckDBSuccess;
    duckdb_destroy_table_function(&function);
    return done ? Status() : failed("duckdb", "cannot add a table function");
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += c;
    result += c;
  }
  return result + "'";
}

// Written beside its place, synced, then renamed: a file under its final name is complete.
Status write_parquet(Engine& engine, const std::string& query, const std::string& path) {
  const std::string work = path + ".work-" + std::to_string(::getpid());
  if (auto status = engine.run(fmt::format("copy ({}) to {} (format parquet)", query, quoted(work))); !status)
    return failed(path, status.error().detail);
  const int file = ::open(work.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    ::fsync(file);
    ::close(file);
  }
  std::error_code problem;
  fs::rename(work, path, problem);
  if (problem) return failed(path, problem.message());
  return {};
}

// Tables kept as delivered: name, and per column the type it has in the CDM (t text, i integer, n number, d date).
struct CopiedTable {
  const char* name;
  std::vector<std::pair<const char*, char>> columns;
};

const std::vector<CopiedTable>& copied_tables() {
  static const std::vector<CopiedTable> tables{
      {"vocabulary",
       {{"vocabulary_id", 't'},
        {"vocabulary_name", 't'},
        {"vocabulary_reference", 't'},
        {"vocabulary_version", 't'},
        {"vocabulary_concept_id", 'i'}}},
      {"domain", {{"domain_id", 't'}, {"domain_name", 't'}, {"domain_concept_id", 'i'}}},
      {"concept_class", {{"concept_class_id", 't'}, {"concept_class_name", 't'}, {"concept_class_concept_id", 'i'}}},
      {"relationship",
       {{"relationship_id", 't'},
        {"relationship_name", 't'},
        {"is_hierarchical", 't'},
        {"defines_ancestry", 't'},
        {"reverse_relationship_id", 't'},
        {"relationship_concept_id", 'i'}}},
      {"concept_synonym", {{"concept_id", 'i'}, {"concept_synonym_name", 't'}, {"language_concept_id", 'i'}}},
      {"drug_strength",
       {{"drug_concept_id", 'i'},
        {"ingredient_concept_id", 'i'},
        {"amount_value", 'n'},
        {"amount_unit_concept_id", 'i'},
        {"numerator_value", 'n'},
        {"numerator_unit_concept_id", 'i'},
        {"denominator_value", 'n'},
        {"denominator_unit_concept_id", 'i'},
        {"box_size", 'i'},
        {"valid_start_date", 'd'},
        {"valid_end_date", 'd'},
        {"invalid_reason", 't'}}},
  };
  return tables;
}

std::string typed(const std::string& column, char type) {
  switch (type) {
    case 'i':
      return fmt::format("cast({0} as integer) as {0}", column);
    case 'n':
      return fmt::format("cast({0} as double) as {0}", column);
    case 'd':
      return fmt::format("cast(coalesce(try_strptime({0}, '%Y%m%d'), try_strptime({0}, '%Y-%m-%d')) as date) as {0}", column);
    default:
      return column;
  }
}

// The query over a copied file. Its header says which columns it has; those of the CDM that it lacks become null.
Result<std::string> query_of(const CopiedTable& table, const std::string& path, bool tabs) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  std::string_view header((*file)->bytes().data(), (*file)->bytes().size());
  if (header.starts_with("\xEF\xBB\xBF")) header.remove_prefix(3);
  header = header.substr(0, header.find('\n'));
  std::vector<std::string> names;
  for (std::string name; !header.empty();) {
    const std::size_t end = std::min(header.find(tabs ? '\t' : ','), header.size());
    name = header.substr(0, end);
    header.remove_prefix(std::min(header.size(), end + 1));
    std::erase_if(name, [](char c) { return c == '"' || c == '\r' || c == ' ' || c == '\''; });
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    names.push_back(name.empty() ? fmt::format("column_{}", names.size()) : name);
  }
  std::string columns, chosen;
  for (const auto& name : names) columns += fmt::format("{}{}: 'VARCHAR'", columns.empty() ? "" : ", ", quoted(name));
  for (const auto& [name, type] : table.columns) {
    const bool there = std::find(names.begin(), names.end(), name) != names.end();
    const std::string null = fmt::format("cast(null as {}) as {}",
                                         type == 'i'   ? "integer"
                                         : type == 'n' ? "double"
                                         : type == 'd' ? "date"
                                                       : "varchar",
                                         name);
    chosen += (chosen.empty() ? "" : ", ") + (there ? typed(name, type) : null);
  }
  const char* form = tabs ? "delim = '\\t', quote = '', escape = ''" : "delim = ',', quote = '\"', escape = '\"'";
  return fmt::format("select {} from read_csv({}, auto_detect = false, header = true, nullstr = '', {}, columns = {{{}}})", chosen,
                     quoted(path), form, columns);
}

class Export {
 public:
  Export(const Vocabulary& vocabulary, unsigned threads, std::span<const std::string_view> tables)
      : folder_(vocabulary.sql_folder()), threads_(threads), tables_(tables) {}

  Status run() {
    auto view = SnapshotView::open(fs::path(folder_).parent_path().string());
    if (!view) return view.error();
    std::error_code problem;
    fs::create_directories(folder_, problem);
    if (problem) return failed(folder_, problem.message());
    ConceptSource concepts(*view);
    if (auto status = table("concept", concepts); !status) return status;
    if (auto status = relationships(); !status) return status;
    if (auto status = ancestors(); !status) return status;
    for (const auto& copied : copied_tables()) {
      if (auto status = copy(copied); !status) return status;
    }
    return {};
  }

 private:
  std::string place(const std::string& name) const { return (fs::path(folder_) / (name + ".parquet")).string(); }
  bool missing(const std::string& name) const {
    std::error_code ignored;
    if (!tables_.empty() && std::find(tables_.begin(), tables_.end(), name) == tables_.end()) return false;  // nobody asked
    return !fs::exists(place(name), ignored);
  }
  Status start() { return std::exchange(started_, true) ? Status() : engine_.open(threads_); }

  Status table(const std::string& name, RowSource& source) {
    if (!missing(name)) return {};
    if (auto status = start(); !status) return status;
    const std::string function = "pyojun_" + name;
    if (auto status = engine_.add(function.c_str(), source); !status) return status;
    return write_parquet(engine_, fmt::format("select * from {}()", function), place(name));
  }

  // A cut column file gives fewer rows; what was made from it goes.
  Status whole(const std::string& name, const Blocks& blocks) {
    std::error_code ignored;
    if (blocks.complete()) return {};
    fs::remove(place(name), ignored);
    return Error{Code::vocabulary_snapshot_damaged, folder_, {}, name, {}};
  }

  Status relationships() {
    if (!missing("concept_relationship")) return {};
    const fs::path root = fs::path(folder_).parent_path();
    auto columns = MappedFile::open((root / relationship_columns_file).string());
    if (!columns)
      return Error{Code::vocabulary_tables_failed, folder_, {}, "concept_relationship", "the snapshot was built without SQL tables"};
    auto names = MappedFile::open((root / relationship_names_file).string());
    if (!names) return names.error();
    std::vector<std::string> list;
    TabRows rows({(*names)->bytes().data(), (*names)->bytes().size()});
    for (Fields row; rows.next(row);) list.emplace_back(row.at[0]);
    RelationshipSource source({(*columns)->bytes().data(), (*columns)->bytes().size()}, std::move(list));
    if (auto status = table("concept_relationship", source); !status) return status;
    return whole("concept_relationship", source.blocks);
  }

  Status ancestors() {
    const auto path = fs::path(folder_).parent_path() / ancestor_columns_file;
    std::error_code ignored;
    if (!missing("concept_ancestor") || !fs::exists(path, ignored)) return {};
    auto columns = MappedFile::open(path.string());
    if (!columns) return columns.error();
    AncestorSource source({(*columns)->bytes().data(), (*columns)->bytes().size()});
    if (auto status = table("concept_ancestor", source); !status) return status;
    return whole("concept_ancestor", source.blocks);
  }

  Status copy(const CopiedTable& copied) {
    if (!missing(copied.name)) return {};
    for (const bool tabs : {true, false}) {
      const std::string path = (fs::path(folder_).parent_path() / source_copy_file(copied.name, tabs)).string();
      std::error_code ignored;
      if (!fs::exists(path, ignored)) continue;
      auto query = query_of(copied, path, tabs);
      if (!query) return query.error();
      if (auto status = start(); !status) return status;
      return write_parquet(engine_, *query, place(copied.name));
    }
    return {};
  }

  std::string folder_;
  unsigned threads_;
  std::span<const std::string_view> tables_;
  bool started_ = false;
  Engine engine_;
};

}  // namespace

}  // namespace vocabulary

Status export_sql_tables(const Vocabulary& vocabulary, unsigned threads, std::span<const std::string_view> tables) {
  return vocabulary::Export(vocabulary, threads, tables).run();
}

}  // namespace pyojun
