// Evaluators of the functions about codes, answers and references; the table that names them is in functions.cpp.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

void run_code(const Op& op, Frame& frame, Value& out);
void run_list_code(const Op& op, Frame& frame, Value& out);
void run_list(const Op& op, Frame& frame, Value& out);
void run_best(const Op& op, Frame& frame, Value& out);
void run_concept(const Op& op, Frame& frame, Value& out);
void run_standard(const Op& op, Frame& frame, Value& out);
void run_source(const Op& op, Frame& frame, Value& out);
void run_domain(const Op& op, Frame& frame, Value& out);
void run_name(const Op& op, Frame& frame, Value& out);
void run_complete(const Op& op, Frame& frame, Value& out);
void run_grade(const Op& op, Frame& frame, Value& out);
void run_value(const Op& op, Frame& frame, Value& out);
void run_unit(const Op& op, Frame& frame, Value& out);
void run_range(const Op& op, Frame& frame, Value& out);
void run_reference(const Op& op, Frame& frame, Value& out);
void run_resolve(const Op& op, Frame& frame, Value& out);

// What a person would read of a structure: its `text`, or the text value() makes of it. Absent when nothing is known.
void shape_text(Frame& frame, NodeIndex node, Value& out);

}  // namespace pyojun::mapping
