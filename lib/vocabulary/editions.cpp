#include "vocabulary/editions.hpp"

#include <algorithm>

#include "base/time_value.hpp"
#include "vocabulary/aliases.hpp"
#include "vocabulary/resource_csv.hpp"

namespace pyojun::vocabulary {

namespace {

void set_day(std::string_view text, std::int32_t& day) {
  if (const auto time = parse_iso(text)) day = time->days;
}

}  // namespace

std::vector<Edition> load_editions() {
  std::vector<Edition> out;
  for (const auto& row : resource_csv("schemas/vocabulary/editions.csv", 6)) {
    Edition edition;
    edition.vocabulary = row[0];
    set_day(row[2], edition.from);
    set_day(row[3], edition.to);
    edition.held = row[4] == "yes";
    for (std::string_view rest = row[5]; !rest.empty();) {
      const std::size_t bar = std::min(rest.find('|'), rest.size());
      edition.names.push_back(SystemAliases::plain(rest.substr(0, bar)));
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    out.push_back(std::move(edition));
  }
  return out;
}

std::vector<Fallback> load_fallbacks() {
  std::vector<Fallback> out;
  for (const auto& row : resource_csv("schemas/vocabulary/fallbacks.csv", 4)) {
    out.push_back({row[0], row[1], row[2] == "shorten", row[3] == "truncated"});
  }
  return out;
}

bool shorten_code(std::string& code) {
  if (code.size() <= 3) return false;
  do {
    // A character of several bytes goes as a whole.
    do {
      const bool inside = (static_cast<unsigned char>(code.back()) & 0xC0U) == 0x80U;
      code.pop_back();
      if (!inside) break;
    } while (!code.empty());
  } while (code.size() > 3 && code.back() == '.');
  return code.size() >= 3;
}

}  // namespace pyojun::vocabulary
