// Fuzz target: arbitrary bytes as vocabulary files. The first byte chooses which table; what is read must be refused or indexed, never
// crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "vocabulary/aliases.hpp"
#include "vocabulary/builder.hpp"
#include "vocabulary/normalise.hpp"
#include "vocabulary/snapshot_info.hpp"

namespace pyojun::vocabulary {

namespace {

constexpr std::string_view concepts_before =
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_"
    "date\tinvalid_reason\n"
    "1\tOne\tD\tV\tC\tS\tx\t19700101\t20991231\t\n2\tTwo\tD\tV\tC\t\ty\t19700101\t20991231\t\n";

void import(std::string_view concept_bytes, std::string_view relationship_bytes) {
  const auto table = SourceTable::over(concept_bytes, "CONCEPT.csv", TableName::concept_);
  if (!table) return;
  auto concepts = import_concepts(*table, 1);
  if (!concepts) return;
  auto indexes = build_indexes(*concepts, "CONCEPT.csv", 1);
  if (!indexes) return;
  for (const Row& row : concepts->rows.span()) {
    if (row_of(*indexes, *concepts, row.id) == no_row) __builtin_trap();
    (void)concepts->name(row);
    (void)concepts->code(row);
  }
  const auto relations_table = SourceTable::over(relationship_bytes, "CONCEPT_RELATIONSHIP.csv", TableName::concept_relationship);
  if (!relations_table) return;
  std::size_t bytes = 0;
  const auto relations = import_relationships(*relations_table, 1, [&](std::string_view block) {
    bytes += block.size();
    return Status();
  });
  if (relations) (void)resolve_targets(*concepts, *indexes, relations->maps);
}

}  // namespace

}  // namespace pyojun::vocabulary

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pyojun::vocabulary;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static constexpr std::string_view relations =
      "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n";
  switch (data[0] % 5) {
    case 0:
      import(text, relations);
      break;
    case 1:
      import(std::string(concepts_before) + std::string(text), relations);
      break;
    case 2:
      import(concepts_before, text);
      break;
    case 3:
      import(concepts_before, std::string(relations) + std::string(text));
      break;
    default: {
      static const UnitAliases units = UnitAliases::load();
      static const SystemAliases systems = SystemAliases::load();
      static const CodeRules rules = CodeRules::load();
      if (text.size() > 64) break;
      (void)units.spellings(text);
      (void)systems.find(text);
      for (const auto name : code_rule_names()) {
        std::string code(text);
        (void)code_rule(name)->apply(code);
      }
      (void)read_info(text);
    }
  }
  return 0;
}
