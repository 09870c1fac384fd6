#include "mapping/code_cache.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/registration_number.hpp"
#include "mapping/code_repair.hpp"
#include "mapping/values.hpp"

namespace pyojun::mapping {

const std::int32_t* TextMemo::find(std::string_view text) const {
  const std::uint64_t hash = spread(text, 1);
  for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[i];
    if (!slot.used) return nullptr;
    if (slot.hash == hash && same_text({heap_.data() + slot.offset, slot.length}, text)) return &slot.value;
  }
}

std::int32_t TextMemo::put(std::string_view text, std::int32_t value) {
  if (used_ >= limit || heap_.size() > (limit << 8U)) {
    slots_.assign(64, Slot{});
    heap_.clear();
    used_ = 0;
  }
  if (used_ * 2 >= slots_.size()) grow();
  const std::uint64_t hash = spread(text, 1);
  std::size_t i = hash & (slots_.size() - 1);
  while (slots_[i].used) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {hash, static_cast<std::uint32_t>(heap_.size()), static_cast<std::uint32_t>(text.size()), value, true};
  heap_ += text;
  ++used_;
  return value;
}

void TextMemo::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (!slot.used) continue;
    std::size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].used) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

CodeCache::CodeCache(CacheOptions options) : options_(std::move(options)), slots_(1024) {}

SystemNumber CodeCache::add(System system) {
  system.priority = std::numeric_limits<std::uint32_t>::max();
  if (system.id != no_vocabulary) system.priority = static_cast<std::uint32_t>(options_.vocabulary->priority(system.id));
  systems_.push_back(std::move(system));
  return static_cast<SystemNumber>(systems_.size() - 1);
}

SystemNumber CodeCache::system(std::string_view name) {
  if (has_last_ && name == last_name_) return last_;
  has_last_ = true;
  last_name_ = name;
  if (const auto found = numbers_.find(name); found != numbers_.end()) return last_ = found->second;
  System made;
  made.name = name;
  if (options_.vocabulary) {
    made.id = options_.vocabulary->system(name);
    if (made.id != no_vocabulary) {
      made.name = options_.vocabulary->system_name(made.id);
      made.searchable = options_.vocabulary->has_concepts(made.id);
      made.other_edition = !options_.vocabulary->holds_edition_named(made.id, name);
    }
  }
  if (options_.lists != nullptr) {
    auto found = options_.lists->find(name);
    if (found == options_.lists->end()) found = options_.lists->find(made.name);
    if (found != options_.lists->end()) made.extra = &found->second;
  }
  // Spellings of one vocabulary share one number, so that a code is one entry however its system was written.
  const std::string canonical = made.name + (made.other_edition ? "\n" : "");
  if (const auto same = numbers_.find(canonical); same != numbers_.end() && canonical != name) {
    numbers_.emplace(std::string(name), same->second);
    return last_ = same->second;
  }
  last_ = add(std::move(made));
  numbers_.emplace(std::string(name), last_);
  numbers_.emplace(canonical, last_);
  return last_;
}

SystemNumber CodeCache::system_on(SystemNumber system, std::int32_t day) {
  System& asked = systems_[system];
  if (asked.other_edition || asked.id == no_vocabulary || options_.vocabulary->holds_edition_of_day(asked.id, day)) return system;
  if (asked.twin != no_twin) return asked.twin;
  const std::string canonical = asked.name + "\n";
  if (const auto same = numbers_.find(canonical); same != numbers_.end()) return asked.twin = same->second;
  System made = asked;
  made.other_edition = true;
  const SystemNumber number = add(std::move(made));
  numbers_.emplace(canonical, number);
  return systems_[system].twin = number;
}

SystemNumber CodeCache::list(const CodeList& list) {
  if (const auto found = list_numbers_.find(&list); found != list_numbers_.end()) return found->second;
  System made;
  made.name = list.vocabulary;
  made.list = &list;
  const SystemNumber number = add(std::move(made));
  list_numbers_.emplace(&list, number);
  return number;
}

SystemNumber CodeCache::concepts() {
  if (const auto found = list_numbers_.find(nullptr); found != list_numbers_.end()) return found->second;
  System made;
  made.name = "concept_id";
  made.concepts = true;
  const SystemNumber number = add(std::move(made));
  list_numbers_.emplace(nullptr, number);
  return number;
}

const CodeEntry& CodeCache::find(SystemNumber system, std::string_view code) {
  const std::uint64_t hash = spread(code, system + 1);
  std::size_t i = hash & (slots_.size() - 1);
  for (; slots_[i].entry != nullptr; i = (i + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[i];
    if (slot.hash == hash && slot.system == system && same_text(slot.entry->code, code)) return *slot.entry;
  }
  if (entries_.size() >= options_.limit) return transient(system, code);
  CodeEntry& entry = entries_.emplace_back();
  entry.code = heap_.copy(code);
  fill(entry, system);
  slots_[i] = {hash, &entry, system};
  if (entries_.size() * 2 > slots_.size()) grow();
  return entry;
}

void CodeCache::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.entry == nullptr) continue;
    std::size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].entry != nullptr) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

CodeEntry& CodeCache::transient(SystemNumber system, std::string_view code) {
  if (transient_used_ == transient_.size()) {
    transient_.emplace_back();
    transient_text_.emplace_back();
  }
  std::string& text = transient_text_[transient_used_];
  text = code;
  CodeEntry& entry = transient_[transient_used_++];
  entry = CodeEntry{};
  entry.code = text;
  entry.overflow = true;
  fill(entry, system);
  return entry;
}

void CodeCache::fill(CodeEntry& entry, SystemNumber number) {
  const System& system = systems_[number];
  entry.vocabulary = system.name;
  entry.priority = system.priority;
  const auto* vocabulary = options_.vocabulary.get();
  if (system.concepts) {
    entry.made = true;
    const auto id = static_cast<std::int32_t>(parse_integer(entry.code).value_or(0));
    entry.grade = id == 0 ? Grade::no_target : Grade::list;
    if (entry.overflow || id == 0) return;
    own_.push_back({id});
    entry.targets = own_.back();
    return;
  }
  for (const CodeList* list : {system.list, system.extra}) {
    const ListItem* item = list == nullptr ? nullptr : list->find(entry.code);
    if (item == nullptr) continue;
    entry.targets = item->targets;
    entry.source_concept = item->source_concept;
    entry.grade = item->targets.empty() ? Grade::no_target : Grade::list;
    if (!item->targets.empty()) return;
  }
  if (system.list != nullptr) return;  // not in the list: Grade::unknown, unless it stands there without a target
  auto found = system.searchable ? vocabulary->find(system.id, entry.code) : Vocabulary::Found{};
  if (found.concept_id == 0) found = repaired(system, entry.code);
  if (found.concept_id == 0) {
    const auto near = system.searchable ? vocabulary->find_near(system.id, entry.code) : Vocabulary::Near{};
    entry.grade = !system.searchable     ? Grade::no_system
                  : near.concept_id == 0 ? Grade::unknown
                  : near.truncated       ? Grade::truncated
                                         : Grade::edition;
    if (near.concept_id != 0) entry.targets = vocabulary->maps_to(near.concept_id);
    return;
  }
  entry.source_concept = found.concept_id;
  entry.targets = vocabulary->maps_to(found.concept_id);
  entry.values = vocabulary->maps_to_value(found.concept_id);
  entry.grade = entry.targets.empty() ? Grade::no_target : found.normalised ? Grade::normalised : Grade::exact;
  if (system.other_edition && !entry.targets.empty()) entry.grade = Grade::edition;
}

// The code in the vocabulary it belongs to by a declared repair; nothing when there is none.
Vocabulary::Found CodeCache::repaired(const System& system, std::string_view code) {
  const auto* vocabulary = options_.vocabulary.get();
  if (vocabulary == nullptr || system.id == no_vocabulary) return {};
  for (const CodeRepair& repair : code_repairs()) {
    if (repair.named != system.name || !repair.pattern.matches(trimmed(code), scratch_)) continue;
    const VocabularyId meant = vocabulary->system(repair.meant);
    if (meant == no_vocabulary || !vocabulary->has_concepts(meant)) continue;
    auto found = vocabulary->find(meant, trimmed(code));
    found.normalised = true;
    if (found.concept_id != 0) return found;
  }
  return {};
}

// Entries are handed out as const; the cache that owns them keeps their counts and routes.
void CodeCache::count(const CodeEntry& entry, std::uint16_t rule, TableId table, std::uint64_t rows) {
  if (entry.overflow) {
    spilled_[Spill{rule, std::string(entry.vocabulary), table, entry.grade}] += rows;
    return;
  }
  auto& counts = const_cast<CodeEntry&>(entry).counts;
  for (auto& item : counts) {
    if (item.rule == rule && item.table == table) {
      item.rows += rows;
      return;
    }
  }
  counts.push_back({rule, table, rows});
}

CodeRoute& CodeCache::add_route(const CodeEntry& entry, std::uint32_t emit) {
  auto& routes = const_cast<CodeEntry&>(entry).routes;
  routes.push_back({emit, {}});
  return routes.back();
}

namespace {

// A code system is named as it was delivered when nobody knows it: that may be any text.
std::string kept_name(std::string_view vocabulary) {
  std::string out;
  mask_registrations(out, vocabulary, BareNumbers::guarded);
  return out;
}

}  // namespace

std::vector<CodeTally> CodeCache::tallies(const Schema& schema) const {
  const auto domain = [&](TableId table) {
    return table == no_table                    ? std::string("Meas Value")
           : schema.table(table).domain.empty() ? schema.table(table).name
                                                : schema.table(table).domain;
  };
  std::vector<CodeTally> out;
  for (const auto& entry : entries_) {
    for (const auto& item : entry.counts) {
      // Text without a code system is free text, which may say anything about a patient: it is counted, not named.
      const bool free_text = entry.vocabulary.empty() || (entry.source_concept == 0 && !is_drug_barcode(entry.code) &&
                                                          holds_registration(entry.code, BareNumbers::guarded));
      const std::string_view code = free_text ? std::string_view() : entry.code;
      out.push_back({item.rule, kept_name(entry.vocabulary), std::string(code), entry.source_concept, domain(item.table), entry.grade,
                     std::vector<std::int32_t>(entry.targets.begin(), entry.targets.end()), item.rows});
    }
  }
  for (const auto& [key, rows] : spilled_)
    out.push_back({key.rule, kept_name(key.vocabulary), {}, 0, domain(key.table), key.grade, {}, rows});
  std::ranges::sort(out, {}, [](const CodeTally& tally) {
    return std::tie(tally.rule, tally.vocabulary, tally.code, tally.domain, tally.grade, tally.source_concept_id, tally.targets);
  });
  return out;
}

}  // namespace pyojun::mapping
