// Delimited text: quoting, line ends, encodings, ragged rows, limits and exact positions.
#include <doctest/doctest.h>
#include <simdjson.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>

#include "delimited_help.hpp"

using namespace pyojun;
using namespace pyojun::test;

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string shared_data() {
  const char* const given = std::getenv("PYOJUN_SHARED");
  return given != nullptr ? given : PYOJUN_SOURCE_DIR "/../shared/data";
}

Outcome read_path(const std::string& path, const Setup& setup = {}) {
  auto inputs = expand_inputs({path});
  REQUIRE(inputs);
  REQUIRE(inputs->files.size() == 1);
  return read(*inputs->files[0], setup);
}

std::string bytes_of(const std::string& path) {
  auto inputs = expand_inputs({path});
  REQUIRE(inputs);
  auto stream = inputs->files[0]->open();
  REQUIRE(stream);
  return {(*stream)->view().data(), (*stream)->view().size()};
}

// The same text must give the same records whatever the size of the chunks and the kind of stream.
void check_same_everywhere(const std::string& text, Setup setup = {}) {
  setup.target = 1 << 20;
  const Outcome whole = read(text, setup);
  for (const std::size_t target : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}}) {
    for (const bool streamed : {false, true}) {
      CAPTURE(target);
      CAPTURE(streamed);
      setup.target = target;
      setup.streamed = streamed;
      const Outcome parts = read(text, setup);
      CHECK(parts.error == whole.error);
      CHECK(parts.rows == whole.rows);
      CHECK(parts.seen == whole.seen);
      CHECK(parts.lines == whole.lines);
      CHECK(parts.filled == whole.filled);
      REQUIRE(parts.rejects.size() == whole.rejects.size());
      for (std::size_t i = 0; i < parts.rejects.size(); ++i) {
        CHECK(parts.rejects[i].code == whole.rejects[i].code);
        CHECK(parts.rejects[i].offset == whole.rejects[i].offset);
        CHECK(parts.rejects[i].length == whole.rejects[i].length);
        CHECK(parts.rejects[i].line == whole.rejects[i].line);
        CHECK(parts.rejects[i].record == whole.rejects[i].record);
      }
      for (std::size_t i = 0; i < parts.records.size(); ++i) {
        CHECK(parts.records[i].offset == whole.records[i].offset);
        CHECK(parts.records[i].length == whole.records[i].length);
        CHECK(parts.records[i].line == whole.records[i].line);
      }
    }
  }
}

std::string slice(const std::string& text, const Record& record) { return text.substr(record.offset, record.length); }

// The two files of the Korean pair differ in the line ends inside quoted fields.
std::vector<std::string> without_cr(std::vector<std::string> row) {
  for (auto& field : row) std::erase(field, '\r');
  return row;
}

std::string utf16(const std::u16string& text, bool big_endian) {
  std::string out = big_endian ? "\xFE\xFF" : "\xFF\xFE";
  for (const char16_t unit : text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  }
  return out;
}

}  // namespace

TEST_CASE("quotes, doubled quotes, line ends inside quotes") {
  const std::string text = "a,b\r\n1,\"x \"\"y\"\"\"\r\n\"two\r\nlines\",3\r\n\"\",\n";
  const Outcome out = read(text);
  CHECK(out.columns == std::vector<std::string>{"a", "b"});
  CHECK(out.rows == Rows{{"1", "x \"y\""}, {"two\r\nlines", "3"}, {"", ""}});
  CHECK(out.lines == 5);
  CHECK(out.records[2].line == 5);
  CHECK(slice(text, out.records[0]) == "1,\"x \"\"y\"\"\"");
  CHECK(slice(text, out.records[1]) == "\"two\r\nlines\",3");
  CHECK(out.filled == std::vector<std::uint64_t>{2, 2});
  check_same_everywhere(text);
}

TEST_CASE("line ends: LF, CR, CR LF and mixed; empty lines are no records") {
  const std::string text = "\n\r\na,b\r1,2\n\n3,4\r\n\r\r5,6\n\r7,8";
  const Outcome out = read(text);
  CHECK(out.rows == Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}, {"7", "8"}});
  CHECK(out.seen == 4);
  CHECK(out.blank == 4);
  std::vector<std::uint32_t> lines;
  for (const auto& record : out.records) lines.push_back(record.line);
  CHECK(lines == std::vector<std::uint32_t>{4, 6, 9, 11});
  for (std::size_t i = 0; i < out.records.size(); ++i) CHECK(slice(text, out.records[i]) == out.rows[i][0] + "," + out.rows[i][1]);
  check_same_everywhere(text);
}

TEST_CASE("a quote inside an unquoted field is a letter") {
  const std::string text = "a,b\n5\" tall,x\ny\"\",\"z\"\n";
  CHECK(read(text).rows == Rows{{"5\" tall", "x"}, {"y\"\"", "z"}});
  check_same_everywhere(text);
}

TEST_CASE("text behind a closing quote refuses the record and no other") {
  const std::string text = "a,b\n1,2\n\"x\"y,3\n\"p\" ,4\n5,\"6\"\"\"\n7,\"8\" \"9\"\n10,11\n";
  const Outcome out = read(text);
  CHECK(out.rows == Rows{{"1", "2"}, {"5", "6\""}, {"10", "11"}});
  REQUIRE(out.rejects.size() == 3);
  CHECK(out.rejects[0].code == Code::text_after_quote);
  CHECK(out.rejects[0].offset == 8);
  CHECK(out.rejects[0].length == 6);
  CHECK(out.rejects[0].at == 3);
  CHECK(out.rejects[0].line == 3);
  CHECK(out.rejects[0].record == 1);
  CHECK(out.rejects[0].path == "a");
  CHECK(out.seen == 6);
  check_same_everywhere(text);
}

TEST_CASE("ragged rows are refused, or filled when the dialect says so") {
  const std::string text = "a,b,c\n1,2\n1,2,3,4\n1,2,3\n";
  const Outcome refused = read(text);
  CHECK(refused.rows == Rows{{"1", "2", "3"}});
  REQUIRE(refused.rejects.size() == 2);
  CHECK(refused.rejects[0].code == Code::too_few_fields);
  CHECK(refused.rejects[1].code == Code::too_many_fields);
  CHECK(refused.rejects[1].at == 6);
  Setup pad;
  pad.dialect.ragged = "pad";
  const Outcome padded = read(text, pad);
  CHECK(padded.rows == Rows{{"1", "2", ""}, {"1", "2", "3"}});
  CHECK(padded.rejects.size() == 1);
  check_same_everywhere(text);
  check_same_everywhere(text, pad);
}

TEST_CASE("an open quote at the end is a cut record") {
  const std::string text = "a,b\n1,2\n3,\"fo\nur";
  const Outcome out = read(text);
  CHECK(out.rows == Rows{{"1", "2"}});
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].code == Code::record_cut);
  CHECK(out.rejects[0].offset == 8);
  CHECK(out.rejects[0].length == text.size() - 8);
  CHECK(out.seen == 2);
  check_same_everywhere(text);
  CHECK(read("a,b\n1,2\n3").rejects.at(0).code == Code::record_cut);
}

TEST_CASE("a stray quote costs one line, not the rest of the file") {
  std::string text = "a,b\n1,2\nx,\"y\n";
  for (int i = 0; i < 20'000; ++i) text += "33,44\n";
  const Outcome out = read(text);
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].code == Code::quote_not_closed);
  CHECK(text.substr(out.rejects[0].offset, out.rejects[0].length) == "x,\"y");
  CHECK(out.rows.size() == 20'001);
  CHECK(out.lines == 20'003);
  CHECK(out.records[1].line == 4);
  Setup tight;
  tight.limits.record_bytes = 100;
  CHECK(read(text, tight).rows.size() == 20'001);
  text += "\"end\",\"of\"\n";  // even when a far quote would close it
  const Outcome far = read(text, tight);
  CHECK(far.rows.size() == 20'002);
  CHECK(far.rejects.size() == 1);
  check_same_everywhere(text.substr(0, 3000), tight);
}

TEST_CASE("records, fields and headers over the limit are refused and reading goes on") {
  Setup tight;
  tight.limits.record_bytes = 20;
  const std::string text =
      "a,b\n1,2\n" + std::string(50, 'x') + ",1\n" + std::string(18, 'y') + ",1\n" + std::string(19, 'z') + ",1\r\n3,4\n";
  const Outcome out = read(text, tight);
  CHECK(out.rows.size() == 3);
  REQUIRE(out.rejects.size() == 2);
  CHECK(out.rejects[0].code == Code::record_too_large);
  CHECK(out.rejects[0].offset == 8);
  CHECK(out.rejects[0].length == 52);
  CHECK(out.rejects[1].length == 21);
  CHECK(out.records[2].line == 6);
  check_same_everywhere(text, tight);
  tight = {};
  tight.limits.field_bytes = 5;
  const Outcome fields = read("a,b\n123456,1\n12345,1\n", tight);
  CHECK(fields.rows.size() == 1);
  CHECK(fields.rejects.at(0).code == Code::field_too_large);
  tight.limits.columns = 2;
  CHECK(read("a,b,c\n", tight).error == Code::too_many_columns);
}

TEST_CASE("columns are bound by name: case, aliases, unknown, missing, doubled") {
  Setup setup;
  setup.plan = {"Id", "BIRTHDATE", "Gender", "@file"};
  setup.kind = "patients";
  FileKind patients;
  patients.kind = "patients";
  patients.aliases = {{"DOB", "BIRTHDATE"}};
  setup.dialect.files.push_back(patients);
  setup.expected = {"Id", "BIRTHDATE", "Gender"};
  const Outcome out = read("id,ID,Dob,extra,Id\nx,y,2000,z,1\n", setup);
  CHECK(out.columns == std::vector<std::string>{"BIRTHDATE", "Id", "@file"});
  CHECK(out.rows == Rows{{"2000", "1", "test.csv"}});
  CHECK(out.facts.columns == std::vector<std::string>{"id", "ID", "Dob", "extra", "Id"});
  CHECK(out.facts.unknown_columns == std::vector<std::string>{"id", "ID", "extra"});
  CHECK(out.facts.missing_columns == std::vector<std::string>{"Gender"});
  CHECK(out.facts.notes.size() == 2);
  CHECK(out.filled == std::vector<std::uint64_t>{1, 1, 1, 1, 1});
  setup.plan = {"nothing"};
  setup.expected = {};
  const Outcome none = read("a,b\n1,2\n", setup);
  CHECK(none.rows == Rows{{}});
  CHECK(none.records.size() == 1);
}

TEST_CASE("files without a header take their columns from the dialect") {
  Setup setup;
  setup.kind = "x";
  setup.dialect.header = false;
  FileKind kind;
  kind.kind = "x";
  kind.columns = {"p", "q"};
  setup.dialect.files.push_back(kind);
  setup.plan = {"q"};
  const Outcome out = read("1,2\n3,4\n", setup);
  CHECK(out.rows == Rows{{"2"}, {"4"}});
  CHECK(out.records[0].line == 1);
  setup.kind = "y";
  CHECK(read("1,2\n", setup).error == Code::dialect_setting_wrong);
  setup.plan = {};
  CHECK(read("1,2\n", setup).columns == std::vector<std::string>{"column_1", "column_2"});
}

TEST_CASE("delimiters are found, or named") {
  CHECK(read("a;b\n1,5;2\n3,5;4\n").facts.delimiter == ";");
  CHECK(read("a\tb\n1\t2\n").facts.delimiter == "\t");
  CHECK(read("a|b\n1|2\n").facts.delimiter == "|");
  CHECK(read("a,b\n\"x;y;z\",2\n").facts.delimiter == ",");
  CHECK(read("name\nx\ny\n").rows.size() == 2);
  Setup setup;
  setup.dialect.delimiter = "^";
  CHECK(read("a^b\n1^2\n", setup).rows == Rows{{"1", "2"}});
  setup.dialect.delimiter = "ab";
  CHECK(read("a,b\n", setup).error == Code::dialect_setting_wrong);
  setup = {};
  setup.dialect.quote = "none";
  setup.dialect.delimiter = ",";
  CHECK(read("a,b\n\"1,2\"\n", setup).rows == Rows{{"\"1", "2\""}});
}

TEST_CASE("null words are null, empty is empty") {
  Setup setup;
  setup.dialect.null_words = {"NULL", "\\N", "."};
  const Outcome out = read("a,b,c,d\nNULL,\\N,.,\nnull,\"NULL\",x.,N\n", setup);
  CHECK(out.rows == Rows{{"\x01null", "\x01null", "\x01null", ""}, {"null", "\x01null", "x.", "N"}});
  CHECK(out.filled == std::vector<std::uint64_t>{1, 0, 1, 1});
}

TEST_CASE("null words and quotes around refused records: what was filled counts only what stands") {
  Setup setup;
  setup.dialect.null_words = {"NULL"};
  const Outcome out = read("a,b,c\n1,\"x\",NULL\n1,2\n\"q\",NULL,3,4\n\"r\",2,3\n1,2,3,\"s\"\nNULL,5,\"NULL\"\n", setup);
  CHECK(out.rows == Rows{{"1", "x", "\x01null"}, {"r", "2", "3"}, {"\x01null", "5", "\x01null"}});
  CHECK(out.rejects.size() == 3);
  CHECK(out.filled == std::vector<std::uint64_t>{2, 3, 1});
}

TEST_CASE("empty files and files with only a header have no records") {
  for (const char* text : {"", "\n", "\r\n\r\n", "a,b", "a,b\n", "\xEF\xBB\xBF",
                           "\xEF\xBB\xBF"
                           "a,b\n",
                           "\xFF\xFE"}) {
    const Outcome out = read(std::string(text));
    CHECK(out.error == Code::count);
    CHECK(out.seen == 0);
  }
}

TEST_CASE("zero bytes are letters") {
  const std::string text("a,b\n1\0x,2\n", 10);
  CHECK(read(text).rows == Rows{{std::string("1\0x", 3), "2"}});
}

TEST_CASE("encodings: the mark, the dialect, then every byte") {
  const std::string korean_utf8 = "이름,값\n홍길동,1\n";
  std::string korean_cp949 = "\xC0\xCC\xB8\xA7,\xB0\xAA\n\xC8\xAB\xB1\xE6\xB5\xBF,1\n";
  const Outcome utf8 = read(korean_utf8), marked = read("\xEF\xBB\xBF" + korean_utf8), cp949 = read(korean_cp949);
  CHECK(utf8.facts.encoding == "utf-8");
  CHECK(marked.facts.encoding == "utf-8");
  CHECK(cp949.facts.encoding == "cp949");
  CHECK(utf8.rows == Rows{{"홍길동", "1"}});
  CHECK(marked.rows == utf8.rows);
  CHECK(marked.columns == utf8.columns);
  CHECK(cp949.rows == utf8.rows);
  CHECK(cp949.columns == utf8.columns);
  CHECK(marked.records[0].offset == utf8.records[0].offset + 3);
  CHECK(cp949.records[0].offset == 8);
  CHECK(slice(korean_cp949, cp949.records[0]) == "\xC8\xAB\xB1\xE6\xB5\xBF,1");
  Setup latin;
  latin.dialect.encoding = "latin-1";
  CHECK(read("a,b\ncaf\xE9,1\n", latin).rows == Rows{{"café", "1"}});
  const Outcome unclear = read("a,b\ncaf\xE9,1\n");
  CHECK(unclear.error == Code::encoding_unclear);
  CHECK(unclear.error_offset == 7);
  // UTF-8 with one broken byte must not pass for CP949 by chance.
  CHECK(read("a,b\n홍길동홍길동홍길동,\xB0\xA1\n").error == Code::encoding_unclear);
  check_same_everywhere(korean_cp949);
}

TEST_CASE("bytes that do not fit a named encoding quarantine their record") {
  Setup setup;
  setup.dialect.encoding = "utf-8";
  const std::string text = "a,b\n1,2\n3,x\xFFy\n5,홍\n";
  const Outcome out = read(text, setup);
  CHECK(out.rows == Rows{{"1", "2"}, {"5", "홍"}});
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].code == Code::bytes_undecodable);
  CHECK(out.rejects[0].offset + out.rejects[0].at == text.find('\xFF'));
  CHECK(out.rejects[0].path == "b");
  check_same_everywhere(text, setup);
  setup.dialect.encoding = "cp949";
  const std::string korean = "a,b\n1,\xB0\xA1\n\xC9\xA1,2\n3,\"\x80\"\n4,5\n";
  const Outcome bad = read(korean, setup);
  CHECK(bad.rows == Rows{{"1", "가"}, {"4", "5"}});
  REQUIRE(bad.rejects.size() == 2);
  CHECK(bad.rejects[1].offset + bad.rejects[1].at == korean.find('\x80'));
  check_same_everywhere(korean, setup);
}

TEST_CASE("UTF-16 is read with offsets of the delivered bytes") {
  for (const bool big_endian : {false, true}) {
    const std::u16string text = u"a,b\r\n홍길동,1\r\n\"x\n😀\",2\r\n";
    const std::string bytes = utf16(text, big_endian);
    for (const std::size_t target : {std::size_t{1}, std::size_t{1000}}) {
      Setup setup;
      setup.target = target;
      const Outcome out = read(bytes, setup);
      CHECK(out.facts.encoding == (big_endian ? "utf-16be" : "utf-16le"));
      CHECK(out.rows == Rows{{"홍길동", "1"}, {"x\n😀", "2"}});
      CHECK(out.records[0].offset == 2 + 2 * 5);
      CHECK(out.records[0].length == 2 * 5);
      CHECK(out.records[1].offset == 2 + 2 * 12);
      CHECK(out.records[1].length == 2 * 8);
      CHECK(out.records[1].line == 3);
    }
    const Outcome cut = read(bytes + "3");
    CHECK(cut.rows.size() == 2);
    std::string lone = utf16(u"a,b\n1,2\nx", big_endian);
    lone += big_endian ? std::string("\xD8\x00", 2) : std::string("\x00\xD8", 2);
    lone += utf16(u",4\n5,6\n", big_endian).substr(2);
    const Outcome broken = read(lone);
    CHECK(broken.rows == Rows{{"1", "2"}, {"5", "6"}});
    REQUIRE(broken.rejects.size() == 1);
    CHECK(broken.rejects[0].code == Code::bytes_undecodable);
    CHECK(broken.rejects[0].offset + broken.rejects[0].at == 2 + 2 * 9);
    CHECK(broken.rejects[0].length == 2 * 4);
  }
}

TEST_CASE("a truncated archive gives its whole records, refuses the last and reports the break") {
  const std::string folder = std::filesystem::temp_directory_path().string() + "/pyojun-cut-" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  std::string text = "a,b\n";
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",\"x" + std::to_string(i) + "\"\n";
  const std::string path = folder + "/x.csv.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  CHECK(read_path(path).rows.size() == 20'000);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Outcome out = read_path(path);
  CHECK(out.error == Code::archive_damaged);
  CHECK(out.rows.size() > 5'000);
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].code == Code::record_cut);
  CHECK(out.rejects[0].offset + out.rejects[0].length == out.error_offset);
  const Record& last = out.records.back();
  CHECK(last.offset + last.length + 1 == out.rejects[0].offset);
  CHECK(slice(text, last) == out.rows.back()[0] + ",\"" + out.rows.back()[1] + "\"");
  std::filesystem::remove_all(folder);
}

TEST_CASE("detection by content") {
  const auto detect = [](std::string_view text) { return detect_delimited({text.data(), text.size()}); };
  CHECK(detect("a,b\n1,2\n") == Match::yes);
  CHECK(detect("a\tb\tc\n1\t2\t3\n") == Match::yes);
  CHECK(detect("a\nb\n") == Match::unsure);
  CHECK(detect("") == Match::unsure);
  CHECK(detect("{\"a\":1,\"b\":2}\n") == Match::no);
  CHECK(detect("\xEF\xBB\xBF  [1,2]") == Match::no);
  CHECK(detect("<a>,b\n1,2\n") == Match::no);
  CHECK(detect("MSH|^~\\&|A|B\rPID|1|2|3\r") == Match::no);
  CHECK(detect(std::string_view("\0\1\2\3\4\5,\0\1", 9)) == Match::no);
  CHECK(detect(utf16(u"a,b\n1,2\n", false)) == Match::yes);
}

TEST_CASE("csv-spectrum gives the expected JSON") {
  const std::string folder = shared_data() + "/hostile/csv";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("SKIPPED: no " << folder);
    return;
  }
  for (const char* name : {"empty", "escaped_quotes", "newlines_crlf", "simple", "utf8"}) {
    CAPTURE(name);
    const Outcome out = read_path(folder + "/csvs/" + name + ".csv");
    simdjson::dom::parser parser;
    simdjson::dom::array expected;
    REQUIRE(!parser.load(folder + "/json/" + name + ".json").get(expected));
    std::size_t row = 0;
    for (const simdjson::dom::element element : expected) {
      REQUIRE(row < out.rows.size());
      std::size_t column = 0;
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        CHECK(out.columns.at(column) == key);
        CHECK(out.rows[row].at(column++) == std::string_view(value));
      }
      ++row;
    }
    CHECK(row == out.rows.size());
    CHECK(out.rejects.empty());
  }
  // The expected JSON of this one is about another line than the file has.
  const Outcome out = read_path(folder + "/csvs/location_coordinates.csv");
  CHECK(out.rows.size() == 1);
  CHECK(out.rows[0].size() == 4);
}

TEST_CASE("the same Korean list in UTF-8 with mark and in CP949 gives the same records") {
  const std::string folder = shared_data() + "/korea/edi/";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("SKIPPED: no " << folder);
    return;
  }
  for (const std::string name : {"suga_Eng_Kor_translation", "tmt_Eng_Kor_translation"}) {
    CAPTURE(name);
    Setup small;
    small.target = 4096;
    const std::string utf8_path = folder + name + ".csv", cp949_path = folder + name + "_ANSI.csv";
    const Outcome utf8 = read_path(utf8_path), cp949 = read_path(cp949_path, small);
    CHECK(utf8.facts.encoding == "utf-8");
    CHECK(cp949.facts.encoding == "cp949");
    CHECK(utf8.seen == cp949.seen);
    CHECK(utf8.rejects.size() == cp949.rejects.size());
    CHECK(utf8.columns == cp949.columns);
    CHECK(utf8.rows.size() > 700);
    std::size_t differing = 0;
    for (std::size_t i = 0; i < std::min(utf8.rows.size(), cp949.rows.size()); ++i)
      differing += static_cast<std::size_t>(without_cr(utf8.rows[i]) != without_cr(cp949.rows[i]));
    MESSAGE(name << ": " << utf8.rows.size() << " records, " << utf8.rejects.size() << " refused, " << differing << " differ");
    CHECK(differing == 0);
    const std::string bytes = bytes_of(cp949_path);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < cp949.records.size(); ++i) {
      const Record& record = cp949.records[i];
      const bool starts = bytes[record.offset - 1] == '\n';
      const bool ends = record.offset + record.length == bytes.size() || bytes[record.offset + record.length] == '\r';
      wrong += static_cast<std::size_t>(!starts || !ends);
    }
    CHECK(wrong == 0);
  }
}
