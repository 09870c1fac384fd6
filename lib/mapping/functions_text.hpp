// Evaluators of the functions about times, numbers and texts; the table that names them is in functions.cpp.
#pragma once

#include "mapping/frame.hpp"

namespace pyojun::mapping {

void run_date(const Op& op, Frame& frame, Value& out);
void run_datetime(const Op& op, Frame& frame, Value& out);
void run_instant(const Op& op, Frame& frame, Value& out);
// What could not be read is absent, and noted in Frame::left_out.
void run_optional(const Op& op, Frame& frame, Value& out);
void run_assumed(const Op& op, Frame& frame, Value& out);
void run_first_day(const Op& op, Frame& frame, Value& out);
void run_year(const Op& op, Frame& frame, Value& out);
void run_month(const Op& op, Frame& frame, Value& out);
void run_day(const Op& op, Frame& frame, Value& out);
void run_days(const Op& op, Frame& frame, Value& out);
void run_add_days(const Op& op, Frame& frame, Value& out);
void run_last_day(const Op& op, Frame& frame, Value& out);
void run_number(const Op& op, Frame& frame, Value& out);
void run_integer(const Op& op, Frame& frame, Value& out);
void run_text(const Op& op, Frame& frame, Value& out);
void run_trim(const Op& op, Frame& frame, Value& out);
void run_upper(const Op& op, Frame& frame, Value& out);
void run_lower(const Op& op, Frame& frame, Value& out);
void run_left(const Op& op, Frame& frame, Value& out);
void run_right(const Op& op, Frame& frame, Value& out);
void run_substring(const Op& op, Frame& frame, Value& out);
void run_replace(const Op& op, Frame& frame, Value& out);
void run_split(const Op& op, Frame& frame, Value& out);
void run_strip_prefix(const Op& op, Frame& frame, Value& out);
void run_base64(const Op& op, Frame& frame, Value& out);
void run_join(const Op& op, Frame& frame, Value& out);
void run_count(const Op& op, Frame& frame, Value& out);
void run_length(const Op& op, Frame& frame, Value& out);
void run_plus(const Op& op, Frame& frame, Value& out);
void run_minus(const Op& op, Frame& frame, Value& out);
void run_times(const Op& op, Frame& frame, Value& out);
void run_divide(const Op& op, Frame& frame, Value& out);
void run_type_of(const Op& op, Frame& frame, Value& out);
void run_kind(const Op& op, Frame& frame, Value& out);
void run_file(const Op& op, Frame& frame, Value& out);
void run_event(const Op& op, Frame& frame, Value& out);
void run_event_domain(const Op& op, Frame& frame, Value& out);
void run_position(const Op& op, Frame& frame, Value& out);
void run_event_field(const Op& op, Frame& frame, Value& out);

}  // namespace pyojun::mapping
