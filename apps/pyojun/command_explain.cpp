// pyojun explain: from a CDM row back to the bytes it came from, or a mapping as a book.
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>

#include "cdm/schema.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "mapping/book.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun::app {

namespace {

struct Options {
  std::string what, id;
  std::string warehouse = "pyojun-warehouse";
};

int fail(Context& context, const Error& error) {
  context.console.error(error);
  return exit_for(error);
}

int book(const std::string& map, const Schema& schema, Context& context) {
  const Parsed parsed = parse_mapping(map);
  const bool korean = context.console.language == Tongue::ko;
  for (const auto& diagnostic : parsed.diagnostics) context.console.say(render(diagnostic, korean ? "ko" : "en"));
  if (has_fatal(parsed.diagnostics)) return exit_usage;
  context.console.out(book_markdown(parsed.mapping, schema, korean ? "ko" : "en"));
  return exit_done;
}

// Why a row is not published under its id any more, and the id of the row that stands for it.
struct Successor {
  std::string why;  // the rule of assembly that left it out; "" when its key was merged into another one
  std::int64_t id = -1, run = 0;
};

Result<std::optional<Successor>> successor_of(Duck& duck, const std::string& table, std::int32_t id) {
  std::optional<Successor> out;
  const auto take = [&out](const DuckRows& rows) {
    if (rows.rows() > 0) out = Successor{std::string(rows.text(0, 0)), rows.integer(1, 0), rows.integer(2, 0)};
    return false;
  };
  const std::string sql = fmt::format(
      R"(select rule, coalesce(kept_id, -1)::bigint, 0::bigint from assemble.removal where tab = '{0}' and id = {1}
         union all select '', merged_into, run from ledger.merge where "table" = '{0}' and id = {1} order by 3 desc limit 1)",
      table, id);
  if (Status status = duck.query(sql, take, "what stands for a row"); !status) return status.error();
  return out;
}

std::string told(const Successor& successor, const Console& console) {
  if (successor.why.empty())
    return fmt::format("  {} {} ({} {})\n", console.pick("merged into", "병합된 id:"), successor.id, console.pick("run", "실행"),
                       successor.run);
  std::string out = fmt::format("  {}: {}", console.pick("left out", "제외됨"), successor.why);
  if (successor.id >= 0) out += fmt::format(", {} {}", console.pick("for", "대신하는 id:"), successor.id);
  return out + "\n";
}

std::string machine(const std::string& table, std::int32_t id, const Successor* successor, const Provenance* place, const FileEntry* file,
                    const std::string& rule) {
  Json json;
  json.begin_object().member("table", table).member("id", static_cast<std::int64_t>(id));
  if (successor != nullptr) {
    json.member(successor->why.empty() ? "merged_into" : "kept_id", successor->id);
    if (!successor->why.empty()) json.member("left_out", successor->why);
  }
  if (place != nullptr) {
    json.member("file", file->name).member("path", file->path).member("sha256", file->sha256).member("offset", place->offset);
    json.member("length", std::uint64_t{place->length}).member("line", place->line).member("record", place->record).member("rule", rule);
  }
  return json.end_object().text() + "\n";
}

int trace(const Options& options, const Schema& schema, Context& context) {
  Console& console = context.console;
  const TableId table = schema.find(options.what);
  std::int32_t id = 0;
  const auto [end, failed] = std::from_chars(options.id.data(), options.id.data() + options.id.size(), id);
  if (failed != std::errc{} || end != options.id.data() + options.id.size()) {
    console.say(console.pick("pyojun: the id must be a whole number", "pyojun: id 는 정수여야 합니다"));
    return exit_usage;
  }
  auto warehouse = Warehouse::open_existing(options.warehouse, schema);
  if (!warehouse) return fail(context, warehouse.error());
  auto found = (*warehouse)->provenance(table, id);
  if (!found) return fail(context, found.error());
  auto successor = successor_of((*warehouse)->duck(), options.what, id);
  if (!successor) return fail(context, successor.error());
  const bool merged = successor->has_value() && (**successor).why.empty();
  if (found->has_value() && merged) successor->reset();  // the merge was taken back
  if (!found->has_value() && !successor->has_value()) {
    console.say(console.pick("pyojun: no mapped row has this id (derived rows come from no single record)",
                             "pyojun: 이 id 의 매핑된 행이 없습니다 (파생 행은 한 레코드에서 나오지 않습니다)"));
    return exit_failed;
  }
  const Successor* const next = successor->has_value() ? &**successor : nullptr;
  const Provenance* const place = found->has_value() ? &**found : nullptr;
  const FileEntry* const file = place == nullptr ? nullptr : &(*warehouse)->files().at(place->file);
  const std::string rule = place == nullptr || place->rule < 0 ? "" : (*warehouse)->rules().at(static_cast<std::size_t>(place->rule));
  if (console.json) {
    console.out(machine(options.what, id, next, place, file, rule));
    return exit_done;
  }
  console.out(fmt::format("{} {}\n", options.what, id));
  if (next != nullptr) console.out(told(*next, console));
  if (place == nullptr) return exit_done;
  console.out(fmt::format("  {}: {}\n  sha256: {}\n  {}: {}   {}: {}\n  {}: {} + {}\n  {}: {}\n", console.pick("file", "파일"),
                          printable(file->path), file->sha256, console.pick("line", "줄"), place->line, console.pick("record", "레코드"),
                          place->record, console.pick("bytes", "바이트"), place->offset, place->length, console.pick("rule", "규칙"),
                          rule));
  return exit_done;
}

int run(const Options& options, Context& context) {
  auto schema = Schema::load();
  if (!schema) return fail(context, schema.error());
  if (options.id.empty()) return book(options.what, *schema, context);
  if (schema->find(options.what) == no_table) {
    context.console.say(
        fmt::format("pyojun: {} '{}'", context.console.pick("no such table", "그런 표가 없습니다"), printable(options.what)));
    return exit_usage;
  }
  return trace(options, *schema, context);
}

}  // namespace

Action setup_explain(Grammar grammar) {
  auto options = std::make_shared<Options>();
  grammar.add("MAP|TABLE", options->what, "a mapping, or a CDM table followed by an id").required();
  grammar.add("ID", options->id, "primary key of the row");
  grammar.add("--warehouse", options->warehouse, "warehouse folder").shows_default();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace pyojun::app
