// What the SQL of a pack may say. Packs come from others, and criteria run where files, settings and other people's tables are in reach.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "conformance/pack.hpp"

namespace pyojun {

// A statement of a pack is one SELECT over tables of the CDM and the evidence schemas (ledger, profile, quarantine, results), calling
// functions of a visible list (guard.cpp): no file as a table, no other schema, no second statement, no comment, no change of anything.
// Answers what is not allowed ("the function read_text", "a second statement"), "" when nothing is.
std::string refused_statement(std::string_view sql);

// The same for a condition or an expression, which must also close what it opens, so that it stays where it is put.
std::string refused_expression(std::string_view sql);

// Every criterion's SQL as it would be run. Error pack_sql_refused with the line in criteria.csv and the criterion.
// `name`: as the pack was asked for.
Status check_statements(const Pack& pack, const std::string& name);

}  // namespace pyojun
