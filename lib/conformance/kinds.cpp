#include "conformance/kinds.hpp"

#include <algorithm>
#include <array>

namespace pyojun {

namespace {

constexpr std::string_view field_before_birth =
    "cast(t.{field} as date) < coalesce(cast({a}.birth_datetime as date), safe_date({a}.year_of_birth, coalesce({a}.month_of_birth, 1), "
    "coalesce({a}.day_of_birth, 1)))";
constexpr std::string_view after_death = "cast(t.{field} as date) > add_days({a}.death_date, 60)";
constexpr std::string_view person_lookup = "person.person_id=person_id";
constexpr std::string_view death_lookup = "death.person_id=person_id";
constexpr std::string_view concept_lookup = "concept.concept_id={field}";
constexpr std::string_view birth_columns = "person.birth_datetime person.year_of_birth person.month_of_birth person.day_of_birth";

// One row a kind.
// clang-format off
constexpr std::array table{
    Kind{"table-exists", Shape::table, "table", "1 when the table is missing, out of 1", {}, {}, {}, {}, {}, {}},
    Kind{"field-exists", Shape::field, "table field", "1 when the column is missing, out of 1", {}, {}, {}, {}, {}, {}},
    Kind{"not-null", Shape::rows, "table field", "rows without a value, out of all rows", "t.{field} is null", {}, {}, {}, {}, {}},
    Kind{"filled-when", Shape::rows, "table field when", "rows without a value, out of the rows for which `when` holds", "t.{field} is null", "{when}", {}, {}, {}, {}},
    Kind{"rows", Shape::rows, "table (field) violated (counted) (lookup) (lookup2) (joined)", "rows for which `violated` holds, out of those for which `counted` holds (all when left out); any condition over t, {a}, {b}", "{violated}", "[counted?{counted}]", "[lookup?{lookup}]", "[lookup2?{lookup2}]", {}, {}},
    Kind{"integer", Shape::rows, "table field (negative)", "values that are not whole numbers, out of all rows; negative=violate: negative ones too", "{not_integer}", {}, {}, {}, {}, {}},
    Kind{"value-in", Shape::rows, "table field values", "values outside the list, out of the rows with a value", "t.{field} not in ({values:list})", "t.{field} is not null", {}, {}, {}, {}},
    Kind{"matches", Shape::rows, "table field pattern", "values that do not match the regular expression, out of the rows with a value", "not matches(t.{field}, {pattern:text})", "t.{field} is not null", {}, {}, {}, {}},
    Kind{"unique", Shape::query, "table field", "rows that share their value with another row, out of all rows", "select (select coalesce(sum(n), 0) from (select count(*) as n from {table} where {field} is not null group by {field} having count(*) > 1) d), (select count(*) from {table})", {}, {}, {}, {}, {}, false, "select {keys} from {table} t where t.{field} in (select {field} from {table} where {field} is not null group by {field} having count(*) > 1) order by {keys}"},
    Kind{"refers", Shape::rows, "table field to_table to_field", "values that the other table does not have, out of all rows", "t.{field} is not null and {a}.{to_field} is null", {}, "{to_table}.{to_field}={field}", {}, {}, {}},
    Kind{"concept-domain", Shape::rows, "table field domain", "known concepts other than 0 of another domain, out of all rows", "{a}.concept_id <> 0 and {a}.domain_id not in ({domain:list})", {}, concept_lookup, {}, {}, {}, false, {}, "concept.domain_id"},
    Kind{"concept-class", Shape::rows, "table field class", "known concepts other than 0 of another concept class, out of all rows", "{a}.concept_id <> 0 and {a}.concept_class_id not in ({class:list})", {}, concept_lookup, {}, {}, {}, false, {}, "concept.concept_class_id"},
    Kind{"concept-standard", Shape::rows, "table field", "known concepts other than 0 that are not standard or not valid, out of the rows with a concept", "t.{field} is not null and {a}.concept_id <> 0 and ({a}.standard_concept is null or {a}.standard_concept <> 'S' or {a}.invalid_reason is not null)", "t.{field} is not null", concept_lookup, {}, {}, {}, false, {}, "concept.standard_concept concept.invalid_reason"},
    Kind{"concept-vocabulary", Shape::rows, "table field vocabulary", "known concepts other than 0 of another vocabulary, out of the rows with a known concept other than 0", "{a}.concept_id <> 0 and {a}.vocabulary_id not in ({vocabulary:list})", "{a}.concept_id <> 0", concept_lookup, {}, {}, {}, false, {}, "concept.vocabulary_id"},
    Kind{"concept-recorded", Shape::rows, "table field (source)", "rows with concept 0, or with a source value and no concept, out of the rows with a concept or a source value", "t.{field} = 0[source? or (t.{field} is null and t.{source} is not null)]", "t.{field} is not null[source? or t.{source} is not null]", {}, {}, {}, {}, false, {}, "[source?{table}.{source}]"},
    Kind{"mapped", Shape::rows, "table field source", "rows whose source value has no standard concept (0 or none), out of the rows with a source value; the same over distinct source values", "t.{source} is not null and coalesce(t.{field}, 0) = 0", "t.{source} is not null", {}, {}, {}, {}, false, {}, "{table}.{source}", "t.{source}"},
    Kind{"values-mapped", Shape::totals, "table field concept", "distinct source values (nothing counts as one) with concept 0, out of the distinct source values", "count(distinct case when t.{concept} = 0 then t.{field} end) + count(distinct case when t.{concept} = 0 and t.{field} is null then 1 end)", "count(distinct t.{field}) + count(distinct case when t.{field} is null then 1 end)", {}, {}, {}, {}, false, "t.{concept} = 0", "{table}.{concept}"},
    Kind{"at-least", Shape::rows, "table field low", "values below the limit, out of the rows with a value", "{low:compare} < {low:literal}", "t.{field} is not null", {}, {}, {}, {}},
    Kind{"at-most", Shape::rows, "table field high", "values above the limit, out of the rows with a value", "{high:compare} > {high:literal}", "t.{field} is not null", {}, {}, {}, {}},
    Kind{"not-before", Shape::rows, "table field other", "values before the other column's, out of all rows", "cast(t.{other} as date) > cast(t.{field} as date)", {}, {}, {}, {}, {}, false, {}, "{table}.{other}"},
    Kind{"start-before-end", Shape::rows, "table field end", "values after the end column's, out of the rows with both", "cast(t.{field} as date) > cast(t.{end} as date)", "t.{field} is not null and t.{end} is not null", {}, {}, {}, {}, false, {}, "{table}.{end}"},
    Kind{"after-birth", Shape::rows, "table field", "days before birth (missing month or day: the first), out of the rows with a day", field_before_birth, "t.{field} is not null", person_lookup, {}, {}, {}, false, {}, birth_columns},
    Kind{"after-birth-year", Shape::rows, "table field", "days before birth (without birth_datetime: 1 June of the year), out of all rows", "coalesce(cast({a}.birth_datetime as date), safe_date({a}.year_of_birth, 6, 1)) > cast(t.{field} as date)", {}, person_lookup, {}, {}, {}, false, {}, "person.birth_datetime person.year_of_birth"},
    Kind{"in-life", Shape::rows, "table field", "days more than 60 after death, out of the rows of deceased persons", after_death, "{a}.person_id is not null", death_lookup, {}, {}, {}, false, {}, "death.death_date"},
    Kind{"before-death", Shape::rows, "table field", "days more than 60 after death, out of the rows of deceased persons with a day", after_death, "t.{field} is not null and {a}.person_id is not null", death_lookup, {}, {}, {}, true, {}, "death.death_date"},
    Kind{"within-visit", Shape::rows, "table field", "days more than 7 outside the visit, out of the rows with a visit", "t.{field} < add_days({a}.visit_start_date, -7) or t.{field} > add_days({a}.visit_end_date, 7)", "{a}.visit_occurrence_id is not null", "visit_occurrence.visit_occurrence_id=visit_occurrence_id", {}, {}, {}, true, {}, "visit_occurrence.visit_start_date visit_occurrence.visit_end_date"},
    Kind{"gender", Shape::groups, "table field concept gender", "rows of the concept in persons of another gender, out of the rows of the concept", "{g1} = {concept} and {g2} <> {gender}", "{g1} = {concept}", person_lookup, {}, "t.{field}", "{a}.gender_concept_id", false, {}, "person.gender_concept_id"},
    Kind{"gender-descendants", Shape::query, "table field concept gender", "rows below the concepts in persons of another gender, out of the rows below the concepts", "select (select count(*) from {table} t join person p on p.person_id = t.person_id join concept_ancestor c on c.descendant_concept_id = t.{field} where c.ancestor_concept_id in ({concept:numbers}) and p.gender_concept_id <> {gender}), (select count(*) from {table} t join concept_ancestor c on c.descendant_concept_id = t.{field} where c.ancestor_concept_id in ({concept:numbers}))", {}, {}, {}, {}, {}, false, "select {keys} from {table} t join person p on p.person_id = t.person_id join concept_ancestor c on c.descendant_concept_id = t.{field} where c.ancestor_concept_id in ({concept:numbers}) and p.gender_concept_id <> {gender}", "person.gender_concept_id concept_ancestor.ancestor_concept_id"},
    Kind{"unit", Shape::groups, "table field concept units", "rows of the concept with a unit outside the list (-1: no unit is right; 0 and none never count), out of the rows of the concept whose unit is not 0", "{g1} = {concept} and {g2} <> 0 and {g2} not in ({units:numbers})", "{g1} = {concept} and ({g2} <> 0 or {g2} is null)", {}, {}, "t.{field}", "t.unit_concept_id", false, {}, "{table}.unit_concept_id"},
    Kind{"person-coverage", Shape::rows, "table", "persons without a row in the table, out of all persons", "{a}.person_id is null", {}, "distinct {table}.person_id=person_id", {}, {}, {}, false, {}, "person.person_id"},
    Kind{"era-coverage", Shape::query, "table", "persons with a condition (not 0) and no row in the table, out of the persons with a condition (not 0)", "select count(case when e.person_id is null then 1 end), count(*) from (select distinct person_id from condition_occurrence where condition_concept_id <> 0) c left join (select distinct person_id from {table}) e on e.person_id = c.person_id", {}, {}, {}, {}, {}, false, "select c.person_id from (select distinct person_id from condition_occurrence where condition_concept_id <> 0) c left join (select distinct person_id from {table}) e on e.person_id = c.person_id where e.person_id is null order by c.person_id", "condition_occurrence.condition_concept_id {table}.person_id"},
    Kind{"period-overlap", Shape::query, "table", "persons with periods that overlap or follow each other without a free day, out of the persons with a period", "select (select count(distinct p.person_id) from {table} p join {table} q on q.person_id = p.person_id and q.{table}_id <> p.{table}_id where (p.{table}_start_date <= q.{table}_end_date and p.{table}_end_date >= q.{table}_start_date) or add_days(p.{table}_end_date, 1) = q.{table}_start_date or add_days(q.{table}_end_date, 1) = p.{table}_start_date), (select count(distinct person_id) from {table})", {}, {}, {}, {}, {}, false, "select distinct p.person_id from {table} p join {table} q on q.person_id = p.person_id and q.{table}_id <> p.{table}_id where (p.{table}_start_date <= q.{table}_end_date and p.{table}_end_date >= q.{table}_start_date) or add_days(p.{table}_end_date, 1) = q.{table}_start_date or add_days(q.{table}_end_date, 1) = p.{table}_start_date order by p.person_id"},
    Kind{"min-rows", Shape::totals, "table rows", "1 when the table has fewer rows than asked for, out of 1", "case when count(*) < {rows} then 1 else 0 end", "1", {}, {}, {}, {}},
    Kind{"query", Shape::query, "count (keys) (needs)", "a statement of the pack's own that returns two numbers, violated and counted; `keys` lists the violating keys", "{count}", {}, {}, {}, {}, {}, false, "[keys?{keys}]", "[needs?{needs}]"},
    Kind{"source-fact", Shape::query, "rule", "records of which the mapping's rule of that name (or NAME_from_...) says `fact does not hold`, out of those of which it says that or `fact holds`; other reasons: not recorded", "select coalesce(sum(case when f.reason = 'fact does not hold' then f.rows end), 0), coalesce(sum(case when f.reason in ('fact holds', 'fact does not hold') then f.rows end), 0) from ledger.filter f join ledger.rule r on r.rule = f.rule where (r.name = {rule:text} or r.name like {rule:text} || '_from_%')", {}, {}, {}, {}, {}, false, "select f.file, r.name, f.rows from ledger.filter f join ledger.rule r on r.rule = f.rule where (r.name = {rule:text} or r.name like {rule:text} || '_from_%') and f.reason = 'fact does not hold' and f.rows > 0 order by 1, 2", "ledger.filter ledger.rule"},
    Kind{"stated", Shape::stated, "", "nothing: the criterion is outside the data and needs an attestation", {}, {}, {}, {}, {}, {}},
};
// clang-format on

}  // namespace

std::span<const Kind> kinds() { return table; }

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Kind::name);
  return found == table.end() ? nullptr : &*found;
}

std::string missing_argument(const Kind& kind, const Criterion& criterion) {
  std::string_view rest = kind.arguments;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.starts_with('(')) continue;
    const bool there = name == "table"   ? !criterion.table.empty()
                       : name == "field" ? !criterion.field.empty()
                                         : criterion.args.contains(name);
    if (!there) return std::string(name);
  }
  return {};
}

std::string unknown_argument(const Kind& kind, const Criterion& criterion) {
  for (const auto& [name, value] : criterion.args) {
    std::string_view rest = kind.arguments;
    bool known = false;
    while (!rest.empty()) {
      std::string_view one = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      if (one.starts_with('(')) one = one.substr(1, one.size() - 2);
      known = known || one == name;
    }
    if (!known) return name;
  }
  return {};
}

}  // namespace pyojun
