// Evaluators of the functions about Korean registration numbers and Korean text; the table that names them is in functions.cpp.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

void run_compose(const Op& op, Frame& frame, Value& out);
void run_rrn_birth(const Op& op, Frame& frame, Value& out);
void run_rrn_sex(const Op& op, Frame& frame, Value& out);
void run_rrn_foreigner(const Op& op, Frame& frame, Value& out);

// Whether the text holds a resident registration number as the dialect tells them (base/registration_number.hpp). Thirteen digits whose
// last fits both a person's number and the barcode of a medicine are the medicine's when the vocabulary knows it.
bool holds_person_number(Frame& frame, std::string_view text);
// Whether the text is one as a whole.
bool is_person_number(Frame& frame, std::string_view text);

}  // namespace pyojun::mapping
