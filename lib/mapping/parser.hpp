// Text to ast::Mapping. Reports everything it finds, not only the first problem; recovers at the next statement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/ast.hpp"
#include "mapping/plan.hpp"

namespace pyojun {

struct Parsed {
  ast::Mapping mapping;
  std::vector<Diagnostic> diagnostics;  // syntax only
};

// Reads a mapping by folder, file or shipped name ("synthea/csv" is mappings/synthea/csv in the program), with its includes and overrides.
Parsed parse_mapping(const std::string& path_or_name);
// One text, no includes from disk; for tests and fuzzing.
Parsed parse_text(std::string_view text, std::string_view name = "test.map");

// An expression or path in the language's own form, canonical spacing; parse_text of it gives the same tree.
std::string print(const ast::Expr& expr);
// The whole mapping in canonical form, includes and overrides worked in, comments gone; parse_text of it gives the same tree.
std::string print(const ast::Mapping& mapping);

// Text of a code list file of the mapping, as parse_mapping would find it beside the .map file.
std::optional<std::string> read_beside(const ast::Mapping& mapping, std::uint16_t file, std::string_view relative);
// Where read_beside() looks; "" when that lies outside the mapping's folder.
std::string path_beside(const ast::Mapping& mapping, std::uint16_t file, std::string_view relative);

}  // namespace pyojun
