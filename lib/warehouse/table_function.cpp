#include "warehouse/table_function.hpp"

#include <duckdb.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "cdm/rows.hpp"
#include "warehouse/part_source.hpp"
#include "warehouse/span_fold.hpp"

namespace pyojun {

namespace {

struct Parts {
  const Schema* schema;
  const Segment* segment;
  const Overlay* overlay;
  const PersonFilter* filter;
};

struct Bound {
  std::unique_ptr<RowSource> source;
  const Segment* segment;
  std::unique_ptr<PartSource> parts;  // part_provenance only
};

// A table of part_spans: whose events, from which day to which.
struct SpanTable {
  std::unique_ptr<RowSource> source;
  ColumnId person = no_column, first = no_column, last = no_column;
  std::vector<bool> wanted;
};

struct BoundSpans {
  std::vector<SpanTable> tables;
  const PersonFilter* filter;
};

// Shared by the threads of one scan: the next block to take, and which columns SQL wants (in its order).
struct Scan {
  std::atomic<std::size_t> next{0};
  std::vector<std::size_t> columns;
  std::vector<bool> wanted;
};

struct Worker {
  RowBlock block;
  std::vector<RowPlace> places;
  std::size_t row = 0, end = 0;
};

struct SpanWorker {
  RowBlock block;
  std::vector<Span> spans;
  std::size_t row = 0;
  bool folded = false;
};

template <class T>
void destroy(void* object) {
  delete static_cast<T*>(object);
}

duckdb_type duck_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return DUCKDB_TYPE_INTEGER;
    case ColumnType::number:
      return DUCKDB_TYPE_DOUBLE;
    case ColumnType::date:
      return DUCKDB_TYPE_DATE;
    case ColumnType::datetime:
      return DUCKDB_TYPE_TIMESTAMP;
    case ColumnType::text:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_VARCHAR;
}

void add_column(duckdb_bind_info info, const char* name, duckdb_type type) {
  duckdb_logical_type logical = duckdb_create_logical_type(type);
  duckdb_bind_add_result_column(info, name, logical);
  duckdb_destroy_logical_type(&logical);
}

std::string parameter(duckdb_bind_info info, idx_t number) {
  duckdb_value value = duckdb_bind_get_parameter(info, number);
  char* const text = duckdb_get_varchar(value);
  std::string out = text == nullptr ? "" : text;
  duckdb_free(text);
  duckdb_destroy_value(&value);
  return out;
}

Bound* bind_table(duckdb_bind_info info) {
  const Parts& parts = *static_cast<Parts*>(duckdb_bind_get_extra_info(info));
  const TableId table = parts.schema->find(parameter(info, 0));
  if (table == no_table) {
    duckdb_bind_set_error(info, "no such table in the CDM");
    return nullptr;
  }
  auto* const bound = new Bound{parts.overlay->over(std::make_unique<PartSource>(*parts.schema, *parts.segment, table)), parts.segment, {}};
  duckdb_bind_set_bind_data(info, bound, destroy<Bound>);
  duckdb_bind_set_cardinality(info, bound->source->rows(), true);
  return bound;
}

void bind_rows(duckdb_bind_info info) {
  const Bound* const bound = bind_table(info);
  if (bound == nullptr) return;
  const Parts& parts = *static_cast<Parts*>(duckdb_bind_get_extra_info(info));
  for (const auto& column : parts.schema->table(bound->source->table()).columns)
    add_column(info, column.name.c_str(), duck_type(column.type));
}

// One table of the list, "measurement measurement_date measurement_date"; false when a name is unknown.
bool bind_span_table(const Parts& parts, std::string_view text, SpanTable& out) {
  const auto word = [&text] {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \n")));
    const std::string_view one = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(one.size());
    return std::string(one);
  };
  const TableId id = parts.schema->find(word());
  if (id == no_table) return false;
  const Table& table = parts.schema->table(id);
  out.person = table.find("person_id");
  out.first = table.find(word());
  out.last = table.find(word());
  if (out.person == no_column || out.first == no_column || out.last == no_column) return false;
  out.source = parts.overlay->over(std::make_unique<PartSource>(*parts.schema, *parts.segment, id));
  out.wanted.resize(table.columns.size());
  for (const ColumnId column : {out.person, out.first, out.last}) out.wanted[column] = true;
  return true;
}

void bind_spans(duckdb_bind_info info) {
  const Parts& parts = *static_cast<Parts*>(duckdb_bind_get_extra_info(info));
  auto bound = std::make_unique<BoundSpans>();
  bound->filter = parts.filter;
  const std::string list = parameter(info, 0);
  for (std::string_view rest = list; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    SpanTable table;
    if (!bind_span_table(parts, one, table)) {
      duckdb_bind_set_error(info, "no such table or column in the CDM");
      return;
    }
    bound->tables.push_back(std::move(table));
  }
  duckdb_bind_set_bind_data(info, bound.release(), destroy<BoundSpans>);
  add_column(info, "person_id", DUCKDB_TYPE_INTEGER);
  add_column(info, "first_date", DUCKDB_TYPE_DATE);
  add_column(info, "last_date", DUCKDB_TYPE_DATE);
}

constexpr std::array<const char*, 7> provenance_columns{"id", "file", "record", "line", "offset", "length", "rule"};

void bind_provenance(duckdb_bind_info info) {
  Bound* const bound = bind_table(info);
  if (bound == nullptr) return;
  const Parts& parts = *static_cast<Parts*>(duckdb_bind_get_extra_info(info));
  bound->parts = std::make_unique<PartSource>(*parts.schema, *parts.segment, bound->source->table());
  for (const char* const name : provenance_columns) add_column(info, name, DUCKDB_TYPE_BIGINT);
}

void start_blocks(duckdb_init_info info, std::size_t blocks) {
  auto* const scan = new Scan;
  const idx_t count = duckdb_init_get_column_count(info);
  for (idx_t i = 0; i < count; ++i) {
    const idx_t column = duckdb_init_get_column_index(info, i);
    scan->columns.push_back(column);
    if (scan->wanted.size() <= column && column < 0xFFFF) scan->wanted.resize(column + 1);
    if (column < 0xFFFF) scan->wanted[column] = true;
  }
  scan->wanted.resize(std::max<std::size_t>(scan->wanted.size(), 512));
  duckdb_init_set_max_threads(info, std::max<std::size_t>(1, blocks));
  duckdb_init_set_init_data(info, scan, destroy<Scan>);
}

void start_scan(duckdb_init_info info) {
  const Bound& bound = *static_cast<Bound*>(duckdb_init_get_bind_data(info));
  start_blocks(info, bound.source->blocks());
}

void start_spans(duckdb_init_info info) {
  std::size_t blocks = 0;
  for (const auto& table : static_cast<BoundSpans*>(duckdb_init_get_bind_data(info))->tables) blocks += table.source->blocks();
  start_blocks(info, blocks);
}

template <class T>
void start_worker(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new T, destroy<T>);
}

void set_nulls(duckdb_vector vector, std::size_t rows) {
  duckdb_vector_ensure_validity_writable(vector);
  std::uint64_t* const validity = duckdb_vector_get_validity(vector);
  for (std::size_t i = 0; i < (rows + 63) / 64; ++i) validity[i] = 0;
}

template <class T, class Null>
void copy_values(duckdb_vector vector, const T* values, bool constant, std::size_t begin, std::size_t rows, Null is_null) {
  T* const to = static_cast<T*>(duckdb_vector_get_data(vector));
  bool nulls = false;
  if (constant) {
    std::fill_n(to, rows, values[0]);
    if (is_null(values[0])) set_nulls(vector, rows);
    return;
  }
  std::memcpy(to, values + begin, rows * sizeof(T));
  for (std::size_t i = 0; i < rows; ++i) nulls |= is_null(to[i]);
  if (!nulls) return;
  duckdb_vector_ensure_validity_writable(vector);
  std::uint64_t* const validity = duckdb_vector_get_validity(vector);
  for (std::size_t i = 0; i < rows; ++i) {
    if (is_null(to[i])) duckdb_validity_set_row_invalid(validity, i);
  }
}

void copy_texts(duckdb_vector vector, const BlockColumn& column, std::size_t begin, std::size_t rows) {
  std::uint64_t* validity = nullptr;
  const bool constant = column.form == BlockColumn::Form::constant;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t at = constant ? 0 : begin + i;
    const std::uint32_t from = at == 0 ? column.begin : column.ends[at - 1];
    if (column.ends[at] == from) {
      if (validity == nullptr) {
        duckdb_vector_ensure_validity_writable(vector);
        validity = duckdb_vector_get_validity(vector);
      }
      duckdb_validity_set_row_invalid(validity, i);
    } else {
      duckdb_vector_assign_string_element_len(vector, i, column.heap + from, column.ends[at] - from);
    }
  }
}

void copy_column(duckdb_vector vector, const BlockColumn& column, std::size_t begin, std::size_t rows) {
  const bool constant = column.form == BlockColumn::Form::constant;
  if (column.form == BlockColumn::Form::null) {
    set_nulls(vector, rows);
    return;
  }
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::date:
      copy_values(vector, column.integers, constant, begin, rows, [](std::int32_t value) { return value == null_integer; });
      break;
    case ColumnType::datetime:
      copy_values(vector, column.datetimes, constant, begin, rows, [](std::int64_t value) { return value == null_datetime; });
      break;
    case ColumnType::number: {
      const auto is_null = [](double value) { return std::bit_cast<std::uint64_t>(value) == null_number_bits; };
      copy_values(vector, column.numbers, constant, begin, rows, is_null);
      break;
    }
    case ColumnType::text:
      copy_texts(vector, column, begin, rows);
      break;
  }
}

// Takes the next block when the last one is used up; false at the end.
template <class Load>
bool next_rows(const Bound& bound, Scan& scan, Worker& worker, Load load) {
  while (worker.row == worker.end) {
    const std::size_t block = scan.next.fetch_add(1);
    if (block >= bound.source->blocks()) return false;
    worker.row = 0;
    worker.end = load(block);
  }
  return true;
}

void scan_rows(duckdb_function_info info, duckdb_data_chunk output) {
  const Bound& bound = *static_cast<Bound*>(duckdb_function_get_bind_data(info));
  Scan& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  Worker& worker = *static_cast<Worker*>(duckdb_function_get_local_init_data(info));
  const auto load = [&](std::size_t block) -> std::size_t {
    if (!bound.source->read(block, scan.wanted, worker.block)) return 0;
    return worker.block.rows;
  };
  if (!next_rows(bound, scan, worker, load)) {
    duckdb_data_chunk_set_size(output, 0);
    return;
  }
  const std::size_t rows = std::min<std::size_t>(duckdb_vector_size(), worker.end - worker.row);
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.columns[i] >= worker.block.columns.size()) continue;  // row number: nobody reads it
    copy_column(duckdb_data_chunk_get_vector(output, i), worker.block.columns[scan.columns[i]], worker.row, rows);
  }
  worker.row += rows;
  duckdb_data_chunk_set_size(output, rows);
}

void scan_provenance(duckdb_function_info info, duckdb_data_chunk output) {
  const Bound& bound = *static_cast<Bound*>(duckdb_function_get_bind_data(info));
  Scan& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  Worker& worker = *static_cast<Worker*>(duckdb_function_get_local_init_data(info));
  const auto load = [&](std::size_t block) {
    worker.places = bound.parts->places(block);
    return worker.places.size();
  };
  if (!next_rows(bound, scan, worker, load)) {
    duckdb_data_chunk_set_size(output, 0);
    return;
  }
  const std::size_t rows = std::min<std::size_t>(duckdb_vector_size(), worker.end - worker.row);
  for (std::size_t row = 0; row < rows; ++row) {
    const RowPlace& at = worker.places[worker.row + row];
    const ChunkInfo& chunk = bound.segment->chunks_[at.chunk];
    const Provenance place = bound.segment->place_of(chunk, at.row);
    const std::array<std::int64_t, provenance_columns.size()> values{bound.segment->row_id(chunk, at.row),
                                                                     place.file,
                                                                     static_cast<std::int64_t>(place.record),
                                                                     static_cast<std::int64_t>(place.line),
                                                                     static_cast<std::int64_t>(place.offset),
                                                                     place.length,
                                                                     place.rule};
    for (std::size_t i = 0; i < scan.columns.size(); ++i) {
      if (scan.columns[i] >= values.size()) continue;
      static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, i)))[row] = values[scan.columns[i]];
    }
  }
  worker.row += rows;
  duckdb_data_chunk_set_size(output, rows);
}

std::int32_t whole(const BlockColumn& column, std::size_t row) {
  if (column.form == BlockColumn::Form::null) return null_integer;
  return column.integers[column.form == BlockColumn::Form::constant ? 0 : row];
}

// Events so many days apart become one span; gaps in which an observation period ends are longer (settings.csv).
constexpr std::int32_t fold_days = 180;

void fold_block(const RowBlock& block, const SpanTable& table, const PersonFilter& filter, SpanFold& out) {
  const BlockColumn &person = block.columns[table.person], &first = block.columns[table.first], &last = block.columns[table.last];
  for (std::size_t row = 0; row < block.rows; ++row) {
    const std::int32_t from = whole(first, row);
    if (from == null_date || !filter.has(whole(person, row))) continue;
    out.add(whole(person, row), from, std::max(from, whole(last, row)));  // null is the smallest number
  }
}

// All blocks this worker gets, of all tables: SQL sees a few rows a person and worker instead of one an event.
bool fold_blocks(const BoundSpans& bound, Scan& scan, SpanWorker& worker) {
  SpanFold fold(fold_days);
  std::size_t table = 0, before = 0;  // blocks of the tables in front
  for (std::size_t next = scan.next.fetch_add(1);; next = scan.next.fetch_add(1)) {
    while (table < bound.tables.size() && next - before >= bound.tables[table].source->blocks()) {
      before += bound.tables[table++].source->blocks();
    }
    if (table == bound.tables.size()) break;
    const SpanTable& one = bound.tables[table];
    if (!one.source->read(next - before, one.wanted, worker.block)) return false;
    fold_block(worker.block, one, *bound.filter, fold);
  }
  worker.spans = fold.take();
  return true;
}

void scan_spans(duckdb_function_info info, duckdb_data_chunk output) {
  const BoundSpans& bound = *static_cast<BoundSpans*>(duckdb_function_get_bind_data(info));
  Scan& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  SpanWorker& worker = *static_cast<SpanWorker*>(duckdb_function_get_local_init_data(info));
  if (!std::exchange(worker.folded, true) && !fold_blocks(bound, scan, worker)) {
    duckdb_function_set_error(info, "rows cannot be read");
    return;
  }
  const std::size_t rows = std::min<std::size_t>(duckdb_vector_size(), worker.spans.size() - worker.row);
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.columns[i] > 2) continue;
    auto* const to = static_cast<std::int32_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, i)));
    for (std::size_t row = 0; row < rows; ++row) {
      const Span& span = worker.spans[worker.row + row];
      to[row] = scan.columns[i] == 0 ? span.person : scan.columns[i] == 1 ? span.first : span.last;
    }
  }
  worker.row += rows;
  duckdb_data_chunk_set_size(output, rows);
}

struct Function {
  const char* name;
  duckdb_table_function_bind_t bind;
  duckdb_table_function_init_t start, start_worker;
  duckdb_table_function_t scan;
};

constexpr std::array<Function, 3> functions{{{"part_rows", bind_rows, start_scan, start_worker<Worker>, scan_rows},
                                             {"part_spans", bind_spans, start_spans, start_worker<SpanWorker>, scan_spans},
                                             {"part_provenance", bind_provenance, start_scan, start_worker<Worker>, scan_provenance}}};

Status add_function(Duck& duck, const Function& row, const Parts& parts) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_table_function_set_name(function, row.name);
  duckdb_table_function_add_parameter(function, text);
  duckdb_table_function_set_extra_info(function, new Parts(parts), destroy<Parts>);
  duckdb_table_function_set_bind(function, row.bind);
  duckdb_table_function_set_init(function, row.start);
  duckdb_table_function_set_local_init(function, row.start_worker);
  duckdb_table_function_set_function(function, row.scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const bool good = duckdb_register_table_function(duck.connection(), function) == DuckDBSuccess;
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_table_function(&function);
  return good ? Status() : Status(Error{Code::warehouse_engine, {}, {}, row.name, "table function"});
}

}  // namespace

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return "INTEGER";
    case ColumnType::number:
      return "DOUBLE";
    case ColumnType::date:
      return "DATE";
    case ColumnType::datetime:
      return "TIMESTAMP";
    case ColumnType::text:
      return "VARCHAR";
  }
  return "VARCHAR";
}

Status register_part_functions(Duck& duck, const Schema& schema, const Segment& segment, const Overlay& overlay,
                               const PersonFilter& filter) {
  const Parts parts{&schema, &segment, &overlay, &filter};
  for (const Function& row : functions) {
    if (Status status = add_function(duck, row, parts); !status) return status;
  }
  return {};
}

}  // namespace pyojun
