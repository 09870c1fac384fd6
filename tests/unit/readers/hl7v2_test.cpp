// HL7 v2: delimiters, escapes, character sets, lines and frames, the tree, batches, cuts, limits and exact positions.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "readers/hl7v2.hpp"
#include "readers/readers_table.hpp"

using namespace pyojun;

namespace {

struct Read {
  std::string json;  // one line a record
  std::vector<Reject> rejects;
  std::vector<Finding> findings;
  std::uint64_t seen = 0, lines = 0;
  std::uint64_t count(Code code, std::string_view subject = {}) const {
    std::uint64_t sum = 0;
    for (const Finding& finding : findings)
      sum += finding.code == code && (subject.empty() || finding.subject == subject) ? finding.count : 0;
    return sum;
  }
};

struct How {
  std::vector<std::string> plan;  // names the plan reads; empty: all
  std::size_t target = 1 << 16;
  bool streamed = false;
  Limits limits;
  std::string encoding;
};

Read read(const std::string& text, const How& how = {}) {
  Read out;
  const auto input = memory_input("test.hl7", text, how.streamed);
  SymbolTable names;
  for (const auto& name : how.plan) names.intern(name);
  Dialect dialect;
  dialect.encoding = how.encoding;
  Source source;
  source.input = input.get();
  source.dialect = &dialect;
  source.limits = how.limits;
  source.needs.symbols = &names;
  source.needs.all = how.plan.empty();
  auto reader = open_hl7v2(source);
  REQUIRE(reader);
  Chunk chunk;
  RecordBatch batch;
  while (true) {
    const auto more = (*reader)->next(chunk, how.target);
    REQUIRE(more);
    if (!*more) return out;
    (*reader)->parse(chunk, batch);
    CHECK(batch.seen == batch.records.size() + batch.rejects.size());
    for (const Record& record : batch.records) dump_json(batch, record, names, out.lines, out.json);
    for (Reject reject : batch.rejects) {
      reject.line += static_cast<std::uint32_t>(out.lines) + 1;
      out.rejects.push_back(reject);
    }
    for (const Finding& finding : batch.findings) add_finding(out.findings, finding.code, finding.subject, finding.count);
    out.seen += batch.seen;
    out.lines += batch.lines;
  }
}

const std::string head = "MSH|^~\\&|A|F|||20200101||ORU^R01|1|P|2.5\r";

bool holds(const Read& found, std::string_view part) { return found.json.find(part) != std::string::npos; }

// The text of OBX-5 of one message with this OBX-5.
std::string value(const std::string& field, const std::string& start = head) {
  const Read found = read(start + "OBX|1|ST|c||" + field + "\r", {{"patient", "order", "OBX", "OBX-5"}, 1 << 16, false, {}, {}});
  const std::string before = "\"OBX-5\":\"";
  const auto at = found.json.find(before);
  if (at == std::string::npos) return "none: " + found.json;
  return found.json.substr(at + before.size(), found.json.find("\"}}}", at) - at - before.size());
}

}  // namespace

TEST_CASE("results stand under their order, orders under their patient, whatever is missing") {
  const Read found = read(
      head + "PID|1||9\rOBX|1|NM|a||5\rOBR|1|p|f\rOBX|1|NM|b||6\rNTE|1||n\rOBR|2|q\rOBX|1|NM|b||7\rOBX|2|NM|b||8\rPID|2||10\rORC|NW\r");
  CHECK(found.seen == 1);
  CHECK(holds(
      found,
      R"("patient":[{"PID-1":"1","PID-3":"9","order":[{"OBX":{"OBX-1":"1","OBX-2":"NM","OBX-3":"a","OBX-5":"5"}},)"
      R"({"OBR-1":"1","OBR-2":"p","OBR-3":"f","OBX":{"OBX-1":"1","OBX-2":"NM","OBX-3":"b","OBX-5":"6","NTE":{"NTE-1":"1","NTE-3":"n"}}},)"
      R"({"OBR-1":"2","OBR-2":"q","OBX":[{"OBX-1":"1","OBX-2":"NM","OBX-3":"b","OBX-5":"7"},)"
      R"({"OBX-1":"2","OBX-2":"NM","OBX-3":"b","OBX-5":"8","@again":"1"}]}]},{"PID-1":"2","PID-3":"10","order":{"ORC-1":"NW"}}])"));
}

TEST_CASE("an OBR without an ORC of its own stands under the last one, a second MRG under the same PID") {
  CHECK(holds(read(head + "PID|1\rORC|RE|o\rOBR|1\rOBX|1\rOBR|2\r"), R"({"ORC-1":"RE","ORC-2":"o","OBR-1":"2"})"));
  CHECK(holds(read(head + "PID|1||9\rMRG|1\rPV1|1\rMRG|2\rPV1|2\r"),
              R"("patient":[{"PID-1":"1","PID-3":"9","MRG-1":"1","PV1-1":"1"},{"PID-1":"1","PID-3":"9","MRG-1":"2","PV1-1":"2"}])"));
}

TEST_CASE("without PID a patient group is opened all the same") {
  CHECK(holds(read(head + "OBR|1\rOBX|1\r"), R"("patient":{"order":{"OBR-1":"1","OBX":{"OBX-1":"1"}}})"));
}

TEST_CASE("components, subcomponents, repetitions, explicit null") {
  const Read found = read(head + "PID|1|\"\"|1^^^A&2.1&ISO^MR~2^\"\"|~~x|a&b\r");
  CHECK(holds(found, R"("PID-2":null)"));
  CHECK(holds(
      found,
      R"("PID-3":[{"@text":"1^^^A&2.1&ISO^MR","1":"1","4":{"@text":"A&2.1&ISO","1":"A","2":"2.1","3":"ISO"},"5":"MR"},{"@text":"2^\"\"","1":"2","2":null}])"));
  CHECK(holds(found, R"("PID-4":["","","x"])"));
  CHECK(holds(found, R"("PID-5":{"@text":"a&b","1":{"@text":"a&b","1":"a","2":"b"}})"));
}

TEST_CASE("escape sequences") {
  CHECK(value("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f") == "a|b^c&d~e\\\\f");
  CHECK(value("one\\.br\\two\\.sp+2\\three\\.in4\\") == "one\\ntwo\\n\\nthree");
  CHECK(value("10\\S\\9/L") == "10^9/L");
  CHECK(value("\\X0d0A\\x\\X41\\") == "\\r\\nxA");
  CHECK(value("\\H\\bold\\N\\") == "bold");
  CHECK(value("\\Z9\\ \\MIME\\") == "\\\\Z9\\\\ \\\\MIME\\\\");
  CHECK(value("C:\\temp") == "C:\\\\temp");
  CHECK(value("\\XC3\\") == "\\\\XC3\\\\");
  CHECK(value("\\P\\") == "#");
  CHECK(read(head + "OBX|1|ST|c||\\Z9\\ \\MIME\\\r").count(Code::hl7_escape_unknown) > 0);
}

TEST_CASE("delimiters are those of this message") {
  CHECK(holds(read("MSH$%~\\&$A$F\rPID$1$$1%2\r"), R"("PID-3":{"@text":"1%2","1":"1","2":"2"})"));
  const Read swapped = read("MSH|^~|\\&|A|F|||2020||ADT^A24|1\rPID|1||1^2\r");
  CHECK(holds(swapped, R"("kind":"ADT_A24")"));
  CHECK(swapped.count(Code::hl7_delimiters_repaired) == 1);
  const Read tilde = read("MSH|^\xCB\x9C\\&|A|F\rPID|1||1~2\r");
  CHECK(holds(tilde, R"("PID-3":["1","2"])"));
  CHECK(tilde.count(Code::hl7_delimiters_repaired) == 1);
  for (const std::string bad : {"MSH|&&&&|A\r", "MSH|^^~\\|A\r", "MSH|^~\\&#!|A\r", "MSH|^~\\|&\rPID|1\r"}) {
    const Read found = read(bad);
    CAPTURE(bad);
    if (bad.find("&\rPID") != std::string::npos) {
      CHECK(found.rejects.empty());  // three signs: the standard's subcomponent sign stands in
    } else {
      REQUIRE(found.rejects.size() == 1);
      CHECK(found.rejects[0].code == Code::hl7_delimiters);
      CHECK(found.rejects[0].at == 3);
    }
  }
}

TEST_CASE("line ends of any kind, text with line ends in it, comments") {
  const std::string expected = read("MSH|^~\\&|A\rPID|1||2\rPV1|1\r").json;
  for (const std::string end : {"\n", "\r\n", "\r\r", "\n\n"}) {
    Read found = read("MSH|^~\\&|A" + end + "PID|1||2" + end + "PV1|1" + end);
    CHECK(found.json.substr(found.json.find("\"record\"")) == expected.substr(expected.find("\"record\"")));
  }
  const Read text = read(head + "OBX|1|TX|c||first\nsecond line|u\rNTE|1||x\n// a comment\rNTE|2\r");
  CHECK(holds(text, R"("OBX-5":"first\nsecond line","OBX-6":"u")"));
  CHECK(holds(text, R"("NTE":[{"NTE-1":"1","NTE-3":"x"},{"NTE-1":"2"}])"));
  CHECK(text.count(Code::hl7_continuation) == 1);
  CHECK(text.count(Code::hl7_comment) == 1);
  CHECK(read("MSH|^~\\&|A\nPID|1\n\nTHE END\n").seen == 1);
}

TEST_CASE("MLLP frames, byte order marks, batches") {
  const Read framed = read("\vMSH|^~\\&|A\rPID|1\r\x1C\r\vMSH|^~\\&|B\rPID|2\r\x1C\r");
  CHECK(framed.seen == 2);
  CHECK(framed.rejects.empty());
  CHECK(holds(framed, R"("offset":1)"));
  CHECK(read("\vMSH|^~\\&|A\rPID|1\r\x1C\r\vMSH|^~\\&|B\rPID|2\r").rejects.size() == 1);
  CHECK(read("\xEF\xBB\xBFMSH|^~\\&|A\rPID|1\r\xEF\xBB\xBFMSH|^~\\&|B\r").seen == 2);
  const Read batch = read("FHS|^~\\&|\rBHS|^~\\&|\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|2\rFTS|1\r");
  CHECK(batch.seen == 2);
  CHECK(batch.count(Code::hl7_batch_count) == 0);
  CHECK(batch.count(Code::hl7_batch_open) == 0);
  const Read damaged = read("BHS|^~\\&|\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|3\rFTS|1\r");
  CHECK(damaged.count(Code::hl7_batch_count, "BTS-1") == 1);
  CHECK(damaged.count(Code::hl7_batch_open, "FTS") == 1);
  CHECK(read("BHS|^~\\&|\rMSH|^~\\&|A\r").count(Code::hl7_batch_open, "BHS") == 1);
}

TEST_CASE("character sets of MSH-18") {
  const auto with = [](const std::string& set) { return "MSH|^~\\&|A|F|||20200101||ORU^R01|1|P|2.5||||||" + set + "\r"; };
  CHECK(value("\xE9", with("8859/1")) == "é");
  CHECK(value("\xA4", with("8859/15")) == "€");
  CHECK(value("\xC3\xA9", with("UNICODE UTF-8")) == "é");
  CHECK(value("\xC3\xA9", with("UTF-8~UNICODE")) == "é");
  CHECK(value("\xB1\xE8", with("KS X 1001")) == "김");
  CHECK(value("\x1B$B;3ED\x1B(Bx", with("~ISO IR87")) == "山田x");
  CHECK(value("\x0E\x31\x68\x0F", with("ASCII~ISO IR149")) == "김");
  CHECK(value("\\M2442\\;3ED\\C2842\\", with("~ISO IR87")) == "山田");
  CHECK(value("\xC3\xA9", with("")) == "é");
  CHECK(value("\xC3\xA9", with("ASCII")) == "é");
  const Read bad = read(with("UTF-8") + "OBX|1|ST|c||\xE9\r");
  REQUIRE(bad.rejects.size() == 1);
  CHECK(bad.rejects[0].code == Code::bytes_undecodable);
  CHECK(bad.rejects[0].at == with("UTF-8").size() + 12);
  CHECK(read(with("") + "OBX|1|ST|c||\xE9 x\r").rejects.size() == 1);
  CHECK(read(with("") + "OBX|1|ST|c||\xE9 x\r", {{}, 1 << 16, false, {}, "latin-1"}).rejects.empty());
}

TEST_CASE("what is cut or belongs to no message is refused with its place") {
  const Read cut = read(head + "PID|1\r" + head + "PID|1||12");
  REQUIRE(cut.rejects.size() == 1);
  CHECK(cut.rejects[0].code == Code::record_cut);
  CHECK(cut.rejects[0].offset == head.size() + 6);
  CHECK(cut.rejects[0].line == 3);
  const Read only = read(head + "PID|1||12");
  CHECK(only.rejects.empty());
  CHECK(only.count(Code::hl7_end_unmarked) == 1);
  const Read orphan = read("PID|1||5\rOBX|1\r" + head);
  REQUIRE(orphan.rejects.size() == 1);
  CHECK(orphan.rejects[0].code == Code::hl7_no_header);
  CHECK(orphan.rejects[0].length == 14);
  CHECK(orphan.seen == 2);
  const Read zero = read(head + std::string("PID|1||a\0b\r", 11));
  REQUIRE(zero.rejects.size() == 1);
  CHECK(zero.rejects[0].code == Code::hl7_control_byte);
  CHECK(zero.rejects[0].at == head.size() + 8);
}

TEST_CASE("limits: segments, repetitions, size") {
  std::string many = head;
  for (int i = 0; i < 50'001; ++i) many += "NTE|1\r";
  CHECK(read(many).rejects.at(0).code == Code::hl7_too_many_segments);
  CHECK(read(head + "PID|1||" + std::string(10'001, '~') + "\r").rejects.at(0).code == Code::hl7_too_many_repetitions);
  How how;
  how.limits.record_bytes = 200;
  for (const bool streamed : {false, true}) {
    how.streamed = streamed;
    how.target = 64;
    const Read large = read(head + "NTE|1||" + std::string(5000, 'x') + "\r" + head + "PID|1\r", how);
    REQUIRE(large.rejects.size() == 1);
    CHECK(large.rejects[0].code == Code::record_too_large);
    CHECK(large.seen == 2);
    CHECK(holds(large, R"("PID-1":"1")"));
  }
}

TEST_CASE("the same records whatever the chunks, mapped or streamed") {
  std::string text =
      "\xEF\xBB\xBF"
      "FHS|^~\\&|\r\n";
  for (int i = 0; i < 40; ++i) text += head + "PID|1||" + std::to_string(i) + "^^^H^MR\r\nOBR|1\nOBX|1|TX|c||a\nb\\.br\\\r\x1C\r\v";
  text += "BTS|40\rFTS|1\r";
  const Read whole = read(text);
  CHECK(whole.seen == 40);
  for (const std::size_t target : {std::size_t{1}, std::size_t{50}, std::size_t{333}}) {
    for (const bool streamed : {false, true}) {
      How how;
      how.target = target;
      how.streamed = streamed;
      const Read parts = read(text, how);
      CHECK(parts.json == whole.json);
      CHECK(parts.lines == whole.lines);
      CHECK(parts.rejects.size() == whole.rejects.size());
      CHECK(parts.findings.size() == whole.findings.size());
    }
  }
}

TEST_CASE("only what the plan reads becomes nodes; the rest is counted by name") {
  How how;
  how.plan = {"patient", "PID-3", "1"};
  const Read found = read(head + "PID|1|x|5^6|y\rZPV|1\rOBX|1\r", how);
  CHECK(holds(found, R"("record":{"patient":{"PID-3":{"@text":"5^6","1":"5"},"":{}}}})"));
  CHECK(found.count(Code::hl7_segment_unread, "ZPV") == 1);
  CHECK(found.count(Code::hl7_segment_unread, "OBX") == 1);
  CHECK(found.count(Code::hl7_message_type, "ORU_R01") == 1);
}

TEST_CASE("detection") {
  const auto match = [](std::string_view text) { return detect_hl7v2({text.data(), text.size()}); };
  CHECK(match("MSH|^~\\&|") == Match::yes);
  CHECK(match("\v\xEF\xBB\xBFMSH$") == Match::yes);
  CHECK(match("// sample\r\nMSH|^~\\&|A") == Match::yes);
  CHECK(match("PID|1\rMSH|^~\\&|A") == Match::yes);
  CHECK(match("MSH,a,b\nx,y,z") == Match::no);
  CHECK(match("MSH,^~\\&,A") == Match::yes);
  CHECK(match("MSHA|b") == Match::no);
  CHECK(match("a,b\nc,d\n") == Match::no);
  CHECK(match("") == Match::no);
}
