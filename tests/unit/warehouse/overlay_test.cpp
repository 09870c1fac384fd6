// The overlay over rows in memory: every kind of column, in every form a block can have.
#include "warehouse/overlay.hpp"

#include <bit>

#include "cdm/rows.hpp"
#include "warehouse/assemble_script.hpp"
#include "warehouse/kit.hpp"

using namespace kit;

namespace {

// Drug exposures 1 .. rows in blocks of three; every fourth value is constant over its block.
class Exposures : public RowSource {
 public:
  explicit Exposures(std::uint32_t rows) : rows_(rows) {}
  TableId table() const override { return schema().find("drug_exposure"); }
  std::uint64_t rows() const override { return rows_; }
  std::size_t blocks() const override { return (rows_ + 2) / 3; }
  Status read(std::size_t index, const std::vector<bool>& wanted, RowBlock& out) const override {
    const Table& facts = schema().table(table());
    const std::size_t count = facts.columns.size();
    out.table = table();
    out.rows = static_cast<std::uint32_t>(std::min<std::size_t>(3, rows_ - index * 3));
    out.columns.assign(count, {});
    out.scratch_integers.resize(count);
    out.scratch_wide.resize(count);
    out.scratch_numbers.resize(count);
    out.scratch_ends.resize(count);
    out.scratch_heaps.resize(count);
    for (ColumnId id = 0; id < count; ++id) {
      out.columns[id].type = facts.columns[id].type;
      if (wanted.empty() || wanted[id]) fill(facts.columns[id].name, id, index, out);
    }
    return {};
  }

 private:
  static void fill(const std::string& name, ColumnId id, std::size_t index, RowBlock& out) {
    BlockColumn& column = out.columns[id];
    const auto first = static_cast<std::int32_t>(index * 3 + 1);
    if (name == "drug_exposure_id") {
      out.scratch_integers[id].clear();
      for (std::uint32_t i = 0; i < out.rows; ++i) out.scratch_integers[id].push_back(first + static_cast<std::int32_t>(i));
      column.integers = out.scratch_integers[id].data();
      column.form = BlockColumn::Form::plain;
    } else if (name == "visit_occurrence_id") {
      static const std::int32_t visit = 7;
      column.integers = &visit;
      column.form = BlockColumn::Form::constant;
    } else if (name == "drug_source_value") {
      static const std::string heap = "aabbcc";
      static const std::uint32_t ends[] = {2, 4, 6};
      column.heap = heap.data();
      column.ends = ends;
      column.form = BlockColumn::Form::plain;
    }
  }
  std::uint32_t rows_;
};

std::unique_ptr<Duck> database(const std::string& sql) {
  auto duck = Duck::open({});
  REQUIRE(duck);
  must((*duck)->exec(
      "create schema assemble; create table assemble.change(rule varchar, tab varchar, id integer, col varchar, value varchar, step "
      "integer); create table assemble.removal(rule varchar, tab varchar, id integer, kept_id integer, step integer);" +
      sql));
  return std::move(*duck);
}

// "1:7 aa | 2:7 bb": id, visit and source value of all rows.
std::string shown(const RowSource& source) {
  const Table& facts = schema().table(source.table());
  const ColumnId key = facts.primary_key, visit = facts.find("visit_occurrence_id"), text = facts.find("drug_source_value");
  std::string out;
  RowBlock block;
  for (std::size_t i = 0; i < source.blocks(); ++i) {
    must(source.read(i, {}, block));
    for (std::uint32_t row = 0; row < block.rows; ++row) {
      const auto at = [&](ColumnId id) { return block.columns[id].form == BlockColumn::Form::constant ? 0 : row; };
      const BlockColumn& texts = block.columns[text];
      const std::uint32_t from = at(text) == 0 ? texts.begin : texts.ends[at(text) - 1];
      const std::int32_t number = block.columns[visit].integers[at(visit)];
      out += fmt::format("{}{}:{} {}", out.empty() ? "" : " | ", block.columns[key].integers[row],
                         number == null_integer ? std::string("-") : std::to_string(number),
                         std::string(texts.heap + from, texts.ends[at(text)] - from));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("an overlay that says nothing hands the rows through") {
  const auto duck = database("");
  Overlay overlay(schema());
  must(overlay.load(*duck));
  CHECK(!overlay.touches(schema().find("drug_exposure")));
  CHECK(shown(*overlay.over(std::make_unique<Exposures>(4))) == "1:7 aa | 2:7 bb | 3:7 cc | 4:7 aa");
}

TEST_CASE("values change by id, the last step wins, and rows are left out") {
  const auto duck = database(
      "insert into assemble.change values ('r', 'drug_exposure', 2, 'drug_source_value', 'longer', 1), "
      "('r', 'drug_exposure', 4, 'visit_occurrence_id', '9', 2), ('r', 'drug_exposure', 4, 'visit_occurrence_id', '8', 1), "
      "('r', 'drug_exposure', 5, 'drug_source_value', null, 1), ('r', 'drug_exposure', 99, 'drug_source_value', 'nobody', 1); "
      "insert into assemble.removal values ('r', 'drug_exposure', 1, null, 1), ('r', 'drug_exposure', 6, null, 1), ('r', 'drug_exposure', "
      "6, null, 2)");
  Overlay overlay(schema());
  must(overlay.load(*duck));
  const auto source = overlay.over(std::make_unique<Exposures>(7));
  CHECK(source->rows() == 5);
  CHECK(shown(*source) == "2:7 longer | 3:7 cc | 4:9 aa | 5:7  | 7:7 aa");
  RowBlock block;  // only one column wanted: the key is read all the same
  std::vector<bool> wanted(schema().table(source->table()).columns.size());
  wanted[schema().table(source->table()).find("drug_source_value")] = true;
  must(source->read(0, wanted, block));
  CHECK(block.rows == 2);
}

TEST_CASE("references follow a row left out to the one that stands for it, over several steps, or end") {
  const auto chain = database("insert into assemble.removal values ('r', 'visit_occurrence', 7, 5, 1), ('r', 'visit_occurrence', 5, 3, 2)");
  Overlay overlay(schema());
  must(overlay.load(*chain));
  CHECK(shown(*overlay.over(std::make_unique<Exposures>(2))) == "1:3 aa | 2:3 bb");
  const auto gone = database("insert into assemble.removal values ('r', 'visit_occurrence', 7, null, 1)");
  must(overlay.load(*gone));
  CHECK(shown(*overlay.over(std::make_unique<Exposures>(1))) == "1:- aa");
}

TEST_CASE("header lines of assembly files") {
  const auto script = parse_assemble_script(
      "x.sql", "-- table: death\n-- mode: replace\n-- if: select 1\n-- when: a = b|c, d > 0\n-- Why: not a word\nselect 1;");
  CHECK(script.table == "death");
  CHECK(script.mode == "replace");
  CHECK(script.guard == "select 1");
  REQUIRE(script.when.size() == 2);
  CHECK(script.wanted({{"a", "c"}, {"d", "0"}}));
  CHECK(script.wanted({{"a", "x"}, {"d", "1"}}));
  CHECK(!script.wanted({{"a", "x"}, {"d", "0"}}));
  for (const auto& one : assemble_scripts()) {
    CAPTURE(one.name);
    if (!one.table.empty()) CHECK(schema().find(one.table) != no_table);
    for (const auto& table : one.adds) CHECK(schema().find(table) != no_table);
    for (const auto& condition : one.when) {
      const auto end = condition.find(' ');
      CHECK(find_assemble_setting(condition.substr(0, end)) != nullptr);
    }
  }
}
