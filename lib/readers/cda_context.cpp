#include "readers/cda_context.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace pyojun {

namespace {

// The clinicalStatement choice of CDA R2, in order of the alphabet.
constexpr std::array<std::string_view, 9> statements{"act",       "encounter", "observation",      "observationMedia",
                                                     "organizer", "procedure", "regionOfInterest", "substanceAdministration",
                                                     "supply"};

std::vector<std::string> all_kinds() {
  std::vector<std::string> out(std::size_t{1} << statements.size());
  for (std::size_t set = 0; set < out.size(); ++set) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      if ((set >> i & 1) != 0) out[set].append(out[set].empty() ? "" : " ").append(statements[i]);
    }
  }
  return out;
}

}  // namespace

bool cda_negates(std::string_view value) { return trim(value) == "1" || equal_folded(trim(value), "true"); }

bool cda_takes_back(std::string_view status) {
  const std::string_view word = trim(status);
  return equal_folded(word, "nullified") || equal_folded(word, "cancelled") || equal_folded(word, "canceled");
}

std::uint16_t cda_statement(std::string_view local) {
  const auto found = std::find(statements.begin(), statements.end(), local);
  return found == statements.end() ? std::uint16_t{0} : static_cast<std::uint16_t>(1U << (found - statements.begin()));
}

std::string_view cda_kinds(std::uint16_t inside) {
  static const std::vector<std::string> kinds = all_kinds();
  return kinds[inside];
}

std::string_view cda_public_name(std::string_view text) {
  text = trim(text);
  constexpr std::string_view digits = "0123456789";
  if (text.size() < 3 || text.size() > 64 || digits.find(text.front()) == std::string_view::npos) return "-";
  if (text.find_first_not_of("0123456789.") == std::string_view::npos)
    return text.front() <= '2' && text[1] == '.' && std::count(text.begin(), text.end(), '.') >= 3 ? text : "-";
  const std::size_t dash = text.find_first_not_of(digits);
  return text[dash] == '-' && dash <= 6 && dash + 2 == text.size() && digits.find(text.back()) != std::string_view::npos ? text : "-";
}

CdaContext cda_inherit(const CdaContext& parent) {
  CdaContext context = parent;
  context.inside |= parent.kind;
  context.kind = 0;
  return context;
}

}  // namespace pyojun
