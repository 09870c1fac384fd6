// Inside of a compiled mapping: expressions as trees of small operations, emits as fixed sets of output columns.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mapping/code_list.hpp"
#include "mapping/parser.hpp"
#include "mapping/plan.hpp"
#include "mapping/regex.hpp"
#include "mapping/value.hpp"

namespace pyojun::mapping {

struct Op;
struct Frame;
using Run = void (*)(const Op& op, Frame& frame, Value& out);

struct Predicate {
  std::int32_t index = -1;  // [n], or -1
  const Op* condition = nullptr;
};

struct PathStep {
  Symbol name = 0;
  bool descendant = false;
  bool first_component = false;  // a step called "1": a field without components is its own first one
  std::int16_t choice = -1;      // name[x]: number of the set of names, or -1
  std::vector<Predicate> predicates;
};

// One operation of a compiled expression. Immutable; shared by all mappers.
struct Op {
  Run run = nullptr;
  std::vector<const Op*> args;
  Value constant;  // literals; run_constant copies it
  bool is_constant = false;
  std::uint32_t up = 0;  // paths
  Symbol symbol = 0;     // paths of one plain step
  std::vector<PathStep> steps;
  bool is_path = false, is_each = false;
  std::string text;              // owns what constant points to; operator of a comparison; name
  Symbol field = 0;              // first field read below this operation, for rejects
  TableId reference = no_table;  // table of the row a key names
  bool sibling = false;          // event()
  std::uint64_t seed = 0;        // name space of a key
  const CodeList* list = nullptr;
  std::optional<Regex> regex;
  std::uint32_t number = 0;  // memo, lookup or system slot
  std::uint32_t column = 0;  // of a lookup
  std::int8_t sign = 0;      // comparison
  // Kept values (plan_keep.cpp): `run` is run_kept, which asks `compute` once for each node `outer` levels up; `kept`: place in
  // Frame::kept.
  Run compute = nullptr;
  std::uint32_t outer = 0, kept = 0;
};

// Where a candidate's evaluation went wrong first.
struct Failure {
  bool failed = false;
  Code code = Code::internal_error;
  Symbol field = 0;
  NodeIndex node = 0;
  TableId table = no_table;
  ColumnId column = no_column;
};

// Keys of one lookup and what it keeps, after all mappers' finds are merged. Texts only.
struct LookupTable {
  std::vector<Hash128> keys;
  std::vector<std::uint32_t> slots;  // open addressing, row + 1
  std::vector<std::uint32_t> ends;   // columns * rows, row by row
  std::string heap;
  std::uint32_t columns = 0;
  std::uint64_t duplicates = 0;
  std::uint32_t find(const Hash128& key) const;  // row + 1, 0: not there
  std::string_view text(std::uint32_t row, std::uint32_t column) const;
  void index();
};

enum class Fill : std::uint8_t {
  generic,  // by the column's type
  range_low,
  range_high,
  target,       // standard concept of the row
  code_source,  // source concept of the code
  code_text,
  value_number,
  value_operator,
  value_concept,
  value_text,
  value_source,
  concept_part,  // of an attribute that has a concept and a source column
  source_part,
  source_concept_part,
  end_from_start,  // required end of an event whose source gives none
};

// How one output column gets its value.
struct Binding {
  std::uint16_t place = 0;           // position in the chunk's columns
  std::uint16_t attribute = 0xFFFF;  // which of the emit's values
  std::int16_t instead = -1;         // binding in Layout::spares when the value is absent
  Fill fill = Fill::generic;
  Storage storage = Storage::integers;
  ColumnType type = ColumnType::integer;
  bool required = false;
  bool zero = false;  // absent is 0: required concept columns
  ColumnId column = no_column;
  std::uint32_t max_length = 0;
  std::uint8_t group = no_group;
  Symbol field = 0;  // for rejects
};

struct ConstantColumn {
  std::uint16_t place = 0;
  Binding how;
  Value value;
};

// Rows of one table made by one emit.
struct Layout {
  TableId table = no_table;
  std::uint32_t chunk = 0;
  ColumnId missing = no_column;       // a required column nobody sets: every candidate fails
  std::vector<ColumnValues> columns;  // empty, with identity: template of the chunk
  std::vector<Binding> bindings, spares;
  std::vector<ConstantColumn> constants;
  bool takes_value = false;  // has value_as_concept_id
  std::uint16_t within_each = 0;
  TableId within_target = no_table;
  bool retires = false;
  bool grouped = false;  // columns have groups
};

enum class As : std::uint8_t { plain, answer, unit, sign, time, code };

struct Attribute {
  std::string name;
  const Op* op = nullptr;
  As as = As::plain;
  std::uint16_t unless = 0xFFFF;  // only when that attribute is not present
};

struct EmitPlan {
  std::uint32_t number = 0;  // in the plan
  bool stem = false, keyed = false, key_all = false;
  const Op* when = nullptr;
  std::vector<const Op*> key, alias;
  std::vector<const Op*> version;         // the first decides, the others between equal ones
  std::uint16_t record_version = 0xFFFF;  // number of the sequence of values that begins `version` and is the record's own; 0xFFFF: none
  std::uint16_t record_versions = 0;      // how many of `version` that sequence has
  std::vector<const Op*> within;          // references to rows of one table
  std::uint64_t seed = 0;
  std::vector<Attribute> attributes;
  std::vector<Layout> layouts;
  std::vector<std::uint16_t> layout_of;                                                      // by table; 0xFFFF: none
  std::uint16_t code_attribute = 0xFFFF, value_attribute = 0xFFFF, days_attribute = 0xFFFF;  // stem; 0xFFFF: not set
  TableId default_table = no_table;
  std::vector<TableId> only;  // empty: all
  std::vector<std::string> only_domains;
};

struct EachPlan {
  const Op* path = nullptr;
  bool or_self = false;
  const Op* where = nullptr;
  std::int32_t filter = -1;
};

struct FilterPlan {
  const Op* condition = nullptr;
  std::uint32_t number = 0;
};

struct RulePlan {
  std::uint16_t number = 0;
  Symbol kind = 0;                         // 0: every kind
  std::vector<FilterPlan> record_filters;  // from .. where
  std::vector<EachPlan> each;
  std::vector<FilterPlan> filters;
  std::vector<EmitPlan> emits;
  const Op *delete_when = nullptr, *told_when = nullptr;
};

// One level of `each`. Rules that go through the same nodes go together: they are found once, and what rules ask of them is kept.
struct Walk {
  EachPlan each;                            // the record itself has none
  Hash128 identity;                         // of each.path
  std::uint16_t owner = 0;                  // with each.where: the one rule that goes here
  std::vector<const RulePlan*> candidates;  // rules whose candidates these nodes are
  std::vector<const RulePlan*> all;         // those and the rules of the walks below
  std::vector<Walk> below;
};

struct LookupPlan {
  std::string name;
  Symbol kind = 0;
  const Op* where = nullptr;
  std::vector<const Op*> key, keep;
  std::vector<std::string> columns;
  std::uint64_t seed = 0;
};

struct EventField {
  std::string domain;
  std::int32_t field_concept = 0;
};

// Names of the shapes value(), reference() and resolve() look into.
struct ShapeNames {
  Symbol value = 0, comparator = 0, unit = 0, system = 0, code = 0, coding = 0, text = 0, display = 0, low = 0, high = 0, numerator = 0,
         denominator = 0, start = 0, end = 0, reference = 0, identifier = 0, type = 0, contained = 0, id = 0, resource_type = 0, file = 0,
         at_id = 0;
};

struct Zone {
  bool keep = true;
  std::int32_t minutes = 0;  // east of UTC
};

class PlanData final : public Plan {
 public:
  const std::string& name() const override { return name_; }
  const std::string& title() const override { return title_; }
  Delivery delivery() const override { return delivery_; }
  const Dialect& dialect() const override { return dialect_; }
  const AssembleValues& assemble() const override { return assemble_; }
  const std::string& hash() const override { return hash_; }
  const std::vector<RuleInfo>& rules() const override { return infos_; }
  const SymbolTable& symbols() const override { return symbols_; }
  const std::vector<std::string>& fields_of(std::string_view kind) const override;
  const std::vector<std::vector<std::string>>& deciding_fields(std::string_view kind) const override;
  bool reads_kind(std::string_view kind) const override;
  bool has_lookups() const override { return !lookups_.empty(); }
  bool asks_lookup(const std::vector<std::string>& kinds, const std::vector<std::string>& of) const override;

  std::string name_, title_, hash_;
  Delivery delivery_ = Delivery::snapshot;
  Dialect dialect_;
  AssembleValues assemble_;
  Zone zone_;
  const Schema* schema_ = nullptr;
  std::vector<RuleInfo> infos_;
  SymbolTable symbols_;
  std::map<std::string, std::vector<std::string>, std::less<>> fields_;                 // by kind; "*" holds what all kinds share
  std::map<std::string, std::vector<std::vector<std::string>>, std::less<>> deciding_;  // by kind, sorted
  std::vector<RulePlan> plans_;
  std::vector<LookupPlan> lookups_;
  std::map<Symbol, Walk> walks_;                               // by record kind; 0: kinds no rule names
  std::set<std::pair<std::string, std::size_t>> lookup_uses_;  // record kind of a rule, lookup it asks
  std::deque<Op> ops_;
  std::deque<CodeList> lists_;
  ListsByVocabulary extra_lists_;
  std::vector<std::vector<std::uint8_t>> choices_;  // by choice number: by symbol 1 when the name is one of them
  std::vector<EventField> events_;                  // by table
  ShapeNames names_;
  std::uint32_t chunks_ = 0, emits_ = 0, memos_ = 0, kept_ = 0, record_versions_ = 0;
  std::vector<const Layout*> layout_of_chunk_;
  std::vector<std::uint16_t> rule_of_chunk_;
  std::vector<bool> keyed_chunk_;
};

// Does a rule or lookup for records of `kind` ("*": all) read one of `kinds` (none: any)?
bool reads_one_of(std::string_view kind, const std::vector<std::string>& kinds);
// Hash of all that decides what an operation answers at a node, wherever in a mapping it stands (plan_keep.cpp).
Hash128 identity_of_path(const Op& path, std::size_t level);
// Finds the values that several places of a mapping ask for, and has them kept. Once, when all rules are compiled.
void keep_values(PlanData& plan);
// Lays the rules' `each` over one another. Once, when all rules are compiled.
void lay_walks(PlanData& plan);

// Fills PlanData::deciding_.
void note_conditions(PlanData& plan, const ast::Mapping& mapping);

// Finishes what parse_mapping or parse_text gave.
Compiled compile_parsed(Parsed parsed, const CompileOptions& options);

}  // namespace pyojun::mapping
