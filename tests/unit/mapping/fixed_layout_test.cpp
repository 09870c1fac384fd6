// Field layouts: what a line may say, and which line is to blame.
#include <doctest/doctest.h>

#include "mapping/fixed_layout.hpp"
#include "mapping/parser.hpp"

using namespace pyojun;
using pyojun::mapping::read_fixed_layout;

TEST_CASE("a layout places its fields from 1, or right behind the field before") {
  const auto got = read_fixed_layout(
      "record,field,start,bytes,type,value,note\n"
      "a,NO,1,2,,,\n"
      "a,TP,,1,tag,A|X,\"the, kind\"\n"
      "a,PRICE,,10,number.2,,\r\n"
      "b,NO,1,2,text,,\n"
      "b,,,3,filler,,\n");
  REQUIRE(got.wrong_line == 0);
  REQUIRE(got.records.size() == 2);
  CHECK(got.records[0].bytes == 13);
  CHECK(got.records[0].fields[1].values == std::vector<std::string>{"A", "X"});
  CHECK(got.records[0].fields[2].start == 3);
  CHECK(got.records[0].fields[2].scale == 2);
  CHECK(got.records[1].bytes == 5);
}

TEST_CASE("the first line that cannot be used is named") {
  const std::string head = "record,field,start,bytes,type,value\n";
  const struct {
    std::string text;
    std::uint32_t line;
  } rows[] = {{"", 1},
              {"record,field,start\n", 1},
              {head, 1},
              {head + "a,X,0,1,text,\n", 2},
              {head + "a,X,1,0,text,\n", 2},
              {head + "a,X,1,-1,text,\n", 2},
              {head + "a,X,1,99999999999,text,\n", 2},
              {head + "a,X,4294967295,4,text,\n", 2},
              {head + "a,X,1,1,date8,\n", 2},
              {head + "a,X,1,1,number.99,\n", 2},
              {head + "a,X,1,2,tag,A\n", 2},
              {head + "a,X,1,1,text,A\n", 2},
              {head + "a,,1,1,text,\n", 2},
              {head + ",X,1,1,text,\n", 2},
              {head + "a,X,1,1,text,\na,X,2,1,text,\n", 3}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_fixed_layout(row.text).wrong_line == row.line);
  }
}

TEST_CASE("the shipped claim layout has the record lengths of its source") {
  const Parsed parsed = parse_mapping("korea/hira-claim");
  CHECK(parsed.diagnostics.empty());
  std::vector<std::pair<std::string, std::uint32_t>> got;
  for (const FileKind& file : parsed.mapping.dialect.files)
    for (const FixedRecord& record : file.records) got.emplace_back(record.kind, record.bytes);
  CHECK(got == std::vector<std::pair<std::string, std::uint32_t>>{
                   {"claim_form", 2096}, {"general", 348}, {"disease", 78}, {"treatment", 234}, {"prescription", 62}, {"special", 739}});
}
