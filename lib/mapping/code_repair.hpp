// Declared repairs of codes that stand under the wrong code system (schemas/vocabulary/repairs.csv).
#pragma once

#include <string>
#include <vector>

#include "mapping/regex.hpp"

namespace pyojun::mapping {

struct CodeRepair {
  std::string named;  // vocabulary the source names
  Regex pattern;      // of the code
  std::string meant;  // vocabulary to look in instead
};

// In the order of the file; loaded once.
const std::vector<CodeRepair>& code_repairs();

}  // namespace pyojun::mapping
