// A finished warehouse, for reading only: explain, audit, quarantine list, publishing again.
#include "warehouse/assemble.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/folder.hpp"
#include "warehouse/ledger.hpp"
#include "warehouse/part_source.hpp"
#include "warehouse/table_function.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

namespace {

Error read_only() {
  Error error;
  error.code = Code::internal_error;
  error.subject = "a finished warehouse is read-only";
  return error;
}

class FinishedWarehouse : public Warehouse {
 public:
  FinishedWarehouse(std::string folder, const Schema& schema) : folder_(std::move(folder)), schema_(schema), overlay_(schema) {}
  Status open();

  Status begin(const RunIdentity&) override { return read_only(); }
  void identify(const RunIdentity&) override {}
  const std::vector<FileName>& names() const override { return ledger_.names; }
  void set_names(std::vector<FileName>) override {}
  std::uint64_t run_number() const override { return static_cast<std::uint64_t>(ledger_.run); }
  std::uint32_t add_rules(const RuleSet&) override { return 0; }
  void keep(std::uint32_t) override {}
  void drop(std::uint32_t) override {}
  void set_order(std::vector<std::uint32_t>) override {}
  std::uint32_t add_file(const FileEntry&) override { return 0; }
  Status commit(std::uint32_t, std::vector<RowChunk>&, const std::vector<RuleTally>&, const BatchFacts&,
                std::vector<QuarantineEntry>&) override {
    return read_only();
  }
  void note_file(std::uint32_t, const std::vector<QuarantineEntry>&) override {}
  void add_codes(const std::vector<CodeTally>&) override {}
  void add_profile(std::uint32_t, const std::string&, const std::vector<std::pair<std::string, std::uint64_t>>&, std::uint64_t) override {}
  void set_encoding(std::uint32_t, const std::string&) override {}
  void add_columns(std::uint32_t, const std::vector<std::string>&, const std::vector<std::string>&) override {}
  void add_finding(std::uint32_t, Code, const std::string&, std::uint64_t) override {}
  Status settle() override { return read_only(); }
  Status finish() override { return read_only(); }

  const std::vector<Balance>& balances() const override { return ledger_.balances; }
  const std::vector<FileEntry>& files() const override { return ledger_.files; }
  std::vector<std::pair<std::string, std::uint64_t>> table_rows() const override { return ledger_.rows; }
  bool balanced() const override;
  Result<std::unique_ptr<RowSource>> rows(TableId table) override;
  const Schema& schema() const override { return schema_; }
  Result<std::optional<Provenance>> provenance(TableId table, std::int32_t id) const override {
    return segment_.provenance(schema_, table, id);
  }
  const std::vector<std::string>& rules() const override { return ledger_.rules; }
  std::size_t swept() const override { return 0; }
  Duck& duck() override { return *duck_; }

 private:
  Status open_files(std::uint64_t run);

  std::string folder_;
  const Schema& schema_;
  Segment segment_;
  Overlay overlay_;
  PersonFilter everybody_;
  ReadLedger ledger_;
  std::vector<Derived> derived_;
  std::unique_ptr<Duck> duck_;
};

Status FinishedWarehouse::open_files(std::uint64_t run) {
  if (Status status = segment_.load_directory(folder_, run, schema_.tables().size()); !status) return status;
  DuckOptions options;
  options.file = run_file(folder_, "warehouse", run);
  options.read_only = true;
  auto duck = Duck::open(options);
  if (!duck) return duck.error();
  duck_ = std::move(*duck);
  return {};
}

// Readers take no lock: a run's files do not change, and those that are open stay when a newer run replaces them.
Status FinishedWarehouse::open() {
  auto state = read_folder(folder_);
  if (!state) return state.error();
  for (;;) {
    Status status = open_files(state->run);
    if (status) break;
    const auto now = read_folder(folder_);  // a run may have ended in between
    if (!now || now->run == state->run) return status;
    state = *now;
  }
  if (Status status = register_part_functions(*duck_, schema_, segment_, overlay_, everybody_); !status) return status;
  auto ledger = read_ledger(*duck_);
  if (!ledger) return ledger.error();
  ledger_ = std::move(*ledger);
  auto derived = read_assembled(*duck_, schema_, overlay_);
  if (!derived) return derived.error();
  derived_ = std::move(*derived);
  return {};
}

bool FinishedWarehouse::balanced() const {
  for (const auto& line : ledger_.balances) {
    if (!pyojun::balanced(line)) return false;
  }
  return true;
}

Result<std::unique_ptr<RowSource>> FinishedWarehouse::rows(TableId table) {
  if (table >= schema_.tables().size()) return read_only();
  return assembled_source(*duck_, schema_, overlay_, derived_, std::make_unique<PartSource>(schema_, segment_, table));
}

}  // namespace

Result<std::unique_ptr<Warehouse>> Warehouse::open_existing(const std::string& folder, const Schema& schema) {
  auto out = std::make_unique<FinishedWarehouse>(folder, schema);
  if (Status status = out->open(); !status) return status.error();
  return std::unique_ptr<Warehouse>(std::move(out));
}

}  // namespace pyojun
