// compile(): text to plan. Also what does not depend on expressions: code lists, dialect, priorities, event fields, hash.
#include "mapping/plan.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>

#include "base/resources.hpp"
#include "base/sha256.hpp"
#include "mapping/check.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/functions.hpp"
#include "mapping/part_hash.hpp"
#include "mapping/plan_compiler.hpp"

namespace pyojun {

namespace mapping {

namespace {

// Calls `use(fields)` for each line below the header of a small CSV of our own, without quotes.
template <class Use>
void each_line(std::string_view path, Use use) {
  std::string_view rest = resource(path).value_or(std::string_view());
  for (bool header = true; !rest.empty(); header = false) {
    const auto end = rest.find('\n');
    std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (header || line.empty()) continue;
    std::vector<std::string_view> fields;
    for (;;) {
      const auto comma = line.find(',');
      fields.push_back(line.substr(0, comma));
      if (comma == std::string_view::npos) break;
      line.remove_prefix(comma + 1);
    }
    use(fields);
  }
}

std::optional<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 65536> block{};
  std::size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), file.get())) > 0) text.append(block.data(), got);
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return text;
}

// "keep", "utc" or "+09:00".
Zone zone_of(std::string_view text) {
  if (text.empty() || text == "keep") return {};
  Zone zone;
  zone.keep = false;
  if (text == "utc" || text.size() < 6) return zone;
  int hours = 0, minutes = 0;
  std::from_chars(text.data() + 1, text.data() + 3, hours);
  std::from_chars(text.data() + 4, text.data() + 6, minutes);
  zone.minutes = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
  return zone;
}

void load_events(PlanData& plan) {
  plan.events_.resize(plan.schema_->tables().size());
  for (TableId table = 0; table < plan.events_.size(); ++table) plan.events_[table].domain = plan.schema_->table(table).domain;
  each_line("schemas/omop-5.4/event_fields.csv", [&](const std::vector<std::string_view>& fields) {
    const TableId table = plan.schema_->find(fields[0]);
    if (table == no_table || fields.size() < 3) return;
    plan.events_[table].domain = fields[1];
    plan.events_[table].field_concept = static_cast<std::int32_t>(parse_integer(fields[2]).value_or(0));
  });
}

// Every name is followed by its length, so that two mappings never run together to the same bytes.
std::string hash_of(const ast::Mapping& mapping, const std::vector<std::string>& lists) {
  std::string all;
  const auto add = [&](std::string_view text) {
    all += std::to_string(text.size());
    all += ':';
    all += text;
  };
  for (const auto& text : mapping.texts) add(text);
  for (const auto& text : mapping.layouts) add(text);
  for (const auto& text : lists) add(text);
  return sha256_hex(all);
}

// What several kinds share is listed with every kind.
void share_fields(PlanData& plan) {
  const auto shared = plan.fields_.find("*");
  if (shared == plan.fields_.end()) return;
  const std::vector<std::string> common = shared->second;
  for (auto& [kind, fields] : plan.fields_) {
    for (const auto& name : common) {
      if (std::ranges::find(fields, name) == fields.end()) fields.push_back(name);
    }
  }
}

}  // namespace

void PlanCompiler::lists() {
  for (const auto& list : mapping_.lists) {
    CodeList& made = plan_.lists_.emplace_back();
    made.name = made.vocabulary = list.name;
    for (const auto& [text, target] : list.pairs) {
      auto& targets = made.items[text].targets;
      if (target != 0) targets.push_back(static_cast<std::int32_t>(target));
    }
    if (list.file.empty()) continue;
    auto text = read_beside(mapping_, list.at.file, list.file);
    if (!text) {
      problem(Code::list_not_readable, list.at, list.file);
      continue;
    }
    read_list({list.file, *text, options_.vocabulary.get()}, made, diagnostics_);
    list_texts_.push_back(std::move(*text));
  }
  for (const auto& file : options_.code_lists) {
    auto text = read_file(file);
    if (!text) {
      problem(Code::list_not_readable, {}, file);
      continue;
    }
    read_lists({file, *text, options_.vocabulary.get()}, plan_.extra_lists_, diagnostics_);
    list_texts_.push_back(std::move(*text));
  }
}

// Mapping files and what stands beside them, as far as they are on disk.
std::vector<std::string> PlanCompiler::files() const {
  std::vector<std::string> out = mapping_.files;
  out.insert(out.end(), mapping_.layout_files.begin(), mapping_.layout_files.end());
  for (const auto& list : mapping_.lists) {
    if (!list.file.empty()) out.push_back(path_beside(mapping_, list.at.file, list.file));
  }
  out.insert(out.end(), options_.code_lists.begin(), options_.code_lists.end());
  std::erase_if(out, [](const std::string& name) { return name.empty() || name.starts_with("shipped:"); });
  return out;
}

const std::vector<std::string>& PlanData::fields_of(std::string_view kind) const {
  static const std::vector<std::string> none;
  auto found = fields_.find(kind);
  if (found == fields_.end()) found = fields_.find("*");
  return found == fields_.end() ? none : found->second;
}

bool PlanData::reads_kind(std::string_view kind) const {
  return std::ranges::any_of(infos_, [kind](const RuleInfo& info) { return info.kind == "*" || info.kind == kind; });
}

bool reads_one_of(std::string_view kind, const std::vector<std::string>& kinds) {
  return kind == "*" || kinds.empty() || std::ranges::find(kinds, kind) != kinds.end();
}

bool PlanData::asks_lookup(const std::vector<std::string>& kinds, const std::vector<std::string>& of) const {
  const auto rules = infos_.end() - static_cast<std::ptrdiff_t>(lookups_.size());  // lookups come last
  return std::ranges::any_of(lookup_uses_, [&](const auto& use) {
    return reads_one_of(use.first, kinds) && reads_one_of((rules + static_cast<std::ptrdiff_t>(use.second))->kind, of);
  });
}

Compiled compile_parsed(Parsed parsed, const CompileOptions& options) {
  Compiled out;
  out.diagnostics = std::move(parsed.diagnostics);
  const ast::Mapping& mapping = parsed.mapping;
  auto found = check_mapping(mapping, *options.schema, options.vocabulary.get(), functions());
  if (has_fatal(out.diagnostics)) std::erase_if(found, [](const Diagnostic& d) { return !certain_despite_damage(d.code); });
  std::ranges::move(found, std::back_inserter(out.diagnostics));
  if (has_fatal(out.diagnostics)) {
    sort_diagnostics(out.diagnostics);
    return out;
  }
  auto plan = std::make_shared<PlanData>();
  plan->name_ = mapping.name;
  plan->title_ = mapping.title;
  plan->delivery_ = static_cast<Delivery>(mapping.delivery);
  plan->dialect_ = mapping.dialect;
  plan->dialect_.timezone = mapping.timezone;
  plan->zone_ = zone_of(mapping.timezone);
  for (const auto& line : mapping.assemble) {
    std::string value;
    for (const auto& one : line.values) value += (value.empty() ? "" : " ") + one;
    plan->assemble_.emplace_back(line.name, std::move(value));
  }
  plan->schema_ = options.schema;
  load_events(*plan);
  PlanCompiler compiler(*plan, mapping, options, out.diagnostics);
  compiler.compile_all();
  plan->hash_ = hash_of(mapping, compiler.list_texts());
  plan->symbols_.intern("@id");
  share_fields(*plan);
  sort_diagnostics(out.diagnostics);
  if (has_fatal(out.diagnostics)) return out;
  note_conditions(*plan, mapping);
  for (const RulePlan& rule : plan->plans_) {
    for (const EmitPlan& emit : rule.emits) {
      for (const Layout& layout : emit.layouts) plan->layout_of_chunk_.push_back(&layout);
    }
  }
  lay_walks(*plan);
  keep_values(*plan);
  out.plan = std::move(plan);
  out.files = compiler.files();
  out.parts = std::make_shared<PartHashes>(std::move(parsed.mapping), compiler.list_texts());
  return out;
}

}  // namespace mapping

Compiled compile(const CompileOptions& options) { return mapping::compile_parsed(parse_mapping(options.path), options); }

}  // namespace pyojun
