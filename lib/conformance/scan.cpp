#include "conformance/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>

namespace pyojun {

namespace {

// Wider statements are planned more slowly than they save in scanning.
constexpr std::size_t most_expressions = 400;
// Smaller concept tables are joined as they are.
constexpr std::uint64_t narrow_from = 20'000;
constexpr std::string_view narrowed = "pyojun_concept_used";

bool name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

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

// The counts of most checks are those of filled cells, which engines keep cheaper than any condition.
std::string counting(const std::string& condition) {
  constexpr std::string_view filled = " is not null", empty = " is null";
  const auto column = [&condition](std::string_view ending) {
    if (!condition.starts_with("t.") || !condition.ends_with(ending)) return std::string();
    std::string name = condition.substr(0, condition.size() - ending.size());
    return std::ranges::all_of(name.substr(2), name_char) ? name : std::string();
  };
  if (const std::string name = column(filled); !name.empty()) return fmt::format("count({})", name);
  if (const std::string name = column(empty); !name.empty()) return fmt::format("count(*) - count({})", name);
  return count_of(condition);
}

// The condition with `name` + "." and the column t.<column> called otherwise; nothing when it speaks of any other column of t, or has a
// statement inside whose names could be others.
std::optional<std::string> renamed(std::string_view condition, std::string_view name, std::string_view column) {
  if (condition.find("select") != std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t at = 0; at < condition.size();) {
    const bool begins = name_char(condition[at]) && (at == 0 || (!name_char(condition[at - 1]) && condition[at - 1] != '.'));
    std::size_t end = at;
    while (begins && end < condition.size() && name_char(condition[end])) ++end;
    const std::string_view word = condition.substr(at, end - at);
    const bool qualifies = end < condition.size() && condition[end] == '.';
    if (!begins) {
      out += condition[at++];
    } else if (qualifies && word == "t") {
      std::size_t last = end + 1;
      while (last < condition.size() && name_char(condition[last])) ++last;
      if (condition.substr(end + 1, last - end - 1) != column) return std::nullopt;
      out += "t.id";
      at = last;
    } else {
      out += qualifies && word == name ? std::string_view("c") : word;
      at = end;
    }
  }
  return out;
}

// A check that asks of one column's concept and nothing else, so rows may be counted by concept first.
bool by_concept(const CheckSql& check) {
  if (check.shape != Shape::rows || check.lookups.size() != 1 || !check.codes.empty()) return false;
  const Lookup& lookup = check.lookups.front();
  return lookup.table == "concept" && lookup.key == "concept_id" && !lookup.distinct &&
         renamed(check.violated, lookup.alias, lookup.column) && renamed(check.counted, lookup.alias, lookup.column);
}

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
  void run_batch(const std::string& table, std::span<const std::size_t> members);
  void run_concepts(const std::string& table, std::span<const std::size_t> members);
  void run_groups(const std::vector<std::size_t>& members);
  Result<std::optional<std::vector<std::int64_t>>> two_numbers(const std::string& sql);
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
    const SourceColumn* const column = need.column.empty() ? nullptr : table->second.find(need.column);
    if (!need.column.empty() && column == nullptr) {
      out.missing_table = need.table;
      out.missing_column = need.column;
      return true;
    }
    if (!table->second.readable) {
      out.closed = need.table;
    } else if (column != nullptr && !column->readable) {
      out.closed = need.table + "." + need.column;
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
  if (missing || !out_[index].closed.empty() || check.shape == Shape::stated) return true;
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

// The one row of a statement that may be anything a pack says: whole numbers, none of them negative; a sum over nothing is 0. Nothing when
// the answer is another.
Result<std::optional<std::vector<std::int64_t>>> Runner::two_numbers(const std::string& sql) {
  std::vector<std::int64_t> found;
  std::size_t rows = 0;
  bool whole = true;
  const auto take = [&](std::span<const Cell> cells) {
    whole = whole && ++rows == 1 && cells.size() == 2;
    for (std::size_t i = 0; whole && i < cells.size(); ++i) {
      const std::string text = cells[i].value_or("0");
      std::int64_t& number = found.emplace_back(0);
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
      whole = failed == std::errc{} && end == text.data() + text.size() && number >= 0;
    }
    return whole;
  };
  if (Status status = engine_.rows(sql, "check", take); !status) return status.error();
  if (!whole || rows != 1) return std::optional<std::vector<std::int64_t>>();
  return std::optional(std::move(found));
}

void Runner::run_alone(std::size_t index) {
  const auto answer = two_numbers(engine_.dialect(checks_[index].query));
  Measured& out = out_[index];
  if (!answer || !*answer) {
    out.error = true;
    out.error_class = answer ? std::string("no two whole numbers") : error_class(answer.error());
    return;
  }
  out.violated = (**answer)[0];
  out.counted = (**answer)[1];
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

void Runner::run_batch(const std::string& table, std::span<const std::size_t> members) {
  Expressions expressions;
  std::vector<Slots> slots;
  std::vector<Lookup> lookups;
  for (const std::size_t index : members) {
    const CheckSql& check = checks_[index];
    const bool totals = check.shape == Shape::totals;
    Slots slot;
    slot.check = index;
    slot.violated = expressions.add(totals ? check.violated : counting(check.violated));
    slot.counted = expressions.add(totals ? check.counted : counting(check.counted));
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

// Rows are counted by concept, column by column, and the few lines that gives are joined with the concepts once.
void Runner::run_concepts(const std::string& table, std::span<const std::size_t> members) {
  Expressions expressions;
  std::vector<Slots> slots;
  std::vector<std::string> columns;
  for (const std::size_t index : members) {
    const CheckSql& check = checks_[index];
    const Lookup& lookup = check.lookups.front();
    const auto at = std::ranges::find(columns, lookup.column);
    const auto number = at - columns.begin();
    if (at == columns.end()) columns.push_back(lookup.column);
    const auto sum = [&](const std::string& condition) {
      const std::string text = renamed(condition, lookup.alias, lookup.column).value_or("");
      return fmt::format("coalesce(sum(case when t.col = {}{} then t.n end), 0)", number, text.empty() ? "" : " and (" + text + ")");
    };
    Slots slot;
    slot.check = index;
    slot.violated = expressions.add(sum(check.violated));
    slot.counted = expressions.add(sum(check.counted));
    slots.push_back(slot);
  }
  std::string counts;
  for (std::size_t i = 0; i < columns.size(); ++i)
    counts += fmt::format("{}select {} as col, {} as id, count(*) as n from {} group by {}", i == 0 ? "" : " union all ", i, columns[i],
                          table, columns[i]);
  answer(fmt::format("select {} from ({}) t left join {} c on c.concept_id = t.id", expressions.select(), counts,
                     lookups_of(checks_[members.front()]).front().table),
         slots);
}

// Checks that look nothing up, that ask of concepts only, and all others: rows that were widened by joins make every expression dearer.
void Runner::run_table(const std::string& table, std::vector<std::size_t> members) {
  const auto family = [this](std::size_t index) { return checks_[index].lookups.empty() ? 0 : by_concept(checks_[index]) ? 1 : 2; };
  std::ranges::stable_sort(members, {}, family);
  std::span<const std::size_t> rest = members;
  while (!rest.empty()) {
    const int kind = family(rest.front());
    std::size_t size = 1;
    while (size < rest.size() && size < most_expressions && family(rest[size]) == kind) ++size;
    kind == 1 ? run_concepts(table, rest.first(size)) : run_batch(table, rest.first(size));
    rest = rest.subspan(size);
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
