// Settings of the set-wise rules (observation periods, visits, eras): the rows of schemas/omop-5.4/assemble/settings.csv.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pyojun {

struct AssembleSetting {
  enum class Kind : std::uint8_t { choice, number, date, concept_id, list };  // list: concept ids in order of trust
  std::string name, fallback, about, about_ko;
  Kind kind = Kind::choice;
  std::vector<std::string> choices;         // of a choice
  std::int64_t least = 0, most = 0;         // of a number, both included
  bool fits(std::string_view value) const;  // dates are YYYY-MM-DD; lists have one value at a time
};

// All settings in the order of the file.
const std::vector<AssembleSetting>& assemble_settings();
const AssembleSetting* find_assemble_setting(std::string_view name);  // nullptr when there is none

// Name and value of settings, values of a list parted by a blank.
using AssembleValues = std::vector<std::pair<std::string, std::string>>;
// Every setting with its value: the one given, else its default.
AssembleValues with_assemble_defaults(const AssembleValues& given);

}  // namespace pyojun
