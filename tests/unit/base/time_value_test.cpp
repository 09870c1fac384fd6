// Dates and times: a table of what each parser takes and what it refuses, with the malformed forms seen in real exports.
#include "base/time_value.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pyojun;

namespace {

// "days micros offset precision" written as a text, "-" when refused.
std::string show(const std::optional<TimeValue>& value) {
  if (!value) return "-";
  std::string out;
  append_datetime(out, static_cast<std::int64_t>(value->days) * 86'400'000'000 + value->micros);
  static constexpr const char* names[] = {"year", "month", "day", "minute", "second", "fraction"};
  out += std::string(" ") + names[static_cast<int>(value->precision)];
  if (value->has_offset) out += " " + std::to_string(value->offset_minutes);
  return out;
}

struct Row {
  const char* text;
  const char* expected;
};

}  // namespace

TEST_CASE("ISO 8601 texts are read strictly") {
  const std::vector<Row> rows{
      {"2023-01-27T16:17:47Z", "2023-01-27 16:17:47 second 0"},
      {"2023-01-27 16:17:47", "2023-01-27 16:17:47 second"},
      {"2023-01-27T16:17", "2023-01-27 16:17:00 minute"},
      {"2023-01-27T16:17+09:00", "2023-01-27 16:17:00 minute 540"},
      {"2023-01-27T16:17:47.5-03:30", "2023-01-27 16:17:47.500000 fraction -210"},
      {"2023-01-27T16:17:47.123456789Z", "2023-01-27 16:17:47.123456 fraction 0"},
      {"2023-01-27", "2023-01-27 00:00:00 day"},
      {"2023-01", "2023-01-01 00:00:00 month"},
      {"2023", "2023-01-01 00:00:00 year"},
      {"0001-01-01", "0001-01-01 00:00:00 day"},
      {"9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999 fraction 0"},
      {"2000-02-29", "2000-02-29 00:00:00 day"},
      {"1900-02-29", "-"},
      {"2024-02-29", "2024-02-29 00:00:00 day"},
      {"2023-02-29", "-"},
      {"2023-04-31", "-"},
      {"2023-00-10", "-"},
      {"2023-13-10", "-"},
      {"2023-10-00", "-"},
      {"0000-01-01", "-"},
      {"2023-01-27T24:00:00Z", "-"},
      {"2023-01-27T23:60:00Z", "-"},
      {"2023-01-27T23:59:60Z", "-"},
      {"2023-01-27T16:17:47+15:00", "-"},
      {"2023-01-27T16:17:47+0900", "-"},
      {"2023-01-27T16:17:47z", "-"},
      {"2023-01-27t16:17:47Z", "-"},
      {"2023-01-27T16:17:47.Z", "-"},
      {"2023-01-27T16:17.5", "-"},
      {"2023-01-27T16", "-"},
      {"2023-01-27T", "-"},
      {"2023-01-27Z", "-"},
      {"2023-1-27", "-"},
      {"20230127", "-"},
      {" 2023-01-27", "-"},
      {"2023-01-27 ", "-"},
      {"2023-01-27T16:17:47ZZ", "-"},
      {"01/10/1948", "-"},
      {"Aug 15, 1942", "-"},
      {"DOB", "-"},
      {"", "-"},
      {"-", "-"},
      {"2023-", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(show(parse_iso(row.text)) == row.expected);
  }
}

TEST_CASE("HL7 times are read strictly") {
  const std::vector<Row> rows{
      {"2015", "2015-01-01 00:00:00 year"},
      {"201507", "2015-07-01 00:00:00 month"},
      {"20150722", "2015-07-22 00:00:00 day"},
      {"20150722-0400", "2015-07-22 00:00:00 day -240"},
      {"2015072214", "2015-07-22 14:00:00 minute"},
      {"201507221405-0500", "2015-07-22 14:05:00 minute -300"},
      {"20150722140559", "2015-07-22 14:05:59 second"},
      {"20150722140559.1234+0215", "2015-07-22 14:05:59.123400 fraction 135"},
      {"83870806113700-0400", "8387-08-06 11:37:00 second -240"},
      {"00010101000000", "0001-01-01 00:00:00 second"},
      {"18991230", "1899-12-30 00:00:00 day"},
      {"200130311", "-"},
      {"201507221405-500", "-"},
      {"-08", "-"},
      {"", "-"},
      {"0", "-"},
      {"0000", "-"},
      {"00000000", "-"},
      {"2015062210000-0500", "-"},
      {"732497932932937937327393270", "-"},
      {"20130218031000-05", "-"},
      {"20150722240000", "-"},
      {"20150722140559.", "-"},
      {"201507221405.5", "-"},
      {"20150732", "-"},
      {"20150229", "-"},
      {"20150722140559-9999", "-"},
      {"PIDDOB!", "-"},
      {"201507 ", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(show(parse_hl7(row.text)) == row.expected);
  }
}

TEST_CASE("forms of a dialect match the whole text") {
  struct FormRow {
    const char *text, *form, *expected;
  };
  const std::vector<FormRow> rows{
      {"7/4/2019 9:05:00 PM", "M/D/YYYY h:mm:ss AM", "2019-07-04 21:05:00 second"},
      {"12/31/2019 12:00:00 AM", "M/D/YYYY h:mm:ss AM", "2019-12-31 00:00:00 second"},
      {"12/31/2019 12:00:00 pm", "M/D/YYYY h:mm:ss AM", "2019-12-31 12:00:00 second"},
      {"12/31/2019 13:00:00 PM", "M/D/YYYY h:mm:ss AM", "-"},
      {"12/31/2019 0:00:00 AM", "M/D/YYYY h:mm:ss AM", "-"},
      {"2019-07-04 오후 3:05", "YYYY-MM-DD AM h:mm", "2019-07-04 15:05:00 minute"},
      {"2019-07-04 오전 3:05", "YYYY-MM-DD 오후 h:mm", "2019-07-04 03:05:00 minute"},
      {"2019-07-04 오전 12:05:10", "YYYY-MM-DD 오전 h:mm:ss", "2019-07-04 00:05:10 second"},
      {"2019-07-04 오후 12:05:10", "YYYY-MM-DD 오전 h:mm:ss", "2019-07-04 12:05:10 second"},
      {"2019-07-04 오후 0:05", "YYYY-MM-DD AM h:mm", "2019-07-04 12:05:00 minute"},
      {"2019-07-04 오후 13:05", "YYYY-MM-DD AM h:mm", "-"},
      {"3:05 오후 7/4/2019", "h:mm PM M/D/YYYY", "2019-07-04 15:05:00 minute"},
      {"3:05 p.m. 7/4/2019", "h:mm AM M/D/YYYY", "2019-07-04 15:05:00 minute"},
      {"2019-07-04 저녁 3:05", "YYYY-MM-DD AM h:mm", "-"},
      {"2019-07-04 오후 3:05", "YYYY-MM-DD h:mm", "-"},
      {"20190704", "YYYYMMDD", "2019-07-04 00:00:00 day"},
      {"2019070", "YYYYMMDD", "-"},
      {"201907041", "YYYYMMDD", "-"},
      {"04-JUL-2019", "DD-MON-YYYY", "2019-07-04 00:00:00 day"},
      {"04-July-2019", "DD-MON-YYYY", "2019-07-04 00:00:00 day"},
      {"Aug 15, 1942", "MON D, YYYY", "1942-08-15 00:00:00 day"},
      {"2019년 7월 4일", "YYYY년 M월 D일", "2019-07-04 00:00:00 day"},
      {"2019년 7월 4일 오후 3시 5분", "YYYY년 M월 D일 오후 h시 m분", "2019-07-04 15:05:00 minute"},
      {"2019년 07월 04일 오전 12시 05분 9초", "YYYY년 M월 D일 오후 h시 m분 s초", "2019-07-04 00:05:09 second"},
      {"2019년 7월 4일 오전 12시", "YYYY년 M월 D일 오전 h시", "2019-07-04 00:00:00 minute"},
      {"2019-7-4 9:5:3", "YYYY-M-D h:m:s", "2019-07-04 09:05:03 second"},
      {"2019-7-4 9:60", "YYYY-M-D h:m", "-"},
      {"2019-7-4 9:005", "YYYY-M-D h:m", "-"},
      {"24. 3. 5.", "YY. M. D.", "2024-03-05 00:00:00 day"},
      {"68.12.31", "YY.MM.DD", "2068-12-31 00:00:00 day"},
      {"69.01.01", "YY.MM.DD", "1969-01-01 00:00:00 day"},
      {"00/2/29", "YY/M/D", "2000-02-29 00:00:00 day"},
      {"2024. 3. 5.", "YY. M. D.", "-"},
      {"4. 3. 5.", "YY. M. D.", "-"},
      {"2019.07.04 23:59", "YYYY.MM.DD hh:mm", "2019-07-04 23:59:00 minute"},
      {"2019.07.04 24:00", "YYYY.MM.DD hh:mm", "-"},
      {"2019/02/29", "YYYY/MM/DD", "-"},
      {"07/2019", "MM/YYYY", "2019-07-01 00:00:00 month"},
      {"2019", "YYYY", "2019-01-01 00:00:00 year"},
      {"04", "DD", "-"},
      {"2019 04", "YYYY DD", "-"},
      {"2019-07-04", "YYYY-MM-DD ", "-"},
      {"2019-07-04T", "YYYY-MM-DD", "-"},
      {"", "", "-"},
      {"20192019", "YYYYYYYY", "-"},
  };
  for (const FormRow& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.form);
    CHECK(show(parse_form(row.text, row.form)) == row.expected);
  }
}

TEST_CASE("every day of ten thousand years goes to a date and back") {
  std::int32_t days = days_from_civil(1, 1, 1);
  CHECK(days == -719'162);
  CHECK(days_from_civil(1970, 1, 1) == 0);
  unsigned count = 0;
  for (int year = 1; year <= 9999; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      for (unsigned day = 1; day <= 31; ++day) {
        if (!valid_day(year, month, day)) continue;
        const Civil civil = civil_from_days(days);
        if (days_from_civil(year, month, day) != days || civil.year != year || civil.month != month || civil.day != day) {
          FAIL("day " << days);
        }
        ++days;
        ++count;
      }
    }
  }
  CHECK(count == 3'652'059);
}

TEST_CASE("times before 1970 are written with a positive clock") {
  std::string out;
  append_datetime(out, -1);
  out += '|';
  append_date(out, -1);
  CHECK(out == "1969-12-31 23:59:59.999999|1969-12-31");
}
