// What a FHIR reference points at, in the one form by which records name each other: "Type/id".
#pragma once

#include <string_view>

namespace pyojun {

// The part of `reference` that names its target, borrowed from it:
//   "Patient/1", "Patient/1/_history/2"                 -> "Patient/1"
//   "http://x/fhir/Patient/1", ".../Patient/1/_history/2" -> "Patient/1"
//   "#contained", "urn:uuid:..", "urn:oid:..", "Practitioner?identifier=sys|val", anything else: as it is.
// Rule: FHIR R4 references.html, "literal references"; a resource type is a capital letter followed by letters.
std::string_view canonical_reference(std::string_view reference);

// True for names that may be a resource type.
bool looks_like_resource_type(std::string_view name);

}  // namespace pyojun
