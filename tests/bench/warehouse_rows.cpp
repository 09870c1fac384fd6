// How much a row costs in the warehouse: commit, settle, reading all columns, SQL over the parts. Usage: bench_warehouse_rows FOLDER [M
// rows]
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace {

using namespace pyojun;

double seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Highest anonymous memory so far is not kept by the kernel; RssAnon now is.
double anonymous_megabytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with("RssAnon:")) continue;
    const auto digit = line.find_first_of("0123456789");
    double out = 0;
    std::from_chars(line.data() + digit, line.data() + line.size(), out);
    return out / 1024;
  }
  return 0;
}

class Stage {
 public:
  explicit Stage(const char* name, double rows) : name_(name), rows_(rows) {}
  ~Stage() {
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_, wall = seconds(CLOCK_MONOTONIC) - wall_;
    fmt::print("{:<28} cpu {:6.2f} s  wall {:6.2f} s  {:7.1f} ns/row  anonymous {:6.0f} MB\n", name_, cpu, wall, cpu * 1e9 / rows_,
               anonymous_megabytes());
    std::fflush(stdout);
  }

 private:
  const char* name_;
  double rows_, cpu_ = seconds(CLOCK_PROCESS_CPUTIME_ID), wall_ = seconds(CLOCK_MONOTONIC);
};

void must(const Status& status) {
  if (status) return;
  fmt::print("{} {} {}\n", info(status.error().code).says, status.error().subject, status.error().detail);
  std::exit(1);
}

ColumnValues& add(const Schema& schema, RowChunk& chunk, const char* name, Storage storage, bool constant = false) {
  ColumnValues& values = chunk.columns.emplace_back();
  values.column = schema.table(chunk.table).find(name);
  values.storage = constant ? Storage::constant : storage;
  values.constant_of = storage;
  values.target = schema.table(chunk.table).columns[values.column].references;
  return values;
}

Hash128 person_key(std::uint64_t i) { return combine({1, 1}, i); }
Hash128 visit_key(std::uint64_t i) { return combine({2, 2}, i); }

constexpr std::uint32_t batch_rows = 16384;

void base(RowChunk& chunk, std::uint32_t rows) {
  chunk.rows = rows;
  for (std::uint32_t i = 0; i < rows; ++i) {
    chunk.records.push_back(i);
    chunk.candidates.push_back(i);
    chunk.leads.push_back(1);
  }
}

void texts(ColumnValues& values, std::uint32_t rows, std::size_t length) {
  for (std::uint32_t i = 0; i < rows; ++i) {
    values.heap.append(length, static_cast<char>('a' + i % 26));
    values.ends.push_back(static_cast<std::uint32_t>(values.heap.size()));
  }
}

RowChunk entities(const Schema& schema, const char* table, std::uint64_t first, std::uint32_t rows, std::uint64_t per_person) {
  RowChunk chunk;
  chunk.table = schema.find(table);
  chunk.keyed = true;
  base(chunk, rows);
  const bool person = std::string_view(table) == "person";
  for (std::uint32_t i = 0; i < rows; ++i) chunk.keys.push_back(person ? person_key(first + i) : visit_key(first + i));
  if (person) {
    auto& year = add(schema, chunk, "year_of_birth", Storage::integers);
    year.integers.assign(rows, 1950);
    texts(add(schema, chunk, "person_source_value", Storage::texts), rows, 36);
    return chunk;
  }
  auto& of = add(schema, chunk, "person_id", Storage::references);
  for (std::uint32_t i = 0; i < rows; ++i) of.references.push_back(person_key((first + i) / per_person));
  add(schema, chunk, "visit_concept_id", Storage::integers).integers.assign(rows, 9202);
  add(schema, chunk, "visit_start_date", Storage::integers).integers.assign(rows, 18000);
  add(schema, chunk, "visit_start_datetime", Storage::datetimes).datetimes.assign(rows, 1'555'200'000'000'000);
  add(schema, chunk, "visit_end_date", Storage::integers).integers.assign(rows, 18000);
  add(schema, chunk, "visit_type_concept_id", Storage::integers, true).integers = {32827};
  texts(add(schema, chunk, "visit_source_value", Storage::texts), rows, 36);
  return chunk;
}

RowChunk events(const Schema& schema, bool keyed) {
  RowChunk chunk;
  chunk.table = schema.find("measurement");
  chunk.rule = 2;
  chunk.keyed = keyed;
  base(chunk, batch_rows);
  add(schema, chunk, "person_id", Storage::references).references.resize(batch_rows);
  add(schema, chunk, "visit_occurrence_id", Storage::references).references.resize(batch_rows);
  add(schema, chunk, "measurement_concept_id", Storage::integers).integers.assign(batch_rows, 3000000);
  add(schema, chunk, "measurement_date", Storage::integers).integers.assign(batch_rows, 18000);
  add(schema, chunk, "measurement_datetime", Storage::datetimes).datetimes.assign(batch_rows, 1'555'200'000'000'000);
  add(schema, chunk, "measurement_type_concept_id", Storage::integers, true).integers = {32827};
  add(schema, chunk, "value_as_number", Storage::numbers).numbers.assign(batch_rows, 12.5);
  add(schema, chunk, "unit_concept_id", Storage::integers).integers.assign(batch_rows, 8876);
  texts(add(schema, chunk, "measurement_source_value", Storage::texts), batch_rows, 7);
  texts(add(schema, chunk, "unit_source_value", Storage::texts), batch_rows, 5);
  texts(add(schema, chunk, "value_source_value", Storage::texts), batch_rows, 4);
  if (keyed) chunk.keys.resize(batch_rows);
  return chunk;
}

struct Bench {
  const Schema& schema;
  std::unique_ptr<Warehouse> warehouse;
  std::uint32_t file = 0;
  double commit_cpu = 0;

  void commit(RowChunk chunk, RowChunk* again = nullptr) {
    std::vector<RowChunk> chunks;
    chunks.push_back(std::move(chunk));
    std::vector<RuleTally> tallies(3);
    tallies[chunks[0].rule].in = tallies[chunks[0].rule].mapped = chunks[0].rows;
    std::vector<RecordPlace> places;
    for (std::uint32_t i = 0; i < chunks[0].rows; ++i) places.push_back({i * 100ULL, 90 + i % 9, i});
    BatchFacts facts;
    facts.seen = chunks[0].rows;
    facts.places = places;
    std::vector<QuarantineEntry> none;
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    must(warehouse->commit(file, chunks, tallies, facts, none));
    commit_cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    if (again != nullptr) *again = std::move(chunks[0]);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::uint64_t millions = 10;
  bool keyed = false;
  for (int i = 2; i < argc; ++i) {
    if (std::string_view(argv[i]) == "keyed") keyed = true;
    std::from_chars(argv[i], argv[i] + std::strlen(argv[i]), millions);
  }
  const std::uint64_t batches = millions * 1'000'000 / batch_rows, visits = batches * batch_rows / 10, persons = visits / 50;
  auto schema = Schema::load();
  if (!schema) return 1;
  std::filesystem::remove_all(argv[1]);
  WarehouseOptions options;
  options.folder = argv[1];
  options.schema = &*schema;
  options.threads = 2;
  options.rules = {"persons", "visits", "measurements"};
  options.filters.resize(3);
  auto opened = Warehouse::open(options);
  if (!opened) must(opened.error());
  Bench bench{*schema, std::move(*opened)};
  RunIdentity identity;
  identity.identity = "bench";
  {
    const Stage stage("open and begin", 1);
    must(bench.warehouse->begin(identity));
  }
  bench.file = bench.warehouse->add_file({});
  const double rows = static_cast<double>(batches * batch_rows + visits + persons);
  for (std::uint64_t i = 0; i < persons; i += batch_rows) {
    bench.commit(entities(*schema, "person", i, static_cast<std::uint32_t>(std::min<std::uint64_t>(batch_rows, persons - i)), 1));
  }
  for (std::uint64_t i = 0; i < visits; i += batch_rows) {
    bench.commit(entities(*schema, "visit_occurrence", i, static_cast<std::uint32_t>(std::min<std::uint64_t>(batch_rows, visits - i)), 50));
  }
  RowChunk chunk = events(*schema, keyed);
  for (std::uint64_t b = 0; b < batches; ++b) {
    for (std::uint32_t i = 0; i < batch_rows; ++i) {
      const std::uint64_t visit = (b * batch_rows + i) / 10;
      chunk.columns[0].references[i] = person_key(std::min(visit / 50, persons - 1));
      chunk.columns[1].references[i] = visit_key(visit);
      if (keyed) chunk.keys[i] = combine({3, 3}, b * batch_rows + i);
    }
    bench.commit(std::move(chunk), &chunk);
  }
  fmt::print("{:.2f} M rows\n{:<28} cpu {:6.2f} s {:26.1f} ns/row  anonymous {:6.0f} MB\n", rows / 1e6, "commit", bench.commit_cpu,
             bench.commit_cpu * 1e9 / rows, anonymous_megabytes());
  {
    const Stage stage("settle and assemble", rows);
    must(bench.warehouse->settle());
  }
  {
    const Stage stage("read all columns", rows);
    std::uint64_t sum = 0;
    RowBlock block;
    for (TableId id = 0; id < schema->tables().size(); ++id) {
      if (schema->table(id).schema != "cdm") continue;
      auto source = bench.warehouse->rows(id);
      if (!source) must(source.error());
      for (std::size_t i = 0; i < (*source)->blocks(); ++i) {
        must((*source)->read(i, {}, block));
        for (const auto& column : block.columns) {  // touch what was handed out
          if (column.form != BlockColumn::Form::plain) continue;
          if (column.integers != nullptr) sum += static_cast<std::uint32_t>(column.integers[block.rows - 1]);
        }
      }
    }
    if (sum == 0) return 1;
  }
  Duck& duck = bench.warehouse->duck();
  {
    const Stage stage("SQL: sum of person_id", rows);
    auto sum = duck.integer("select sum(person_id) from cdm.measurement");
    if (!sum) must(sum.error());
  }
  {
    const Stage stage("SQL: all columns of all rows", rows);
    auto sum = duck.integer("select count(columns(*)) from cdm.measurement");
    if (!sum) must(sum.error());
  }
  {
    const Stage stage("SQL: provenance of all rows", rows);
    auto sum = duck.integer("select sum(\"offset\") from part_provenance('measurement')");
    if (!sum) must(sum.error());
  }
  {
    const Stage stage("finish", rows);
    must(bench.warehouse->finish());
  }
  bench.warehouse.reset();
  {
    auto next = Warehouse::open(options);
    if (!next) must(next.error());
    const Stage stage("load the key index", rows);
    must((*next)->begin(identity));
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("peak resident {} MB; ", usage.ru_maxrss / 1024);
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) bytes += entry.is_regular_file() ? entry.file_size() : 0;
  fmt::print("folder {} MB\n", bytes / 1'000'000);
  return bench.warehouse == nullptr ? 0 : 1;
}
