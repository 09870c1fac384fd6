// pyojun list: the visible tables.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <set>
#include <string>

#include "base/about_ko.hpp"
#include "base/resources.hpp"
#include "cdm/schema.hpp"
#include "commands.hpp"
#include "conformance/kinds.hpp"
#include "conformance/pack.hpp"
#include "mapping/functions.hpp"
#include "publish/publisher.hpp"
#include "readers/reader.hpp"

namespace pyojun::app {

namespace {

using Rows = std::vector<std::vector<std::string>>;

// What a row of a table is, in the console's language: Korean is data, English where that has no row.
std::string about(const Console& console, std::string_view table, std::string_view name, std::string_view english) {
  const std::string_view korean = about_korean(table, name);
  return std::string(korean.empty() ? english : console.pick(english, korean));
}

Rows list_formats(const Console& console) {
  Rows rows{{"name", "about"}};
  for (const auto& format : formats()) rows.push_back({std::string(format.name), about(console, "formats", format.name, format.about)});
  return rows;
}

// A shipped mapping is a folder under mappings/ that holds a .map file of the folder's last name, or any .map file.
Rows list_mappings() {
  Rows rows{{"name", "files"}};
  std::set<std::string> folders;
  for (const auto path : resources_under("mappings/")) {
    if (path.ends_with(".map")) folders.emplace(path.substr(9, path.rfind('/') - 9));
  }
  for (const auto& folder : folders) {
    rows.push_back({folder, std::to_string(resources_under("mappings/" + folder + "/").size())});
  }
  return rows;
}

Rows list_functions(const Console& console) {
  Rows rows{{"name", "arguments", "result", "about", "example"}};
  for (const auto& function : functions()) {
    const std::string most = function.max_args > 99 ? "n" : std::to_string(function.max_args);
    rows.push_back({std::string(function.name), fmt::format("{}-{}", function.min_args, most), std::string(function.result),
                    about(console, "functions", function.name, function.about), std::string(function.example)});
  }
  return rows;
}

Rows list_tables(bool columns) {
  Rows rows;
  if (columns) {
    rows.push_back({"table", "column", "required", "references"});
  } else {
    rows.push_back({"table", "schema", "columns", "domain"});
  }
  const auto schema = Schema::load();
  if (!schema) return rows;
  for (const auto& table : schema->tables()) {
    if (!columns) rows.push_back({table.name, table.schema, std::to_string(table.columns.size()), table.domain});
    for (const auto& column : table.columns) {
      if (columns)
        rows.push_back({table.name, column.name, column.required ? "yes" : "no",
                        column.references == no_table ? "" : schema->table(column.references).name});
    }
  }
  return rows;
}

Rows list_publishers(const Console& console) {
  Rows rows{{"name", "about", "example"}};
  for (const auto& publisher : publishers())
    rows.push_back(
        {std::string(publisher.name), about(console, "publishers", publisher.name, publisher.about), std::string(publisher.example)});
  return rows;
}

Rows list_packs(const Console& console) {
  Rows rows{{"name", "edition", "criteria", "title"}};
  PackOptions everything;
  everything.groups.emplace_back("vocabulary");
  for (const auto& name : shipped_packs()) {
    const auto pack = load_pack(name, {}), whole = load_pack(name, everything);
    if (!pack || !whole) continue;
    const bool more = whole->criteria.size() > pack->criteria.size();
    rows.push_back({name, std::string(console.pick(pack->edition, pack->edition_ko)),
                    std::to_string(pack->criteria.size()) + (more ? fmt::format(" ({} with vocabulary)", whole->criteria.size()) : ""),
                    std::string(console.pick(pack->title, pack->title_ko))});
  }
  return rows;
}

Rows list_checks(const Console& console) {
  Rows rows{{"kind", "arguments", "counts"}};
  for (const auto& kind : kinds())
    rows.push_back({std::string(kind.name), std::string(kind.arguments), about(console, "checks", kind.name, kind.about)});
  return rows;
}

Rows list_messages(const Console& console) {
  constexpr std::array names{"note", "warning", "reject", "fatal"}, korean{"참고", "경고", "거부", "중단"};
  Rows rows{{"id", "severity", "says", "remedy"}};
  for (const auto& row : code_table()) {
    rows.push_back(
        {std::string(row.id),
         std::string(console.pick(names[static_cast<std::size_t>(row.severity)], korean[static_cast<std::size_t>(row.severity)])),
         std::string(console.pick(row.says, row.says_ko)), std::string(console.pick(row.remedy, row.remedy_ko))});
  }
  return rows;
}

Rows list_commands(const Console& console) {
  Rows rows{{"name", "about"}};
  for (const auto& command : commands())
    rows.push_back({std::string(command.name), std::string(console.pick(command.about, command.about_ko))});
  return rows;
}

// Tab-separated with a header line: reads well and cuts well.
std::string print(const Rows& rows) {
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : "\t") + row[i];
    out += '\n';
  }
  return out;
}

const std::vector<std::string> what_there_is{"formats",    "mappings", "functions", "tables",   "columns",
                                             "publishers", "packs",    "checks",    "messages", "commands"};

int run(const std::string& what, Context& context) {
  Rows rows;
  if (what == "formats") rows = list_formats(context.console);
  if (what == "mappings") rows = list_mappings();
  if (what == "functions") rows = list_functions(context.console);
  if (what == "tables" || what == "columns") rows = list_tables(what == "columns");
  if (what == "publishers") rows = list_publishers(context.console);
  if (what == "packs") rows = list_packs(context.console);
  if (what == "checks") rows = list_checks(context.console);
  if (what == "messages") rows = list_messages(context.console);
  if (what == "commands") rows = list_commands(context.console);
  context.console.out(print(rows));
  return exit_done;
}

}  // namespace

Action setup_list(Grammar grammar) {
  auto what = std::make_shared<std::string>();
  grammar.add("WHAT", *what, "formats, mappings, functions, tables, columns, publishers, packs, checks, messages or commands")
      .required()
      .one_of(what_there_is);
  return [what](Context& context) { return run(*what, context); };
}

}  // namespace pyojun::app
