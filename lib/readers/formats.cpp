// The formats table. Formats with a signature come first; delimited text fits nearly everything and comes last.
#include <array>

#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::array<Format, 4> table{{
    {"records", "JSON lines as written by `pyojun inspect --records`", detect_records, open_records},
    {"fhir", "FHIR resources and bundles as JSON or NDJSON", detect_fhir, open_fhir},
    {"cda", "CDA and C-CDA documents: XML in any encoding it declares", detect_cda, open_cda},
    {"delimited", "delimited text: CSV, TSV and their kin, UTF-8, CP949, UTF-16 or Latin-1", detect_delimited, open_delimited},
}};

}  // namespace

std::span<const Format> formats() { return table; }

const Format* find_format(std::string_view name) {
  if (name.starts_with("fhir-")) name = "fhir";  // the reader takes the version from the dialect
  for (const Format& format : table) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace pyojun
