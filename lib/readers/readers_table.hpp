// One row per format: what each reader gives to the table in formats.cpp.
#pragma once

#include <memory>
#include <span>

#include "readers/reader.hpp"

namespace pyojun {

Match detect_cda(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_cda(const Source& source);

Match detect_delimited(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_delimited(const Source& source);

Match detect_fhir(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_fhir(const Source& source);

Match detect_fixed(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_fixed(const Source& source);

Match detect_records(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_records(const Source& source);

Match detect_sas7bdat(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_sas7bdat(const Source& source);

Match detect_hl7v2(std::span<const char> head);
Result<std::unique_ptr<Reader>> open_hl7v2(const Source& source);

}  // namespace pyojun
