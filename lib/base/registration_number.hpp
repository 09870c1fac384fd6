// Korean resident registration numbers (주민등록번호) and alien registration numbers (외국인등록번호), YYMMDD-GABCDEF: what one says, and
// where in a text one stands. The law lets nobody keep the number for research (Personal Information Protection Act, article 24-2), so
// everything that stores, emits or hashes text asks here first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time_value.hpp"

namespace pyojun {

// Whether thirteen digits in a row, without a dash, may be a number. `guarded`: they are one when the first six are a day, the seventh is 1
// to 8, the year it gives is at most latest_bare_year, and they are no barcode of a medicine (or one whose
// last digit fits a person's number as well). `allowed`: only a dash tells a number (`registration dashed` of a dialect).
enum class BareNumbers : std::uint8_t { guarded, allowed };

// Without a clock: a seventh digit of 3, 4, 7 or 8 behind a later year is no number yet.
inline constexpr int latest_bare_year = 2050;

// What a number says; the number itself goes no further. G: 1 2 born in the 1900s, 3 4 in the 2000s, 9 0 in the 1800s; 5 6 and 7 8 the same
// for foreigners (Enforcement Rule of the Resident Registration Act, article 2).
struct RegistrationNumber {
  // Evidence only, never a reason to refuse: numbers given out since October 2020 have no check digit, whoever bears them.
  enum class CheckDigit : std::uint8_t {
    fits,
    differs,   // of a Korean born before October 2020: mistyped, or a number changed since
    unproven,  // masked, a foreigner's, or born since: it need not fit
  };
  TimeValue birth;
  bool female = false, foreigner = false;
  CheckDigit check = CheckDigit::unproven;
};

// The whole text, blanks around it let go: with or without its dash, the digits behind G masked by * or X or left out. Nothing when it is
// none.
std::optional<RegistrationNumber> read_registration(std::string_view text);

// Whether the text, blanks around it let go, is one whole number: nothing of it masked.
bool is_registration(std::string_view text, BareNumbers bare);
// Whether it is one whose last six digits are masked. Many people have it.
bool is_masked_registration(std::string_view text);
// Whether a whole number stands anywhere in the text: thirteen digits that no other digit touches, in ASCII or full width, with a dash of
// any kind (and blanks around it) behind the sixth; with a blank alone when the check digit fits.
bool holds_registration(std::string_view text, BareNumbers bare);
// Appends the text to `out`, the last seven digits of every number as '*'. Answers how many there were.
std::size_t mask_registrations(std::string& out, std::string_view text, BareNumbers bare);

// 13 digits beginning with 880 whose last is the check digit of EAN-13: the barcode of a Korean medicine (KD code), though its first digits
// may be a day of 1988. Elsewhere than in a column of codes it is a person's number when that check digit fits as well.
bool is_drug_barcode(std::string_view digits);

// Whether a column's name, or its last words, is a name of the number (schemas/registration_names.csv): also after a prefix, in any case.
bool named_registration(std::string_view column);
// Appends what may be kept of a value in a column of such a name: seven digits and six '*' when it has thirteen, plausible or not.
void append_column_registration(std::string& out, std::string_view text);

}  // namespace pyojun
