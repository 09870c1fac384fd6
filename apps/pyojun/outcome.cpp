// Words and files about the outcome of a run. Counts, codes, names of files and rules; never a value of a record.
#include "outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "json.hpp"
#include "mapping/diagnostic.hpp"
#include "pack_options.hpp"

namespace pyojun::app {

namespace {

constexpr std::string_view last_success_metric = "last_success_time_seconds";

struct FateName {
  std::string_view name, says, says_ko;
};
// In the order of Fate.
constexpr std::array<FateName, static_cast<std::size_t>(Fate::count)> fate_names{{
    {"fresh", "new", "신규"},
    {"changed", "changed: takes the place of its earlier rows", "변경됨: 이전 행을 대체"},
    {"remapped", "mapped again: mapping, vocabulary or program changed", "다시 매핑: 매핑, 용어 또는 프로그램이 바뀜"},
    {"unchanged", "unchanged: not read again", "변경 없음: 다시 읽지 않음"},
    {"copy", "known content under another name: not read again", "이름만 다른 같은 내용: 다시 읽지 않음"},
    {"held", "left for the next run", "다음 실행으로 미룸"},
    {"replaced", "replaced by a later file of its kind: not read", "같은 종류의 더 나중 파일이 대신함: 읽지 않음"},
}};

void tell_mapping(const ConvertOutcome& outcome, Context& context) {
  for (const auto& diagnostic : outcome.diagnostics) {
    if (info(diagnostic.code).severity == Severity::warning && !context.console.verbose) continue;
    context.console.say(render(diagnostic, context.console.language == Tongue::ko ? "ko" : "en"));
  }
}

// What readers warn of: by file while these are few, then how many files more, so that a folder of single messages does not bury the rest.
void tell_warnings(const ConvertOutcome& outcome, Console& console) {
  constexpr std::uint64_t named = 3;
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> files;  // by message id and subject
  for (const auto& file : outcome.files) {
    for (const auto& finding : file.findings) {
      if (info(finding.code).severity != Severity::warning) continue;
      if (++files[{info(finding.code).id, finding.subject}] <= named)
        console.note(fmt::format("{}: {}", printable(file.path), console.render(finding)));
    }
  }
  for (const auto& [what, number] : files) {
    if (number <= named) continue;
    const auto text =
        console.pick("{}{}{} in {} more files; --verbose names them", "{}{}{}: 다른 파일 {}개에서도; --verbose로 이름을 봅니다");
    console.note(
        fmt::format(fmt::runtime(text), what.first, what.second.empty() ? "" : " ", printable(what.second), grouped(number - named)));
  }
}

void tell_files(const ConvertOutcome& outcome, Context& context) {
  Console& console = context.console;
  for (const auto& file : outcome.files) {
    if (file.path.empty()) continue;  // the run ended before it came to this one
    if (file.broken) console.error(*file.broken);
    if (file.why == Code::file_name_registration) {
      console.error({file.why, file.path, {}, {}, {}});
    } else if (!file.read && !file.broken && file.format.empty())
      console.note(fmt::format("{}: {} [{}]", printable(file.path), console.pick("not read", "읽지 않음"), info(file.why).id));
    if (!console.verbose) continue;
    for (const auto& finding : file.findings) console.note(fmt::format("{}: {}", printable(file.path), console.render(finding)));
    console.note(fmt::format("{}: {} {} {}", printable(file.path), file.format, file.encoding, grouped(file.records)));
    for (const auto& name : file.facts.unknown_columns)
      console.note(fmt::format("  {}: {}", console.pick("column read by no rule", "어느 규칙도 읽지 않는 열"), printable(name)));
    for (const auto& name : file.facts.missing_columns)
      console.note(fmt::format("  {}: {}", console.pick("column not delivered", "전달되지 않은 열"), printable(name)));
    for (const auto& note : file.facts.notes) {
      if (info(note.code).severity != Severity::warning) console.note("  " + console.render(note));
    }
  }
  if (!console.verbose) tell_warnings(outcome, console);
  for (const auto& path : outcome.skipped) {
    if (console.verbose) console.note(fmt::format("{}: {}", printable(path), console.pick("skipped", "건너뜀")));
  }
}

// Files whose rows may mean something else than the mapping says, because a column that decides is not there.
std::uint64_t undecided_files(const ConvertOutcome& outcome) {
  return static_cast<std::uint64_t>(std::ranges::count_if(outcome.files, [](const FileOutcome& file) {
    return std::ranges::any_of(file.findings, [](const Finding& finding) { return finding.code == Code::condition_column_absent; });
  }));
}

std::string machine(const ConvertOutcome& outcome, int code) {
  Json json;
  json.begin_object().member("exit", code);
  if (!outcome.error.empty()) json.member("error", outcome.error);
  json.member("files", static_cast<std::uint64_t>(outcome.files.size())).member("bytes", outcome.bytes).member("records", outcome.records);
  json.member("refused", outcome.refused)
      .member("unread", outcome.unread)
      .member("candidates", outcome.candidates)
      .member("mapped", outcome.mapped);
  json.member("filtered", outcome.filtered)
      .member("duplicates", outcome.duplicates)
      .member("quarantined", outcome.quarantined)
      .member("rows", outcome.rows)
      .member("undecided_files", undecided_files(outcome));
  json.member("balanced", outcome.balanced).key("tables").begin_object();
  for (const auto& [table, rows] : outcome.tables) json.member(table, rows);
  json.end_object().key("night").begin_object();
  for (std::size_t i = 0; i < fate_names.size(); ++i) json.member(fate_names[i].name, outcome.night.fates[i]);
  json.member("vanished", static_cast<std::uint64_t>(outcome.night.vanished.size())).member("gone", outcome.night.gone);
  json.member("outdated", outcome.night.outdated).end_object();
  json.member("run", outcome.run).member("unchanged", outcome.unchanged).key("budgets").begin_array();
  for (const auto& budget : outcome.budgets) {
    json.begin_object().member("source", budget.source).member("rule", budget.rule).member("in", budget.in);
    json.member("quarantined", budget.quarantined).member("fails", budget.fails).end_object();
  }
  json.end_array().key("published").begin_array();
  for (const auto& place : outcome.published) json.value(place);
  json.end_array().key("stages").begin_array();
  for (const auto& stage : outcome.stages)
    json.begin_object().member("name", stage.name).member("wall", stage.wall).member("cpu", stage.cpu).end_object();
  return json.end_array().end_object().text() + "\n";
}

// The last line, always: what came in, what went out, whether the books balance, and what makes all this doubtful.
std::string summary(const ConvertOutcome& outcome, const Console& console) {
  std::string out = fmt::format(
      fmt::runtime(console.pick("{} records read ({} refused), {} rows written, {} filtered, {} duplicates, {} quarantined: books {}",
                                "레코드 {}건 읽음(거부 {}), 행 {}건 기록, 제외 {}, 중복 {}, 격리 {}: 장부 {}")),
      grouped(outcome.records), grouped(outcome.refused), grouped(outcome.rows), grouped(outcome.filtered), grouped(outcome.duplicates),
      grouped(outcome.quarantined), outcome.balanced ? console.pick("balanced", "일치") : console.pick("not balanced", "불일치"));
  if (const std::uint64_t files = undecided_files(outcome); files > 0) {
    out += fmt::format(
        fmt::runtime(console.pick("; files that lack a column a condition reads: {} [{}]", "; 조건이 읽는 열이 없는 파일: {}개 [{}]")),
        grouped(files), info(Code::condition_column_absent).id);
  }
  return out;
}

void tell_result(const ConvertOutcome& outcome, const ConvertRequest& request, Context& context) {
  Console& console = context.console;
  if (console.verbose) {
    for (const auto& stage : outcome.stages)
      console.note(fmt::format("{:<18} {:7.2f} s wall {:7.2f} s cpu", stage.name, stage.wall, stage.cpu));
  }
  for (const auto& [table, rows] : outcome.tables) {
    if (rows > 0) console.note(fmt::format("{:<24}{:>14}", table, grouped(rows)));
  }
  if (outcome.unread > 0) {
    console.note(fmt::format("{} {}", grouped(outcome.unread),
                             console.pick("records of kinds that no rule reads", "건은 읽는 규칙이 없는 종류의 레코드")));
  }
  for (const auto& place : outcome.published) console.note(fmt::format("{} {}", console.pick("published", "게시"), printable(place)));
  if (!request.report.empty()) console.note(fmt::format("{} {}/report.html", console.pick("report", "보고서"), printable(request.report)));
}

// Every file by name when asked for, else counts; what vanished always by name.
void tell_night(const ConvertOutcome& outcome, const ConvertRequest& request, Console& console) {
  const NightOutcome& night = outcome.night;
  for (const auto& path : night.vanished)
    console.note(
        fmt::format("{}: {}", printable(path), console.pick("not there any more; its rows are kept", "더 이상 없음. 행은 유지됨")));
  for (const auto& source : night.silent) {
    console.say(fmt::format("pyojun: {}{}", printable(source), source.empty() ? "" : ": ") +
                std::string(console.pick("nothing at all was delivered; the rows are kept as if it could not be reached",
                                         "전달된 파일이 하나도 없습니다. 접근하지 못한 것으로 보고 행을 유지합니다")));
  }
  if (night.ahead > 0) {
    console.say(fmt::format("pyojun: {} {}", grouped(night.ahead),
                            console.pick("files wait because their times lie in the future: set the clocks right, or touch them",
                                         "개 파일의 시각이 미래여서 읽지 않았습니다. 시계를 맞추거나 파일을 touch 하십시오")));
  }
  if (night.wanting > 0) {
    console.say(fmt::format(
        "pyojun: {} {}", grouped(night.wanting),
        console.pick(
            "files wait because a lookup table of theirs was not there as a whole: a file of it waits, cannot be "
            "read, or was being written",
            "개 파일은 참조하는 조회 표를 온전히 읽지 못해 미뤘습니다. 표의 파일이 대기 중이거나, 읽을 수 없거나, 기록되는 중이었습니다")));
  }
  if (night.outdated > 0) {
    console.say(
        fmt::format("pyojun: {} {}", grouped(night.outdated),
                    console.pick("files are not there any more and were mapped by another mapping, vocabulary or program; their rows stay "
                                 "as they were made: deliver the files again to map them anew",
                                 "개 파일은 더 이상 없으며 다른 매핑, 용어 또는 프로그램으로 매핑되었습니다. 행은 만들어진 그대로 "
                                 "남습니다. 다시 매핑하려면 파일을 다시 전달하십시오")));
  }
  for (const auto& file : outcome.files) {
    const FateName& fate = fate_names[static_cast<std::size_t>(file.fate)];
    const bool tell = request.dry_run || console.verbose || file.fate == Fate::held;
    if (tell && !file.format.empty()) console.note(fmt::format("{}: {}", printable(file.path), console.pick(fate.says, fate.says_ko)));
  }
  const bool plain = std::all_of(night.fates.begin() + 1, night.fates.end(), [](auto files) { return files == 0; });
  for (std::size_t i = 0; !plain && i < fate_names.size(); ++i) {
    if (night.fates[i] > 0)
      console.note(fmt::format("{:>14}  {}", grouped(night.fates[i]), console.pick(fate_names[i].says, fate_names[i].says_ko)));
  }
  if (night.gone > 0) {
    console.note(fmt::format("{:>14}  {}", grouped(night.gone),
                             console.pick("not delivered any more: their rows were retired", "더 이상 없음: 행을 제외함")));
  }
  if (outcome.unchanged)
    console.note(std::string(console.pick("nothing is new since the last run", "지난 실행 이후 새로운 것이 없습니다")));
  for (const auto& budget : outcome.budgets) {
    const std::string of_what = budget.source + (budget.source.empty() || budget.rule.empty() ? "" : " ") + budget.rule;
    console.say(fmt::format("pyojun: {}{}{}: {} / {}", of_what, of_what.empty() ? "" : ": ",
                            budget.fails ? console.pick("above the budget of quarantined records", "격리 한도 초과")
                                         : console.pick("above the warning level of quarantined records", "격리 경고 수준 초과"),
                            grouped(budget.quarantined), grouped(budget.in)));
  }
}

}  // namespace

// What a run that failed leaves behind: a target is replaced as a whole or not at all, and the warehouse comes last.
void tell_unfinished(const ConvertOutcome& outcome, Console& console) {
  if (outcome.published.empty()) {
    console.say(console.pick("nothing was published", "아무것도 게시되지 않았습니다"));
    return;
  }
  for (const auto& place : outcome.published)
    console.say(fmt::format("{}: {}", printable(place),
                            console.pick("published, but the run could not be recorded in the warehouse; run it again",
                                         "게시되었으나 실행이 저장소에 기록되지 못했습니다. 다시 실행하십시오")));
}

int run_and_tell(const ConvertRequest& request, Context& context, ConvertOutcome& outcome) {
  const Status status = convert(request, context.world, outcome);
  Console& console = context.console;
  context.world.progress->stage("", 0);
  tell_mapping(outcome, context);
  tell_files(outcome, context);
  tell_night(outcome, request, console);
  if (!request.packs.packs.empty() && !console.json && !outcome.audit.result.packs.empty()) {
    tell_audit(outcome.audit, console);
    console.note(audit_summary(outcome.audit, console));
  }
  int code = outcome.incomplete ? exit_incomplete : exit_done;
  if (!status) {
    code = exit_for(status.error());
    outcome.error = info(status.error().code).id;
    console.error(status.error());
    if (console.json) console.out(machine(outcome, code));
    tell_unfinished(outcome, console);
    return code;
  }
  if (request.dry_run) {
    if (console.json) console.out(machine(outcome, code));
    console.say(console.pick("dry run: nothing was changed", "시험 실행: 아무것도 바꾸지 않았습니다"));
    return code;
  }
  tell_result(outcome, request, context);
  if (console.json) console.out(machine(outcome, code));
  console.say(summary(outcome, console));
  return code;
}

std::string metrics_text(const ConvertOutcome& outcome, int code, double seconds, std::int64_t ended, std::int64_t last_success) {
  std::string out;
  const auto gauge = [&out](std::string_view name, std::string_view help) {
    out += fmt::format("# HELP pyojun_{0} {1}\n# TYPE pyojun_{0} gauge\n", name, help);
  };
  const auto one = [&](std::string_view name, std::string_view help, auto value) {
    gauge(name, help);
    out += fmt::format("pyojun_{} {}\n", name, value);
  };
  const bool good = code == exit_done || code == exit_incomplete;
  one("exit_code", "Exit code of the last run.", code);
  one("last_run_time_seconds", "When the last run ended, seconds since 1970.", ended);
  if (good) last_success = ended;
  if (last_success != 0) one(last_success_metric, "When the last run that published ended, seconds since 1970.", last_success);
  one("duration_seconds", "How long the last run took.", seconds);
  one("run_number", "Number of the run in its warehouse.", outcome.run);
  one("balanced", "1 when the books balance.", outcome.balanced ? 1 : 0);
  one("bytes_read", "Bytes of the files that were read.", outcome.bytes);
  one("records_read", "Records of the files that were read.", outcome.records);
  one("records_refused", "Records among them that could not be read.", outcome.refused);
  gauge("files", "Delivered files by what the run did with them.");
  for (std::size_t i = 0; i < fate_names.size(); ++i)
    out += fmt::format("pyojun_files{{fate=\"{}\"}} {}\n", fate_names[i].name, outcome.night.fates[i]);
  one("files_outdated", "Files that are not there any more and were mapped by another mapping, vocabulary or program.",
      outcome.night.outdated);
  gauge("books", "Candidates of all files that count, by what became of them.");
  const std::array<std::pair<std::string_view, std::uint64_t>, 5> lines{{{"in", outcome.candidates},
                                                                         {"mapped", outcome.mapped},
                                                                         {"filtered", outcome.filtered},
                                                                         {"duplicates", outcome.duplicates},
                                                                         {"quarantined", outcome.quarantined}}};
  for (const auto& [name, value] : lines) out += fmt::format("pyojun_books{{line=\"{}\"}} {}\n", name, value);
  gauge("rows", "Rows of the CDM by table.");
  for (const auto& [table, rows] : outcome.tables) out += fmt::format("pyojun_rows{{table=\"{}\"}} {}\n", table, rows);
  one("budgets_exceeded", "Budgets whose fail level was exceeded.",
      std::count_if(outcome.budgets.begin(), outcome.budgets.end(), [](const BudgetFinding& budget) { return budget.fails; }));
  return out;
}

std::int64_t last_success_of(std::string_view metrics) {
  const std::string line = fmt::format("\npyojun_{} ", last_success_metric);
  const std::size_t at = metrics.find(line);
  std::int64_t out = 0;
  if (at != std::string_view::npos) std::from_chars(metrics.data() + at + line.size(), metrics.data() + metrics.size(), out);
  return out;
}

std::string log_line(const ConvertOutcome& outcome, int code, double seconds, const std::string& started) {
  Json json;
  json.begin_object().member("time", started).member("level", code == exit_done ? "info" : code == exit_incomplete ? "warning" : "error");
  json.member("run", outcome.run).member("identity", outcome.identity).member("exit", code);
  if (!outcome.error.empty()) json.member("error", outcome.error);
  json.member("seconds", seconds);
  json.member("balanced", outcome.balanced).member("unchanged", outcome.unchanged);
  json.member("records", outcome.records).member("refused", outcome.refused).member("candidates", outcome.candidates);
  json.member("mapped", outcome.mapped).member("filtered", outcome.filtered).member("duplicates", outcome.duplicates);
  json.member("quarantined", outcome.quarantined).member("rows", outcome.rows).key("files").begin_object();
  for (std::size_t i = 0; i < fate_names.size(); ++i) json.member(fate_names[i].name, outcome.night.fates[i]);
  json.member("vanished", static_cast<std::uint64_t>(outcome.night.vanished.size())).member("outdated", outcome.night.outdated);
  json.end_object().end_object();
  return json.text() + "\n";
}

}  // namespace pyojun::app
