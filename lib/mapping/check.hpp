// Static checks of a parsed mapping: everything that can be found without data. Syntax is the parser's part.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "mapping/ast.hpp"
#include "mapping/functions.hpp"
#include "mapping/plan.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

// All findings, sorted by file, line and column. Without a vocabulary concepts and code systems are not looked up.
std::vector<Diagnostic> check_mapping(const ast::Mapping& mapping, const Schema& schema, const Vocabulary* vocabulary,
                                      std::span<const Function> functions);

// True for findings that stand even when other lines could not be read: a missing line cannot be their cause.
bool certain_despite_damage(Code code);

// Names of the fields (columns, members of the record's root) that sample data had, by record kind.
using SeenFields = std::map<std::string, std::vector<std::string>, std::less<>>;
// Warns of record kinds and fields that the mapping reads and the sample never had.
std::vector<Diagnostic> check_fields(const ast::Mapping& mapping, const SeenFields& seen);

}  // namespace pyojun
