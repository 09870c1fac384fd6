// Rules that bring a code as hospitals write it into the form its vocabulary uses. Which vocabulary uses which rules is data:
// schemas/vocabulary/normalise.csv.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pyojun::vocabulary {

struct CodeRule {
  std::string_view name, about;
  bool (*apply)(std::string& code);  // true when the code was changed
};

// The rules there are; nullptr when the name is unknown.
const CodeRule* code_rule(std::string_view name);
// Names of all rules, in table order.
std::vector<std::string_view> code_rule_names();

// LOINC codes end in a mod-10 (Luhn) check digit: "8302-2" is right, "8302-3" is not. Not for parts and answers (LP.., LA..).
bool loinc_check_digit(std::string_view code);

// Rules by vocabulary, in the order of normalise.csv.
class CodeRules {
 public:
  static CodeRules load();
  // Rules of a vocabulary, or the default ones (rows for *).
  const std::vector<const CodeRule*>& of(std::string_view vocabulary) const;

 private:
  std::unordered_map<std::string, std::vector<const CodeRule*>> rules_;
  std::vector<const CodeRule*> default_;
};

}  // namespace pyojun::vocabulary
