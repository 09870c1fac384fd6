// pyojun convert: exports in, CDM out, books balanced.
#include <fmt/format.h>

#include <memory>
#include <thread>

#include "commands.hpp"
#include "json.hpp"
#include "mapping/diagnostic.hpp"
#include "pack_options.hpp"
#include "pipeline/convert.hpp"

namespace pyojun::app {

namespace {

void tell_mapping(const ConvertOutcome& outcome, Context& context) {
  for (const auto& diagnostic : outcome.diagnostics) {
    if (info(diagnostic.code).severity == Severity::warning && !context.console.verbose) continue;
    context.console.say(render(diagnostic, context.console.language == Tongue::ko ? "ko" : "en"));
  }
}

void tell_files(const ConvertOutcome& outcome, Context& context) {
  Console& console = context.console;
  for (const auto& file : outcome.files) {
    if (file.broken) console.error(*file.broken);
    if (!file.read && !file.broken)
      console.note(fmt::format("{}: {} [{}]", printable(file.path), console.pick("not read", "읽지 않음"), info(file.why).id));
    for (const auto& finding : file.findings) {
      const bool heard = info(finding.code).severity == Severity::warning || console.verbose;
      if (heard) console.note(fmt::format("{}: {}", printable(file.path), console.render(finding)));
    }
    if (!console.verbose) continue;
    console.note(fmt::format("{}: {} {} {}", printable(file.path), file.format, file.encoding, grouped(file.records)));
    for (const auto& name : file.facts.unknown_columns)
      console.note(fmt::format("  {}: {}", console.pick("column read by no rule", "어느 규칙도 읽지 않는 열"), printable(name)));
    for (const auto& name : file.facts.missing_columns)
      console.note(fmt::format("  {}: {}", console.pick("column not delivered", "전달되지 않은 열"), printable(name)));
    for (const auto& note : file.facts.notes) console.note("  " + printable(note));
  }
  for (const auto& path : outcome.skipped) {
    if (console.verbose) console.note(fmt::format("{}: {}", printable(path), console.pick("skipped", "건너뜀")));
  }
}

std::string machine(const ConvertOutcome& outcome, int code, const std::string& error) {
  Json json;
  json.begin_object().member("exit", code);
  if (!error.empty()) json.member("error", error);
  json.member("files", static_cast<std::uint64_t>(outcome.files.size())).member("bytes", outcome.bytes).member("records", outcome.records);
  json.member("refused", outcome.refused)
      .member("unread", outcome.unread)
      .member("candidates", outcome.candidates)
      .member("mapped", outcome.mapped);
  json.member("filtered", outcome.filtered)
      .member("duplicates", outcome.duplicates)
      .member("quarantined", outcome.quarantined)
      .member("rows", outcome.rows);
  json.member("balanced", outcome.balanced).key("tables").begin_object();
  for (const auto& [table, rows] : outcome.tables) json.member(table, rows);
  json.end_object().key("published").begin_array();
  for (const auto& place : outcome.published) json.value(place);
  json.end_array().key("stages").begin_array();
  for (const auto& stage : outcome.stages)
    json.begin_object().member("name", stage.name).member("wall", stage.wall).member("cpu", stage.cpu).end_object();
  return json.end_array().end_object().text() + "\n";
}

// The last line, always: what came in, what went out, and whether the books balance.
std::string summary(const ConvertOutcome& outcome, const Console& console) {
  return fmt::format(
      fmt::runtime(console.pick("{} records read ({} refused), {} rows written, {} filtered, {} duplicates, {} quarantined: books {}",
                                "레코드 {}건 읽음(거부 {}), 행 {}건 기록, 제외 {}, 중복 {}, 격리 {}: 장부 {}")),
      grouped(outcome.records), grouped(outcome.refused), grouped(outcome.rows), grouped(outcome.filtered), grouped(outcome.duplicates),
      grouped(outcome.quarantined), outcome.balanced ? console.pick("balanced", "일치") : console.pick("not balanced", "불일치"));
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

int run(const ConvertRequest& request, Context& context) {
  ConvertOutcome outcome;
  const Status status = convert(request, context.world, outcome);
  context.world.progress->stage("", 0);
  tell_mapping(outcome, context);
  tell_files(outcome, context);
  if (!request.packs.packs.empty() && !context.console.json && !outcome.audit.result.packs.empty()) {
    tell_audit(outcome.audit, context.console);
    context.console.note(audit_summary(outcome.audit, context.console));
  }
  int code = outcome.incomplete ? exit_incomplete : exit_done;
  if (!status) {
    code = exit_for(status.error());
    context.console.error(status.error());
    if (context.console.json) context.console.out(machine(outcome, code, std::string(info(status.error().code).id)));
    context.console.say(context.console.pick("nothing was published", "아무것도 게시되지 않았습니다"));
    return code;
  }
  tell_result(outcome, request, context);
  if (context.console.json) context.console.out(machine(outcome, code, ""));
  context.console.say(summary(outcome, context.console));
  return code;
}

}  // namespace

Action setup_convert(CLI::App& app) {
  auto request = std::make_shared<ConvertRequest>();
  request->warehouse = "pyojun-warehouse";
  request->threads = std::max(1U, std::thread::hardware_concurrency());
  app.add_option("INPUT", request->inputs, "files, folders, archives, globs or -")->required();
  app.add_option("--map", request->map, "mapping: folder, .map file, or the name of a shipped one (`pyojun list mappings`)")->required();
  app.add_option("--vocab", request->vocabulary, "vocabulary snapshot made by `pyojun vocab build`")->required();
  app.add_option("--to", request->targets, "KIND:PLACE, may be given several times (`pyojun list publishers`)");
  app.add_option("--warehouse", request->warehouse, "folder for parts, ledger and quarantine")->capture_default_str();
  app.add_option("--report", request->report, "folder for report.html and report.json");
  app.add_option("--from", request->format, "reader to use instead of detection");
  app.add_option("--kind", request->kind, "record kind of files whose names the mapping does not know");
  app.add_option("--codes", request->code_lists, "further code lists (source_to_concept_map or Usagi files)");
  app.add_option("--source-name", request->source_name, "cdm_source_name; default: the mapping's title");
  app.add_option("-j,--jobs", request->threads, "threads; never changes the result")->check(CLI::Range(1, 256));
  app.add_flag("--with-vocabulary", request->with_vocabulary, "publish the vocabulary tables too");
  app.add_option("--limit-record", request->limits.record_bytes, "largest record in bytes")->capture_default_str();
  auto finish = add_pack_options(app, request->packs, false);
  return [request, finish](Context& context) {
    if (!finish(context.console)) return static_cast<int>(exit_usage);
    request->packs.with_vocabulary = request->with_vocabulary;
    request->korean = context.console.language == Tongue::ko;
    return run(*request, context);
  };
}

}  // namespace pyojun::app
