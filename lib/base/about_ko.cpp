#include "base/about_ko.hpp"

#include <map>
#include <string>
#include <utility>

#include "base/csv.hpp"
#include "base/resources.hpp"

namespace pyojun {

std::string_view about_korean(std::string_view table, std::string_view name) {
  using Rows = std::map<std::pair<std::string, std::string>, std::string>;
  static const Rows rows = [] {
    Rows out;
    auto parsed = CsvTable::parse(resource("schemas/about_ko.csv").value_or(""), "about_ko.csv", Code::pack_damaged);
    if (!parsed) return out;
    for (const CsvLine& line : parsed->lines()) {
      out[{std::string(parsed->cell(line, "table")), std::string(parsed->cell(line, "name"))}] = parsed->cell(line, "about_ko");
    }
    return out;
  }();
  const auto found = rows.find({std::string(table), std::string(name)});
  return found == rows.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace pyojun
