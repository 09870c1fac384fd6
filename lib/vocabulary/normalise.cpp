// Rules that bring a code as hospitals write it into the form its vocabulary uses.
#include "vocabulary/normalise.hpp"

#include <algorithm>
#include <array>

#include "vocabulary/resource_csv.hpp"

namespace pyojun::vocabulary {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), digit); }

// ASCII white space, no-break space, ideographic space, zero-width space and byte order mark at either end.
bool trim(std::string& code) {
  constexpr std::array<std::string_view, 10> blanks{" ",  "\t",       "\r",           "\n",           "\v",
                                                    "\f", "\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8B", "\xEF\xBB\xBF"};
  std::string_view text = code;
  for (bool again = true; again;) {
    again = false;
    for (const auto blank : blanks) {
      if (text.starts_with(blank)) text.remove_prefix(blank.size()), again = true;
      if (text.ends_with(blank)) text.remove_suffix(blank.size()), again = true;
    }
  }
  if (text.size() == code.size()) return false;
  code = std::string(text);
  return true;
}

// U+FF01 to U+FF5E, the forms of ASCII as wide as a Hangul syllable, and the ideographic space.
bool half_width(std::string& code) {
  std::string out;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string_view rest = std::string_view(code).substr(i);
    const auto last = static_cast<unsigned char>(rest.size() > 2 ? rest[2] : 0);
    if (rest.starts_with("\xE3\x80\x80")) {
      out += ' ';
    } else if (rest.starts_with("\xEF\xBC") && last >= 0x81 && last <= 0xBF) {
      out += static_cast<char>(last - 0x60);
    } else if (rest.starts_with("\xEF\xBD") && last >= 0x80 && last <= 0x9E) {
      out += static_cast<char>(last - 0x20);
    } else {
      out += code[i];
      continue;
    }
    i += 2;
  }
  if (out.size() == code.size()) return false;
  code = std::move(out);
  return true;
}

bool upper(std::string& code) {
  bool changed = false;
  for (char& c : code) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A')), changed = true;
  }
  return changed;
}

bool no_blanks(std::string& code) { return std::erase(code, ' ') != 0; }
bool no_dot(std::string& code) { return std::erase(code, '.') != 0; }

bool insert_dot(std::string& code, std::size_t after) {
  if (code.size() <= after || code.find('.') != std::string::npos) return false;
  code.insert(after, 1, '.');
  return true;
}

// A trailing dot ("I10.") or dash ("E11.-") says nothing in ICD-10.
bool no_trailing_dot(std::string& code) {
  bool changed = false;
  while (code.size() > 3 && (code.back() == '.' || code.back() == '-')) code.pop_back(), changed = true;
  return changed;
}

// Dagger and asterisk mark the two halves of a double coding: "G63.2*", "E10.4+", "E10.4†".
bool no_dagger(std::string& code) {
  bool changed = false;
  for (const std::string_view mark : {"*", "+", "\xE2\x80\xA0"}) {
    while (code.ends_with(mark)) code.resize(code.size() - mark.size()), changed = true;
  }
  return changed;
}

bool dot_after_3(std::string& code) { return code.size() > 3 && letter(code[0]) && digit(code[1]) && insert_dot(code, 3); }
// ICD-9-CM diagnoses: after the third character, in E codes after the fourth.
bool icd9_dot(std::string& code) { return insert_dot(code, !code.empty() && (code[0] == 'E' || code[0] == 'e') ? 4 : 3); }
bool icd9_procedure_dot(std::string& code) { return insert_dot(code, 2); }

bool no_leading_zeros(std::string& code) {
  const std::size_t keep = code.find_first_not_of('0');
  if (keep == 0 || keep == std::string::npos) return false;
  code.erase(0, keep);
  return true;
}

bool two_digits(std::string& code) {
  if (code.size() != 1 || !digit(code[0])) return false;
  code.insert(0, 1, '0');
  return true;
}

// NDC with dashes in its three forms (4-4-2, 5-3-2, 5-4-1) and in 5-4-2 to eleven digits. Ten digits without dashes are ambiguous.
bool ndc_11(std::string& code) {
  const std::size_t first = code.find('-'), second = first == std::string::npos ? first : code.find('-', first + 1);
  if (second == std::string::npos) return false;
  std::string parts[3] = {code.substr(0, first), code.substr(first + 1, second - first - 1), code.substr(second + 1)};
  constexpr std::size_t sizes[3] = {5, 4, 2};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!all_digits(parts[i]) || parts[i].size() > sizes[i]) return false;
    parts[i].insert(0, sizes[i] - parts[i].size(), '0');
  }
  code = parts[0] + parts[1] + parts[2];
  return true;
}

// 9 digits of an NDC product (5-4): OMOP has those as well.
bool ndc_9(std::string& code) {
  if (code.size() != 11 || !all_digits(code)) return false;
  code.resize(9);
  return true;
}

// A LOINC code whose dash was lost ("83022"): only when the check digit fits.
bool loinc_dash(std::string& code) {
  if (!all_digits(code) || code.size() < 2 || code.size() > 7) return false;
  std::string with_dash = code;
  with_dash.insert(code.size() - 1, 1, '-');
  if (!loinc_check_digit(with_dash)) return false;
  code = with_dash;
  return true;
}

// KD code (13 digits, 880 + 9 + EAN-13 check digit) to the 9-digit EDI drug code in its middle, when the check digit fits.
bool kd_to_edi(std::string& code) {
  if (code.size() != 13 || !all_digits(code) || !code.starts_with("880")) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 13; ++i) sum += (code[i] - '0') * (i % 2 == 0 ? 1 : 3);
  if (sum % 10 != 0) return false;
  code = code.substr(3, 9);
  return true;
}

// Korean drug codes have nine digits, and about one in forty begins with 0, which spreadsheets take away (HIRA's list of 2019-10: all of
// them begin with 0 or 6).
bool edi_9(std::string& code) {
  if (code.size() != 8 || !all_digits(code)) return false;
  code.insert(0, 1, '0');
  return true;
}

constexpr std::array code_rules{
    CodeRule{"trim", "leave out white space at both ends, also no-break and ideographic spaces", trim},
    CodeRule{"half_width", "letters, digits and signs as wide as a Hangul syllable to ASCII: Ｉ１０ is I10", half_width},
    CodeRule{"upper", "ASCII letters to upper case", upper},
    CodeRule{"no_blanks", "leave out blanks within the code", no_blanks},
    CodeRule{"no_dot", "leave out dots", no_dot},
    CodeRule{"no_trailing_dot", "leave out a trailing dot or dash: I10. and E11.-", no_trailing_dot},
    CodeRule{"no_dagger", "leave out dagger and asterisk marks: G63.2*", no_dagger},
    CodeRule{"dot_after_3", "ICD-10 family: E119 is E11.9", dot_after_3},
    CodeRule{"icd9_dot", "ICD-9-CM diagnoses: 4019 is 401.9, E9500 is E950.0", icd9_dot},
    CodeRule{"icd9_procedure_dot", "ICD-9-CM procedures: 4523 is 45.23", icd9_procedure_dot},
    CodeRule{"no_leading_zeros", "0001191 is 1191", no_leading_zeros},
    CodeRule{"two_digits", "CVX 8 is 08", two_digits},
    CodeRule{"ndc_11", "NDC with dashes to 11 digits: 0002-3227-30 is 00002322730", ndc_11},
    CodeRule{"ndc_9", "an 11-digit NDC package to its 9-digit product", ndc_9},
    CodeRule{"loinc_dash", "a LOINC code that lost its dash, when the check digit fits: 83022 is 8302-2", loinc_dash},
    CodeRule{"edi_9", "a Korean drug code that lost its leading 0: 53300280 is 053300280", edi_9},
    CodeRule{"kd_to_edi", "a 13-digit Korean drug code to the 9-digit EDI code within it, when its check digit fits", kd_to_edi},
};

}  // namespace

const CodeRule* code_rule(std::string_view name) {
  const auto at = std::find_if(code_rules.begin(), code_rules.end(), [&](const CodeRule& rule) { return rule.name == name; });
  return at == code_rules.end() ? nullptr : &*at;
}

std::vector<std::string_view> code_rule_names() {
  std::vector<std::string_view> names;
  for (const auto& rule : code_rules) names.push_back(rule.name);
  return names;
}

bool loinc_check_digit(std::string_view code) {
  const std::size_t dash = code.find('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 2 != code.size() || !digit(code.back()) || !all_digits(code.substr(0, dash)))
    return false;
  int sum = 0;
  for (std::size_t i = 0; i < dash; ++i) {
    int value = code[dash - 1 - i] - '0';
    if (i % 2 == 0) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return (10 - sum % 10) % 10 == code.back() - '0';
}

CodeRules CodeRules::load() {
  CodeRules rules;
  for (const auto& row : resource_csv("schemas/vocabulary/normalise.csv", 2)) {
    const CodeRule* rule = code_rule(row[1]);
    if (rule == nullptr) continue;  // a test checks that every name in the file is a rule
    (row[0] == "*" ? rules.default_ : rules.rules_[row[0]]).push_back(rule);
  }
  return rules;
}

const std::vector<const CodeRule*>& CodeRules::of(std::string_view vocabulary) const {
  const auto at = rules_.find(std::string(vocabulary));
  return at == rules_.end() ? default_ : at->second;
}

}  // namespace pyojun::vocabulary
