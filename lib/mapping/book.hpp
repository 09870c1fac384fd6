// A mapping as a book for people: per target table and column where it comes from, in plain words.
#pragma once

#include <string>
#include <string_view>

#include "cdm/schema.hpp"
#include "mapping/ast.hpp"

namespace pyojun {

// Markdown. `language` is "en" or "ko" (headings and fixed words; expressions stay as written). Tables in CDM order, `into stem` first.
std::string book_markdown(const ast::Mapping& mapping, const Schema& schema, std::string_view language);

}  // namespace pyojun
