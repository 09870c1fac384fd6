#include "mapping/code_repair.hpp"

#include "vocabulary/resource_csv.hpp"

namespace pyojun::mapping {

const std::vector<CodeRepair>& code_repairs() {
  static const std::vector<CodeRepair> repairs = [] {
    std::vector<CodeRepair> out;
    for (const auto& row : vocabulary::resource_csv("schemas/vocabulary/repairs.csv", 4)) {
      // A test checks that every pattern compiles.
      if (auto pattern = Regex::compile(row[1])) out.push_back({row[0], std::move(*pattern), row[2]});
    }
    return out;
  }();
  return repairs;
}

}  // namespace pyojun::mapping
