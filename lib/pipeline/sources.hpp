// Which reader and record kind each input file has: by content and by the mapping's file patterns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/input.hpp"
#include "base/result.hpp"
#include "readers/dialect.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// What a run does with a delivered file.
enum class Fate : std::uint8_t {
  fresh,      // a name and a content that are new
  changed,    // a known name with another content: takes the place of the earlier rows
  remapped,   // a known content; mapping, vocabulary or program changed
  unchanged,  // known name, known content: not read
  copy,       // known content under another name: not read
  held,       // being written, changed while it was read, or unreadable: what was known of it stays, the rest waits for the next run
  replaced,   // of a source that delivers all of it each time: a later file of the kind is there, and this one is not read
  count
};

struct SourceFile {
  std::unique_ptr<Input> input;
  std::string path, name;          // of the input as the ledger knows them: bytes that are no UTF-8 stand as \xNN
  const Format* format = nullptr;  // null: not read, `why` says the reason
  std::string kind;                // record kind from the dialect; empty when the records say it themselves
  std::vector<std::string> kinds;  // kinds its records can be of; none: any
  Code why = Code::format_unknown;
  bool unreadable = false;  // no format, because it cannot be read or its bytes are of none; not because the mapping has no place for it
  std::string sha256;       // filled by hash_files, or known from an earlier run

  // Night's part
  Fate fate = Fate::fresh;
  bool take = true;           // is read and mapped in this run
  std::string made_by;        // what else decides its rows
  std::string stamp;          // see FileName; "" for what is no plain file
  std::int64_t modified = 0;  // seconds since 1970, 0: not known
  std::int64_t changed = 0;   // the same of its inode, which only the machine's own clock sets
  bool fetched = false;       // made by this run from a query: never too young
  bool settled = false;       // its times are old enough for the stamp to be trusted
  bool young = false;         // may still be being written
  bool ahead = false;         // young because its times lie in the future: it would wait for ever
  bool replaced = false;      // by a later file of its kind
  bool looked_up = false;     // lookups read it, or would if it did not wait
  // Why its bytes could not be hashed. Not of a young file, nor of a damaged archive: of that what is whole is mapped.
  std::optional<Error> unhashed;
  bool waits() const { return young || unhashed || (sha256.empty() && earlier != nobody); }  // nothing of it is read tonight
  static constexpr std::uint32_t nobody = ~0U;
  std::uint32_t number = nobody;                       // in the warehouse, once it is there
  std::uint32_t earlier = nobody;                      // number of the content that the name stood for
  std::size_t same_as = static_cast<std::size_t>(-1);  // file of this run with the same content
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
// Kinds that records of a file can be of: `kind` is the file's own by the dialect, `format` its reader. None: any, they say it themselves.
std::vector<std::string> record_kinds(const Format* format, std::string_view base_name, const std::string& kind, const Dialect& dialect);
// Record kind of a base name by the dialect's patterns, "" when none fits.
std::string kind_of(std::string_view base_name, const Dialect& dialect);

// The file or member that the ledger knows by this absolute path, null when it is not there any more. Paths of the ledger are UTF-8: bytes
// of a name that are not stand as \xNN there and are looked for as what they were.
std::unique_ptr<Input> find_delivered(const std::string& ledger_path);

// True when `name` fits `glob` (* and ?), ASCII letters compared without case.
bool glob_matches(std::string_view glob, std::string_view name);

// The same from whatever folder the program is called: how the ledger knows files, and where views find theirs. The path itself when the
// current folder cannot be told.
std::string absolute_path(const std::string& path);

}  // namespace pyojun
