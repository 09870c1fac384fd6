// One SQL file of assembly: its header lines and whether it runs under given settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cdm/assemble_settings.hpp"

namespace pyojun {

struct AssembleScript {
  std::string name;  // file name, for messages
  std::string sql;   // the whole text
  std::string table, mode, guard, lookup, message, by, also;
  std::vector<std::string> adds, needs;
  std::vector<std::string> when;  // "observation_period = ehr|visits", "days_supply_max > 0"; empty: always

  bool wanted(const AssembleValues& settings) const;
};

// The files of schemas/<cdm>/assemble in order of their names, without the preludes of engines.
std::vector<AssembleScript> assemble_scripts();
// The same of one text.
AssembleScript parse_assemble_script(std::string_view name, std::string_view sql);

}  // namespace pyojun
