// The CSV text of every kind of value, and that an independent reader gets the same values back.
#include "publish/csv_format.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "publish/fake_rows.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {

std::string format(const Table& table, std::uint32_t rows, std::vector<FakeColumn> columns) {
  const FakeSource source(table, 0, rows, std::move(columns), rows == 0 ? 1 : rows);
  CsvFormatter formatter;
  ByteBuffer out;
  RowBlock block;
  for (std::size_t i = 0; i < source.blocks(); ++i) {
    REQUIRE(source.read(i, {}, block));
    formatter.format(block, out);
  }
  return std::string(out.view());
}

// A plain RFC 4180 reader, written from the RFC and not from our writer.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = lines.back().back();
    if (quoted) {
      if (text[i] != '"') {
        field += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[++i];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      CHECK(field.empty());
      quoted = true;
    } else if (text[i] == ',') {
      lines.back().emplace_back();
    } else if (text[i] == '\n') {
      lines.emplace_back(1);
    } else {
      field += text[i];
    }
  }
  CHECK(!quoted);
  CHECK(lines.back() == std::vector<std::string>(1));
  lines.pop_back();
  return lines;
}

const Table one_number = table_of("t", {{"a", ColumnType::number}, {"b", ColumnType::integer}});

std::string number_text(double value) {
  const std::string line = format(one_number, 1, {numbers({value}), {}});
  REQUIRE(line.size() >= 2);
  return line.substr(0, line.size() - 2);
}

double read_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc{});
  CHECK(end == text.data() + text.size());
  return value;
}

}  // namespace

TEST_CASE("header is the columns in order") {
  CHECK(csv_header(table_of("person", {{"person_id", ColumnType::integer}, {"birth_datetime", ColumnType::datetime}})) ==
        "person_id,birth_datetime\n");
}

TEST_CASE("integers of every length") {
  const Table table = table_of("t", {{"a", ColumnType::integer}, {"b", ColumnType::integer}});
  std::vector<std::int32_t> values{
      0, 7, -1, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min() + 1, null_integer};
  for (std::int64_t power = 1; power < 3'000'000'000; power *= 10)
    for (const std::int64_t near : {power - 1, power, power + 1, power * 2 + 123})
      if (near <= std::numeric_limits<std::int32_t>::max())
        values.push_back(static_cast<std::int32_t>(near)), values.push_back(static_cast<std::int32_t>(-near));
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) values.push_back(static_cast<std::int32_t>(random() >> (i % 32)));
  std::string expected;
  for (const auto value : values) expected += value == null_integer ? ",\n" : fmt::format("{},\n", value);
  CHECK(format(table, static_cast<std::uint32_t>(values.size()), {integers(values), {}}) == expected);
}

TEST_CASE("numbers are the shortest text that reads back") {
  CHECK(number_text(127.9) == "127.9");
  CHECK(number_text(1.0) == "1");
  CHECK(number_text(-1.5) == "-1.5");
  CHECK(number_text(0.0) == "0");
  CHECK(number_text(-0.0) == "0");
  CHECK(number_text(0.000001) == "0.000001");
  CHECK(number_text(0.0000001) == "0.0000001");
  CHECK(number_text(100.0) == "100");
  CHECK(number_text(99999999.0) == "99999999");
  CHECK(number_text(100000000.0) == "100000000");
  CHECK(number_text(123456789012.5) == "123456789012.5");
  CHECK(number_text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number_text(98.60000000000001) == "98.60000000000001");
  CHECK(number_text(1e15) == "1000000000000000");
  CHECK(number_text(1e22) == "1e+22");
  CHECK(number_text(5e-324) == "5e-324");
  CHECK(number_text(null_number()).empty());
  CHECK(number_text(std::numeric_limits<double>::infinity()).empty());
  std::mt19937_64 random(11);
  for (int i = 0; i < 50000; ++i) {
    const int decimals = i % 9;
    const double scaled = std::round(static_cast<double>(static_cast<std::int64_t>(random() >> (20 + i % 40)))) / std::pow(10, decimals);
    const double value = i % 2 == 0 ? scaled : -scaled;
    const std::string text = number_text(value);
    CHECK(read_number(text) == value);
    const std::string shortest = fmt::format("{}", std::fabs(value));
    CHECK(read_number(shortest) == std::fabs(value));
    if (shortest.find('e') == std::string::npos && std::fabs(value) < 1e15)
      CHECK(text == fmt::format("{}{}", value < 0 ? "-" : "", shortest));
  }
  for (int i = 0; i < 50000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) CHECK(read_number(number_text(value)) == value);
  }
}

TEST_CASE("dates and datetimes") {
  const Table table = table_of("t", {{"a", ColumnType::date}, {"b", ColumnType::datetime}});
  constexpr std::int64_t day = 86'400'000'000;
  const std::string text = format(table, 6,
                                  {integers({0, null_date, 19723, -1, days_from_civil(1, 1, 1), days_from_civil(9999, 12, 31)}),
                                   datetimes({0, null_datetime, 19723 * day + 3'723'000'000, -1, 19723 * day + 86'399'999'999, 500'000})});
  CHECK(text ==
        "1970-01-01,1970-01-01 00:00:00\n"
        ",\n"
        "2024-01-01,2024-01-01 01:02:03\n"
        "1969-12-31,1969-12-31 23:59:59.999999\n"
        "0001-01-01,2024-01-01 23:59:59.999999\n"
        "9999-12-31,1970-01-01 00:00:00.500000\n");
}

TEST_CASE("every day of four centuries, against the calendar's own text") {
  const Table table = table_of("t", {{"a", ColumnType::date}, {"b", ColumnType::integer}});
  std::vector<std::int32_t> days;
  std::string expected;
  for (std::int32_t day = days_from_civil(1850, 1, 1); day < days_from_civil(2250, 1, 1); day += 3) {
    days.push_back(day);
    append_date(expected, day);
    expected += ",\n";
  }
  CHECK(format(table, static_cast<std::uint32_t>(days.size()), {integers(days), {}}) == expected);
}

TEST_CASE("quotes only where needed") {
  const Table table = table_of("t", {{"a", ColumnType::text}, {"b", ColumnType::text}});
  CHECK(format(table, 7,
               {texts({"plain", "a,b", "say \"hi\"", "two\nlines", "cr\rhere", " spaces ", "한국어, 예"}),
                texts({"", "a longer text without anything special in it", "a longer text, with a comma after sixteen bytes", "'", ";", "#",
                       "=1+1"})}) ==
        "plain,\n"
        "\"a,b\",a longer text without anything special in it\n"
        "\"say \"\"hi\"\"\",\"a longer text, with a comma after sixteen bytes\"\n"
        "\"two\nlines\",'\n"
        "\"cr\rhere\",;\n"
        " spaces ,#\n"
        "\"한국어, 예\",=1+1\n");
}

TEST_CASE("a special character at every position of texts of every length") {
  const Table table = table_of("t", {{"a", ColumnType::text}, {"b", ColumnType::integer}});
  for (std::size_t length = 1; length < 40; ++length) {
    std::vector<std::string> values;
    for (std::size_t at = 0; at < length; ++at)
      for (const char c : {',', '"', '\n', '\r', 'x'}) {
        values.emplace_back(length, 'y');
        values.back()[at] = c;
      }
    const auto lines = parse_csv(format(table, static_cast<std::uint32_t>(values.size()), {texts(values), {}}));
    REQUIRE(lines.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(lines[i] == std::vector<std::string>{values[i], ""});
  }
}

TEST_CASE("constants and nulls are part of the line") {
  const Table table = table_of("t", {{"n", ColumnType::integer},
                                     {"c", ColumnType::integer},
                                     {"v", ColumnType::integer},
                                     {"d", ColumnType::date},
                                     {"t", ColumnType::text},
                                     {"x", ColumnType::number},
                                     {"z", ColumnType::datetime}});
  CHECK(format(table, 2,
               {{},
                constant(integers({32817})),
                integers({1, 2}),
                constant(integers({0})),
                constant(texts({"a,b"})),
                constant(numbers({0.5})),
                constant(datetimes({0}))}) ==
        ",32817,1,1970-01-01,\"a,b\",0.5,1970-01-01 00:00:00\n,32817,2,1970-01-01,\"a,b\",0.5,1970-01-01 00:00:00\n");
  CHECK(format(table, 2, {{}, constant(integers({null_integer})), {}, {}, constant(texts({""})), {}, {}}) == ",,,,,,\n,,,,,,\n");
}

TEST_CASE("naughty strings survive CSV") {
  const char* shared = std::getenv("PYOJUN_SHARED");
  const std::string path = std::string(shared != nullptr ? shared : PYOJUN_SOURCE_DIR "/../shared/data") + "/hostile/text/blns.json";
  std::ifstream file(path);
  if (!file) {
    MESSAGE("SKIPPED: " << path << " is not present");
    return;
  }
  std::vector<std::string> values;
  for (std::string line; std::getline(file, line);)
    values.push_back(line + "\"\r\n" + line);  // raw JSON lines: nasty enough, and quotes besides
  REQUIRE(values.size() > 400);
  const Table table = table_of("t", {{"a", ColumnType::integer}, {"b", ColumnType::text}});
  std::vector<std::int32_t> ids(values.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i + 1);
  const auto lines = parse_csv(format(table, static_cast<std::uint32_t>(values.size()), {integers(ids), texts(values)}));
  REQUIRE(lines.size() == values.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == std::vector<std::string>{std::to_string(i + 1), values[i]});
}
