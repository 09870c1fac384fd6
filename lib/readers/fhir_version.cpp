#include "readers/fhir_version.hpp"

#include <algorithm>

namespace pyojun {

namespace {

using enum JsonShape;
constexpr std::uint8_t old = fhir_dstu2 | fhir_stu3;
constexpr std::uint8_t d2 = fhir_dstu2, s3 = fhir_stu3, r5 = fhir_r5;

// Rows with the R4 bit tell R4 from some other version; all others are signs against R4.
constexpr VersionSign signs[] = {
    {"AllergyIntolerance", "assertedDate", any, s3},
    {"AllergyIntolerance", "clinicalStatus", object, fhir_r4 | r5},
    {"AllergyIntolerance", "clinicalStatus", text, old},
    {"AllergyIntolerance", "substance", any, d2},
    {"AllergyIntolerance", "type", object, r5},
    {"AllergyIntolerance", "verificationStatus", text, s3},
    {"Binary", "content", text, old},
    {"CarePlan", "context", any, old},
    {"CarePlan", "definition", any, s3},
    {"CareTeam", "context", any, s3},
    {"ChargeItem", "definition", any, s3},
    {"ClinicalImpression", "context", any, s3},
    {"Communication", "context", any, s3},
    {"Communication", "definition", any, s3},
    {"Communication", "notDone", any, s3},
    {"Composition", "class", object, old},
    {"Condition", "assertedDate", any, s3},
    {"Condition", "clinicalStatus", object, fhir_r4 | r5},
    {"Condition", "clinicalStatus", text, old},
    {"Condition", "context", any, s3},
    {"Condition", "dateRecorded", any, d2},
    {"Condition", "participant", array, r5},
    {"Condition", "patient", object, d2},
    {"Condition", "verificationStatus", text, old},
    {"DeviceRequest", "context", any, s3},
    {"DiagnosticReport", "codedDiagnosis", any, old},
    {"DiagnosticReport", "context", any, s3},
    {"DocumentReference", "class", object, old},
    {"DocumentReference", "context", array, r5},
    {"DocumentReference", "created", any, old},
    {"DocumentReference", "indexed", any, old},
    {"Encounter", "actualPeriod", any, r5},
    {"Encounter", "class", array, r5},
    {"Encounter", "class", object, fhir_r4 | s3},
    {"Encounter", "class", text, d2},
    {"Encounter", "indication", any, d2},
    {"Encounter", "reason", array, old | r5},
    {"FamilyMemberHistory", "definition", any, s3},
    {"FamilyMemberHistory", "gender", any, old},
    {"FamilyMemberHistory", "notDone", any, s3},
    {"ImagingStudy", "accession", any, old},
    {"ImagingStudy", "context", any, s3},
    {"ImagingStudy", "patient", any, old},
    {"Immunization", "date", any, old},
    {"Immunization", "explanation", any, old},
    {"Immunization", "notGiven", any, s3},
    {"Immunization", "occurrenceDateTime", any, fhir_r4 | r5},
    {"Immunization", "practitioner", any, s3},
    {"Immunization", "reported", any, d2},
    {"Immunization", "vaccinationProtocol", any, old},
    {"Immunization", "wasNotGiven", any, d2},
    {"Media", "context", any, s3},
    {"Media", "occurrenceDateTime", any, s3},
    {"Media", "subtype", any, old},
    {"MedicationAdministration", "medication", object, r5},
    {"MedicationAdministration", "notGiven", any, s3},
    {"MedicationAdministration", "wasNotGiven", any, d2},
    {"MedicationDispense", "medication", object, r5},
    {"MedicationDispense", "notDone", any, s3},
    {"MedicationRequest", "context", any, s3},
    {"MedicationRequest", "medication", object, r5},
    {"MedicationStatement", "medication", object, r5},
    {"MedicationStatement", "taken", any, s3},
    {"MedicationStatement", "wasNotTaken", any, d2},
    {"Observation", "comments", any, d2},
    {"Observation", "context", any, s3},
    {"Observation", "related", any, old},
    {"Patient", "animal", any, old},
    {"Patient", "careProvider", any, d2},
    {"Procedure", "context", any, s3},
    {"Procedure", "notDone", any, s3},
    {"Procedure", "notPerformed", any, d2},
    {"Procedure", "occurrenceDateTime", any, r5},
    {"Procedure", "occurrencePeriod", any, r5},
    {"Procedure", "performedDateTime", any, fhir_r4 | old},
    {"QuestionnaireResponse", "context", any, s3},
    {"QuestionnaireResponse", "parent", any, s3},
    {"RiskAssessment", "comment", any, s3},
    {"SupplyRequest", "orderedItem", any, old},
    {"Task", "context", any, s3},
};

constexpr std::pair<std::string_view, std::uint8_t> foreign[] = {
    {"ActorDefinition", r5},
    {"ArtifactAssessment", r5},
    {"BiologicallyDerivedProductDispense", r5},
    {"BodySite", old},
    {"ConditionDefinition", r5},
    {"Conformance", d2},
    {"DataElement", old},
    {"DeviceAssociation", r5},
    {"DeviceComponent", old},
    {"DeviceDispense", r5},
    {"DeviceUsage", r5},
    {"DeviceUseRequest", d2},
    {"DiagnosticOrder", d2},
    {"EligibilityRequest", old},
    {"EligibilityResponse", old},
    {"EncounterHistory", r5},
    {"ExpansionProfile", s3},
    {"FormularyItem", r5},
    {"GenomicStudy", r5},
    {"ImagingManifest", s3},
    {"ImagingObjectSelection", d2},
    {"ImagingSelection", r5},
    {"InventoryItem", r5},
    {"InventoryReport", r5},
    {"MedicationOrder", d2},
    {"NutritionIntake", r5},
    {"Order", d2},
    {"OrderResponse", d2},
    {"Permission", r5},
    {"ProcedureRequest", old},
    {"ProcessRequest", old},
    {"ProcessResponse", old},
    {"ReferralRequest", old},
    {"Requirements", r5},
    {"Sequence", s3},
    {"ServiceDefinition", s3},
    {"TestPlan", r5},
    {"Transport", r5},
};

}  // namespace

std::span<const VersionSign> version_signs() { return signs; }
std::span<const std::pair<std::string_view, std::uint8_t>> foreign_types() { return foreign; }

std::uint8_t versions_of_foreign_type(std::string_view type) {
  const auto* found = std::find_if(std::begin(foreign), std::end(foreign), [&](const auto& row) { return row.first == type; });
  return found == std::end(foreign) ? std::uint8_t{0} : found->second;
}

std::uint8_t version_of_number(std::string_view number) {
  if (number.starts_with("0.") || number.starts_with("1.0")) return fhir_dstu2;
  if (number.starts_with("1.") || number.starts_with("3.")) return fhir_stu3;
  if (number.starts_with("4.")) return fhir_r4;
  if (number.starts_with("5.") || number.starts_with("6.")) return fhir_r5;
  return 0;
}

bool shape_is(JsonShape shape, char first) {
  switch (shape) {
    case any:
      return true;
    case text:
      return first == '"';
    case object:
      return first == '{';
    case array:
      return first == '[';
  }
  return false;
}

void VersionVotes::add(std::uint8_t versions) {
  if (versions == 0) return;
  ++records;
  for (unsigned bit = 0; bit < votes.size(); ++bit) votes[bit] += versions >> bit & 1U;
}

std::uint8_t VersionVotes::verdict() const {
  // STU3 before DSTU2 before R5 when several fit: what hospitals have.
  for (const unsigned bit : {2U, 1U, 0U, 3U}) {
    if (records != 0 && votes[bit] == records) return bit == 2 ? std::uint8_t{0} : static_cast<std::uint8_t>(1U << bit);
  }
  return 0;
}

std::string_view version_name(std::uint8_t version) {
  switch (version) {
    case fhir_dstu2:
      return "DSTU2";
    case fhir_stu3:
      return "STU3";
    case fhir_r4:
      return "R4";
    case fhir_r5:
      return "R5";
    default:
      return "";
  }
}

}  // namespace pyojun
