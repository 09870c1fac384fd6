// What a value, a packed row and a header of a SAS data set mean. Whole files: tests/cases/sas7bdat-shapes.md and tests/e2e/sas7bdat.py.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "readers/readers_table.hpp"
#include "readers/sas7bdat.hpp"

using namespace pyojun;

namespace {

std::string bytes_of(double value, std::size_t width, bool big_endian) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::string out;
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(bits >> (56 - 8 * i) & 0xFF);
  return big_endian ? out : std::string(out.rbegin(), out.rend());
}

std::string text_of(double value, SasValue kind, std::size_t width = 8) {
  std::string little, big;
  sas_append_number(little, bytes_of(value, width, false), false, kind);
  sas_append_number(big, bytes_of(value, width, true), true, kind);
  CHECK(little == big);
  return little;
}

std::string unpacked(SasPacking packing, const std::string& packed, std::size_t size) {
  std::string row(size, '?');
  return sas_unpack(packing, packed, row) ? row : "refused";
}

}  // namespace

TEST_CASE("numbers come as the shortest text that gives them back") {
  CHECK(text_of(0, SasValue::number) == "0");
  CHECK(text_of(-0.0, SasValue::number) == "0");
  CHECK(text_of(100'000, SasValue::number) == "100000");
  CHECK(text_of(0.1, SasValue::number) == "0.1");
  CHECK(text_of(20'250'303, SasValue::number) == "20250303");
  CHECK(text_of(-1.5, SasValue::number) == "-1.5");
  CHECK(text_of(9'007'199'254'740'993.0, SasValue::number) == "9007199254740992");
  CHECK(text_of(1e300, SasValue::number) == "1e+300");
  for (const double value : {1.0 / 3, 7.38, 29.900000000000002, 1e-5}) CHECK(std::stod(text_of(value, SasValue::number)) == value);
}

TEST_CASE("a short number keeps its highest bytes") {
  CHECK(text_of(3, SasValue::number, 3) == "3");
  CHECK(text_of(8191, SasValue::number, 3) == "8191");
  CHECK(text_of(2'000'000, SasValue::number, 4) == "2000000");
}

TEST_CASE("a missing value is empty, whatever its letter") {
  for (const std::uint64_t bits :
       {0xFFFF'FE00'0000'0000ULL, 0xFFFF'FD00'0000'0000ULL, 0xFFFF'E500'0000'0000ULL, 0x7FF8'0000'0000'0000ULL}) {
    CHECK(text_of(std::bit_cast<double>(bits), SasValue::number).empty());
    CHECK(text_of(std::bit_cast<double>(bits), SasValue::date).empty());
  }
}

TEST_CASE("days, moments and times by format") {
  CHECK(text_of(0, SasValue::date) == "1960-01-01");
  CHECK(text_of(-1, SasValue::date) == "1959-12-31");
  CHECK(text_of(19'060, SasValue::date) == "2012-03-08");
  CHECK(text_of(-138'061, SasValue::date) == "1582-01-01");
  CHECK(text_of(2'936'549, SasValue::date) == "9999-12-31");
  CHECK(text_of(2'936'550, SasValue::date) == "2936550");
  CHECK(text_of(1e300, SasValue::date) == "1e+300");
  CHECK(text_of(std::numeric_limits<double>::infinity(), SasValue::date) == "inf");
  CHECK(text_of(0, SasValue::datetime) == "1960-01-01T00:00:00");
  CHECK(text_of(-1, SasValue::datetime) == "1959-12-31T23:59:59");
  CHECK(text_of(1'600'000'000.5, SasValue::datetime) == "2010-09-13T12:26:40.5");
  CHECK(text_of(86'399, SasValue::time) == "23:59:59");
  CHECK(text_of(86'400, SasValue::time) == "86400");
  CHECK(text_of(-1, SasValue::time) == "-1");
}

TEST_CASE("formats say what a number is") {
  for (const char* name : {"DATE", "YYMMDDN", "yymmdd", "MMDDYY", "E8601DA", "MONYY", "NLDATE", "WORDDATE"})
    CHECK(sas_value_of_format(name) == SasValue::date);
  for (const char* name : {"DATETIME", "DATEAMPM", "E8601DT", "B8601DT", "NLDATM", "DTDATE"})
    CHECK(sas_value_of_format(name) == SasValue::datetime);
  for (const char* name : {"TIME", "TIMEAMPM", "HHMM", "TOD", "E8601TM"}) CHECK(sas_value_of_format(name) == SasValue::time);
  for (const char* name : {"", "BEST", "COMMA", "F", "Z", "PERCENT", "E", "D"}) CHECK(sas_value_of_format(name) == SasValue::number);
}

TEST_CASE("run-length packing") {
  const auto rle = [](const std::string& packed, std::size_t size) { return unpacked(SasPacking::run_length, packed, size); };
  CHECK(rle("\x82"
            "abc\xE1",
            6) == "abc   ");
  CHECK(rle("\xC0x\xF0", 5) == std::string("xxx\0\0", 5));
  CHECK(rle(std::string("\x40\x02y", 3), 20) == std::string(20, 'y'));
  CHECK(rle(std::string("\x60\x00", 2), 17) == std::string(17, ' '));
  CHECK(rle(std::string("\x00\x01", 2) + std::string(65, 'z'), 65) == std::string(65, 'z'));
  CHECK(rle("\x82"
            "ab",
            3) == "refused");          // ends inside a copy
  CHECK(rle("\xE1", 4) == "refused");  // less than a row
  CHECK(rle("\xE9", 4) == "refused");  // more than a row
  CHECK(rle("\x30", 4) == "refused");  // no such command
  CHECK(rle("", 4) == "refused");
}

TEST_CASE("Ross packing") {
  const auto rdc = [](const std::string& packed, std::size_t size) { return unpacked(SasPacking::ross, packed, size); };
  CHECK(rdc(std::string("\x10\x00"
                        "abc\x30\x00",
                        7),
            6) == "abcabc");
  CHECK(rdc(std::string("\x80\x00\x01 ", 4), 4) == "    ");
  CHECK(rdc(std::string("\x80\x00\x10\x01x", 5), 35) == std::string(35, 'x'));
  CHECK(rdc(std::string("\x10\x00"
                        "abc\x40\x10",
                        7),
            7) == "refused");  // reaches before the row
  CHECK(rdc("\x80", 1) == "refused");
  CHECK(rdc(std::string("\x80\x00\x0F", 3), 18) == "refused");
}

TEST_CASE("positions beyond the bytes are found, not followed") {
  SasBytes bytes("\x01\x02\x03\x04", false);
  CHECK(bytes.number(0, 4) == 0x04030201);
  CHECK(!bytes.bad());
  CHECK(bytes.number(1, 4) == 0);
  CHECK(bytes.bad());
  SasBytes big("\x01\x02\x03\x04", true);
  CHECK(big.number(2, 2) == 0x0304);
  CHECK(big.text(static_cast<std::size_t>(-1), 2).empty());
  CHECK(big.bad());
}

TEST_CASE("no file without the mark of a SAS data set") {
  CHECK(!sas_shape(""));
  CHECK(!sas_shape(std::string(2048, '\0')));
  CHECK(detect_sas7bdat({}) == Match::no);
}
