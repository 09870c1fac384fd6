// Which reader and record kind each input file has: by content and by the mapping's file patterns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/input.hpp"
#include "base/result.hpp"
#include "readers/dialect.hpp"
#include "readers/reader.hpp"

namespace pyojun {

struct SourceFile {
  std::unique_ptr<Input> input;
  const Format* format = nullptr;  // null: not read, `why` says the reason
  std::string kind;                // record kind from the dialect; empty when the records say it themselves
  Code why = Code::format_unknown;
  std::string sha256;  // filled by hash_files
};

struct Sources {
  std::vector<SourceFile> files;     // canonical order
  std::vector<std::string> skipped;  // hidden files and the like, never opened
};

struct SourceQuery {
  std::vector<std::string> arguments;  // files, folders, archives, globs, "-"
  std::string format;                  // forces one reader for every file; empty: dialect.format, else detection
  std::string kind;                    // record kind of files that fit no pattern of the dialect
  std::vector<std::string> records;    // arguments that hold records as JSON lines, whatever the mapping's files are
};

// A file named by the user that no reader recognises, or that the dialect's patterns do not know, is an error; one found in a folder or
// archive is listed with its reason and not read.
Result<Sources> find_sources(const SourceQuery& query, const Dialect& dialect);

// The file setting whose patterns fit a base name, null when none does.
const FileKind* file_kind_of(std::string_view base_name, const Dialect& dialect);
// Record kind of a base name by the dialect's patterns, "" when none fits.
std::string kind_of(std::string_view base_name, const Dialect& dialect);

// True when `name` fits `glob` (* and ?), ASCII letters compared without case.
bool glob_matches(std::string_view glob, std::string_view name);

}  // namespace pyojun
