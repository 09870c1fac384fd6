// Editions of code systems, and where else a code may be found: schemas/vocabulary/editions.csv and fallbacks.csv.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace pyojun::vocabulary {

struct Edition {
  std::string vocabulary;
  std::int32_t from = std::numeric_limits<std::int32_t>::min(), to = std::numeric_limits<std::int32_t>::max();  // days since 1970-01-01
  bool held = false;                                                                                            // the edition OMOP carries
  std::vector<std::string> names;  // in SystemAliases::plain form
};

struct Fallback {
  std::string vocabulary, search;
  bool shorten = false;    // else the same code
  bool truncated = false;  // the grade; else `edition`
};

// Rows in file order.
std::vector<Edition> load_editions();
std::vector<Fallback> load_fallbacks();

// A code without its last character, and without a dot that would end it. False when it would be shorter than three characters.
bool shorten_code(std::string& code);

}  // namespace pyojun::vocabulary
