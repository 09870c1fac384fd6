// pyojun quarantine: what was refused, where and why. Positions, codes and counts; the record itself only on a terminal, on request.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "cdm/schema.hpp"
#include "commands.hpp"
#include "job_run.hpp"
#include "json.hpp"
#include "pipeline/sources.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::string warehouse;  // empty: that of the job, or pyojun-warehouse
  std::string code, file, rule;
  std::uint64_t limit = 1000;
  std::uint64_t entry = 0;
  std::string job;
  bool all_runs = false, reveal = false, show = false, summary = false, redrive = false;
};

// One row of quarantine.entry joined with its file.
struct Entry {
  std::int64_t run, offset, length, at, line, record;
  std::string path, file, field, rule, code, column, state;
  bool kept;
  std::string sha256;  // of the file
};

constexpr std::string_view columns =
    R"(q.run, q."offset", q.length, q.at, q.line, q.record, coalesce(f.path, ''), coalesce(f.name, ''), coalesce(q.path, ''), coalesce(q.rule_name, ''), q.code,
       coalesce(q."column", ''), q.state, q.row_kept, coalesce(f.sha256, ''))";
constexpr std::string_view source = "quarantine.entry q left join ledger.file f on f.file = q.file";

std::string sql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string condition(const Options& options) {
  std::string out = options.all_runs ? "true" : "q.closed is null";
  if (!options.code.empty()) out += " and q.code = " + sql_text(options.code);
  if (!options.file.empty()) out += " and f.name = " + sql_text(options.file);
  if (!options.rule.empty()) out += " and q.rule_name = " + sql_text(options.rule);
  return out;
}

Entry entry_of(const DuckRows& rows, std::size_t i) {
  auto text = [&](std::size_t column) { return std::string(rows.text(column, i)); };
  return {rows.integer(0, i),
          rows.integer(1, i),
          rows.integer(2, i),
          rows.integer(3, i),
          rows.integer(4, i),
          rows.integer(5, i),
          text(6),
          text(7),
          text(8),
          text(9),
          text(10),
          text(11),
          text(12),
          rows.integer(13, i) != 0,
          text(14)};
}

const CodeInfo* row_of(std::string_view id) {
  for (const auto& row : code_table()) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

std::string says(const Console& console, std::string_view id) {
  const CodeInfo* row = row_of(id);
  return row == nullptr ? std::string() : std::string(console.pick(row->says, row->says_ko));
}

std::string machine(const Entry& e, std::uint64_t number) {
  Json json;
  json.begin_object().member("entry", number).member("run", e.run).member("file", e.file).member("path", e.path).member("offset", e.offset);
  json.member("length", e.length)
      .member("at", e.at)
      .member("line", e.line)
      .member("record", e.record)
      .member("field", e.field)
      .member("rule", e.rule);
  json.member("code", e.code).member("column", e.column).member("kept", e.kept).member("state", e.state).end_object();
  return json.text() + "\n";
}

std::string human(const Entry& e, std::uint64_t number, const Console& console) {
  std::string where = fmt::format("{}:{}", printable(e.file), e.line);
  std::string what = says(console, e.code);
  if (!e.field.empty()) what += fmt::format(" '{}'", printable(e.field));
  if (!e.column.empty()) what += fmt::format(" -> {}", e.column);
  return fmt::format("{}\t{}\t{} {}\t{}\t{}{}\n", number, where, console.pick("byte", "바이트"), e.offset, e.rule.empty() ? "-" : e.rule,
                     what, e.kept ? console.pick(" (row kept)", " (행 유지)") : "")
      .insert(0, e.code + "\t");
}

// Bytes of the uncompressed stream, as far as they are there.
Result<std::string> bytes_at(const Input& input, std::uint64_t offset, std::size_t length) {
  constexpr std::size_t step = std::size_t{1} << 20;
  auto stream = input.open();
  if (!stream) return stream.error();
  ByteStream& bytes = **stream;
  while (bytes.position() < offset) {
    if (auto more = bytes.fill(step); !more) return more.error();
    const std::size_t skip = std::min<std::uint64_t>(bytes.view().size(), offset - bytes.position());
    if (skip == 0) return std::string();
    bytes.consume(skip);
  }
  if (auto more = bytes.fill(length); !more) return more.error();
  const auto view = bytes.view();
  return std::string(view.data(), std::min(view.size(), length));
}

// The record as delivered, read again from its file; only on a terminal (reliability.md section 4, value reveal).
int reveal(const Entry& e, Context& context) {
  Console& console = context.console;
  if (::isatty(STDOUT_FILENO) != 1) {
    console.say(console.pick("pyojun: --reveal shows patient data and works on a terminal only",
                             "pyojun: --reveal 은 환자 자료를 보이므로 터미널에서만 동작합니다"));
    return exit_usage;
  }
  const auto refuse = [&](const Error& error) {
    console.error(error);
    return exit_for(error);
  };
  const auto input = find_delivered(e.path);
  if (!input) return refuse({Code::file_not_readable, e.path, {}, {}, {}});
  const auto hash = input->sha256();  // of a file that was cut short there is none
  if (!e.sha256.empty() && (!hash || *hash != e.sha256)) return refuse({Code::reveal_changed, e.path, {}, {}, {}});
  const auto bytes =
      bytes_at(*input, static_cast<std::uint64_t>(e.offset), static_cast<std::size_t>(std::min<std::int64_t>(e.length, 1 << 16)));
  if (!bytes) return refuse(bytes.error());
  console.out(printable(*bytes) + "\n");
  return exit_done;
}

int show(const Options& options, Duck& duck, Context& context) {
  Entry found{};
  bool any = false;
  std::uint64_t number = 0;
  const Status status = duck.query(fmt::format(R"(select {} from {} where {} order by q.run, q.file, q."offset", q.record, q.rule, q.code)",
                                               columns, source, condition(options)),
                                   [&](const DuckRows& rows) {
                                     for (std::size_t i = 0; i < rows.rows() && !any; ++i) {
                                       if (++number != options.entry) continue;
                                       found = entry_of(rows, i);
                                       any = true;
                                     }
                                     return !any;
                                   });
  if (!status) {
    context.console.error(status.error());
    return exit_failed;
  }
  Console& console = context.console;
  if (!any) {
    console.say(console.pick("pyojun: there is no such entry", "pyojun: 그런 항목이 없습니다"));
    return exit_failed;
  }
  if (options.reveal) return reveal(found, context);
  if (console.json) {
    console.out(machine(found, number));
    return exit_done;
  }
  const CodeInfo* row = row_of(found.code);
  console.out(
      fmt::format("{} {}\n  {}\n", found.code, says(console, found.code), row == nullptr ? "" : console.pick(row->remedy, row->remedy_ko)));
  console.out(fmt::format("{}: {}\n{}: {}   {}: {}   {}: {}, {} {}, +{}\n", console.pick("file", "파일"), printable(found.path),
                          console.pick("line", "줄"), found.line, console.pick("record", "레코드"), found.record,
                          console.pick("bytes", "바이트"), found.offset, console.pick("length", "길이"), found.length, found.at));
  console.out(fmt::format("{}: {}   {}: {}   {}: {}\n", console.pick("rule", "규칙"), found.rule.empty() ? "-" : found.rule,
                          console.pick("field", "항목"), found.field.empty() ? "-" : printable(found.field), console.pick("column", "열"),
                          found.column.empty() ? "-" : found.column));
  return exit_done;
}

int list(const Options& options, Duck& duck, Context& context) {
  Console& console = context.console;
  std::uint64_t number = 0, total = 0;
  const Status status = duck.query(fmt::format(R"(select {} from {} where {} order by q.run, q.file, q."offset", q.record, q.rule, q.code)",
                                               columns, source, condition(options)),
                                   [&](const DuckRows& rows) {
                                     total += rows.rows();
                                     for (std::size_t i = 0; i < rows.rows() && number < options.limit; ++i) {
                                       const Entry e = entry_of(rows, i);
                                       ++number;
                                       console.out(console.json ? machine(e, number) : human(e, number, console));
                                     }
                                     return true;
                                   });
  if (!status) {
    console.error(status.error());
    return exit_failed;
  }
  console.say(fmt::format(
      "{} {}{}", grouped(total), console.pick("entries", "항목"),
      total > number ? fmt::format(" ({} {})", grouped(number), console.pick("shown, see --limit", "건 표시, --limit 참고")) : ""));
  return exit_done;
}

int summary(const Options& options, Duck& duck, Context& context) {
  Console& console = context.console;
  const Status status = duck.query(
      fmt::format(
          "select q.code, coalesce(f.name, ''), coalesce(q.rule_name, ''), count(*) from {} where {} group by all order by 4 desc, 1, 2, 3",
          source, condition(options)),
      [&](const DuckRows& rows) {
        for (std::size_t i = 0; i < rows.rows(); ++i) {
          const std::string code(rows.text(0, i));
          console.out(fmt::format("{}\t{}\t{}\t{}\t{}\n", rows.integer(3, i), code, printable(rows.text(1, i)), rows.text(2, i),
                                  says(console, code)));
        }
        return true;
      });
  if (!status) {
    console.error(status.error());
    return exit_failed;
  }
  return exit_done;
}

Result<std::map<std::string, std::int64_t>> states(const std::string& folder, const Schema& schema) {
  auto warehouse = Warehouse::open_existing(folder, schema);
  if (!warehouse) return warehouse.error();
  std::map<std::string, std::int64_t> out;
  const auto take = [&out](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) out[std::string(rows.text(0, i))] = rows.integer(1, i);
    return true;
  };
  if (Status status = (*warehouse)->duck().query("select state, count(*) from quarantine.entry group by 1", take, "states"); !status)
    return status.error();
  return out;
}

// After a mapping was corrected: the files it touches are mapped again, nothing new is taken.
int redrive(const Options& options, const Schema& schema, Context& context) {
  Console& console = context.console;
  auto job = read_job(options.job);
  if (!job) {
    console.error(job.error());
    return exit_usage;
  }
  ConvertRequest& request = job->convert;
  if (request.threads == 0) request.threads = std::max(1U, std::thread::hardware_concurrency());
  if (!options.warehouse.empty()) request.warehouse = options.warehouse;
  request.redrive = true;
  request.korean = console.language == Tongue::ko;
  auto before = states(request.warehouse, schema);
  if (!before) {
    console.error(before.error());
    return exit_for(before.error());
  }
  ConvertOutcome outcome;
  const int code = run_job(*job, context, outcome);
  auto after = states(request.warehouse, schema);
  if (!after) return code;
  console.say(fmt::format(
      "{} {}, {} {}, {} {}", grouped(static_cast<std::uint64_t>((*after)["resolved"] - (*before)["resolved"])),
      console.pick("resolved", "해결됨"), grouped(static_cast<std::uint64_t>((*after)["failing"] - (*before)["failing"])),
      console.pick("still failing", "여전히 실패"), grouped(static_cast<std::uint64_t>((*after)["open"])), console.pick("open", "미해결")));
  return code;
}

int run(const Options& options, Context& context) {
  auto schema = Schema::load();
  if (!schema) {
    context.console.error(schema.error());
    return exit_failed;
  }
  if (options.redrive) return redrive(options, *schema, context);
  auto warehouse = Warehouse::open_existing(options.warehouse.empty() ? "pyojun-warehouse" : options.warehouse, *schema);
  if (!warehouse) {
    context.console.error(warehouse.error());
    return exit_for(warehouse.error());
  }
  Duck& duck = (*warehouse)->duck();
  if (options.show) return show(options, duck, context);
  return options.summary ? summary(options, duck, context) : list(options, duck, context);
}

}  // namespace

Action setup_quarantine(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.needs_command();
  const Grammar list = grammar.command("list", "one line an entry: code, number, file and line, byte, rule, reason");
  list.add("--limit", options->limit, "most entries to print").shows_default();
  const Grammar summary = grammar.command("summary", "counts by code, file and rule", [options] { options->summary = true; });
  const Grammar show = grammar.command("show", "one entry in full", [options] { options->show = true; });
  show.add("ENTRY", options->entry, "number from `quarantine list` with the same filters").required();
  show.flag("--reveal", options->reveal, "also the record itself, read again from its file; terminal only");
  const Grammar redrive = grammar.command("redrive", "after a mapping was corrected: map again what it touches, take nothing new, publish",
                                          [options] { options->redrive = true; });
  redrive.add("JOB", options->job, "job file (see `pyojun run`)").required();
  redrive.add("--warehouse", options->warehouse, "warehouse folder; default: that of the job");
  for (const Grammar& sub : {list, summary, show}) {
    sub.add("--warehouse", options->warehouse, "warehouse folder; default: pyojun-warehouse");
    sub.add("--code", options->code, "only this message id");
    sub.add("--file", options->file, "only this file (base name)");
    sub.add("--rule", options->rule, "only this rule");
    sub.flag("--all-runs", options->all_runs, "also what is resolved or was replaced since");
  }
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
