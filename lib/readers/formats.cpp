// The formats table. Formats with a signature come first; delimited text fits nearly everything and comes last.
#include <array>

#include "readers/readers_table.hpp"

namespace pyojun {

namespace {

constexpr std::array<Format, 7> table{{
    {"sas7bdat", "SAS data sets, 32 and 64 bit, compressed or not", detect_sas7bdat, open_sas7bdat, true},
    {"records", "JSON lines as written by `pyojun inspect --records`", detect_records, open_records, false},
    {"fhir", "FHIR resources and bundles as JSON or NDJSON", detect_fhir, open_fhir, false},
    {"hl7v2", "HL7 v2.1 to 2.8 messages, one or many a file, also in batches or MLLP frames", detect_hl7v2, open_hl7v2, false},
    {"fixed", "fixed-width records by a field layout, UTF-8, CP949 or Latin-1", detect_fixed, open_fixed, false},
    {"cda", "CDA and C-CDA documents: XML in any encoding it declares", detect_cda, open_cda, false},
    {"delimited", "delimited text: CSV, TSV and their kin, UTF-8, CP949, UTF-16 or Latin-1", detect_delimited, open_delimited, true},
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
