// How the columns of a flat file get the names that rules use: aliases of the dialect, exact names first, then names in another case.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "readers/reader.hpp"

namespace pyojun {

struct BoundColumns {
  std::vector<Symbol> symbols;  // by file column; 0 when no rule reads it
  std::vector<Symbol> kept;     // those that are not 0, in file order
  std::uint64_t shape = 0;      // hash of the names in order (RecordBatch::shape)
};

// The file kind of the source, or null.
const FileKind* declared_kind(const Source& source);
// The record kind of a file whose records are all of one kind; with Needs::all and no kind given, the file's name without its ending.
Symbol record_kind_of(const Source& source);
// Notes what is double, unknown and missing in `facts`. Pure but for names that Needs::all lets it intern.
BoundColumns bind_columns(const Source& source, const std::vector<std::string>& names, FileFacts& facts);
// What rules call the columns of a query or table whose rows are records of one kind: aliases and case as for the columns of a file. A name
// that no rule reads stays as it is.
std::vector<std::string> names_in_rules(const Dialect& dialect, const SymbolTable& symbols, const std::string& kind,
                                        const std::vector<std::string>& names);

}  // namespace pyojun
