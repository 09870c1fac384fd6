// The book of a mapping: headings and sentences in two languages, expressions in words where they are common, else as written.
#include "mapping/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cdm/assemble_settings.hpp"
#include "mapping/parser.hpp"

namespace pyojun {

namespace {

using ast::Expr;
using ast::Kind;

struct Words {
  std::string_view en, ko;
};

// What functions mean, with {0} {1} for their arguments in words. Others are shown as written.
struct Phrase {
  std::string_view function;
  std::size_t arguments;
  Words words;
};
constexpr std::array phrases{
    Phrase{"date", 1, {"the date in {0}", "{0}의 날짜"}},
    Phrase{"datetime", 1, {"the date and time in {0}", "{0}의 일시"}},
    Phrase{"instant", 1, {"the instant in {0}", "{0}의 시점"}},
    Phrase{"assumed", 1, {"when no record says it, {0}", "말하는 레코드가 없으면 {0}"}},
    Phrase{"first_day", 1, {"the first day of {0}", "{0}의 첫날"}},
    Phrase{"year", 1, {"the year of {0}", "{0}의 연도"}},
    Phrase{"month", 1, {"the month of {0}", "{0}의 월"}},
    Phrase{"day", 1, {"the day of {0}", "{0}의 일"}},
    Phrase{"number", 1, {"the number in {0}", "{0}의 숫자"}},
    Phrase{"integer", 1, {"the whole number in {0}", "{0}의 정수"}},
    Phrase{"upper", 1, {"{0} in upper case", "{0} (대문자)"}},
    Phrase{"lower", 1, {"{0} in lower case", "{0} (소문자)"}},
    Phrase{"trim", 1, {"{0} without blanks around it", "{0} (앞뒤 공백 제거)"}},
    Phrase{"code", 2, {"code {1} of code system {0}", "코드 체계 {0}의 코드 {1}"}},
    Phrase{"list_code", 2, {"code {1} by code list {0}", "코드 목록 {0}의 코드 {1}"}},
    Phrase{"list", 2, {"the concept that code list {0} gives for {1}", "코드 목록 {0}에서 {1}에 해당하는 concept"}},
    Phrase{"concept", 2, {"the standard concept for {0} in domain {1}", "도메인 {1}에서 {0}에 해당하는 표준 concept"}},
    Phrase{"standard", 1, {"the standard concept of {0}", "{0}의 표준 concept"}},
    Phrase{"source", 1, {"the source concept of {0}", "{0}의 원본 concept"}},
    Phrase{"value", 1, {"the value in {0}: number, operator, concept or text", "{0}의 값: 숫자, 부등호, concept 또는 텍스트"}},
    Phrase{"unit", 1, {"the unit in {0}", "{0}의 단위"}},
    Phrase{"range", 1, {"the lower and upper limit in {0}", "{0}의 하한과 상한"}},
    Phrase{"reference", 1, {"what {0} refers to", "{0}이 참조하는 것"}},
    Phrase{"event", 0, {"the event itself", "해당 사건"}},
    Phrase{"event_domain", 0, {"the domain of the event", "사건의 도메인"}},
};

class Book {
 public:
  Book(const ast::Mapping& mapping, const Schema& schema, bool korean) : mapping_(mapping), schema_(schema), korean_(korean) {}

  std::string write() {
    front();
    targets();
    lists();
    defines();
    lookups();
    files();
    return std::move(out_);
  }

 private:
  struct Entry {
    const ast::Rule* rule;
    const ast::Emit* emit;
  };

  std::string_view say(const Words& words) const { return korean_ ? words.ko : words.en; }

  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  void heading(std::string_view marks, std::string_view text) {
    if (!out_.ends_with("\n\n")) line();
    line(fmt::format("{} {}", marks, text));
    line();
  }

  void table(std::string_view a, std::string_view b) {
    line(fmt::format("| {} | {} |", a, b));
    line("|---|---|");
  }

  // Text inside a table cell or a sentence: nothing of it is markup.
  static std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos) out += '\\';
      out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    return out;
  }

  // As written, in code marks that survive backquotes and, inside a table, cell borders.
  std::string as_code(std::string_view text) const {
    std::string inside;
    for (const char c : text) inside += c == '|' && in_table_ ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
    std::string marks = "`";
    while (inside.find(marks) != std::string::npos) marks += '`';
    return marks.size() == 1 ? marks + inside + marks : marks + " " + inside + " " + marks;
  }

  std::string code(const Expr& expr) const { return as_code(print(expr)); }

  std::string in_words(const Expr& expr) const {
    switch (expr.kind) {
      case Kind::fallback:
        return joined(expr, say({"; if absent, ", "; 없으면 "}));
      case Kind::concat:
        return joined(expr, say({" followed by ", " 다음에 "}));
      case Kind::when:
        return korean_ ? fmt::format("{} 일 때 {}", code(*expr.args[1]), in_words(*expr.args[0]))
                       : fmt::format("{} when {}", in_words(*expr.args[0]), code(*expr.args[1]));
      case Kind::call:
        return call_in_words(expr);
      default:
        return code(expr);
    }
  }

  std::string joined(const Expr& expr, std::string_view between) const {
    std::string out;
    for (const auto& arg : expr.args) out += (out.empty() ? std::string() : std::string(between)) + in_words(*arg);
    return out;
  }

  // Several words as one part of a longer sentence.
  std::string part_in_words(const Expr& expr) const {
    const bool compound = expr.kind == Kind::fallback || expr.kind == Kind::when || expr.kind == Kind::concat;
    return compound ? "(" + in_words(expr) + ")" : in_words(expr);
  }

  std::string call_in_words(const Expr& call) const {
    const auto found = std::find_if(phrases.begin(), phrases.end(), [&](const Phrase& p) { return p.function == call.text; });
    if (call.member.empty() && found != phrases.end() && found->arguments == call.args.size()) {
      const std::string first = call.args.empty() ? std::string() : part_in_words(*call.args[0]);
      const std::string second = call.args.size() < 2 ? std::string() : part_in_words(*call.args[1]);
      return fmt::format(fmt::runtime(say(found->words)), first, second);
    }
    const TableId id = schema_.find(call.text);
    if (call.member.empty() && found == phrases.end() && id != no_table && schema_.table(id).schema != "vocabulary" && !call.args.empty()) {
      const std::string keys = joined(call, " + ");
      return korean_ ? fmt::format("키가 {}인 {} 행", keys, as_code(call.text))
                     : fmt::format("the {} row with key {}", as_code(call.text), keys);
    }
    return code(call);
  }

  void front() {
    line(fmt::format("# {}", mapping_.title.empty() ? plain(mapping_.name) : plain(mapping_.title)));
    line();
    table("", "");
    in_table_ = true;
    line(fmt::format("| {} | {} |", say({"mapping", "매핑"}), as_code(mapping_.name)));
    line(fmt::format("| CDM | {} |", as_code(mapping_.cdm)));
    constexpr std::array<Words, 3> deliveries{
        Words{"snapshot: every delivery is complete", "snapshot: 전달할 때마다 전체를 전달"},
        Words{"delta: new rows are added, equal keys replace", "delta: 새 행을 더하고 같은 키는 대체"},
        Words{"messages: events correct, cancel and merge", "messages: 메시지가 정정, 취소, 병합"}};
    line(fmt::format("| {} | {} |", say({"delivery", "전달 방식"}), say(deliveries[static_cast<std::size_t>(mapping_.delivery)])));
    line(fmt::format("| {} | {} |", say({"time zone", "시간대"}), as_code(mapping_.timezone)));
    for (const auto& setting : mapping_.assemble) {
      std::string values;
      for (const auto& value : setting.values) values += (values.empty() ? "" : ", ") + value;
      const AssembleSetting* const known = find_assemble_setting(setting.name);
      const std::string about = known == nullptr ? std::string() : std::string(say({known->about, known->about_ko}));
      line(fmt::format("| {} | {}{} |", as_code("assemble " + setting.name), as_code(values), about.empty() ? "" : " " + plain(about)));
    }
    in_table_ = false;
  }

  // Emits by target: events first, then tables in CDM order, then names the CDM does not have.
  void targets() {
    std::vector<std::string> names{"stem"};
    for (const Table& t : schema_.tables()) names.push_back(t.name);
    for (const auto& rule : mapping_.rules) {
      for (const auto& emit : rule.emits) {
        if (std::find(names.begin(), names.end(), emit.table) == names.end()) names.push_back(emit.table);
      }
    }
    for (const auto& name : names) {
      std::vector<Entry> entries;
      for (const auto& rule : mapping_.rules) {
        for (const auto& emit : rule.emits) {
          if (emit.table == name) entries.push_back({&rule, &emit});
        }
      }
      if (entries.empty()) continue;
      heading("##", name == "stem"
                        ? std::string(say({"Events: the table follows from the code's domain", "사건: 테이블은 코드의 도메인을 따름"}))
                        : plain(name));
      for (const Entry& entry : entries) chapter(entry);
    }
  }

  void chapter(const Entry& entry) {
    const ast::Rule& rule = *entry.rule;
    const ast::Emit& emit = *entry.emit;
    heading("###", fmt::format("{}{}", plain(rule.name), rule.title.empty() ? std::string() : ": " + plain(rule.title)));
    std::string source =
        korean_ ? fmt::format("레코드 종류 {} 에서 읽음", as_code(rule.kind)) : fmt::format("Reads records of kind {}", as_code(rule.kind));
    if (rule.from_where) source += fmt::format("{}{}", say({", only those where ", ", 조건: "}), code(*rule.from_where));
    line(source + ".");
    for (const auto& each : rule.each) repetition(each);
    filters(rule);
    if (emit.when) line(fmt::format("{} {}.", say({"This row is made only when", "이 행의 조건:"}), code(*emit.when)));
    if (emit.key_all) line(say({"Exact copies of a record are counted as duplicates.", "완전히 같은 레코드는 중복으로 셈."}));
    if (!emit.key.empty()) line(fmt::format("{} {}.", say({"Rows are told apart by", "행의 키:"}), keys(emit.key)));
    if (!emit.alias.empty()) line(fmt::format("{} {}.", say({"Also known by", "다른 키:"}), keys(emit.alias)));
    if (emit.retires)
      line(say(
          {"What is told under another key gives way to what is told under this one.", "다른 키로 온 내용보다 이 키로 온 내용이 우선함."}));
    if (!emit.version.empty()) line(fmt::format("{} {}.", say({"The later version is decided by", "버전:"}), keys(emit.version)));
    if (!emit.within.empty()) line(fmt::format("{} {}.", say({"It is removed with", "함께 지워지는 대상:"}), keys(emit.within)));
    for (const auto& group : emit.combine) line(combined(group) + ".");
    if (rule.delete_when) line(fmt::format("{} {}.", say({"The row is removed when", "행을 지우는 조건:"}), code(*rule.delete_when)));
    if (rule.told_when)
      line(fmt::format("{} {}.", say({"A removal is told when it finds no row and", "지울 행이 없을 때 알리는 조건:"}),
                       code(*rule.told_when)));
    if (emit.table == "stem") stem_note(emit);
    line();
    assignments(emit);
  }

  std::string combined(const ast::Group& group) const {
    std::string names;
    for (const auto& [name, at] : group.names) names += (names.empty() ? "" : ", ") + as_code(name);
    std::string out =
        fmt::format("{} {}", say({"Taken from the latest record that says it:", "그것을 말하는 가장 늦은 레코드에서 가져오는 열:"}), names);
    if (group.instead) out += fmt::format("{} {}", say({", else as", ", 없으면 다음 열과 같음:"}), as_code(group.instead->first));
    return out;
  }

  std::string keys(const std::vector<ast::ExprPtr>& parts) const {
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : ", ") + in_words(*part);
    return out;
  }

  void repetition(const ast::Each& each) {
    std::string text = korean_ ? fmt::format("{} 마다 한 번", code(*each.path)) : fmt::format("Once for each {}", code(*each.path));
    if (each.or_self) text += say({", or once for the record itself when there is none", ", 없으면 레코드 자체로 한 번"});
    if (each.where) text += fmt::format("{}{}", say({", where ", ", 조건: "}), code(*each.where));
    line(text + ".");
  }

  void filters(const ast::Rule& rule) {
    if (rule.filters.empty()) return;
    line();
    line(say({"Taken over only where all of these hold; what does not is counted under the reason:",
              "다음 조건을 모두 만족할 때만 옮기고, 나머지는 사유별로 셈:"}));
    line();
    for (const auto& filter : rule.filters) {
      const std::string shown = print(*filter.condition);
      line(fmt::format("- {}{}", as_code(shown), filter.reason == shown ? std::string() : ": " + plain(filter.reason)));
    }
    line();
  }

  void stem_note(const ast::Emit& emit) {
    std::string only;
    for (const auto& domain : emit.only) only += (only.empty() ? "" : ", ") + plain(domain);
    if (!emit.default_domain.empty())
      line(fmt::format("{} {}.", say({"Codes without a domain go to", "도메인이 없는 코드의 도메인:"}), plain(emit.default_domain)));
    if (!emit.shared.empty())
      line(fmt::format("{} {}.",
                       say({"Rows of equal key are one row across all rules that share", "같은 키의 행을 하나로 보는 공유 이름:"}),
                       plain(emit.shared)));
    if (!only.empty())
      line(fmt::format(
          "{} {}.", say({"Only these domains have a table here, others go to the default:", "허용 도메인 (나머지는 기본값으로):"}), only));
  }

  // The columns an attribute fills in the table of the emit's default domain.
  std::string stem_columns(const ast::Emit& emit, const std::string& attribute) const {
    const TableId id = schema_.table_for_domain(emit.default_domain);
    std::string out;
    for (const StemRoute& route : schema_.stem()) {
      if (route.table != id || route.attribute != attribute) continue;
      out += (out.empty() ? "" : ", ") + as_code(schema_.table(id).columns[route.column].name);
    }
    return out.empty() ? std::string("-") : out;
  }

  void assignments(const ast::Emit& emit) {
    in_table_ = true;
    const bool stem = emit.table == "stem";
    if (!stem) {
      table(say({"column", "열"}), say({"comes from", "출처"}));
    } else {
      const TableId id = schema_.table_for_domain(emit.default_domain);
      const std::string where = id == no_table ? std::string("-") : as_code(schema_.table(id).name);
      line(fmt::format("| {} | {} | {} {} |", say({"attribute", "속성"}), say({"comes from", "출처"}), say({"columns, here of", "열, 예:"}),
                       where));
      line("|---|---|---|");
    }
    for (const auto& assign : emit.assigns) {
      std::string names, columns;
      for (const auto& [name, at] : assign.names) {
        names += (names.empty() ? "" : ", ") + as_code(name);
        if (stem) columns += (columns.empty() ? "" : ", ") + stem_columns(emit, name);
      }
      line(stem ? fmt::format("| {} | {} | {} |", names, in_words(*assign.value), columns)
                : fmt::format("| {} | {} |", names, in_words(*assign.value)));
    }
    in_table_ = false;
  }

  void lists() {
    if (mapping_.lists.empty()) return;
    heading("##", say({"Code lists", "코드 목록"}));
    for (const auto& list : mapping_.lists) {
      if (!list.file.empty()) {
        line(fmt::format("- {}: {} {}", as_code(list.name), say({"file", "파일"}), as_code(list.file)));
        continue;
      }
      std::string pairs;
      for (const auto& [text, id] : list.pairs) pairs += fmt::format("{}{} -> {}", pairs.empty() ? "" : ", ", as_code(text), id);
      line(fmt::format("- {}: {}", as_code(list.name), pairs));
    }
  }

  void defines() {
    if (mapping_.defines.empty()) return;
    heading("##", say({"Named values", "이름 붙인 값"}));
    for (const auto& define : mapping_.defines) line(fmt::format("- {}: {}", as_code(define.name + "()"), in_words(*define.value)));
  }

  void lookups() {
    if (mapping_.lookups.empty()) return;
    heading("##", say({"Lookups", "조회 표"}));
    for (const auto& lookup : mapping_.lookups) {
      std::string kept;
      for (const auto& [name, value] : lookup.keep)
        kept += fmt::format("{}{}: {}", kept.empty() ? "" : "; ", as_code(name), in_words(*value));
      line(fmt::format("- {} ({} {}{}), {} {}: {}", as_code(lookup.name), say({"from", "출처"}), as_code(lookup.kind),
                       lookup.where ? fmt::format(", {} {}", say({"where", "조건"}), code(*lookup.where)) : std::string(),
                       say({"key", "키"}), keys(lookup.key), kept));
    }
  }

  void files() {
    if (mapping_.dialect.files.empty()) return;
    heading("##", say({"Files", "파일"}));
    table(say({"record kind", "레코드 종류"}), say({"file names", "파일 이름"}));
    in_table_ = true;
    for (const auto& file : mapping_.dialect.files) {
      std::string globs;
      for (const auto& glob : file.globs) globs += (globs.empty() ? "" : ", ") + as_code(glob);
      line(fmt::format("| {} | {} |", as_code(file.kind), globs));
    }
  }

  const ast::Mapping& mapping_;
  const Schema& schema_;
  bool korean_;
  bool in_table_ = false;  // | is written with a backslash there
  std::string out_;
};

}  // namespace

std::string book_markdown(const ast::Mapping& mapping, const Schema& schema, std::string_view language) {
  return Book(mapping, schema, language == "ko").write();
}

}  // namespace pyojun
