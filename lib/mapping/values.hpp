// Strict parsing of single values: numbers, comparators, ranges; and the canonical texts keys are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mapping/value.hpp"

namespace pyojun::mapping {

// [+-]digits[.digits][e[+-]digits], nothing around it. Hexadecimal, "inf" and "nan" are not numbers here.
std::optional<double> parse_number(std::string_view text);
// [+-]digits, or a number whose fraction is zero ("12.0"), within 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);

std::string_view trimmed(std::string_view text);  // ASCII blanks and U+00A0 off both ends

// Operator concepts of OMOP: 4171756 <, 4171754 <=, 4172703 =, 4171755 >=, 4172704 >. 0: not a comparator.
std::int32_t operator_concept(std::string_view sign);

// What a measured text holds: "<0.5", ">= 1000", "7.5 mm" (the unit is left in `rest`), "5.1".
struct Measured {
  std::int32_t operator_concept = 0;
  double number = 0;
  std::string_view rest;  // behind the number, trimmed
};
std::optional<Measured> parse_measured(std::string_view text);

// "3.5-5.0", "3.5 - 5.0", "7.38 ~ 7.46", "(3.5 to 5.0)", "<5" (high only), ">=10" (low only). A unit behind is allowed.
std::optional<Range> parse_range(std::string_view text);

// Number of characters (code points) of UTF-8 text, and the byte offset of character `n` (size() when there are fewer).
std::size_t characters(std::string_view text);
std::size_t byte_of(std::string_view text, std::size_t character);

// Appends the text a value stands for in keys, concatenations and text columns: numbers shortest, times in ISO 8601 form.
// False: the value has no text (absent, null, object, reference).
bool append_text(std::string& out, const Value& value);

}  // namespace pyojun::mapping
