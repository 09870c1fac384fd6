// A programme as data: pack.csv, criteria.csv and what they refer to, in a folder under schemas/conformance or of a site.
// The form is docs/conformance/packs.md. Nothing here knows a programme.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/csv.hpp"
#include "base/result.hpp"

namespace pyojun {

using Arguments = std::map<std::string, std::string, std::less<>>;

// One criterion, ready to be rendered: every {placeholder} is filled in.
struct Criterion {
  std::string id, title, title_ko, category, subcategory;
  std::string check;  // name of the row it came from; several criteria may share it ("isRequired"); the id when the pack names none
  std::string kind, table, field;
  Arguments args, labels;           // labels are for outputs only
  std::optional<double> threshold;  // share of violations tolerated, in percent (0..100); nothing: none is tolerated
  double weight = 1;
  bool scoring = true;     // false: informational
  bool critical = false;   // a failure caps the verdict, whatever the score is
  bool observable = true;  // false: data cannot show it; stays "not observable"
  std::string applies;     // SQL condition over the whole source; empty: always
  std::string basis, basis_ko, remedy, remedy_ko;
  std::string reason, reason_ko;  // not observable: why data cannot show it
  std::uint64_t line = 0;         // in criteria.csv
};

struct Band {
  double from = 0;  // score in percent, inclusive
  std::string band, verdict, verdict_ko;
};

struct CategoryTitle {
  std::string id, title, title_ko;
};

enum class Evaluation : std::uint8_t {
  plain,  // missing table or column: not observable; nothing to check: not applicable
  dqd,    // DataQualityDashboard's order of rules, see evaluate.hpp
};
enum class Scoring : std::uint8_t {
  share,  // a criterion counts with the share of what passed
  count,  // a criterion counts 1 when it passed, 0 when it failed
};

struct Pack {
  std::string id;                                                                                        // folder name
  std::string title, title_ko, edition, edition_ko, authority, authority_ko, language, basis, basis_ko;  // _ko: as the other when left out
  Evaluation evaluation = Evaluation::plain;
  Scoring scoring = Scoring::share;
  std::vector<Band> bands;        // highest first
  std::string capped, capped_ko;  // verdict while a critical criterion fails
  // Verdict while less than this share (percent) of the weight could be checked, or a critical criterion ends in an error.
  double least_decided = 0;
  std::string undecided, undecided_ko;
  // What the pack was loaded with: its parameters and optional groups, "institution=clinic; k=5; vocabulary"; "" when it has none. Audits
  // with other settings are never compared.
  std::string settings;
  std::vector<CategoryTitle> categories;
  std::vector<Criterion> criteria;  // in the order of criteria.csv
};

// Files of one pack by name, wherever they come from.
using PackFiles = std::map<std::string, std::string, std::less<>>;

struct PackOptions {
  std::vector<std::pair<std::string, std::string>> parameters;  // --set NAME=VALUE
  std::vector<std::string> groups;                              // optional groups switched on, e.g. "vocabulary"
  std::string today;                                            // YYYY-MM-DD; what `today`, `tomorrow`, `next year` stand for
};

// Names of the packs in the program, sorted.
std::vector<std::string> shipped_packs();
// `name`: a shipped pack, or a folder (anything with a slash, or a folder that exists). Errors: pack_unknown, file_not_readable.
Result<PackFiles> pack_files(const std::string& name);
// Name of a pack as reports show it: the last part of a folder's path.
std::string pack_id(const std::string& name);
// Names of the parameters a pack takes, in its order. Error: pack_damaged.
Result<std::vector<std::string>> pack_parameters(const std::string& name, const PackFiles& files);
// Errors with file and line: pack_damaged, pack_word_unknown (a column or word that means nothing), pack_placeholder_unknown,
// pack_parameter_wrong, pack_value_unknown, pack_id_twice, pack_title_missing, pack_says_certified, pack_sql_refused (guard.hpp).
Result<Pack> load_pack(const std::string& name, const PackFiles& files, const PackOptions& options);

// Loads by name; the two steps in one.
Result<Pack> load_pack(const std::string& name, const PackOptions& options);

}  // namespace pyojun
