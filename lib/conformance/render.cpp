#include "conformance/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/text.hpp"
#include "base/time_value.hpp"
#include "conformance/template.hpp"

namespace pyojun {

bool is_day(std::string_view text) {
  unsigned year = 0, month = 0, day = 0;
  const auto part = [&text](std::size_t from, std::size_t to, unsigned& out) {
    const auto [end, failed] = std::from_chars(text.data() + from, text.data() + to, out);
    return failed == std::errc{} && end == text.data() + to;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !part(0, 4, year) || !part(5, 7, month) || !part(8, 10, day)) return false;
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)).ok();
}

namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

// Parts of a list, in the order given.
std::string joined_list(std::string_view text, std::string_view separators, bool quote) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (part.empty()) continue;
    if (!out.empty()) out += ", ";
    out += quote ? quoted(part) : std::string(part);
  }
  return out;
}

class Renderer {
 public:
  Renderer(const Criterion& criterion, const Kind& kind, const RenderContext& context)
      : criterion_(criterion), kind_(kind), context_(context) {}
  CheckSql run();

 private:
  std::string fill(std::string_view text) const;
  std::optional<std::string> value(std::string_view name) const;
  std::optional<std::string> formatted(std::string_view name, std::string_view format) const;
  std::string limit_of(const std::string& text) const;
  std::string not_integer() const;
  void add_lookup(std::string_view text);
  void add_needs();
  std::vector<std::string> key_columns(const std::string& table) const;
  std::string key_list() const;
  std::vector<Lookup> lookups_counted() const;
  std::string existence() const;
  void write_queries();

  const Criterion& criterion_;
  const Kind& kind_;
  const RenderContext& context_;
  CheckSql out_;
};

// `today`, `tomorrow`, `next year`: the day the audit speaks of, never the clock's inside a statement.
std::string Renderer::limit_of(const std::string& text) const {
  const auto year = [this](int more) {
    int value = 0;
    std::from_chars(context_.today.data(), context_.today.data() + std::min<std::size_t>(4, context_.today.size()), value);
    return std::to_string(value + more);
  };
  if (text == "today") return fmt::format("cast('{}' as date)", context_.today);
  if (text == "tomorrow") return fmt::format("add_days(cast('{}' as date), 1)", context_.today);
  if (text == "this year") return year(0);
  if (text == "next year") return year(1);
  if (is_day(text)) return fmt::format("cast('{}' as date)", text);
  return text;
}

// A typed integer column cannot hold anything else; what did not fit when files were read is kept beside it.
std::string Renderer::not_integer() const {
  const std::string field = "t." + criterion_.field;
  const auto table = context_.catalog->find(criterion_.table);
  const SourceColumn* const column = table == context_.catalog->end() ? nullptr : table->second.find(criterion_.field);
  const auto negative = criterion_.args.find("negative");
  const bool no_negative = negative != criterion_.args.end() && negative->second == "violate";
  std::string out = "1 = 0";
  if (column != nullptr && column->bad_values) out = fmt::format("t.\"{} as delivered\" is not null", criterion_.field);
  if (column != nullptr && column->type == ValueType::number) out = fmt::format("{0} <> floor({0})", field);
  if (column != nullptr && column->type == ValueType::text) {
    out = no_negative ? fmt::format("not is_whole({0}) or {0} like '-%'", field) : fmt::format("not is_whole({})", field);
  } else if (no_negative) {
    out = out == "1 = 0" ? field + " < 0" : fmt::format("{} or {} < 0", out, field);
  }
  return out;
}

std::optional<std::string> Renderer::value(std::string_view name) const {
  if (name == "table") return criterion_.table;
  if (name == "field") return criterion_.field;
  if (name == "not_integer") return not_integer();
  if (name == "keys" && !criterion_.args.contains("keys")) return key_list();  // a statement of the pack's own brings its own
  if (name == "a" && !out_.lookups.empty()) return out_.lookups[0].alias;
  if (name == "b" && out_.lookups.size() > 1) return out_.lookups[1].alias;
  if (name == "g1" && !out_.group1.empty()) return out_.group1;
  if (name == "g2" && !out_.group2.empty()) return out_.group2;
  const auto found = criterion_.args.find(name);
  if (found == criterion_.args.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Renderer::formatted(std::string_view name, std::string_view format) const {
  const auto text = value(name);
  if (!text) return std::nullopt;
  if (format == "list") return joined_list(*text, "|", true);
  if (format == "numbers") return joined_list(*text, ", ", false);
  if (format == "text") return quoted(*text);
  if (format == "literal") return limit_of(*text);
  if (format == "compare") {
    const bool day = is_day(*text) || *text == "today" || *text == "tomorrow";
    return day ? fmt::format("cast(t.{} as date)", criterion_.field) : "t." + criterion_.field;
  }
  return std::nullopt;
}

// Arguments may hold placeholders themselves ({a} in a condition), so there are two rounds.
std::string Renderer::fill(std::string_view text) const {
  std::string out = keep_present(text, [this](std::string_view name) { return criterion_.args.contains(name); });
  for (int round = 0; round < 2; ++round) {
    std::string kept;
    out = fill_known(out, [&](std::string_view name) -> std::optional<std::string_view> {
      const auto colon = name.find(':');
      auto found = colon == std::string_view::npos ? value(name) : formatted(name.substr(0, colon), name.substr(colon + 1));
      if (!found) return std::nullopt;
      kept = std::move(*found);
      return std::string_view(kept);
    });
  }
  return out;
}

void Renderer::add_lookup(std::string_view text) {
  std::string filled = fill(text);
  std::string_view rest = trim(filled);
  if (rest.empty()) return;
  Lookup lookup;
  constexpr std::string_view mark = "distinct ";
  lookup.distinct = rest.starts_with(mark);
  if (lookup.distinct) rest.remove_prefix(mark.size());
  const auto equal = rest.find('=');
  const auto dot = rest.substr(0, equal).rfind('.');
  if (equal == std::string_view::npos || dot == std::string_view::npos) return;
  lookup.table = trim(rest.substr(0, dot));
  lookup.key = trim(rest.substr(dot + 1, equal - dot - 1));
  lookup.column = trim(rest.substr(equal + 1));
  lookup.alias = lookup.distinct ? "of_" + lookup.table : lookup.table + "_" + lookup.column;
  std::ranges::replace(lookup.alias, '.', '_');
  out_.lookups.push_back(std::move(lookup));
}

void Renderer::add_needs() {
  const auto need = [this](std::string table, std::string column) { out_.needs.push_back({std::move(table), std::move(column)}); };
  if (!criterion_.table.empty()) need(criterion_.table, criterion_.field);
  for (const auto& lookup : out_.lookups) {
    need(lookup.table, lookup.key);
    need(out_.table, lookup.column);
  }
  std::string text = fill(kind_.needs);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto dot = part.rfind('.');
    // profile.code is a table; person.person_id a column of one.
    if (dot == std::string_view::npos || context_.catalog->contains(part)) {
      need(std::string(part), {});
    } else {
      need(std::string(part.substr(0, dot)), std::string(part.substr(dot + 1)));
    }
  }
}

// The primary key, else the required whole-number columns, else what looks like one. Never anything else: keys only.
std::vector<std::string> Renderer::key_columns(const std::string& table) const {
  std::vector<std::string> out;
  const auto found = context_.catalog->find(table);
  if (found == context_.catalog->end()) return out;
  const TableId id = context_.schema->find(table);
  if (id != no_table) {
    const Table& cdm = context_.schema->table(id);
    if (cdm.primary_key != no_column && found->second.find(cdm.columns[cdm.primary_key].name) != nullptr)
      return {cdm.columns[cdm.primary_key].name};
    for (const auto& column : cdm.columns) {
      if (column.required && column.type == ColumnType::integer && found->second.find(column.name) != nullptr) out.push_back(column.name);
    }
    return out;
  }
  for (const auto& column : found->second.columns) {
    if (column.type == ValueType::integer) out.push_back(column.name);
  }
  return out;
}

std::string Renderer::key_list() const {
  std::string out;
  for (const auto& column : key_columns(out_.table)) out += (out.empty() ? "t." : ", t.") + column;
  return out;
}

// Lookups the denominator speaks of. One that is only asked whether it found something is looked up by its distinct keys.
std::vector<Lookup> Renderer::lookups_counted() const {
  std::vector<Lookup> out;
  for (Lookup lookup : out_.lookups) {
    const std::string mark = lookup.alias + ".";
    bool there = false, only_key = true;
    for (std::size_t at = out_.counted.find(mark); at != std::string::npos; at = out_.counted.find(mark, at + 1)) {
      const std::string_view column = std::string_view(out_.counted).substr(at + mark.size());
      const auto end =
          std::ranges::find_if_not(column, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
      there = true;
      only_key = only_key && column.substr(0, static_cast<std::size_t>(end - column.begin())) == lookup.key;
    }
    lookup.distinct = lookup.distinct || only_key;
    if (there) out.push_back(std::move(lookup));
  }
  return out;
}

// What the catalogue says, as a statement that says the same: in the first schema that has the table, when there are several.
std::string Renderer::existence() const {
  std::string schemas;
  for (const auto& one : context_.schemas) schemas += (schemas.empty() ? "" : ", ") + quoted(one);
  const auto dot = criterion_.table.find('.');
  if (dot != std::string::npos) schemas = quoted(criterion_.table.substr(0, dot));
  const std::string table = quoted(dot == std::string::npos ? criterion_.table : criterion_.table.substr(dot + 1));
  const bool of_table = criterion_.field.empty() || kind_.shape == Shape::table;
  if (context_.server) {
    const std::string column =
        of_table
            ? ""
            : fmt::format(
                  " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and lower(a.attname) = {}",
                  quoted(criterion_.field));
    return fmt::format(
        "select case when count(*) > 0 then 0 else 1 end, 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = "
        "c.relnamespace{} "
        "where lower(c.relname) = {} and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname in ({})",
        column, table, schemas);
  }
  if (of_table)
    return fmt::format(
        "select case when count(*) > 0 then 0 else 1 end, 1 from information_schema.tables where lower(table_name) = {} and "
        "table_schema in ({})",
        table, schemas);
  return fmt::format(
      "select case when count(*) > 0 then 0 else 1 end, 1 from information_schema.columns where lower(table_name) = {} and "
      "lower(column_name) = {} and table_schema in ({})",
      table, quoted(criterion_.field), schemas);
}

void Renderer::write_queries() {
  switch (out_.shape) {
    case Shape::rows:
    case Shape::groups: {
      // A row that finds two looked-up rows counts twice in the numerator, in the denominator only when the kind says so.
      const std::vector<Lookup> once = lookups_counted();
      const bool apart = !out_.joined && !out_.lookups.empty();
      const std::string numerator = count_of(out_.violated), denominator = count_of(out_.counted);
      out_.query = apart ? fmt::format("select ({}), ({})", select_over(out_.table, out_.lookups, numerator),
                                       select_over(out_.table, once, denominator))
                         : select_over(out_.table, out_.lookups, numerator + ", " + denominator);
      break;
    }
    case Shape::totals:
      out_.query = select_over(out_.table, out_.lookups, out_.violated + ", " + out_.counted);
      break;
    case Shape::query:
      out_.query = out_.violated;
      out_.keys_query = fill(kind_.keys);
      return;
    case Shape::table:
    case Shape::field:
      out_.query = existence();
      return;
    case Shape::stated:
      return;
  }
  const std::string condition = out_.shape == Shape::totals ? fill(kind_.keys) : out_.violated;
  const std::string keys = key_list();
  if (!condition.empty() && !keys.empty()) {
    out_.keys_query = fmt::format("{} where {} order by {}", select_over(out_.table, out_.lookups, keys), condition, keys);
  }
}

CheckSql Renderer::run() {
  out_.shape = kind_.shape;
  const bool persons = kind_.lookup_a.starts_with("distinct {table}");  // persons are the rows, the table is looked up
  out_.table = persons ? "person" : criterion_.table;
  add_lookup(kind_.lookup_a);
  add_lookup(kind_.lookup_b);
  if (out_.shape == Shape::groups) {
    out_.group1 = "g.g1";
    out_.group2 = "g.g2";
    out_.grouped_violated = fill(kind_.violated);
    out_.grouped_counted = fill(kind_.counted);
    out_.group1 = fill(kind_.group1);
    out_.group2 = fill(kind_.group2);
  }
  out_.codes = fill(kind_.codes);
  out_.violated = fill(kind_.violated);
  out_.counted = fill(kind_.counted);
  const auto joined = criterion_.args.find("joined");
  out_.joined = kind_.joined || (kind_.name == "rows" && joined != criterion_.args.end() && joined->second == "yes");
  add_needs();
  write_queries();
  return std::move(out_);
}

}  // namespace

std::string Lookup::from() const { return distinct ? fmt::format("(select distinct {} from {})", key, table) : table; }
std::string Lookup::on() const { return fmt::format("{}.{} = t.{}", alias, key, column); }

std::string count_of(const std::string& condition) {
  return condition.empty() ? std::string("count(*)") : fmt::format("count(case when {} then 1 end)", condition);
}

std::string select_over(const std::string& table, const std::vector<Lookup>& lookups, const std::string& columns) {
  std::string out = fmt::format("select {} from {} t", columns, table);
  for (const auto& lookup : lookups) out += fmt::format(" left join {} {} on {}", lookup.from(), lookup.alias, lookup.on());
  return out;
}

CheckSql render(const Criterion& criterion, const RenderContext& context) {
  return Renderer(criterion, *find_kind(criterion.kind), context).run();
}

}  // namespace pyojun
