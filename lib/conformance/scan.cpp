#include "conformance/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace pyojun {

namespace {

// Wider statements are planned more slowly than they save in scanning.
constexpr std::size_t most_expressions = 400;
// Smaller concept tables are joined as they are.
constexpr std::uint64_t narrow_from = 20'000;
constexpr std::string_view narrowed = "pyojun_concept_used";

// Different aggregate expressions of one statement, each computed once.
class Expressions {
 public:
  std::size_t add(const std::string& text) {
    const auto [at, fresh] = at_.try_emplace(text, list_.size());
    if (fresh) list_.push_back(text);
    return at->second;
  }
  std::size_t size() const { return list_.size(); }
  std::string select() const {
    std::string out;
    for (const auto& one : list_) out += (out.empty() ? "" : ", ") + one;
    return out;
  }

 private:
  std::unordered_map<std::string, std::size_t> at_;
  std::vector<std::string> list_;
};

// Where a check's numbers stand in the row its statement answers with.
struct Slots {
  std::size_t check = 0;
  std::size_t violated = 0, counted = 0;
  std::optional<std::size_t> codes_violated, codes_counted;
};

class Runner {
 public:
  Runner(SqlEngine& engine, const Catalog& catalog, const std::vector<CheckSql>& checks)
      : engine_(engine), catalog_(catalog), checks_(checks), out_(checks.size()) {}
  Result<std::vector<Measured>> run();

 private:
  bool find_missing(std::size_t index);
  bool decided(std::size_t index);
  void narrow_concepts();
  void find_unique_keys();
  bool shared(const CheckSql& check) const;
  void run_table(const std::string& table, std::vector<std::size_t> members);
  void run_batch(const std::string& table, const std::vector<std::size_t>& members);
  void run_groups(const std::vector<std::size_t>& members);
  void run_alone(std::size_t index);
  void answer(const std::string& sql, const std::vector<Slots>& slots);
  std::vector<Lookup> lookups_of(const CheckSql& check) const;

  SqlEngine& engine_;
  const Catalog& catalog_;
  const std::vector<CheckSql>& checks_;
  std::vector<Measured> out_;
  std::vector<std::size_t> open_;  // checks that need SQL
  std::set<std::pair<std::string, std::string>> unique_;
  bool narrowed_ = false;
};

bool Runner::find_missing(std::size_t index) {
  Measured& out = out_[index];
  for (const Need& need : checks_[index].needs) {
    const auto table = catalog_.find(need.table);
    if (table == catalog_.end()) {
      out.missing_table = need.table;
      return true;
    }
    if (!need.column.empty() && table->second.find(need.column) == nullptr) {
      out.missing_table = need.table;
      out.missing_column = need.column;
      return true;
    }
  }
  return false;
}

// Checks the catalogue answers: existence, missing parts, and rows of a table that has none.
bool Runner::decided(std::size_t index) {
  const CheckSql& check = checks_[index];
  const bool missing = find_missing(index);
  if (check.shape == Shape::table || check.shape == Shape::field) {
    out_[index].violated = missing ? 1 : 0;
    out_[index].counted = 1;
    return true;
  }
  if (missing || check.shape == Shape::stated) return true;
  if (check.shape == Shape::rows || check.shape == Shape::groups) return catalog_.find(check.table)->second.rows == 0;
  return false;
}

// The vocabulary may hold millions of concepts, a source uses thousands: joins go to a copy of those.
void Runner::narrow_concepts() {
  const auto concepts = catalog_.find("concept");
  if (concepts == catalog_.end() || concepts->second.rows < narrow_from) return;
  std::set<std::string> parts;
  for (const std::size_t index : open_) {
    for (const auto& lookup : checks_[index].lookups) {
      if (lookup.table == "concept" && lookup.key == "concept_id")
        parts.insert(fmt::format("select distinct {} from {}", lookup.column, checks_[index].table));
    }
  }
  if (parts.empty()) return;
  std::string ids;
  for (const auto& part : parts) ids += (ids.empty() ? "" : " union ") + part;
  narrowed_ = static_cast<bool>(engine_.run(
      fmt::format("create temporary table {} as select * from concept where concept_id in ({})", narrowed, ids), "concepts used"));
}

std::vector<Lookup> Runner::lookups_of(const CheckSql& check) const {
  std::vector<Lookup> out = check.lookups;
  for (auto& lookup : out) {
    if (narrowed_ && !lookup.distinct && lookup.table == "concept" && lookup.key == "concept_id") lookup.table = narrowed;
  }
  return out;
}

// A join may be shared only when no row finds two: otherwise it would multiply the counts of the others.
void Runner::find_unique_keys() {
  std::set<std::pair<std::string, std::string>> keys;
  for (const std::size_t index : open_) {
    for (const auto& lookup : lookups_of(checks_[index])) {
      if (!lookup.distinct) keys.emplace(lookup.table, lookup.key);
    }
  }
  if (keys.empty()) return;
  std::string sql;
  for (const auto& [table, key] : keys)
    sql += fmt::format("{0}(select count({1}) - count(distinct {1}) from {2})", sql.empty() ? "select " : ", ", key, table);
  const auto answered = engine_.numbers(sql, "keys of lookups");
  if (!answered || answered->size() != keys.size()) return;
  std::size_t at = 0;
  for (const auto& key : keys) {
    if ((*answered)[at++] == 0) unique_.insert(key);
  }
}

bool Runner::shared(const CheckSql& check) const {
  if (check.shape == Shape::query) return false;
  const auto lookups = lookups_of(check);
  return std::ranges::all_of(lookups, [this](const Lookup& lookup) {
    return lookup.distinct || unique_.contains({lookup.table, lookup.key});
  });
}

void Runner::run_alone(std::size_t index) {
  const auto numbers = engine_.numbers(engine_.dialect(checks_[index].query), "check");
  Measured& out = out_[index];
  if (!numbers || numbers->size() < 2) {
    out.error = true;
    // The class only: the rest of an engine's text may quote what it read.
    const std::string text = numbers ? std::string("no two numbers") : numbers.error().detail;
    out.error_class = text.substr(0, text.find_first_of(":\n"));
    return;
  }
  out.violated = (*numbers)[0];
  out.counted = (*numbers)[1];
  if (checks_[index].codes.empty()) return;
  const CheckSql& check = checks_[index];
  const auto distinct = [&check](const std::string& condition) {
    return fmt::format("count(distinct case when {} then {} end)", condition, check.codes);
  };
  const auto codes = engine_.numbers(
      engine_.dialect(select_over(check.table, check.lookups, distinct(check.violated) + ", " + distinct(check.counted))), "check");
  if (!codes || codes->size() != 2) return;
  out.codes_violated = (*codes)[0];
  out.codes_counted = (*codes)[1];
}

// One refused expression must not take the others with it: then each is run by itself.
void Runner::answer(const std::string& sql, const std::vector<Slots>& slots) {
  const auto numbers = engine_.numbers(engine_.dialect(sql), "checks");
  for (const Slots& slot : slots) {
    if (!numbers) {
      run_alone(slot.check);
      continue;
    }
    Measured& out = out_[slot.check];
    out.violated = (*numbers)[slot.violated];
    out.counted = (*numbers)[slot.counted];
    if (slot.codes_violated) out.codes_violated = (*numbers)[*slot.codes_violated];
    if (slot.codes_counted) out.codes_counted = (*numbers)[*slot.codes_counted];
  }
}

void Runner::run_batch(const std::string& table, const std::vector<std::size_t>& members) {
  Expressions expressions;
  std::vector<Slots> slots;
  std::vector<Lookup> lookups;
  for (const std::size_t index : members) {
    const CheckSql& check = checks_[index];
    const bool totals = check.shape == Shape::totals;
    Slots slot;
    slot.check = index;
    slot.violated = expressions.add(totals ? check.violated : count_of(check.violated));
    slot.counted = expressions.add(totals ? check.counted : count_of(check.counted));
    if (!check.codes.empty()) {
      slot.codes_violated = expressions.add(fmt::format("count(distinct case when {} then {} end)", check.violated, check.codes));
      slot.codes_counted = expressions.add(fmt::format("count(distinct case when {} then {} end)", check.counted, check.codes));
    }
    slots.push_back(slot);
    for (const auto& lookup : lookups_of(check)) {
      if (std::ranges::find(lookups, lookup) == lookups.end()) lookups.push_back(lookup);
    }
  }
  answer(select_over(table, lookups, expressions.select()), slots);
}

// Checks with the same lookups stay together, so that a table with many checks joins each of them in few statements.
void Runner::run_table(const std::string& table, std::vector<std::size_t> members) {
  std::ranges::stable_sort(
      members, {}, [this](std::size_t index) { return checks_[index].lookups.empty() ? std::string() : checks_[index].lookups[0].alias; });
  for (std::size_t at = 0; at < members.size(); at += most_expressions) {
    const auto begin = members.begin() + static_cast<std::ptrdiff_t>(at);
    run_batch(table, {begin, begin + static_cast<std::ptrdiff_t>(std::min(most_expressions, members.size() - at))});
  }
}

// All checks here have the same table, lookups and group columns.
void Runner::run_groups(const std::vector<std::size_t>& members) {
  const CheckSql& first = checks_[members.front()];
  const std::string groups =
      select_over(first.table, lookups_of(first), fmt::format("{} as g1, {} as g2, count(*) as n", first.group1, first.group2)) +
      fmt::format(" group by {}, {}", first.group1, first.group2);
  Expressions expressions;
  std::vector<Slots> slots;
  const auto sum = [](const std::string& condition) { return fmt::format("coalesce(sum(case when {} then n else 0 end), 0)", condition); };
  for (const std::size_t index : members) {
    Slots slot;
    slot.check = index;
    slot.violated = expressions.add(sum(checks_[index].grouped_violated));
    slot.counted = expressions.add(sum(checks_[index].grouped_counted));
    slots.push_back(slot);
  }
  answer(fmt::format("select {} from ({}) g", expressions.select(), groups), slots);
}

Result<std::vector<Measured>> Runner::run() {
  for (std::size_t index = 0; index < checks_.size(); ++index) {
    if (!decided(index)) open_.push_back(index);
  }
  narrow_concepts();
  find_unique_keys();
  std::map<std::string, std::vector<std::size_t>> tables;
  std::map<std::string, std::vector<std::size_t>> groups;
  std::vector<std::size_t> alone;
  for (const std::size_t index : open_) {
    const CheckSql& check = checks_[index];
    if (!shared(check)) {
      alone.push_back(index);
    } else if (check.shape == Shape::groups) {
      groups[select_over(check.table, check.lookups, check.group1 + ", " + check.group2)].push_back(index);
    } else {
      tables[check.table].push_back(index);
    }
  }
  for (const auto& [table, members] : tables) run_table(table, members);
  for (const auto& [key, members] : groups) run_groups(members);
  for (const std::size_t index : alone) run_alone(index);
  if (narrowed_) static_cast<void>(static_cast<bool>(engine_.run(fmt::format("drop table {}", narrowed), "concepts used")));
  return std::move(out_);
}

}  // namespace

Result<std::vector<Measured>> run_checks(SqlEngine& engine, const Catalog& catalog, const std::vector<CheckSql>& checks) {
  return Runner(engine, catalog, checks).run();
}

}  // namespace pyojun
