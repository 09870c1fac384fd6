// Rows of a candidate: table emits write one, stem emits one for each target of each code, where the target's domain belongs.
#include <algorithm>

#include "mapping/functions_korea.hpp"
#include "mapping/mapper_impl.hpp"

namespace pyojun::mapping {

bool PlanMapper::run_emit(const RulePlan& rule, const EmitPlan& emit, bool main, std::uint32_t ordinal) {
  Identity identity;
  identity.lead = main;
  if (emit.keyed && !identify(emit, ordinal, identity)) return false;
  version_of(emit, identity);
  within_of(emit, identity);
  if (deleting_) {
    if (emit.keyed) delete_rows(rule, emit, identity);
    return !frame_.failure.failed;
  }
  frame_.used_codes.clear();
  if (!evaluate(emit)) return false;
  return emit.stem ? stem_rows(rule, emit, identity) : table_rows(rule, emit, identity);
}

bool PlanMapper::evaluate(const EmitPlan& emit) {
  if (values_.size() < emit.attributes.size()) values_.resize(emit.attributes.size());
  for (std::size_t i = 0; i < emit.attributes.size(); ++i) {
    const Attribute& attribute = emit.attributes[i];
    Value& value = values_[i];
    if (attribute.unless != 0xFFFF && values_[attribute.unless].present()) {
      value.clear();
      continue;
    }
    const std::size_t left_out = frame_.left_out.size();
    eval(*attribute.op, frame_, value);
    if (value.tag == Tag::text && is_person_number(frame_, value.text())) frame_.fail(Code::value_is_registration, *attribute.op, value);
    switch (attribute.as) {
      case As::plain:
      case As::code:
        break;
      case As::answer:
        make_answer(frame_, value, {}, value);
        break;
      case As::unit:
        make_unit(frame_, value, value);
        break;
      case As::sign:
        if (value.tag == Tag::text) value.set_concept(operator_concept(trimmed(value.text())), value.text());
        if (value.tag == Tag::concept_id && value.integer == 0) value.clear();
        break;
      case As::time:
        if (value.tag == Tag::text && value.length != 0) {
          TimeValue time;
          if (parse_time(frame_, value.text(), time)) {
            value.tag = Tag::time;
            value.time = time;
          } else {
            frame_.fail(Code::value_not_date, *attribute.op, value);
          }
        }
        break;
    }
    for (std::size_t k = left_out; k < frame_.left_out.size(); ++k) name_column(emit, i, frame_.left_out[k]);
    if (!frame_.failure.failed) continue;
    if (frame_.failure.column == no_column) name_column(emit, i, frame_.failure);
    return false;
  }
  return true;
}

// The column that the attribute would have filled.
void PlanMapper::name_column(const EmitPlan& emit, std::size_t attribute, Failure& failure) const {
  const Layout& layout = emit.layouts[emit.stem ? emit.layout_of[emit.default_table] : 0];
  const auto found = std::ranges::find(layout.bindings, attribute, [](const Binding& binding) { return std::size_t{binding.attribute}; });
  failure.table = found == layout.bindings.end() ? no_table : layout.table;
  failure.column = found == layout.bindings.end() ? no_column : found->column;
}

RowChunk& PlanMapper::touch(const Layout& layout) {
  RowChunk& chunk = out_->chunks[layout.chunk];
  for (Touched& touched : touched_) {
    if (touched.chunk != layout.chunk) continue;
    ++touched.rows;
    return chunk;
  }
  touched_.push_back({layout.chunk, 1, chunk.aliases.size()});
  return chunk;
}

void PlanMapper::add_aliases(const EmitPlan& emit, RowChunk& chunk, const Hash128& key) {
  const auto add = [&](const Hash128& alias) {
    if (!alias || alias == key) return;
    chunk.aliases.push_back(key);
    chunk.aliases.push_back(alias);
  };
  if (emit.key.size() > 1) return add(key_of(frame_, emit.alias, emit.seed));
  for (const Op* alias : emit.alias) {
    each_value(*alias, frame_, [&](const Value& value) {
      std::string_view text;
      if (value.present() && text_of(frame_, value, text) && !text.empty() && !holds_person_number(frame_, text))
        add(hash128(text, emit.seed));
      return false;
    });
  }
}

void PlanMapper::finish_row(const RulePlan& rule, const EmitPlan& emit, RowChunk& chunk, const Identity& identity, const Hash128& key,
                            bool lead) {
  if (emit.keyed) chunk.keys.push_back(key);
  if (!emit.version.empty()) chunk.versions.push_back(identity.version);
  if (emit.version.size() > 1) add_order(chunk, identity.order);
  chunk.within.insert(chunk.within.end(), identity.within.begin(), identity.within.end());
  chunk.records.push_back(record_);
  chunk.candidates.push_back(out_->candidates);
  chunk.leads.push_back(lead ? 1 : 0);
  if (rule.delete_when != nullptr) chunk.deletes.push_back(!deleting_ ? 0 : telling_ ? 2 : 1);
}

bool PlanMapper::write(const RulePlan& rule, const EmitPlan& emit, const Layout& layout, const Given& given, const Identity& identity,
                       const Hash128& key) {
  RowChunk& chunk = touch(layout);
  if (!write_columns(frame_, layout, given, chunk, out_->cut_texts)) return false;
  finish_row(rule, emit, chunk, identity, key, identity.lead);
  return true;
}

void PlanMapper::count(const CodeEntry* code, TableId table) {
  if (code == nullptr || code->made) return;
  for (Count& item : counts_) {
    if (item.code == code && item.table == table) {
      ++item.rows;
      return;
    }
  }
  counts_.push_back({code, table, 1});
}

bool PlanMapper::table_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity) {
  const Layout& layout = emit.layouts[0];
  Given given;
  given.values = values_.data();
  given.candidate = out_->candidates;
  if (identity.lead) frame_.lead_table = layout.table;
  if (!write(rule, emit, layout, given, identity, identity.key)) return false;
  if (!emit.alias.empty()) add_aliases(emit, out_->chunks[layout.chunk], identity.key);
  for (std::size_t i = 0; i < frame_.used_codes.size(); ++i) {
    const auto* code = frame_.used_codes[i];
    if (std::find(frame_.used_codes.begin(), frame_.used_codes.begin() + static_cast<std::ptrdiff_t>(i), code) ==
        frame_.used_codes.begin() + static_cast<std::ptrdiff_t>(i)) {
      count(code, layout.table);
    }
  }
  return !frame_.failure.failed;
}

// What the `code` attribute holds: one code, several, a concept, or a text of no system.
void PlanMapper::stem_codes(const EmitPlan& emit) {
  codes_.clear();
  code_texts_.clear();
  if (emit.code_attribute == 0xFFFF) return;
  const Value& value = values_[emit.code_attribute];
  const auto add = [&](const CodeEntry* code, std::string_view text) {
    codes_.push_back(code);
    code_texts_.push_back(text);
  };
  switch (value.tag) {
    case Tag::code:
      return add(value.code, value.code->code);
    case Tag::codes:
      for (const auto* code : *value.codes) add(code, code->code);
      return;
    case Tag::integer:
    case Tag::concept_id: {
      const std::string_view source = value.tag == Tag::concept_id ? value.text() : std::string_view();
      Value code;
      make_code_of_concept(frame_, value, code);
      return add(code.code, source);
    }
    default: {
      std::string_view text;
      if (!value.present() || !text_of(frame_, value, text) || text.empty()) return;
      const auto& entry = runtime_.codes.find(runtime_.codes.system({}), text);
      add(&entry, entry.code);
    }
  }
}

// Layout of the table a domain belongs to, as far as the emit may write it.
std::uint16_t PlanMapper::layout_for(const EmitPlan& emit, std::string_view domain) const {
  const Schema& schema = *plan_->schema_;
  TableId table = domain.empty() ? emit.default_table : schema.table_for_domain(domain);
  const bool served = table != no_table && schema.table(table).domain == domain;
  if (!served && domain == "Meas Value") table = emit.default_table;
  if (table == no_table || emit.layout_of[table] == 0xFFFF) table = emit.default_table;
  return emit.layout_of[table];
}

void PlanMapper::build_route(const EmitPlan& emit, const CodeEntry& code, std::vector<RouteRow>& rows) {
  const auto domain_of = [&](std::int32_t id) {
    const auto found = id != 0 && runtime_.vocabulary ? runtime_.vocabulary->concept_of(id) : std::nullopt;
    return found ? found->domain : std::string_view();
  };
  rows.clear();
  const auto value = [&](std::size_t i) { return code.values.empty() ? 0 : code.values[std::min(i, code.values.size() - 1)]; };
  if (code.targets.empty()) {
    const std::string_view domain = domain_of(code.source_concept);
    const TableId table = domain.empty() ? no_table : plan_->schema_->table_for_domain(domain);
    const bool routed = table != no_table && plan_->schema_->table(table).domain == domain;
    rows.push_back({layout_for(emit, routed ? domain : std::string_view()), 0, value(0)});
    return;
  }
  for (std::size_t i = 0; i < code.targets.size(); ++i)
    rows.push_back({layout_for(emit, domain_of(code.targets[i])), code.targets[i], value(i)});
  // One target with several values: a row for each, or all but one would be lost.
  if (code.targets.size() != 1 || !emit.layouts[rows[0].layout].takes_value) return;
  for (std::size_t i = 1; i < code.values.size(); ++i) rows.push_back({rows[0].layout, rows[0].target, code.values[i]});
}

const std::vector<RouteRow>& PlanMapper::route(const EmitPlan& emit, const CodeEntry* code) {
  if (code == nullptr) {
    fresh_route_.assign(1, {layout_for(emit, {}), 0, 0});
    return fresh_route_;
  }
  for (const CodeRoute& known : code->routes) {
    if (known.emit == emit.number) return known.rows;
  }
  build_route(emit, *code, fresh_route_);
  CodeRoute& made = runtime_.codes.add_route(*code, emit.number);
  made.rows = fresh_route_;
  return made.rows;
}

bool PlanMapper::stem_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity) {
  stem_codes(emit);
  Given given;
  given.values = values_.data();
  given.candidate = out_->candidates;
  given.days_supply = emit.days_attribute;
  std::uint64_t ordinal = 0;
  const std::size_t turns = std::max<std::size_t>(codes_.size(), 1);
  Value* const value = emit.value_attribute == 0xFFFF ? nullptr : &values_[emit.value_attribute];
  const auto* const answers = value != nullptr && value->tag == Tag::answers ? value->answers : nullptr;
  const std::size_t repeats = answers == nullptr ? 1 : answers->size();
  for (std::size_t i = 0, turn = 0, repeat = 0; i < turns * repeats; ++i) {
    if (answers != nullptr) {
      value->tag = Tag::answer;
      value->answer = (*answers)[repeat];
    }
    given.code = codes_.empty() ? nullptr : codes_[turn];
    given.code_text = codes_.empty() ? nullptr : &code_texts_[turn];
    if (++repeat == repeats) {
      repeat = 0;
      ++turn;
    }
    for (const RouteRow& row : route(emit, given.code)) {
      const Layout& layout = emit.layouts[row.layout];
      given.route = &row;
      if (identity.lead) frame_.lead_table = layout.table;
      const Hash128 key = !emit.keyed || ordinal == 0 ? identity.key : combine(identity.key, ordinal);
      if (!write(rule, emit, layout, given, identity, key)) return false;
      if (ordinal++ == 0 && !emit.alias.empty()) add_aliases(emit, out_->chunks[layout.chunk], identity.key);
      identity.lead = false;
      count(given.code, layout.table);
    }
  }
  if (answers != nullptr) {
    for (const Answer* answer : *answers) count(answer->code, no_table);
  } else if (value != nullptr && value->tag == Tag::answer) {
    count(value->answer->code, no_table);
  }
  return !frame_.failure.failed;
}

// The row may stand in any table of the emit, and a code that meant several rows may mean fewer now: up to as many as the code makes.
void PlanMapper::delete_rows(const RulePlan& rule, const EmitPlan& emit, Identity identity) {
  std::uint64_t rows = 1;
  if (emit.stem) {
    if (!evaluate(emit)) frame_.failure.failed = false;  // a row that is taken back need not be well-formed
    frame_.left_out.clear();
    stem_codes(emit);
    rows = 0;
    for (const auto* code : codes_) rows += route(emit, code).size();
    rows = std::max<std::uint64_t>(rows, 1);
  }
  for (const Layout& layout : emit.layouts) {
    for (std::uint64_t ordinal = 0; ordinal < rows; ++ordinal) {
      RowChunk& chunk = touch(layout);
      write_nulls(layout, chunk);
      finish_row(rule, emit, chunk, identity, ordinal == 0 ? identity.key : combine(identity.key, ordinal), identity.lead);
      identity.lead = false;
    }
  }
  // Names outlive the row: a merge is a delete that is older than every row, of which only the names count.
  if (!emit.alias.empty()) add_aliases(emit, out_->chunks[emit.layouts[0].chunk], identity.key);
}

void merge_lookup(LookupTable& from, LookupTable& into) {
  into.columns = from.columns;
  for (std::uint32_t row = 0; row < from.keys.size(); ++row) {
    if (into.keys.size() * 2 >= into.slots.size()) into.index();
    if (into.find(from.keys[row]) != 0) {
      ++into.duplicates;
      continue;
    }
    std::size_t slot = from.keys[row].low & (into.slots.size() - 1);
    while (into.slots[slot] != 0) slot = (slot + 1) & (into.slots.size() - 1);
    into.keys.push_back(from.keys[row]);
    into.slots[slot] = static_cast<std::uint32_t>(into.keys.size());
    for (std::uint32_t column = 0; column < from.columns; ++column) {
      into.heap += from.text(row, column);
      into.ends.push_back(static_cast<std::uint32_t>(into.heap.size()));
    }
  }
  from = LookupTable{};
  from.columns = into.columns;
}

}  // namespace pyojun::mapping
