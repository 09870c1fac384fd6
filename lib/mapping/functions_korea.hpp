// Evaluators of the functions about Korean registration numbers and Korean text; the table that names them is in functions.cpp.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

void run_compose(const Op& op, Frame& frame, Value& out);
void run_rrn_birth(const Op& op, Frame& frame, Value& out);
void run_rrn_sex(const Op& op, Frame& frame, Value& out);
void run_rrn_foreigner(const Op& op, Frame& frame, Value& out);

}  // namespace pyojun::mapping
