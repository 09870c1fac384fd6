// What a clinical statement of a CDA document inherits from the statements and relations around it, so that rules ask the statement itself,
// however deep it stands. negationInd and moodCode are of entry acts and relationships (CDA R2, 4.3.6 and 4.3.8); that they hold for all
// that stands inside is our reading: of what is denied or planned as a whole, no part is told as a fact.
#pragma once

#include <cstdint>
#include <string_view>

namespace pyojun {

// Of one open element. Elements that are no statements hand on what they got.
struct CdaContext {
  std::string_view planned;  // the innermost moodCode other than EVN of it and around it, in the document or the decoder's store
  std::uint16_t inside = 0;  // kinds of statement around it, a bit for each of the nine
  std::uint16_t kind = 0;    // its own bit; 0: no statement
  bool negated = false;      // negationInd of it or around it, on statements and on relations
  bool cancelled = false;    // a statement around it is cancelled or nullified
  bool other = false;        // a statement or section around it has a subject of its own: it is not about the patient (CDA R2, 4.3.7)

  bool statement() const { return kind != 0; }
};

// The value of a negationInd: xs:boolean ("true", "1"), blanks around it and letter case aside. Anything else negates nothing.
bool cda_negates(std::string_view value);

// A statusCode that takes the whole statement back: nullified (entered in error), cancelled (either spelling).
bool cda_takes_back(std::string_view status);

// The bit of a clinical statement's element name (act, encounter, observation, ..); 0 for any other name.
std::uint16_t cda_statement(std::string_view local);

// The kinds of `inside`, in order of the alphabet with blanks between ("act organizer"); lives as long as the program.
std::string_view cda_kinds(std::uint16_t inside);

// A name that may stand in a report: an object identifier (2.16.840..., at least four arcs) or a LOINC code (10160-0) as given, "-" for
// nothing and for any other text, which might be a value of the patient.
std::string_view cda_public_name(std::string_view text);

// What a child of `parent` inherits, before its own attributes are looked at.
CdaContext cda_inherit(const CdaContext& parent);

}  // namespace pyojun
