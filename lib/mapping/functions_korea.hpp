// Evaluators of the functions about Korean registration numbers and Korean text; the table that names them is in functions.cpp.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

void run_compose(const Op& op, Frame& frame, Value& out);
void run_rrn_birth(const Op& op, Frame& frame, Value& out);
void run_rrn_sex(const Op& op, Frame& frame, Value& out);
void run_rrn_foreigner(const Op& op, Frame& frame, Value& out);

// Whether the text is a whole resident registration number with its dash (YYMMDD-GABCDEF, a real day, nothing masked): it may be neither
// kept nor hashed (Personal Information Protection Act, article 24-2), whatever a mapping says. Thirteen digits without the dash may be
// anything and are left to the check of the mapping.
bool is_registration_text(std::string_view text);
inline bool is_registration(std::string_view text) { return text.size() == 14 && text[6] == '-' && is_registration_text(text); }

}  // namespace pyojun::mapping
