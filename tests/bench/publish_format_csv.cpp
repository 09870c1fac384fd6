// How many measurement rows one processor-second formats as CSV: run it with no arguments; the last line is the figure.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_value.hpp"
#include "cdm/rows.hpp"
#include "cdm/schema.hpp"
#include "publish/csv_format.hpp"

using namespace pyojun;

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A block such as a Synthea observation file gives: 14 of 23 columns vary, 2 are constant, 7 are null.
struct Sample {
  explicit Sample(const Table& table, std::uint32_t count) {
    block.rows = count;
    block.columns.resize(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) block.columns[i].type = table.columns[i].type;
    std::mt19937 random(3);
    fill_times(table, random);
    numbers.resize(count);
    for (auto& value : numbers) value = static_cast<double>(random() % 2000) / 10;
    set(table, "value_as_number").numbers = numbers.data();
    integer(table, "measurement_id", [&](std::uint32_t row) { return 5'000'000 + row; });
    integer(table, "person_id", [&](std::uint32_t row) { return 1 + row / 60; });
    integer(table, "measurement_concept_id", [&](std::uint32_t) { return 3'000'000 + random() % 50'000; });
    integer(table, "unit_concept_id", [&](std::uint32_t) { return 8500 + random() % 500; });
    integer(table, "provider_id", [&](std::uint32_t) { return 1 + random() % 3000; });
    integer(table, "visit_occurrence_id", [&](std::uint32_t row) { return 100'000 + row / 7; });
    integer(table, "measurement_source_concept_id", [&](std::uint32_t) { return 3'000'000 + random() % 50'000; });
    integer(table, "unit_source_concept_id", [&](std::uint32_t) { return 8500 + random() % 500; });
    constants = {32817};
    BlockColumn& type = set(table, "measurement_type_concept_id");
    type.form = BlockColumn::Form::constant;
    type.integers = constants.data();
    text(table, "measurement_source_value", {"8302-2", "72514-3", "29463-7", "QALY", "8867-4"});
    text(table, "unit_source_value", {"cm", "{score}", "kg", "a", "/min", "mm[Hg]"});
    text(table, "value_source_value", {"127.9", "3.0", "88", "Never smoker, ex", "1.25"});
  }

  RowBlock block;

 private:
  BlockColumn& set(const Table& table, std::string_view name) {
    BlockColumn& column = block.columns[table.find(name)];
    column.form = BlockColumn::Form::plain;
    return column;
  }
  template <class F>
  void integer(const Table& table, std::string_view name, F make) {
    auto& values = integers.emplace_back();
    for (std::uint32_t row = 0; row < block.rows; ++row) values.push_back(static_cast<std::int32_t>(make(row)));
    set(table, name).integers = values.data();
  }
  void fill_times(const Table& table, std::mt19937& random) {
    auto& days = integers.emplace_back();
    for (std::uint32_t row = 0; row < block.rows; ++row) {
      if (row % 7 == 0) day = 12000 + static_cast<std::int32_t>(random() % 6000);
      days.push_back(day);
      times.push_back(static_cast<std::int64_t>(day) * 86'400'000'000 + static_cast<std::int64_t>(random() % 86'400) * 1'000'000);
    }
    set(table, "measurement_date").integers = days.data();
    set(table, "measurement_datetime").datetimes = times.data();
  }
  void text(const Table& table, std::string_view name, const std::vector<std::string>& values) {
    auto& heap = heaps.emplace_back();
    auto& offsets = ends.emplace_back();
    for (std::uint32_t row = 0; row < block.rows; ++row) {
      heap += values[(row * 7919U) % values.size()];
      offsets.push_back(static_cast<std::uint32_t>(heap.size()));
    }
    BlockColumn& column = set(table, name);
    column.heap = heap.data();
    column.ends = offsets.data();
  }

  std::int32_t day = 0;
  std::deque<std::vector<std::int32_t>> integers;
  std::deque<std::vector<std::uint32_t>> ends;
  std::deque<std::string> heaps;
  std::vector<std::int64_t> times;
  std::vector<double> numbers;
  std::vector<std::int32_t> constants;
};

}  // namespace

int main() {
  const auto schema = Schema::load();
  if (!schema) return 1;
  const Table& table = schema->table(schema->find("measurement"));
  const Sample sample(table, 16384);
  CsvFormatter formatter;
  ByteBuffer out;
  constexpr int rounds = 400;
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const double start = cpu_seconds();
    for (int round = 0; round < rounds; ++round) {
      out.clear();
      formatter.format(sample.block, out);
    }
    best = std::min(best, cpu_seconds() - start);
  }
  const double rows = static_cast<double>(sample.block.rows) * rounds;
  const double bytes = static_cast<double>(out.view().size()) * rounds;
  fmt::print("{}\n", out.view().substr(0, out.view().find('\n')));
  fmt::print("{:.1f} M measurement rows per cpu-s, {:.0f} ns per row, {:.2f} GB per cpu-s\n", rows / best / 1e6, best / rows * 1e9,
             bytes / best / 1e9);
  return 0;
}
