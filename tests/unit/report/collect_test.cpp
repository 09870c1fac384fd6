// The report's data from a warehouse's tables, filled as the warehouse fills them.
#include <doctest/doctest.h>

#include <memory>
#include <optional>

#include "report/report.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/ledger.hpp"

using namespace pyojun;

namespace {

// Only the tables matter: what collect() asks for beside them is answered by hand.
class LedgerOnly : public Warehouse {
 public:
  LedgerOnly() {
    auto duck = Duck::open({});
    REQUIRE(duck);
    duck_ = std::move(*duck);
  }
  Status begin(const RunIdentity&) override { return {}; }
  void identify(const RunIdentity&) override {}
  const std::vector<FileName>& names() const override { return no_names_; }
  void set_names(std::vector<FileName>) override {}
  std::uint64_t run_number() const override { return 1; }
  std::uint32_t add_rules(const RuleSet&) override { return 0; }
  void keep(std::uint32_t) override {}
  void set_encoding(std::uint32_t, const std::string&) override {}
  void add_columns(std::uint32_t, const std::vector<std::string>&, const std::vector<std::string>&) override {}
  void add_finding(std::uint32_t, Code, const std::string&, std::uint64_t) override {}
  void drop(std::uint32_t) override {}
  void set_order(std::vector<std::uint32_t>) override {}
  std::uint32_t add_file(const FileEntry&) override { return 0; }
  Status commit(std::uint32_t, std::vector<RowChunk>&, const std::vector<RuleTally>&, const BatchFacts&,
                std::vector<QuarantineEntry>&) override {
    return {};
  }
  void note_file(std::uint32_t, const std::vector<QuarantineEntry>&) override {}
  void add_codes(const std::vector<CodeTally>&) override {}
  void add_profile(std::uint32_t, const std::string&, const std::vector<std::pair<std::string, std::uint64_t>>&, std::uint64_t) override {}
  Status settle() override { return {}; }
  const std::vector<Balance>& balances() const override { return balances_; }
  const std::vector<FileEntry>& files() const override { return files_; }
  std::vector<std::pair<std::string, std::uint64_t>> table_rows() const override { return {{"person", 7}, {"death", 0}}; }
  bool balanced() const override { return true; }
  Result<std::unique_ptr<RowSource>> rows(TableId) override { return Error{}; }
  const Schema& schema() const override { return schema_; }
  Result<std::optional<Provenance>> provenance(TableId, std::int32_t) const override { return std::optional<Provenance>(); }
  const std::vector<std::string>& rules() const override { return rules_; }
  std::size_t swept() const override { return 0; }
  Status finish() override { return {}; }
  Duck& duck() override { return *duck_; }

 private:
  std::vector<FileName> no_names_;
  std::unique_ptr<Duck> duck_;
  Schema schema_;
  std::vector<Balance> balances_;
  std::vector<FileEntry> files_;
  std::vector<std::string> rules_;
};

CodeTally code(std::uint16_t rule, std::string vocabulary, std::string text, std::string domain, Grade grade, std::uint64_t rows) {
  CodeTally tally;
  tally.rule = rule;
  tally.vocabulary = std::move(vocabulary);
  tally.code = std::move(text);
  tally.domain = std::move(domain);
  tally.grade = grade;
  tally.rows = rows;
  return tally;
}

WarehouseOptions two_rules() {
  WarehouseOptions options;
  options.rules = {"person", "diagnosis"};
  options.filters = {{}, {"status is final"}};
  return options;
}

void fill(LedgerOnly& warehouse) {
  const WarehouseOptions options = two_rules();
  Ledger ledger(warehouse.duck(), 3);
  REQUIRE(ledger.create());
  REQUIRE(warehouse.duck().exec("INSERT INTO ledger.run (run, identity) VALUES (2, 'older')"));
  RunIdentity run;
  run.identity = "abc";
  run.mapping_name = "demo";
  run.program_version = "1.2.3";
  REQUIRE(ledger.add_run(run));
  FileEntry file;
  file.run = 3;
  file.name = "a.csv";
  file.size = 100;
  FileEntry other = file;
  other.name = "b.csv";
  REQUIRE(ledger.add_files({file, other}));
  Books books;
  const std::vector<std::size_t> filters{0, 1};
  books.add_file(0, 0, filters);
  books.add_file(1, 0, filters);
  Balance& reader = books.line(0, -1);
  reader.in = 10, reader.mapped = 9, reader.quarantined = 1;
  Balance& person = books.line(0, 0);
  person.in = 9, person.mapped = 7, person.duplicates = 1, person.quarantined = 1;
  Balance& diagnosis = books.line(1, 1);
  diagnosis.in = 5, diagnosis.mapped = 3, diagnosis.filtered = {2};
  REQUIRE(ledger.add_books(books, std::vector<CountedLine>(books.lines().size()), options.rules, options.filters));
  REQUIRE(ledger.add_rules({{"", options.rules, options.filters}}, {0}));
  for (int i = 0; i < 3; ++i) {
    QuarantineEntry entry;
    entry.code = Code::archive_damaged;
    entry.rule = i == 0 ? -1 : 0;
    entry.column = i == 0 ? "" : "person.year_of_birth";
    entry.row_kept = i == 2;
    REQUIRE(ledger.add_entry(entry, options.rules));
  }
  REQUIRE(ledger.close_entries());
  REQUIRE(ledger.add_profile({{0, "patients", {{"id", 10}, {"nothing", 0}}, 10}}));
  CodeBook codes;
  for (const CodeTally& tally :
       {code(0, "Gender", "M", "Gender", Grade::exact, 5), code(1, "KCD7", "U07", "Condition", Grade::unknown, 2),
        code(1, "KCD7", "A00", "Condition", Grade::exact, 4), code(0, "KCD7", "U07", "Condition", Grade::unknown, 3)})
    codes[{tally.rule, tally.vocabulary, tally.code, tally.domain, tally.grade}] = tally;
  REQUIRE(ledger.add_codes(codes, options.rules));
}

}  // namespace

TEST_CASE("the report's data comes from the latest run's tables") {
  LedgerOnly warehouse;
  fill(warehouse);
  const auto report = collect(warehouse);
  REQUIRE(report);
  CHECK(report->run.identity == "abc");
  CHECK(report->run.program_version == "1.2.3");
  REQUIRE(report->files.size() == 2);
  CHECK(report->files[1].name == "b.csv");
  CHECK(report->balanced);
  REQUIRE(report->balance.size() == 4);  // a reader's line per file, and rules that read something
  CHECK(report->balance[0].rule.empty());
  CHECK(report->balance[1].rule == "person");
  CHECK(report->balance[1].duplicates == 1);
  CHECK(report->balance[3].rule == "diagnosis");
  CHECK(report->balance[3].filtered == 2);
  CHECK(report->records() == 10);
  CHECK(report->refused() == 1);
  CHECK(report->rows() == 7);
  CHECK(report->tables.size() == 2);
  REQUIRE(report->filters.size() == 1);
  CHECK(report->filters[0].rule == "diagnosis");
  CHECK(report->filters[0].reason == "status is final");
  CHECK(report->filters[0].records == 2);
  REQUIRE(report->quarantine.size() == 2);
  CHECK(report->quarantine[0].rule == "person");
  CHECK(report->quarantine[0].column == "person.year_of_birth");
  CHECK(report->quarantine[0].file == "a.csv");
  CHECK(report->quarantine[0].code == Code::archive_damaged);
  CHECK(report->quarantine[0].records == 1);
  CHECK(report->quarantine[0].kept == 1);
  CHECK(report->quarantine[1].rule.empty());
  CHECK(report->quarantine[1].kept == 0);
  REQUIRE(report->fields.size() == 1);
  CHECK(report->fields[0].field == "nothing");
}

TEST_CASE("a code of several rules is one code, its rows add up") {
  LedgerOnly warehouse;
  fill(warehouse);
  const auto report = collect(warehouse);
  REQUIRE(report);
  REQUIRE(report->coverage.size() == 2);
  CHECK(report->coverage[0].domain == "Condition");
  CHECK(report->coverage[0].all_codes() == 2);
  CHECK(report->coverage[0].mapped_codes() == 1);
  CHECK(report->coverage[0].all_rows() == 9);
  CHECK(report->coverage[0].mapped_rows() == 4);
  CHECK(report->unmapped_codes == 1);
  CHECK(report->unmapped_rows == 5);
  REQUIRE(report->unmapped.size() == 1);
  CHECK(report->unmapped[0].code == "U07");
  CHECK(report->unmapped[0].rows == 5);
}

TEST_CASE("books that do not add up are not called balanced") {
  LedgerOnly warehouse;
  fill(warehouse);
  REQUIRE(warehouse.duck().exec("UPDATE ledger.balance SET mapped = mapped + 1 WHERE rule = 1 AND file = 1"));
  const auto report = collect(warehouse);
  REQUIRE(report);
  CHECK(!report->balanced);
}

TEST_CASE("a warehouse without its tables is an error, not a report") {
  LedgerOnly warehouse;
  CHECK(!collect(warehouse));
}
