// The vocabulary snapshot: one folder, memory-mapped, immutable, opened in milliseconds and shared by all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

using VocabularyId = std::uint16_t;
inline constexpr VocabularyId no_vocabulary = 0xFFFF;

// One concept, borrowed from the mapped snapshot.
struct ConceptView {
  std::int32_t id = 0;
  std::string_view name, code, domain, vocabulary, concept_class;
  char standard = 0;                            // 'S', 'C' or 0
  char invalid_reason = 0;                      // 'D', 'U' or 0
  std::int32_t valid_start = 0, valid_end = 0;  // days since 1970-01-01
  bool is_standard() const { return standard == 'S' && invalid_reason == 0; }
};

class Vocabulary {
 public:
  // Opens a snapshot folder made by build_snapshot. Maps files, reads nothing but headers.
  static Result<std::shared_ptr<const Vocabulary>> open(const std::string& folder);
  virtual ~Vocabulary() = default;

  // Vocabulary by OMOP id ("SNOMED"), or by a known alias: FHIR URI, OID with or without urn:oid:, HL7 v2 table name, vendor spelling.
  // Aliases are data (schemas/vocabulary/systems.csv). no_vocabulary when unknown.
  virtual VocabularyId system(std::string_view name_or_alias) const = 0;
  virtual std::string_view system_name(VocabularyId id) const = 0;
  // True when the snapshot itself has concepts of that vocabulary.
  virtual bool has_concepts(VocabularyId id) const = 0;

  // Concept of a code exactly as written, or after the vocabulary's declared normalisation (then `normalised` is set). 0: not there.
  struct Found {
    std::int32_t concept_id = 0;
    bool normalised = false;
  };
  virtual Found find(VocabularyId vocabulary, std::string_view code) const = 0;
  // For a code that find() does not know: the concept that stands in for it by schemas/vocabulary/fallbacks.csv, which has targets.
  // `truncated`: of a shorter code. 0: none.
  struct Near {
    std::int32_t concept_id = 0;
    bool truncated = false;
  };
  virtual Near find_near(VocabularyId, std::string_view) const { return {}; }
  // False when codes of this vocabulary that were used on that day (days since 1970-01-01), or under that name of the system, are of
  // another edition than the one the vocabulary holds (schemas/vocabulary/editions.csv).
  virtual bool holds_edition_of_day(VocabularyId, std::int32_t) const { return true; }
  virtual bool holds_edition_named(VocabularyId, std::string_view) const { return true; }
  // True when the concept's vocabulary has codes one character longer: the code is a heading, not complete.
  virtual bool has_longer_code(std::int32_t) const { return false; }
  virtual std::optional<ConceptView> concept_of(std::int32_t concept_id) const = 0;
  // Valid standard targets of "Maps to" and of "Maps to value", ascending ids; a standard concept maps to itself.
  virtual std::span<const std::int32_t> maps_to(std::int32_t concept_id) const = 0;
  virtual std::span<const std::int32_t> maps_to_value(std::int32_t concept_id) const = 0;
  // Standard concept by exact name (case-insensitive) within a domain; for coded text answers. 0: none or ambiguous.
  virtual std::int32_t standard_by_name(std::string_view name, std::string_view domain) const = 0;

  struct Info {
    std::string release;       // vocabulary_version of vocabulary "None"
    std::string content_hash;  // sha256 over the imported files; part of a run's identity
    std::uint64_t concepts = 0, relationships = 0, ancestors = 0;
    struct Item {
      std::string id, name, version;
      std::uint64_t concepts = 0;
      std::string licence;  // note from schemas/vocabulary/licences.csv, empty when none is known
    };
    std::vector<Item> vocabularies;
    std::vector<std::string> absent;  // optional tables the download did not have ("concept_ancestor")
  };
  virtual const Info& info() const = 0;
  // Folder with what SQL needs: <table>.parquet for concept, concept_relationship, concept_ancestor, vocabulary, domain, ... A big
  // vocabulary has them only after export_sql_tables (writing them costs more than the rest of a build); a small one at once.
  virtual const std::string& sql_folder() const = 0;

  // Unit concept by text: UCUM as OMOP spells it, then schemas/vocabulary/units.csv (aliases, parts, letter case). 0: unknown,
  // -1: the text says that there is no unit ("", "NA", "null").
  virtual std::int32_t unit(std::string_view text) const = 0;
  // Concept of a short word within a domain (Gender "M", Visit "IMP"): schemas/vocabulary/words.csv in any letter case, then a standard
  // concept's code in the vocabulary named like the domain, then its exact name. 0: unknown. Words answer even when the snapshot lacks
  // the concept, as small shards do.
  virtual std::int32_t word(std::string_view domain, std::string_view text) const = 0;
  // Place of a vocabulary in schemas/vocabulary/priority.csv, for best(): smaller is better; those not listed come last.
  virtual std::size_t priority(VocabularyId vocabulary) const = 0;

  // Concepts whose names or synonyms contain all words of the text, best first (for `pyojun vocab suggest`).
  virtual std::vector<ConceptView> suggest(std::string_view text, std::size_t limit) const = 0;
};

struct SnapshotOptions {
  std::string source;      // folder of an Athena download: CONCEPT.csv, CONCEPT_RELATIONSHIP.csv, ... (tab or comma)
  std::string target;      // folder to create; replaced as a whole, or left as it was
  bool sql_tables = true;  // also write what SQL needs
  unsigned threads = 1;
};
// Imports; names every missing or damaged file with line numbers. Never half-written: the folder appears complete or not at all.
Result<Vocabulary::Info> build_snapshot(const SnapshotOptions& options);

// Reads every byte of a snapshot and compares it with the checksums written at the build. Error vocabulary_snapshot_damaged names the
// section.
Status verify_snapshot(const std::string& folder);

// Writes the <table>.parquet files missing in sql_folder(): all tables, or those named ("concept_ancestor"). Once per snapshot; nothing
// to do when they are there. 10 M concepts and 50 M relationships take 16 cpu-seconds. Tables the download lacked stay away.
Status export_sql_tables(const Vocabulary& vocabulary, unsigned threads = 1, std::span<const std::string_view> tables = {});

}  // namespace pyojun
