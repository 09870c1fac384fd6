#include "warehouse/duck.hpp"

#include <duckdb.h>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace pyojun {

namespace {

std::string_view class_of(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return "out of memory";
    case DUCKDB_ERROR_IO:
      return "input or output";
    case DUCKDB_ERROR_CONSTRAINT:
      return "constraint";
    case DUCKDB_ERROR_CONVERSION:
      return "conversion";
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return "out of range";
    case DUCKDB_ERROR_CATALOG:
      return "catalog";
    case DUCKDB_ERROR_BINDER:
      return "binder";
    case DUCKDB_ERROR_PARSER:
      return "parser";
    case DUCKDB_ERROR_SYNTAX:
      return "syntax";
    case DUCKDB_ERROR_TRANSACTION:
      return "transaction";
    case DUCKDB_ERROR_INVALID_INPUT:
      return "invalid input";
    case DUCKDB_ERROR_INTERRUPT:
      return "interrupted";
    case DUCKDB_ERROR_INTERNAL:
      return "internal";
    default:
      return "other";
  }
}

// A commit that finds the disk full is called a fault of the transaction; only its text tells.
bool disk_in_commit(duckdb_error_type type, const char* text) {
  if (type != DUCKDB_ERROR_TRANSACTION || text == nullptr) return false;
  const std::string_view told = text;
  return told.find("No space left") != std::string_view::npos || told.find("Could not write") != std::string_view::npos ||
         told.find("Disk quota") != std::string_view::npos;
}

// Binder, catalog and parser speak about names in our own SQL; all other texts may quote values.
Error engine_error(duckdb_result* result, std::string_view name) {
  duckdb_error_type type = duckdb_result_error_type(result);
  if (disk_in_commit(type, duckdb_result_error(result))) type = DUCKDB_ERROR_IO;
  Error error;
  error.code = Code::warehouse_engine;
  error.subject = name;
  error.detail = class_of(type);
  const bool about_names = type == DUCKDB_ERROR_CATALOG || type == DUCKDB_ERROR_BINDER || type == DUCKDB_ERROR_PARSER;
  if (const char* const text = duckdb_result_error(result); about_names && text != nullptr) error.detail = text;
  return error;
}

Error engine_error(std::string_view name, std::string_view detail) {
  Error error;
  error.code = Code::warehouse_engine;
  error.subject = name;
  error.detail = detail;
  return error;
}

}  // namespace

namespace {
constexpr std::string_view read_alias = "pyojun_file";
}

struct Duck::Database {
  duckdb_database handle = nullptr;
  bool left_open = false;
  bool beside = false;  // the file is attached, and every connection speaks of it
  ~Database() {
    if (!left_open) duckdb_close(&handle);
  }
};

// A database that is opened for reading forbids writing into any other that is attached to it (a target). So a file to be read is attached
// to an empty database in memory.
Result<std::unique_ptr<Duck>> Duck::open(const DuckOptions& options) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) return engine_error("open", "configuration");
  const std::array<std::pair<const char*, std::string>, 9> settings{{
      {"threads", std::to_string(options.threads == 0 ? 1 : options.threads)},
      {"memory_limit", fmt::format("{}MiB", options.memory_bytes >> 20)},
      {"temp_directory", options.temp_folder},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"preserve_insertion_order", "true"},
      {"access_mode", "READ_WRITE"},
      {"checkpoint_threshold", "1GB"},
      {"default_block_size",
       "16384"},  // of new files, the smallest: some forty tables of mostly few rows, each column in a block of its own
  }};
  bool good = true;
  for (const auto& [name, value] : settings) good = duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess && good;
  auto database = std::make_shared<Database>();
  char* text = nullptr;
  const char* const path = options.file.empty() || options.read_only ? nullptr : options.file.c_str();
  good = good && duckdb_open_ext(path, &database->handle, config, &text) == DuckDBSuccess;
  duckdb_destroy_config(&config);
  if (text != nullptr) duckdb_free(text);
  if (!good) {
    Error error = engine_error("open", "the database cannot be opened");
    error.file = options.file;
    return error;
  }
  Duck first;
  first.database_ = std::move(database);
  auto out = first.connect();
  if (!out || !options.read_only) return out;
  first.database_->beside = true;
  const std::string sql = fmt::format("attach {} as {} (read_only); use {}", sql_text(options.file), read_alias, read_alias);
  if (Status status = (*out)->exec(sql, "open"); !status) {
    Error error = status.error();
    error.file = options.file;
    return error;
  }
  return out;
}

Result<std::unique_ptr<Duck>> Duck::connect() const {
  std::unique_ptr<Duck> out(new Duck);
  out->database_ = database_;
  if (duckdb_connect(database_->handle, &out->connection_) != DuckDBSuccess) return engine_error("connect", "no connection");
  if (!database_->beside) return out;
  if (Status status = out->exec(fmt::format("use {}", read_alias), "connect"); !status) return status.error();
  return out;
}

void Duck::leave_open() { database_->left_open = true; }

Duck::~Duck() {
  if (connection_ != nullptr) duckdb_disconnect(&connection_);
}

Status Duck::exec(const std::string& sql, std::string_view name) {
  duckdb_result result;
  const bool good = duckdb_query(connection_, sql.c_str(), &result) == DuckDBSuccess;
  Status status;
  if (!good) status = engine_error(&result, name);
  duckdb_destroy_result(&result);
  return status;
}

Status Duck::query(const std::string& sql, const std::function<bool(const DuckRows&)>& each, std::string_view name) {
  duckdb_result result;
  Status status;
  if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
    status = engine_error(&result, name);
  } else {
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) {
      DuckRows rows;
      rows.chunk_ = chunk;
      rows.rows_ = duckdb_data_chunk_get_size(chunk);
      if (!each(rows)) break;
    }
  }
  duckdb_destroy_result(&result);
  return status;
}

Result<std::int64_t> Duck::integer(const std::string& sql, std::string_view name) {
  std::int64_t out = 0;
  const auto take = [&out](const DuckRows& rows) {
    if (rows.rows() > 0) out = rows.integer(0, 0);
    return false;
  };
  if (Status status = query(sql, take, name); !status) return status.error();
  return out;
}

Result<std::string> Duck::text(const std::string& sql, std::string_view name) {
  std::string out;
  const auto take = [&out](const DuckRows& rows) {
    if (rows.rows() > 0) out = rows.text(0, 0);
    return false;
  };
  if (Status status = query(sql, take, name); !status) return status.error();
  return out;
}

Result<DuckAppender> Duck::append_to(const std::string& schema, const std::string& table) {
  DuckAppender out;
  out.table_ = table;
  if (duckdb_appender_create(connection_, schema.empty() ? nullptr : schema.c_str(), table.c_str(), &out.appender_) != DuckDBSuccess) {
    return engine_error(table, "appender");
  }
  return out;
}

DuckRows::DuckRows(DuckRows&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)), rows_(std::exchange(other.rows_, 0)) {}
DuckRows& DuckRows::operator=(DuckRows&& other) noexcept {
  std::swap(chunk_, other.chunk_);
  std::swap(rows_, other.rows_);
  return *this;
}
DuckRows::~DuckRows() {
  if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
}

std::size_t DuckRows::columns() const { return duckdb_data_chunk_get_column_count(chunk_); }

bool DuckRows::null(std::size_t column, std::size_t row) const {
  std::uint64_t* const validity = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(chunk_, column));
  return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
}

const void* DuckRows::data(std::size_t column) const { return duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, column)); }

namespace {

duckdb_type type_of(duckdb_data_chunk chunk, std::size_t column) {
  duckdb_logical_type logical = duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, column));
  const duckdb_type type = duckdb_get_type_id(logical);
  duckdb_destroy_logical_type(&logical);
  return type;
}

}  // namespace

std::int64_t DuckRows::integer(std::size_t column, std::size_t row) const {
  if (null(column, row)) return 0;
  const void* const values = data(column);
  switch (type_of(chunk_, column)) {
    case DUCKDB_TYPE_BOOLEAN:
      return static_cast<const bool*>(values)[row] ? 1 : 0;
    case DUCKDB_TYPE_TINYINT:
      return static_cast<const std::int8_t*>(values)[row];
    case DUCKDB_TYPE_UTINYINT:
      return static_cast<const std::uint8_t*>(values)[row];
    case DUCKDB_TYPE_SMALLINT:
      return static_cast<const std::int16_t*>(values)[row];
    case DUCKDB_TYPE_USMALLINT:
      return static_cast<const std::uint16_t*>(values)[row];
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_INTEGER:
      return static_cast<const std::int32_t*>(values)[row];
    case DUCKDB_TYPE_UINTEGER:
      return static_cast<const std::uint32_t*>(values)[row];
    case DUCKDB_TYPE_HUGEINT:
      return static_cast<std::int64_t>(static_cast<const duckdb_hugeint*>(values)[row].lower);
    default:
      return static_cast<const std::int64_t*>(values)[row];
  }
}

double DuckRows::number(std::size_t column, std::size_t row) const {
  if (null(column, row)) return 0;
  switch (type_of(chunk_, column)) {
    case DUCKDB_TYPE_DOUBLE:
      return static_cast<const double*>(data(column))[row];
    case DUCKDB_TYPE_FLOAT:
      return static_cast<double>(static_cast<const float*>(data(column))[row]);
    default:
      return static_cast<double>(integer(column, row));
  }
}

std::string_view DuckRows::text(std::size_t column, std::size_t row) const {
  if (null(column, row)) return {};
  duckdb_string_t* const values = static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, column)));
  return {duckdb_string_t_data(values + row), duckdb_string_t_length(values[row])};
}

DuckAppender::DuckAppender(DuckAppender&& other) noexcept
    : appender_(std::exchange(other.appender_, nullptr)), table_(std::move(other.table_)), good_(other.good_) {}
DuckAppender& DuckAppender::operator=(DuckAppender&& other) noexcept {
  std::swap(appender_, other.appender_);
  std::swap(table_, other.table_);
  std::swap(good_, other.good_);
  return *this;
}
DuckAppender::~DuckAppender() {
  if (appender_ != nullptr) duckdb_appender_destroy(&appender_);
}
DuckAppender& DuckAppender::add(std::int64_t value) {
  good_ = duckdb_append_int64(appender_, value) == DuckDBSuccess && good_;
  return *this;
}
DuckAppender& DuckAppender::add(std::string_view text) {
  good_ = duckdb_append_varchar_length(appender_, text.data() == nullptr ? "" : text.data(), text.size()) == DuckDBSuccess && good_;
  return *this;
}
DuckAppender& DuckAppender::add_flag(bool value) {
  good_ = duckdb_append_bool(appender_, value) == DuckDBSuccess && good_;
  return *this;
}
DuckAppender& DuckAppender::add_null() {
  good_ = duckdb_append_null(appender_) == DuckDBSuccess && good_;
  return *this;
}
Status DuckAppender::end_row() {
  good_ = duckdb_appender_end_row(appender_) == DuckDBSuccess && good_;
  return good_ ? Status() : Status(engine_error(table_, "append"));
}
Status DuckAppender::close() {
  if (appender_ == nullptr) return {};
  good_ = duckdb_appender_close(appender_) == DuckDBSuccess && good_;
  duckdb_appender_destroy(&appender_);
  appender_ = nullptr;
  return good_ ? Status() : Status(engine_error(table_, "append"));
}

std::string sql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string sql_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace pyojun
