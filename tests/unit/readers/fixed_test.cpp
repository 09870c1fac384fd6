// Promises of the reader for fixed-width records, whatever the chunk size and whether mapped or streamed.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "readers/readers_table.hpp"

using namespace pyojun;

namespace {

using Type = FixedField::Type;

FixedField field(const char* name, std::uint32_t start, std::uint32_t bytes, Type type = Type::text, std::uint32_t scale = 0) {
  return {name, start, bytes, type, scale, {}};
}

// Two kinds told by their third byte: "A" has a name of 6 bytes and an amount with 2 decimals, "B" a day. "B" comes in two lengths.
Dialect claims() {
  Dialect dialect;
  FileKind file;
  file.kind = "claims";
  file.layout = "test.csv";
  const auto tag = [](const char* value) { return FixedField{"TP", 2, 1, Type::tag, 0, {value}}; };
  file.records.push_back({"general", 14, {field("NO", 0, 2), tag("A"), field("NAME", 3, 6), field("AMOUNT", 9, 5, Type::number, 2)}});
  file.records.push_back({"disease", 11, {field("NO", 0, 2), tag("B"), field("DAY", 3, 8, Type::date)}});
  file.records.push_back({"long", 13, {field("NO", 0, 2), tag("B"), field("NOTE", 3, 10, Type::raw)}});
  dialect.files.push_back(file);
  return dialect;
}

struct Got {
  std::vector<std::string> rows;  // kind:NAME=value,..
  std::vector<Record> records;
  std::vector<Reject> rejects;
  std::uint64_t seen = 0, lines = 0, blank = 0;
  FileFacts facts;
  Code error = Code::count;
};

Got read_once(const std::string& text, const Dialect& dialect, bool streamed, std::size_t target, const Limits& limits) {
  Got out;
  const auto input = memory_input("claims.sam", text, streamed);
  SymbolTable names;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.kind = "claims";
  source.limits = limits;
  source.needs.symbols = &names;
  source.needs.all = true;
  auto reader = open_fixed(source);
  if (!reader) {
    out.error = reader.error().code;
    return out;
  }
  out.facts = (*reader)->facts();
  RecordBatch batch;
  Chunk chunk;
  while (true) {
    const auto more = (*reader)->next(chunk, target);
    REQUIRE(static_cast<bool>(more));
    if (!*more) return out;
    (*reader)->parse(chunk, batch);
    for (Record record : batch.records) {
      std::string row(names.name(record.kind));
      for (NodeIndex i = batch.nodes[record.root].child; i != 0; i = batch.nodes[i].next) {
        if (names.name(batch.nodes[i].name) == "@file") continue;
        row += std::string(" ") + std::string(names.name(batch.nodes[i].name)) + "=" + std::string(batch.nodes[i].text());
      }
      out.rows.push_back(row);
      record.line += static_cast<std::uint32_t>(out.lines) + 1;
      out.records.push_back(record);
    }
    for (Reject reject : batch.rejects) {
      reject.line += static_cast<std::uint32_t>(out.lines) + 1;
      reject.record += static_cast<std::uint32_t>(out.seen);
      out.rejects.push_back(reject);
    }
    out.seen += batch.seen;
    out.lines += batch.lines;
    out.blank += batch.blank;
  }
}

Got read(const std::string& text, const Dialect& dialect = claims(), const Limits& limits = {}) {
  const Got whole = read_once(text, dialect, false, 1 << 20, limits);
  for (const bool streamed : {false, true}) {
    for (const std::size_t target : {1U, 7U, 30U}) {
      const Got other = read_once(text, dialect, streamed, target, limits);
      CHECK(other.rows == whole.rows);
      CHECK(other.seen == whole.seen);
      CHECK(other.lines == whole.lines);
      REQUIRE(other.rejects.size() == whole.rejects.size());
      for (std::size_t i = 0; i < whole.rejects.size(); ++i) {
        CHECK(other.rejects[i].offset == whole.rejects[i].offset);
        CHECK(other.rejects[i].length == whole.rejects[i].length);
        CHECK(other.rejects[i].at == whole.rejects[i].at);
        CHECK(other.rejects[i].line == whole.rejects[i].line);
        CHECK(other.rejects[i].record == whole.rejects[i].record);
      }
    }
  }
  return whole;
}

const std::string hong = "\xC8\xAB\xB1\xE6\xB5\xBF";  // 홍길동 in CP949, 6 bytes

}  // namespace

TEST_CASE("bytes are cut before they are decoded, in CP949 and in UTF-8") {
  const Got korean = read("01A" + hong + "00150\r\n02A" + hong.substr(0, 4) + "  12345\r\n");
  CHECK(korean.facts.encoding == "cp949");
  CHECK(korean.rows == std::vector<std::string>{"general NO=01 TP=A NAME=홍길동 AMOUNT=1.5", "general NO=02 TP=A NAME=홍길 AMOUNT=123.45"});
  CHECK(korean.records[1].offset == 16);
  CHECK(korean.records[1].length == 14);
  const Got unicode = read(
      "\xEF\xBB\xBF"
      "01A홍길00150\n");
  CHECK(unicode.facts.encoding == "utf-8");
  CHECK(unicode.rows == std::vector<std::string>{"general NO=01 TP=A NAME=홍길 AMOUNT=1.5"});
  CHECK(unicode.records[0].offset == 3);
}

TEST_CASE("numbers have their implied point, dates of zeros are empty, raw text keeps its blanks") {
  const Got got =
      read("01Aabc   00000\n02Aabc   -0050\n03Aabc        \n04Aabc   0x050\n05B00000000\n06B20240229\n07B ab       \n08Aabc   00700\n");
  CHECK(got.rows == std::vector<std::string>{"general NO=01 TP=A NAME=abc AMOUNT=0", "general NO=02 TP=A NAME=abc AMOUNT=-0.5",
                                             "general NO=03 TP=A NAME=abc AMOUNT=", "general NO=04 TP=A NAME=abc AMOUNT=0x050",
                                             "disease NO=05 TP=B DAY=", "disease NO=06 TP=B DAY=20240229",
                                             "long NO=07 TP=B NOTE= ab       ", "general NO=08 TP=A NAME=abc AMOUNT=7"});
}

TEST_CASE("short, long and unknown records are refused where they go wrong") {
  const Got got = read("01Aabc   00\n02Aabc   00100 \n03X\n\n04B2024022\n05Aabc   00100");
  CHECK(got.rows == std::vector<std::string>{"general NO=05 TP=A NAME=abc AMOUNT=1"});
  REQUIRE(got.rejects.size() == 4);
  const struct {
    Code code;
    std::uint64_t offset;
    std::uint32_t length, at, line, record;
  } rows[] = {{Code::fixed_too_short, 0, 11, 11, 1, 0},
              {Code::fixed_too_long, 12, 15, 14, 2, 1},
              {Code::fixed_kind_unknown, 28, 3, 0, 3, 2},
              {Code::fixed_too_short, 33, 10, 10, 5, 3}};
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(got.rejects[i].code == rows[i].code);
    CHECK(got.rejects[i].offset == rows[i].offset);
    CHECK(got.rejects[i].length == rows[i].length);
    CHECK(got.rejects[i].at == rows[i].at);
    CHECK(got.rejects[i].line == rows[i].line);
    CHECK(got.rejects[i].record == rows[i].record);
  }
  CHECK(got.seen == 5);
  CHECK(got.blank == 1);
}

TEST_CASE("with `ragged pad` blanks at the end may be missing or be too many") {
  Dialect dialect = claims();
  dialect.ragged = "pad";
  const Got got = read("01Aab\n02Aabc   00100  \n03Aabc   00100 x\n", dialect);
  CHECK(got.rows == std::vector<std::string>{"general NO=01 TP=A NAME=ab", "general NO=02 TP=A NAME=abc AMOUNT=1"});
  REQUIRE(got.rejects.size() == 1);
  CHECK(got.rejects[0].code == Code::fixed_too_long);
}

TEST_CASE("a character cut by a field's end is told from bytes of another encoding") {
  const Got got =
      read("01Aab" + hong.substr(0, 4) + "\xB5" + "0150\n02A" + hong + "00150\n03Aab\xFF   00150\n04Aabc  " + "\xB5\xBF" + "0150\n");
  CHECK(got.rows == std::vector<std::string>{"general NO=02 TP=A NAME=홍길동 AMOUNT=1.5"});
  REQUIRE(got.rejects.size() == 3);
  CHECK(got.rejects[1].code == Code::bytes_undecodable);
  CHECK(got.rejects[1].at == 5);
  CHECK(got.rejects[2].code == Code::fixed_character_cut);
  CHECK(got.rejects[2].at == 8);
  CHECK(got.rejects[2].path == "NAME");
}

TEST_CASE("records without line ends stand back to back; what begins like none ends the reading") {
  const Got got = read("01Aabc   0010002B2024022903A" + hong + "00200");
  CHECK(got.rows == std::vector<std::string>{"general NO=01 TP=A NAME=abc AMOUNT=1", "disease NO=02 TP=B DAY=20240229",
                                             "general NO=03 TP=A NAME=홍길동 AMOUNT=2"});
  CHECK(got.records[1].offset == 14);
  CHECK(got.lines == 0);
  const Got lost = read("01Aabc   00100..Xrest of the file");
  CHECK(lost.rows.size() == 1);
  REQUIRE(lost.rejects.size() == 1);
  CHECK(lost.rejects[0].code == Code::fixed_kind_unknown);
  CHECK(lost.rejects[0].offset == 14);
  CHECK(lost.rejects[0].length == 19);
  const Got cut = read("01Aabc   0010002B2024");
  REQUIRE(cut.rejects.size() == 1);
  CHECK(cut.rejects[0].code == Code::record_cut);
  CHECK(cut.rejects[0].at == 7);
}

TEST_CASE("the byte 1A at the end of a file is no record") {
  const Got got = read("01Aabc   00100\r\n\x1A");
  CHECK(got.rows.size() == 1);
  CHECK(got.rejects.empty());
}

TEST_CASE("a line over the limit is refused once") {
  Limits limits;
  limits.record_bytes = 20;
  const Got got = read_once("01Aabc   00100\n" + std::string(100, 'x') + "\n02Aabc   00200\n", claims(), false, 1 << 20, limits);
  CHECK(got.rows.size() == 2);
  REQUIRE(got.rejects.size() == 1);
  CHECK(got.rejects[0].code == Code::record_too_large);
}

TEST_CASE("without a layout, or in UTF-16, a fixed-width file is not opened") {
  CHECK(read_once("x", Dialect(), false, 1, {}).error == Code::layout_missing);
  CHECK(read_once(std::string("\xFF\xFE"
                              "0\0",
                              4),
                  claims(), false, 1, {})
            .error == Code::dialect_setting_wrong);
  CHECK(read_once("", claims(), false, 1, {}).seen == 0);
}

// All 11,172 syllables, the ambiguous ones among them, survive a field of their own.
TEST_CASE("every Hangul syllable survives fixed width in CP949 and UTF-8") {
  std::string utf8_file, want;
  for (unsigned code = 0xAC00; code <= 0xD7A3; ++code) {
    const char bytes[] = {static_cast<char>(0xE0U | code >> 12U), static_cast<char>(0x80U | (code >> 6U & 0x3FU)),
                          static_cast<char>(0x80U | (code & 0x3FU)), 0};
    utf8_file += std::string("01A") + bytes + "   00100\n";
  }
  const Got got = read_once(utf8_file, claims(), false, 1 << 16, {});
  REQUIRE(got.rows.size() == 11172);
  CHECK(got.rows[0] == "general NO=01 TP=A NAME=가 AMOUNT=1");
  CHECK(got.rows[11171] == "general NO=01 TP=A NAME=힣 AMOUNT=1");
}
