// How one vendor writes a format: data from a mapping's dialect block or dialect.csv, never C++.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/registration_number.hpp"
#include "record/batch.hpp"

namespace pyojun {

// One field of a fixed-width record. Positions count bytes of the file's own encoding, so that text is cut before it is decoded.
struct FixedField {
  enum class Type : std::uint8_t {
    text,    // blanks and NULs behind it are fill
    raw,     // every byte counts
    number,  // fill on both sides and leading zeros are gone; `scale` digits stand behind an implied decimal point
    date,    // nothing but zeros or blanks is empty
    tag,     // tells the kind of the record: equals one of `values`
    filler,  // never delivered, never decoded
  };
  std::string name;
  std::uint32_t start = 0, bytes = 0;  // from 0
  Type type = Type::text;
  std::uint32_t scale = 0;
  std::vector<std::string> values;  // of a tag
};

// One record kind of a layout; as long as its last field reaches.
struct FixedRecord {
  std::string kind;
  std::uint32_t bytes = 0;
  std::vector<FixedField> fields;
};

// One kind of file: which names belong to it and how its columns are called. Globs match the base name, case-insensitively.
struct FileKind {
  std::string kind;                                          // record kind, e.g. "patients"
  std::string format;                                        // reader of these files; empty: that of the dialect
  std::vector<std::string> globs;                            // e.g. "patients.csv", "patients_*.csv"; * and ? only
  std::vector<std::string> columns;                          // when the file has no header line
  std::vector<std::string> optional;                         // names of the rules that this source's files need not have
  std::string layout;                                        // fixed width: the layout's file as written in the mapping; else empty
  std::vector<FixedRecord> records;                          // of the layout; they, not `kind`, are the record kinds of such a file
  std::vector<std::pair<std::string, std::string>> aliases;  // header name as delivered -> name used by rules
};

struct Dialect {
  std::string format;        // reader name; empty: detect by content
  std::string encoding;      // "utf-8", "cp949", "utf-16le", "utf-16be", "latin-1"; empty: decide per file
  std::string delimiter;     // one byte; empty: detect
  std::string quote = "\"";  // one byte; "none": no quoting at all
  bool header = true;
  std::string ragged = "refuse";                    // "refuse" or "pad": a row with too few fields
  std::vector<std::string> null_words;              // exact texts that mean null, e.g. "NULL", "\\N"; empty text is always empty, not null
  std::vector<std::string> date_forms;              // extra forms for date() and datetime(), see time_value.hpp parse_form
  BareNumbers bare_numbers = BareNumbers::guarded;  // thirteen digits without a dash: resident registration numbers or not
  std::string timezone;                             // see mapping/plan.hpp: one time zone rule for the whole mapping
  std::vector<FileKind> files;
  std::vector<std::pair<std::string, std::string>> aliases;  // for every kind
};

// What a reader learned about one file. Names and counts only.
struct FileFacts {
  std::string format, encoding, delimiter, version;  // version: e.g. FHIR "R4"
  std::string kind;                                  // record kind, or "" when the records differ
  std::vector<std::string> columns;                  // header as delivered
  std::vector<std::string> unknown_columns;          // delivered but read by no rule
  std::vector<std::string> missing_columns;          // read by a rule but not delivered
  std::vector<Finding> notes;                        // what was noticed while opening; its warnings are findings of the file too
};

}  // namespace pyojun
