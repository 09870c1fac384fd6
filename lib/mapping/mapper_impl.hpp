// The mapper: state of one worker while it runs a plan.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/frame.hpp"
#include "mapping/row_writer.hpp"

namespace pyojun::mapping {

class PlanMapper final : public Mapper {
 public:
  PlanMapper(std::shared_ptr<const PlanData> plan, std::shared_ptr<const Vocabulary> vocabulary);
  void map(const RecordBatch& batch, MappedBatch& out) override;
  void gather(const RecordBatch& batch) override;
  std::vector<CodeTally> codes() const override;

  std::vector<LookupTable>& gathered() { return gathered_; }
  const PlanData& plan() const { return *plan_; }
  const auto& lookups() const { return runtime_.lookups; }
  void set_lookup(std::size_t number, std::shared_ptr<const LookupTable> table) { runtime_.lookups[number] = std::move(table); }

 private:
  struct Touched {
    std::uint32_t chunk = 0, rows = 0;
    std::size_t aliases = 0;  // before the candidate
  };
  struct Count {
    const CodeEntry* code = nullptr;
    TableId table = no_table;
    std::uint64_t rows = 0;
  };
  // Identity of the rows of one emit of one candidate.
  struct Identity {
    Hash128 key;
    std::int64_t version = 0;
    std::string_view order;           // in order_
    std::span<const Hash128> within;  // in within_
    bool lead = false;
  };

  void prepare(MappedBatch& out);
  void bind(const RecordBatch& batch);
  void unread(Symbol kind);
  void met(NodeIndex node);
  void list_unmet(const RecordBatch& batch);
  void run_record(const Walk& walk);
  void go(const Walk& walk);
  void visit(const Walk& walk);
  bool starts(const RulePlan& rule);
  void candidate(const RulePlan& rule);
  void reject(const RulePlan& rule);
  Reject describe(const RulePlan& rule, const Failure& failure) const;

  // mapper_identity.cpp, mapper_rows.cpp
  bool run_emit(const RulePlan& rule, const EmitPlan& emit, bool main, std::uint32_t ordinal);
  bool evaluate(const EmitPlan& emit);
  void name_column(const EmitPlan& emit, std::size_t attribute, Failure& failure) const;
  bool identify(const EmitPlan& emit, std::uint32_t ordinal, Identity& out);
  Hash128 content_key(std::uint64_t seed, std::uint32_t ordinal);
  std::int64_t version_number(const Op& op);
  void version_of(const EmitPlan& emit, Identity& out);
  void add_to_order(const Op& op);
  void within_of(const EmitPlan& emit, Identity& out);
  static void add_order(RowChunk& chunk, std::string_view order);
  bool table_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity);
  bool stem_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity);
  void delete_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity);
  void stem_codes(const EmitPlan& emit);
  const std::vector<RouteRow>& route(const EmitPlan& emit, const CodeEntry* code);
  void build_route(const EmitPlan& emit, const CodeEntry& code, std::vector<RouteRow>& rows);
  std::uint16_t layout_for(const EmitPlan& emit, std::string_view domain) const;
  bool write(const RulePlan& rule, const EmitPlan& emit, const Layout& layout, const Given& given, const Identity& identity,
             const Hash128& key);
  RowChunk& touch(const Layout& layout);
  void finish_row(const RulePlan& rule, const EmitPlan& emit, RowChunk& chunk, const Identity& identity, const Hash128& key, bool lead);
  void add_aliases(const EmitPlan& emit, RowChunk& chunk, const Hash128& key);
  void count(const CodeEntry* code, TableId table);

  std::shared_ptr<const PlanData> plan_;
  Runtime runtime_;
  Frame frame_;
  struct Started {
    bool yes = false;           // the record passed what the rule asks of it
    std::uint32_t ordinal = 0;  // of its next candidate within the record
  };
  std::vector<const Walk*> walks_;  // by record kind
  std::vector<Started> started_;    // by rule number
  std::vector<bool> looked_up_;
  std::vector<LookupTable> gathered_;
  MappedBatch* out_ = nullptr;
  std::uint32_t record_ = 0;  // number within the batch
  Symbol statement_ = 0;      // "@statement", where the mapping reads it: what has one has to be a candidate of some rule
  std::vector<bool> met_;     // by node of the batch: this `@statement` was
  bool deleting_ = false, telling_ = false;
  std::vector<Value> values_;
  // What `version` says of a record is the same for all of its rows; an entry is good for one visit of the record.
  struct RecordVersion {
    std::uint64_t visit = 0;
    std::int64_t number = 0;
    std::string order;
  };
  std::vector<RecordVersion> record_versions_;  // by EmitPlan::record_version
  std::string order_;
  std::vector<Hash128> within_;
  std::vector<const CodeEntry*> codes_;
  std::vector<std::string_view> code_texts_;
  std::vector<RouteRow> fresh_route_;
  std::vector<Touched> touched_;
  std::vector<Count> counts_;
};

// "name[1].given": path of a node inside its record; "" when it is not below `root`.
std::string path_of(const RecordBatch& batch, NodeIndex root, NodeIndex wanted, const SymbolTable& names);

// Adds what one mapper gathered; of equal keys the first stays. `from` is emptied.
void merge_lookup(LookupTable& from, LookupTable& into);

}  // namespace pyojun::mapping
