// Diagnostics of the mapping language: made from a place in the mapping, sorted, and shown with source line and caret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mapping/ast.hpp"
#include "mapping/plan.hpp"

namespace pyojun {

// A finding at a place of the mapping, with file name and source line filled in. `subject` is a name from the mapping or the schema.
Diagnostic diagnose(const ast::Mapping& mapping, Code code, const ast::Place& at, std::string subject, std::string suggestion = {});

// By file, line, column, then code; equal findings are kept once.
void sort_diagnostics(std::vector<Diagnostic>& diagnostics);

// The candidate nearest to `word` by edits (insert, delete, replace, swap of neighbours; letter case counts half), or "" when none is
// near enough to be meant: at most about one edit in three characters. Ties go to the first candidate.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// file:line:column: severity: text 'subject' [M0xx], the source line, the caret line, remedy and suggestion, each line ended by \n.
// `language` is "en" or "ko". Columns of the caret line count East Asian wide characters double, as terminals do.
std::string render(const Diagnostic& diagnostic, std::string_view language);

// True when one of them stops the mapping from being used.
bool has_fatal(const std::vector<Diagnostic>& diagnostics);

}  // namespace pyojun
