#include "conformance/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/csv.hpp"
#include "base/text.hpp"
#include "conformance/evaluate.hpp"
#include "conformance/kinds.hpp"
#include "conformance/render.hpp"
#include "conformance/scan.hpp"

namespace pyojun {

namespace {

struct Gate {
  std::string pack, category, metric = "score", comparison;
  double limit = 0;
};

std::optional<Gate> parse_gate(std::string_view text) {
  const auto at = text.find_first_of("<>=");
  if (at == std::string_view::npos) return std::nullopt;
  Gate gate;
  const std::size_t width = at + 1 < text.size() && text[at + 1] == '=' && text[at] != '=' ? 2 : 1;
  gate.comparison = text.substr(at, width);
  std::string_view name = trim(text.substr(0, at));
  const std::string_view number = trim(text.substr(at + width));
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), gate.limit);
  if (failed != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
    gate.metric = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  gate.pack = name.substr(0, name.find('/'));
  if (name.find('/') != std::string_view::npos) gate.category = name.substr(name.find('/') + 1);
  constexpr std::array metrics{"score", "failed", "errors", "new", "unobserved"};
  const bool known = std::ranges::find(metrics, gate.metric) != metrics.end();
  return known && !gate.pack.empty() ? std::optional<Gate>(gate) : std::nullopt;
}

bool compare(double found, std::string_view comparison, double limit) {
  if (comparison == ">=") return found >= limit - 1e-9;
  if (comparison == "<=") return found <= limit + 1e-9;
  if (comparison == ">") return found > limit + 1e-9;
  if (comparison == "<") return found < limit - 1e-9;
  return found >= limit - 1e-9 && found <= limit + 1e-9;
}

std::optional<double> metric_of(const PackResult& pack, const Gate& gate) {
  if (gate.metric == "score") {
    if (gate.category.empty()) return pack.score;
    for (const auto& category : pack.categories) {
      if (category.category.id == gate.category) return category.score;
    }
    return std::nullopt;
  }
  double count = 0;
  for (const auto& result : pack.criteria) {
    if (!gate.category.empty() && result.criterion.category != gate.category) continue;
    if (gate.metric == "errors") {
      count += result.state == State::error ? 1 : 0;
    } else if (gate.metric == "unobserved") {
      count += result.criterion.critical && result.state == State::not_observable ? 1 : 0;
    } else if (result.state == State::fail && result.suppressed.empty()) {
      count += gate.metric == "failed" || result.change == "new" ? 1 : 0;
    }
  }
  return count;
}

GateResult judge(const std::string& expression, const AuditResult& audit, bool compared) {
  GateResult out{expression, false, "no score"};
  const auto gate = parse_gate(expression);
  if (!gate) return out;
  if (gate->metric == "new" && !compared) return {expression, false, "no baseline"};
  for (const PackResult& pack : audit.packs) {
    if (pack.pack.id != gate->pack) continue;
    if (gate->metric == "score" && gate->category.empty() && pack.undecided && pack.score) {
      out.found = shown_score(*pack.score) + ", not decided";
      continue;
    }
    if (const auto found = metric_of(pack, *gate)) {
      out.held = compare(*found, gate->comparison, gate->limit);
      out.found = gate->metric == "score" ? shown_score(*found) : fmt::format("{:.0f}", *found);
    }
  }
  return out;
}

// A failure of the baseline that cannot be decided now is neither resolved nor persisting.
void compare_states(PackResult& pack, const std::vector<EarlierState>& baseline) {
  std::map<std::string, std::string, std::less<>> before;
  for (const auto& one : baseline) {
    if (one.pack == pack.pack.id) before.emplace(one.criterion, one.state);
  }
  for (CriterionResult& result : pack.criteria) {
    const auto found = before.find(result.criterion.id);
    const bool failed = found != before.end() && found->second == "fail";
    if (result.state == State::fail) {
      result.change = failed ? "persisting" : "new";
      ++(failed ? pack.persisting : pack.new_failures);
    } else if (result.state == State::pass && failed) {
      result.change = "resolved";
      ++pack.resolved;
    }
  }
}

bool speaks_of(std::string_view text, std::string_view name) {
  const auto within = [text](std::size_t at) {
    return at < text.size() && (text[at] == '_' || (text[at] >= 'a' && text[at] <= 'z') || (text[at] >= '0' && text[at] <= '9'));
  };
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1))
    if (!within(at - 1) && !within(at + name.size())) return true;
  return false;
}

// What a condition that was refused speaks of and the source does not have, or may not be read: then it is no fault of the pack. "" when it
// speaks of nothing of the kind.
std::string lacking(std::string_view condition, const Catalog& catalog, const Schema& schema) {
  for (const auto& table : schema.tables()) {
    if (!speaks_of(condition, table.name)) continue;
    const auto found = catalog.find(table.name);
    if (found == catalog.end() || !found->second.readable) return table.name;
    for (const auto& column : table.columns) {
      const SourceColumn* const there = found->second.find(column.name);
      if ((there == nullptr || !there->readable) && speaks_of(condition, column.name)) return table.name + "." + column.name;
    }
  }
  for (const std::string_view evidence : {"ledger.", "profile.", "quarantine."}) {
    for (std::size_t at = condition.find(evidence); at != std::string_view::npos; at = condition.find(evidence, at + 1)) {
      const auto end = condition.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + evidence.size());
      if (const std::string name(condition.substr(at, end == std::string_view::npos ? end : end - at)); !catalog.contains(name))
        return name;
    }
  }
  return {};
}

Condition ask(AuditSource& source, const std::string& condition, const Schema& schema) {
  SqlEngine& engine = source.engine();
  const auto answer = engine.numbers(engine.dialect(fmt::format("select case when ({}) then 1 else 0 end", condition)), "applies");
  if (answer && answer->size() == 1) return {(*answer)[0] == 1 ? Applies::yes : Applies::no, {}};
  if (const std::string name = lacking(condition, source.catalog(), schema); !name.empty()) return {Applies::unknown, name};
  return {Applies::refused, answer ? std::string("no single answer") : error_class(answer.error())};
}

// Each different condition is asked once.
std::vector<Condition> conditions(AuditSource& source, const std::vector<CriterionResult>& criteria, const Schema& schema) {
  std::map<std::string, Condition, std::less<>> known;
  std::vector<Condition> out;
  for (const auto& result : criteria) {
    const std::string& text = result.criterion.applies;
    if (text.empty()) {
      out.emplace_back();
      continue;
    }
    const auto [at, fresh] = known.try_emplace(text);
    if (fresh) at->second = ask(source, text, schema);
    out.push_back(at->second);
  }
  return out;
}

// First row of cdm_source: who made this CDM, from what. Never about a patient.
void read_cdm_source(AuditSource& source, AuditResult& out) {
  const auto table = source.catalog().find("cdm_source");
  if (table == source.catalog().end() || table->second.rows == 0) return;
  std::string list;
  for (const auto& column : table->second.columns)
    if (column.readable) list += (list.empty() ? "" : ", ") + column.name;
  if (list.empty()) return;
  const auto take = [&](std::span<const Cell> cells) {
    std::size_t at = 0;
    for (const auto& column : table->second.columns)
      if (column.readable && at < cells.size()) out.cdm_source.emplace_back(column.name, cells[at++].value_or(""));
    return false;
  };
  static_cast<void>(
      static_cast<bool>(source.engine().rows("select " + list + " from cdm_source order by " + list + " limit 1", "cdm_source", take)));
}

bool speaks_of(const Criterion& criterion, std::string_view name) {
  if (criterion.table == name || speaks_of(criterion.applies, name)) return true;
  for (const auto& [key, value] : criterion.args)
    if (speaks_of(value, name)) return true;
  const Kind& kind = *find_kind(criterion.kind);
  const auto texts = {kind.violated, kind.counted, kind.lookup_a, kind.lookup_b, kind.keys, kind.needs};
  return std::ranges::any_of(texts, [name](std::string_view text) { return speaks_of(text, name); });
}

Result<PackResult> run_pack(AuditSource& source, const Pack& pack, const AuditRequest& request, const Schema& schema) {
  PackResult out;
  out.pack = pack;
  out.pack.criteria.clear();
  const RenderContext context{&source.catalog(), &schema, request.today, source.schemas, source.kind == "postgresql"};
  std::vector<CheckSql> checks;
  checks.reserve(pack.criteria.size());
  for (const Criterion& criterion : pack.criteria) {
    CheckSql check = render(criterion, context);
    CriterionResult result;
    result.criterion = criterion;
    result.query = check.query;
    result.keys_query = check.keys_query;
    out.criteria.push_back(std::move(result));
    checks.push_back(std::move(check));
  }
  const auto applies = conditions(source, out.criteria, schema);
  auto measured = run_checks(source.engine(), source.catalog(), checks);
  if (!measured) return measured.error();
  evaluate(out, source.catalog(), *measured, applies);
  score(out);
  rate(out);
  return out;
}

}  // namespace

Result<AuditResult> audit(AuditSource& source, const AuditRequest& request, const Schema& schema) {
  AuditResult out;
  out.source_kind = source.kind;
  out.source_name = source.name;
  out.engine = source.engine().name();
  out.identity = source.identity;
  out.today = request.today;
  out.program_version = request.program_version;
  out.baseline = request.baseline_name;
  out.misfits = source.misfits;
  out.closed = source.closed;
  for (const auto& table : schema.tables()) {
    if (table.schema == "filing") continue;  // a warehouse's own notes, no part of the CDM
    if (const auto found = source.catalog().find(table.name); found != source.catalog().end())
      out.tables.emplace_back(table.name, found->second.rows);
  }
  read_cdm_source(source, out);
  for (const Pack& pack : request.packs) {
    auto result = run_pack(source, pack, request, schema);
    if (!result) return result.error();
    out.packs.push_back(std::move(*result));
    if (!request.baseline_name.empty()) compare_states(out.packs.back(), request.baseline);
  }
  return out;
}

std::set<std::string, std::less<>> unneeded_vocabulary(const std::vector<Pack>& packs, const Schema& schema) {
  std::set<std::string, std::less<>> out;
  for (const auto& table : schema.tables()) {
    if (table.schema != "vocabulary") continue;
    const bool needed = std::ranges::any_of(packs, [&](const Pack& pack) {
      return std::ranges::any_of(pack.criteria, [&](const Criterion& one) { return speaks_of(one, table.name); });
    });
    if (!needed) out.insert(table.name);
  }
  return out;
}

void judge_gates(AuditResult& result, const AuditRequest& request) {
  const bool compared = !request.baseline_name.empty();
  for (const auto& expression : request.gates) result.gates.push_back(judge(expression, result, compared));
  if (!request.gate_new_failures) return;
  std::uint64_t fresh = 0;
  for (const auto& pack : result.packs) {
    for (const auto& one : pack.criteria) fresh += one.change == "new" && one.suppressed.empty() ? 1U : 0U;
  }
  result.gates.push_back({"new failures", compared && fresh == 0, compared ? fmt::format("{}", fresh) : "no baseline"});
}

Status check_gate(const std::string& expression, const std::vector<Pack>& packs) {
  const auto gate = parse_gate(expression);
  const bool known = gate && std::ranges::any_of(packs, [&](const Pack& pack) { return pack.id == gate->pack; });
  if (!known) return Error{Code::audit_gate_wrong, {}, {}, expression, {}};
  if (gate->category.empty()) return {};
  for (const Pack& pack : packs) {
    if (pack.id != gate->pack) continue;
    if (std::ranges::any_of(pack.criteria, [&](const Criterion& one) { return one.category == gate->category; })) return {};
  }
  return Error{Code::audit_gate_wrong, {}, {}, expression, {}};
}

Result<std::uint64_t> list_violations(AuditSource& source, const CriterionResult& result, std::uint64_t limit,
                                      const std::function<Status(std::string_view)>& write) {
  if (result.keys_query.empty()) return std::uint64_t{0};
  // Column names come from the statement itself: "select t.measurement_id, ... from" or "select p.person_id from".
  std::string header;
  const std::string_view columns = std::string_view(result.keys_query).substr(7, result.keys_query.find(" from ") - 7);
  std::string_view rest = columns.starts_with("distinct ") ? columns.substr(9) : columns;
  while (!rest.empty()) {
    std::string_view name = trim(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), rest.find(',') == std::string_view::npos ? rest.size() : rest.find(',') + 1));
    if (const auto as = name.rfind(' '); as != std::string_view::npos) name = name.substr(as + 1);
    if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name = name.substr(dot + 1);
    header += (header.empty() ? "" : ",") + csv_cell(name);
  }
  if (Status status = write(header + "\n"); !status) return status.error();
  std::uint64_t rows = 0;
  Status written;
  const auto take = [&](std::span<const Cell> cells) {
    if (limit != 0 && rows == limit) return false;
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(cells[i].value_or(""));
    written = write(line.empty() ? "\"\"\n" : line + "\n");  // a row whose only key is missing is no blank line
    ++rows;
    return static_cast<bool>(written);
  };
  const std::string sql = limit == 0 ? result.keys_query : fmt::format("{} limit {}", result.keys_query, limit);
  if (Status status = source.engine().rows(source.engine().dialect(sql), "violations", take); !status) return status.error();
  if (!written) return written.error();
  return rows;
}

}  // namespace pyojun
