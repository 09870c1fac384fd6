// pyojun explain: from a CDM row back to the bytes it came from, or a mapping as a book.
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "cdm/schema.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "mapping/book.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/parser.hpp"
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
  if (!found->has_value()) {
    console.say(console.pick("pyojun: no mapped row has this id (derived rows come from no single record)",
                             "pyojun: 이 id 의 매핑된 행이 없습니다 (파생 행은 한 레코드에서 나오지 않습니다)"));
    return exit_failed;
  }
  const Provenance& place = **found;
  const FileEntry& file = (*warehouse)->files().at(place.file);
  const std::string rule = place.rule < 0 ? "" : (*warehouse)->rules().at(static_cast<std::size_t>(place.rule));
  if (console.json) {
    Json json;
    json.begin_object()
        .member("table", options.what)
        .member("id", static_cast<std::int64_t>(id))
        .member("file", file.name)
        .member("path", file.path);
    json.member("sha256", file.sha256)
        .member("offset", place.offset)
        .member("length", std::uint64_t{place.length})
        .member("line", place.line);
    json.member("record", place.record).member("rule", rule).end_object();
    console.out(json.text() + "\n");
    return exit_done;
  }
  console.out(fmt::format("{} {}\n  {}: {}\n  sha256: {}\n  {}: {}   {}: {}\n  {}: {} + {}\n  {}: {}\n", options.what, id,
                          console.pick("file", "파일"), printable(file.path), file.sha256, console.pick("line", "줄"), place.line,
                          console.pick("record", "레코드"), place.record, console.pick("bytes", "바이트"), place.offset, place.length,
                          console.pick("rule", "규칙"), rule));
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
