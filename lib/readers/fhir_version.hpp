// Which FHIR version a resource is written in, as far as its own members tell. R4 is what nothing contradicts.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace pyojun {

// Bits: a sign may speak for several versions.
enum FhirVersion : std::uint8_t { fhir_dstu2 = 1, fhir_stu3 = 2, fhir_r4 = 4, fhir_r5 = 8 };

// First byte of a member's value.
enum class JsonShape : std::uint8_t { any, text, object, array };

// A member (of one resource type, or "*") whose presence in this shape is only valid in `versions`.
// Source: the R3-R4 and R4-R5 difference pages of each resource, and the DSTU2 resource lists.
struct VersionSign {
  std::string_view type, member;
  JsonShape shape;
  std::uint8_t versions;
};

std::span<const VersionSign> version_signs();

// Versions that have a resource type of this name, when R4 has not; 0 for R4 types and unknown names.
std::uint8_t versions_of_foreign_type(std::string_view type);
std::span<const std::pair<std::string_view, std::uint8_t>> foreign_types();

// For a `fhirVersion` text such as "3.0.2"; 0 when unknown.
std::uint8_t version_of_number(std::string_view number);

bool shape_is(JsonShape shape, char first);

// What a sample of a file says. Sums over records, so order does not matter.
struct VersionVotes {
  std::array<std::uint32_t, 4> votes{};  // per version bit: records whose signs allow it
  std::uint32_t records = 0;             // with any sign
  void add(std::uint8_t versions);       // what one record's signs allow together; 0: it has none
  // The version that fits every record when R4 does not; 0: R4, undecided, or mixed.
  std::uint8_t verdict() const;
};

std::string_view version_name(std::uint8_t version);  // "DSTU2", "STU3", "R4", "R5"

}  // namespace pyojun
