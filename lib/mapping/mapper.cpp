// Runs a plan over batches: rules by record kind, candidates by `each`, rows by emit; all or nothing for each candidate.
#include <algorithm>

#include <fmt/format.h>

#include "base/sha256.hpp"
#include "mapping/mapper_impl.hpp"

namespace pyojun {

using namespace mapping;

void MappedBatch::clear() {
  for (auto& chunk : chunks) chunk.clear_rows();
  for (auto& tally : tallies) {
    tally.in = tally.mapped = tally.quarantined = 0;
    std::ranges::fill(tally.filtered, 0);
  }
  rejects.clear();
  left_out.clear();
  findings.clear();
  unread = 0;
  unread_kinds.clear();
  candidates = 0;
  cut_texts = 0;
}

namespace mapping {

PlanMapper::PlanMapper(std::shared_ptr<const PlanData> plan, std::shared_ptr<const Vocabulary> vocabulary)
    : plan_(std::move(plan)),
      runtime_(*plan_, std::move(vocabulary)),
      walks_(plan_->symbols_.size(), &plan_->walks_.at(0)),
      started_(plan_->plans_.size()),
      looked_up_(plan_->symbols_.size()),
      gathered_(plan_->lookups_.size()) {
  frame_.plan = plan_.get();
  statement_ = plan_->symbols_.find("@statement");
  frame_.runtime = &runtime_;
  frame_.kept.resize(plan_->kept_);
  record_versions_.resize(plan_->record_versions_);
  for (const auto& [kind, walk] : plan_->walks_) walks_[kind] = &walk;
  for (std::size_t kind = 0; kind < walks_.size(); ++kind) {
    looked_up_[kind] =
        std::ranges::any_of(plan_->lookups_, [kind](const LookupPlan& lookup) { return lookup.kind == 0 || lookup.kind == kind; });
  }
  for (std::size_t number = 0; number < plan_->lookups_.size(); ++number)
    gathered_[number].columns = static_cast<std::uint32_t>(plan_->lookups_[number].columns.size());
}

// Chunks keep their place and memory from batch to batch; the warehouse may have taken some away.
void PlanMapper::prepare(MappedBatch& out) {
  out.clear();
  out.chunks.resize(plan_->chunks_);
  for (std::uint32_t i = 0; i < plan_->chunks_; ++i) {
    const Layout& layout = *plan_->layout_of_chunk_[i];
    RowChunk& chunk = out.chunks[i];
    const bool same = chunk.table == layout.table && chunk.rule == plan_->rule_of_chunk_[i] && chunk.keyed == plan_->keyed_chunk_[i] &&
                      chunk.within_each == layout.within_each && chunk.within_target == layout.within_target &&
                      chunk.retires == layout.retires &&
                      std::ranges::equal(chunk.columns, layout.columns, [](const ColumnValues& a, const ColumnValues& b) {
                        return a.column == b.column && a.storage == b.storage && a.constant_of == b.constant_of && a.target == b.target &&
                               a.group == b.group && a.instead == b.instead;
                      });
    if (!same) {
      chunk = RowChunk{};
      chunk.table = layout.table;
      chunk.rule = plan_->rule_of_chunk_[i];
      chunk.keyed = plan_->keyed_chunk_[i];
      chunk.within_each = layout.within_each;
      chunk.within_target = layout.within_target;
      chunk.retires = layout.retires;
      chunk.columns = layout.columns;
    }
    frame_.failure.failed = false;
    write_constants(frame_, layout, chunk);
  }
  out.tallies.resize(plan_->infos_.size());
  for (std::size_t i = 0; i < out.tallies.size(); ++i) out.tallies[i].filtered.resize(plan_->infos_[i].filters.size());
}

// Where each name stands is the same for all records of a flat batch.
void PlanMapper::bind(const RecordBatch& batch) {
  frame_.batch = &batch;
  frame_.nodes = batch.nodes.data();
  frame_.flat = !batch.columns.empty();
  frame_.level = 0;
  frame_.forget_batch();
  if (!frame_.flat) return;
  frame_.positions.assign(plan_->symbols_.size(), 0);
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Symbol name = batch.columns[i];
    if (name == 0 || name >= frame_.positions.size() || frame_.positions[name] != 0) continue;
    frame_.positions[name] = static_cast<std::uint16_t>(i + 1);
  }
}

namespace {

// The first nodes of a record that comes soon: a batch is larger than the near caches, and its reader may have been another thread.
void fetch_ahead(const std::vector<Node>& nodes, NodeIndex root) {
  constexpr NodeIndex first = 10, a_line = 64 / sizeof(Node);
  for (NodeIndex i = root; i < std::min<std::size_t>(root + first, nodes.size()); i += a_line) __builtin_prefetch(&nodes[i]);
}

}  // namespace

void PlanMapper::map(const RecordBatch& batch, MappedBatch& out) {
  prepare(out);
  bind(batch);
  out_ = &out;
  frame_.unfit.count = 0;
  if (statement_ != 0) met_.assign(batch.nodes.size(), false);
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const Record& record = batch.records[i];
    if (i + 2 < batch.records.size()) fetch_ahead(batch.nodes, batch.records[i + 2].root);
    record_ = static_cast<std::uint32_t>(i);
    const std::size_t kind = record.kind < walks_.size() ? record.kind : 0;
    if (walks_[kind]->all.empty()) {
      if (!looked_up_[kind]) unread(record.kind);
      continue;
    }
    frame_.start(record);
    run_record(*walks_[kind]);
  }
  std::ranges::sort(out.unread_kinds);
  if (statement_ != 0) list_unmet(batch);
  add_finding(out.findings, Code::registration_check_digit, plan_->symbols_.name(frame_.unfit.field), frame_.unfit.count);
}

void PlanMapper::unread(Symbol kind) {
  ++out_->unread;
  for (auto& [known, count] : out_->unread_kinds) {
    if (known == kind) {
      ++count;
      return;
    }
  }
  out_->unread_kinds.emplace_back(kind, 1);
}

// A node with a name of its own (`@statement`) was the candidate of a rule, whatever became of it, or its name was.
void PlanMapper::met(NodeIndex node) {
  const NodeIndex name = frame_.nodes[node].name == statement_ ? node : frame_.batch->find(node, statement_);
  if (name != 0) met_[name] = true;
}

void PlanMapper::list_unmet(const RecordBatch& batch) {
  for (std::size_t i = 0; i < batch.nodes.size(); ++i) {
    const Node& node = batch.nodes[i];
    if (node.name == statement_ && !met_[i]) add_finding(out_->findings, Code::statement_unread, node.text(), 1);
  }
}

// Does the record pass what the rule asks of it before it looks for candidates?
bool PlanMapper::starts(const RulePlan& rule) {
  if (rule.record_filters.empty()) return true;
  frame_.reset();
  RuleTally& tally = out_->tallies[rule.number];
  for (const FilterPlan& filter : rule.record_filters) {
    if (holds(*filter.condition, frame_)) continue;
    ++tally.in;
    if (frame_.failure.failed) {
      reject(rule);
    } else {
      ++tally.filtered[filter.number];
    }
    return false;
  }
  return true;
}

void PlanMapper::run_record(const Walk& walk) {
  const std::size_t before = out_->rejects.size();
  for (const RulePlan* rule : walk.all) started_[rule->number] = {starts(*rule), 0};
  visit(walk);
  // Rules took turns; what they refused is listed rule by rule.
  if (out_->rejects.size() - before > 1)
    std::stable_sort(out_->rejects.begin() + static_cast<std::ptrdiff_t>(before), out_->rejects.end(),
                     [](const Reject& a, const Reject& b) { return a.rule < b.rule; });
}

// Everything that is to be done at the node at hand.
void PlanMapper::visit(const Walk& walk) {
  for (const RulePlan* rule : walk.candidates) {
    if (started_[rule->number].yes) candidate(*rule);
  }
  for (const Walk& next : walk.below) {
    if (std::ranges::any_of(next.all, [this](const RulePlan* rule) { return started_[rule->number].yes; })) go(next);
  }
}

void PlanMapper::go(const Walk& walk) {
  const EachPlan& each = walk.each;
  std::uint32_t items = 0;
  const auto turn = [&](NodeIndex node) {
    frame_.item = ++items;
    frame_.reset();
    frame_.enter(++frame_.level, node);
    if (each.where == nullptr || holds(*each.where, frame_)) {
      visit(walk);
    } else {
      RuleTally& tally = out_->tallies[walk.owner];
      ++tally.in;
      if (statement_ != 0) met(node);
      if (frame_.failure.failed) {
        reject(*walk.all[0]);
      } else {
        ++tally.filtered[static_cast<std::size_t>(each.filter)];
      }
    }
    --frame_.level;
    return false;
  };
  if (each.path->is_path) {
    walk_path(frame_, *each.path, turn);
  } else {
    Value value;
    eval(*each.path, frame_, value);
    if (value.node != 0) turn(value.node);
  }
  if (items == 0 && each.or_self) turn(frame_.context[frame_.level]);
}

void PlanMapper::candidate(const RulePlan& rule) {
  frame_.reset();
  if (runtime_.codes.release()) frame_.forget();
  RuleTally& tally = out_->tallies[rule.number];
  ++tally.in;
  if (statement_ != 0) met(frame_.context[frame_.level]);
  const std::uint32_t ordinal = started_[rule.number].ordinal++;
  for (const FilterPlan& filter : rule.filters) {
    if (holds(*filter.condition, frame_)) continue;
    if (frame_.failure.failed) return reject(rule);
    ++tally.filtered[filter.number];
    return;
  }
  deleting_ = rule.delete_when != nullptr && holds(*rule.delete_when, frame_);
  telling_ = deleting_ && rule.told_when != nullptr && holds(*rule.told_when, frame_);
  touched_.clear();
  counts_.clear();
  const std::uint64_t cut = out_->cut_texts;
  bool good = !frame_.failure.failed;
  for (std::size_t i = 0; good && i < rule.emits.size(); ++i) {
    const EmitPlan& emit = rule.emits[i];
    if (emit.when != nullptr && !holds(*emit.when, frame_)) {
      good = !frame_.failure.failed;
      continue;
    }
    good = run_emit(rule, emit, i == 0, ordinal);
  }
  if (!good) {
    for (const Touched& touched : touched_) {
      RowChunk& chunk = out_->chunks[touched.chunk];
      cut_back(chunk);
      chunk.aliases.resize(touched.aliases);
    }
    out_->cut_texts = cut;
    return reject(rule);
  }
  for (const Touched& touched : touched_) out_->chunks[touched.chunk].rows += touched.rows;
  for (std::size_t i = 0; i < frame_.left_out.size(); ++i) {  // a value that several columns read is told once
    const Failure& failure = frame_.left_out[i];
    const auto same = [&](const Failure& told) { return failure.node != 0 && told.node == failure.node && told.code == failure.code; };
    if (std::none_of(frame_.left_out.begin(), frame_.left_out.begin() + static_cast<std::ptrdiff_t>(i), same))
      out_->left_out.push_back(describe(rule, failure));
  }
  for (const Count& count : counts_) runtime_.codes.count(*count.code, rule.number, count.table, count.rows);
  ++tally.mapped;
  ++out_->candidates;
}

void PlanMapper::reject(const RulePlan& rule) {
  ++out_->tallies[rule.number].quarantined;
  out_->rejects.push_back(describe(rule, frame_.failure));
  frame_.failure.failed = false;
}

Reject PlanMapper::describe(const RulePlan& rule, const Failure& failure) const {
  const Record& record = *frame_.record;
  Reject out;
  out.code = failure.code;
  out.offset = record.offset;
  out.length = record.length;
  out.line = record.line;
  out.record = record_;
  out.field = failure.field;
  out.rule = static_cast<std::uint16_t>(rule.number + 1);
  out.table = failure.table;
  out.column = failure.column;
  if (failure.node != 0) {
    if (const Symbol name = frame_.nodes[failure.node].name; name != 0 && failure.node != record.root) out.field = name;
    out.path = path_of(*frame_.batch, record.root, failure.node, plan_->symbols_);
  }
  if (out.path.empty() && out.field != 0) out.path = plan_->symbols_.name(out.field);
  return out;
}

std::vector<CodeTally> PlanMapper::codes() const { return runtime_.codes.tallies(*plan_->schema_); }

void PlanMapper::gather(const RecordBatch& batch) {
  bind(batch);
  for (const Record& record : batch.records) {
    frame_.start(record);
    for (std::size_t number = 0; number < plan_->lookups_.size(); ++number) {
      const LookupPlan& lookup = plan_->lookups_[number];
      if (lookup.kind != 0 && lookup.kind != record.kind) continue;
      frame_.level = 0;
      frame_.item = 1;
      frame_.reset();
      if (lookup.where != nullptr && !holds(*lookup.where, frame_)) continue;
      const Hash128 key = key_of(frame_, lookup.key, lookup.seed);
      if (!key) continue;
      LookupTable& table = gathered_[number];
      table.keys.push_back(key);
      for (const Op* keep : lookup.keep) {
        Value value;
        eval(*keep, frame_, value);
        if (value.present()) append_text(table.heap, value);
        table.ends.push_back(static_cast<std::uint32_t>(table.heap.size()));
      }
    }
  }
}

std::string path_of(const RecordBatch& batch, NodeIndex root, NodeIndex wanted, const SymbolTable& names) {
  // Depth first without recursion; only rejects come here.
  struct Place {
    NodeIndex node;
    std::size_t length;  // of the path above
  };
  std::string path;
  std::vector<Place> stack;
  const auto name = [&](NodeIndex parent, NodeIndex node) {
    std::uint32_t before = 0, all = 0;
    for (NodeIndex i = batch.nodes[parent].child; i != 0; i = batch.nodes[i].next) {
      if (batch.nodes[i].name != batch.nodes[node].name) continue;
      if (i == node) before = all;
      ++all;
    }
    const std::string_view text = names.name(batch.nodes[node].name);
    return all > 1 ? fmt::format("{}[{}]", text, before) : std::string(text);
  };
  std::vector<std::pair<NodeIndex, NodeIndex>> parents;  // (node, parent) of every node seen
  std::vector<NodeIndex> open{root};
  while (!open.empty()) {
    const NodeIndex parent = open.back();
    open.pop_back();
    for (NodeIndex i = batch.nodes[parent].child; i != 0; i = batch.nodes[i].next) {
      parents.emplace_back(i, parent);
      if (i == wanted) {
        open.clear();
        break;
      }
      if (batch.nodes[i].child != 0) open.push_back(i);
    }
  }
  for (NodeIndex node = wanted; node != root;) {
    const auto found = std::ranges::find(parents, node, &std::pair<NodeIndex, NodeIndex>::first);
    if (found == parents.end()) return {};
    const std::string step = name(found->second, node);
    path = path.empty() ? step : step + "." + path;
    node = found->second;
  }
  return path;
}

}  // namespace mapping

std::unique_ptr<Mapper> make_mapper(std::shared_ptr<const Plan> plan, std::shared_ptr<const Vocabulary> vocabulary) {
  return std::make_unique<PlanMapper>(std::static_pointer_cast<const PlanData>(std::move(plan)), std::move(vocabulary));
}

void finish_lookups(const std::vector<std::unique_ptr<Mapper>>& mappers) {
  if (mappers.empty()) return;
  std::vector<PlanMapper*> all;
  for (const auto& mapper : mappers) all.push_back(static_cast<PlanMapper*>(mapper.get()));
  for (std::size_t number = 0; number < all[0]->gathered().size(); ++number) {
    auto table = std::make_shared<LookupTable>();
    for (PlanMapper* mapper : all) merge_lookup(mapper->gathered()[number], *table);
    table->keys.shrink_to_fit();
    table->ends.shrink_to_fit();
    table->heap.shrink_to_fit();
    for (PlanMapper* mapper : all) mapper->set_lookup(number, table);
  }
}

std::string lookup_digest(const Mapper& mapper, const std::vector<std::string>& kinds) {
  const auto& tables = static_cast<const PlanMapper&>(mapper).lookups();
  const auto& uses = static_cast<const PlanMapper&>(mapper).plan().lookup_uses_;
  Sha256 hash;
  for (std::size_t number = 0; number < tables.size(); ++number) {
    const auto asks = [&](const auto& use) { return use.second == number && reads_one_of(use.first, kinds); };
    if (tables[number] == nullptr || std::ranges::none_of(uses, asks)) continue;
    const LookupTable& table = *tables[number];
    hash.add(table.keys.data(), table.keys.size() * sizeof(Hash128));
    hash.add(table.ends.data(), table.ends.size() * sizeof(std::uint32_t));
    hash.add(table.heap.data(), table.heap.size());
  }
  return hash.hex();
}

}  // namespace pyojun
