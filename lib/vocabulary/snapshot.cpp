// Vocabulary over a mapped snapshot.
#include <algorithm>
#include <filesystem>

#include "vocabulary/aliases.hpp"
#include "vocabulary/editions.hpp"
#include "vocabulary/hash_table.hpp"
#include "vocabulary/normalise.hpp"
#include "vocabulary/resource_csv.hpp"
#include "vocabulary/snapshot_info.hpp"
#include "vocabulary/snapshot_view.hpp"
#include "vocabulary/sql_tables.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

namespace vocabulary {

namespace {

class Snapshot final : public Vocabulary {
 public:
  Snapshot(SnapshotView view, const std::string& folder)
      : view_(std::move(view)),
        info_(read_info(view_.info)),
        sql_folder_((std::filesystem::path(folder) / sql_folder_name).string()),
        aliases_(SystemAliases::load()),
        units_(UnitAliases::load()),
        words_(Words::load()) {
    for (auto& item : info_.vocabularies) item.licence = licence_of(item.id);
    name_systems();
    bind_rules();
  }

  VocabularyId system(std::string_view name_or_alias) const override {
    if (const auto at = systems_.find(name_or_alias); at != systems_.end()) return at->second;
    const std::string plain = SystemAliases::plain(name_or_alias);
    if (const auto at = plain_systems_.find(plain); at != plain_systems_.end()) return at->second;
    const auto name = aliases_.find(plain);
    return name ? systems_.find(*name)->second : no_vocabulary;
  }
  std::string_view system_name(VocabularyId id) const override {
    return id < names_.size() ? std::string_view(names_[id]) : std::string_view();
  }
  bool has_concepts(VocabularyId id) const override { return id < has_concepts_.size() && has_concepts_[id]; }

  Found find(VocabularyId vocabulary, std::string_view code) const override {
    if (!has_concepts(vocabulary)) return {};
    if (const std::int32_t id = exact(vocabulary, code); id != 0) return {id, false};
    std::string changed(code.substr(0, 256));
    for (const CodeRule* rule : *rules_[vocabulary]) {
      if (!rule->apply(changed)) continue;
      if (const std::int32_t id = exact(vocabulary, changed); id != 0) return {id, true};
    }
    return {};
  }

  Near find_near(VocabularyId vocabulary, std::string_view code) const override {
    std::string written;  // in the vocabulary's own form
    for (const Fallback& fallback : fallbacks_) {
      if (fallback.vocabulary != system_name(vocabulary)) continue;
      if (written.empty() && (written = normalised(vocabulary, code)).empty()) return {};
      const auto searched = systems_.find(fallback.search);
      if (searched == systems_.end() || !has_concepts(searched->second)) continue;
      std::string tried = written;
      do {
        if (fallback.shorten && !shorten_code(tried)) break;
        const std::int32_t id = exact(searched->second, tried);
        if (id != 0 && !maps_to(id).empty()) return {id, fallback.truncated};
      } while (fallback.shorten);
    }
    return {};
  }

  bool holds_edition_of_day(VocabularyId vocabulary, std::int32_t day) const override {
    return std::none_of(editions_.begin(), editions_.end(), [&](const Edition& edition) {
      return !edition.held && day >= edition.from && day <= edition.to && edition.vocabulary == system_name(vocabulary);
    });
  }

  bool holds_edition_named(VocabularyId vocabulary, std::string_view name) const override {
    const std::string plain = SystemAliases::plain(name);
    return std::none_of(editions_.begin(), editions_.end(), [&](const Edition& edition) {
      return !edition.held && edition.vocabulary == system_name(vocabulary) &&
             std::find(edition.names.begin(), edition.names.end(), plain) != edition.names.end();
    });
  }

  bool has_longer_code(std::int32_t concept_id) const override {
    const std::uint32_t row = view_.row_of(concept_id);
    if (row == no_row) return false;
    const VocabularyId vocabulary = view_.kind(view_.rows[row]).vocabulary;
    const std::string code(view_.code(view_.rows[row]));
    for (char digit = '0'; digit <= '9'; ++digit) {
      if (exact(vocabulary, code + digit) != 0 || exact(vocabulary, code + '.' + digit) != 0) return true;
    }
    return false;
  }

  std::optional<ConceptView> concept_of(std::int32_t concept_id) const override {
    const std::uint32_t row = view_.row_of(concept_id);
    if (row == no_row) return std::nullopt;
    return view_.view(view_.rows[row]);
  }

  std::span<const std::int32_t> maps_to(std::int32_t concept_id) const override {
    const std::uint32_t row = view_.row_of(concept_id);
    if (row == no_row || view_.targets[row] == 0) return {};
    const std::uint32_t& target = view_.targets[row];
    if ((target & many_bit) == 0) return {reinterpret_cast<const std::int32_t*>(&target), 1};
    return view_.group(target & ~many_bit);
  }

  std::span<const std::int32_t> maps_to_value(std::int32_t concept_id) const override {
    const auto at = std::lower_bound(view_.values.begin(), view_.values.end(), concept_id,
                                     [](const ValueEntry& entry, std::int32_t id) { return entry.id < id; });
    if (at == view_.values.end() || at->id != concept_id) return {};
    return view_.group(at->more);
  }

  std::int32_t standard_by_name(std::string_view name, std::string_view domain) const override {
    const auto known = string_numbers_.find(domain);
    if (known == string_numbers_.end()) return 0;
    const std::uint16_t domain_number = known->second;
    const std::string wanted = lower(name);
    bool one_only = true;
    const std::uint32_t row = find_slot(view_.names, hash_name(domain_number, wanted), [&](std::uint32_t at, bool ambiguous) {
      if (at >= view_.rows.size() || view_.kind(view_.rows[at]).domain != domain_number) return false;
      if (lower(view_.name(view_.rows[at])) != wanted) return false;
      one_only = !ambiguous;
      return true;
    });
    return row == no_row || !one_only ? 0 : view_.rows[row].id;
  }

  std::int32_t unit(std::string_view text) const override {
    if (text.size() > 64) return 0;
    if (units_.means_none(text)) return -1;
    const auto ucum = systems_.find("UCUM");
    if (ucum == systems_.end()) return 0;
    for (const auto& spelling : units_.spellings(text)) {
      const std::int32_t id = exact(ucum->second, spelling);
      if (id == 0) continue;
      if (const auto targets = maps_to(id); !targets.empty()) return targets.front();
    }
    return 0;
  }

  std::int32_t word(std::string_view domain, std::string_view text) const override {
    if (text.empty() || text.size() > 256) return 0;
    if (const std::int32_t id = words_.find(domain, text); id != 0) return id;
    if (const auto at = systems_.find(domain); at != systems_.end()) {
      const std::int32_t id = find(at->second, text).concept_id;
      const std::uint32_t row = id == 0 ? no_row : view_.row_of(id);
      if (row != no_row && view_.standard(view_.rows[row]) && view_.string(view_.kind(view_.rows[row]).domain) == domain) return id;
    }
    return standard_by_name(text, domain);
  }

  std::size_t priority(VocabularyId vocabulary) const override {
    return vocabulary < priorities_.size() ? priorities_[vocabulary] : priorities_.size();
  }
  const Info& info() const override { return info_; }
  const std::string& sql_folder() const override { return sql_folder_; }
  std::vector<ConceptView> suggest(std::string_view text, std::size_t limit) const override {
    return vocabulary::suggest(view_, text, limit);
  }

 private:
  static std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return result;
  }

  // The code after all rules of its vocabulary.
  std::string normalised(VocabularyId vocabulary, std::string_view code) const {
    std::string changed(code.substr(0, 256));
    for (const CodeRule* rule : *rules_[vocabulary]) rule->apply(changed);
    return changed;
  }

  std::int32_t exact(VocabularyId vocabulary, std::string_view code) const {
    const std::uint32_t row = find_slot(view_.codes, hash_code(vocabulary, code), [&](std::uint32_t at, bool) {
      return at < view_.rows.size() && view_.kind(view_.rows[at]).vocabulary == vocabulary && view_.code(view_.rows[at]) == code;
    });
    return row == no_row ? 0 : view_.rows[row].id;
  }

  // Ids are the numbers of the snapshot's strings; vocabularies we know by alias but have no concepts of come after them.
  void name_systems() {
    std::vector<bool> is_vocabulary(view_.strings.size());
    for (const Kind& kind : view_.kinds) {
      if (kind.vocabulary < is_vocabulary.size()) is_vocabulary[kind.vocabulary] = true;
    }
    for (std::size_t i = 0; i < view_.strings.size(); ++i) {
      string_numbers_.emplace(view_.strings[i], static_cast<std::uint16_t>(i));
      names_.emplace_back(is_vocabulary[i] ? view_.strings[i] : std::string_view());
      has_concepts_.push_back(is_vocabulary[i]);
      if (is_vocabulary[i]) systems_.emplace(names_.back(), static_cast<VocabularyId>(i));
    }
    for (const auto& name : aliases_.vocabularies()) {
      if (systems_.emplace(name, static_cast<VocabularyId>(names_.size())).second) names_.push_back(name);
    }
    has_concepts_.resize(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!names_[i].empty()) plain_systems_.emplace(SystemAliases::plain(names_[i]), static_cast<VocabularyId>(i));
    }
    priorities_.assign(names_.size(), names_.size() + 1);
    std::size_t place = 0;
    for (const auto& row : resource_csv("schemas/vocabulary/priority.csv", 2)) {
      if (const auto at = systems_.find(row[0]); at != systems_.end()) priorities_[at->second] = place;
      ++place;
    }
  }

  void bind_rules() {
    code_rules_ = CodeRules::load();
    for (const auto& name : names_) rules_.push_back(&code_rules_.of(name));
  }

  const std::vector<Edition> editions_ = load_editions();
  const std::vector<Fallback> fallbacks_ = load_fallbacks();
  SnapshotView view_;
  Info info_;
  std::string sql_folder_;
  SystemAliases aliases_;
  UnitAliases units_;
  Words words_;
  CodeRules code_rules_;
  std::vector<const std::vector<const CodeRule*>*> rules_;  // by vocabulary
  std::vector<std::string> names_;                          // by vocabulary; empty where the number is no vocabulary's
  std::vector<bool> has_concepts_;
  std::vector<std::size_t> priorities_;
  TextMap<VocabularyId> systems_, plain_systems_;
  TextMap<std::uint16_t> string_numbers_;
};

}  // namespace

}  // namespace vocabulary

Result<std::shared_ptr<const Vocabulary>> Vocabulary::open(const std::string& folder) {
  auto view = vocabulary::SnapshotView::open(folder);
  if (!view) return view.error();
  return std::shared_ptr<const Vocabulary>(std::make_shared<vocabulary::Snapshot>(std::move(*view), folder));
}

}  // namespace pyojun
