// The text section of a snapshot: what it was made from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vocabulary/vocabulary.hpp"

namespace pyojun::vocabulary {

// One fact per line: key, then values, tab between. Tabs and line feeds within values become spaces.
std::string write_info(const Vocabulary::Info& info);
// Fills what it finds; lines with unknown keys are passed over, so that older programs read newer snapshots of the same format.
Vocabulary::Info read_info(std::string_view text);

// Notes of schemas/vocabulary/licences.csv for a vocabulary; empty when none is known.
std::string licence_of(std::string_view vocabulary);

}  // namespace pyojun::vocabulary
