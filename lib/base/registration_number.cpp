#include "base/registration_number.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <emmintrin.h>

#include "base/csv.hpp"
#include "base/resources.hpp"
#include "base/text.hpp"

namespace pyojun {

namespace {

using Digits = std::array<char, 13>;

constexpr int first_year_without_check = 2020;
constexpr unsigned first_month_without_check = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
int number(char c) { return c - '0'; }
int two(const Digits& digits, std::size_t at) { return number(digits[at]) * 10 + number(digits[at + 1]); }

int century(char g) { return g == '9' || g == '0' ? 1800 : g == '3' || g == '4' || g == '7' || g == '8' ? 2000 : 1900; }
int year_of(const Digits& digits) { return century(digits[6]) + two(digits, 0); }

bool real_day(const Digits& digits) {
  return valid_day(year_of(digits), static_cast<unsigned>(two(digits, 2)), static_cast<unsigned>(two(digits, 4)));
}

bool is_foreigner(const Digits& digits) { return digits[6] >= '5' && digits[6] <= '8'; }

// Weights 2 to 9, then 2 to 5; foreigners' numbers have 13 where Koreans' have 11 (from memory: a hypothesis, and evidence only).
bool check_digit_fits(const Digits& digits) {
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += number(digits[i]) * static_cast<int>(i % 8 + 2);
  return ((is_foreigner(digits) ? 13 : 11) - sum % 11) % 10 == number(digits[12]);
}

bool has_barcode_digit(const Digits& digits) {
  if (digits[0] != '8' || digits[1] != '8' || digits[2] != '0') return false;
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += number(digits[i]) * (i % 2 == 0 ? 1 : 3);
  return (10 - sum % 10) % 10 == number(digits[12]);
}

bool barcode(const Digits& digits) { return has_barcode_digit(digits) && !check_digit_fits(digits); }

bool plausible_without_dash(const Digits& digits) {
  return digits[6] >= '1' && digits[6] <= '8' && real_day(digits) && year_of(digits) <= latest_bare_year && !barcode(digits);
}

// Full-width digits, dashes and blanks as their ASCII twins; `at` says where each byte of `text` stood.
struct Folded {
  std::string text;
  std::vector<std::size_t> at;
};

// The ASCII twin of a character of three bytes; 0: it has none that matters here.
char twin(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (byte(0) == 0xEF && byte(1) == 0xBC) {
    if (byte(2) >= 0x90 && byte(2) <= 0x99) return static_cast<char>('0' + byte(2) - 0x90);
    return byte(2) == 0x8D ? '-' : '\0';
  }
  if (byte(0) != 0xE2) return byte(0) == 0xE3 && byte(1) == 0x80 && byte(2) == 0x80 ? ' ' : '\0';
  const bool dash = (byte(1) == 0x80 && byte(2) >= 0x90 && byte(2) <= 0x95) || (byte(1) == 0x88 && byte(2) == 0x92);
  return dash ? '-' : '\0';
}

bool has_twins(std::string_view text) {
  if (is_ascii(text)) return false;  // most are
  for (const char lead : {'\xEF', '\xE2', '\xE3'}) {
    for (std::size_t at = text.find(lead); at != std::string_view::npos; at = text.find(lead, at + 1)) {
      if (at + 3 <= text.size() && twin(text.substr(at, 3)) != '\0') return true;
    }
  }
  return false;
}

Folded fold(std::string_view text) {
  Folded out;
  out.text.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char same = i + 3 <= text.size() ? twin(text.substr(i, 3)) : '\0';
    out.text += same == '\0' ? text[i] : same;
    out.at.push_back(i);
    if (same != '\0') i += 2;
  }
  out.at.push_back(text.size());
  return out;
}

struct Place {
  std::size_t begin = 0, second = 0, end = 0;  // of the number; `second`: of its last seven digits
};

std::size_t run_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// Behind six digits: a dash with at most two blanks on either side, or one or two blanks alone; then seven digits.
bool split_number(std::string_view text, std::size_t six_end, Place& place, bool& dashed) {
  const auto blanks = [&](std::size_t at) {
    const std::size_t most = std::min(at + 2, text.size());
    while (at < most && text[at] == ' ') ++at;
    return at;
  };
  std::size_t at = blanks(six_end);
  dashed = at < text.size() && text[at] == '-';
  if (dashed) at = blanks(at + 1);
  if (at == six_end || run_end(text, at) != at + 7) return false;
  place.second = at;
  place.end = at + 7;
  return true;
}

bool part_of_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Thirteen digits that stand in a name (P8001011234567, 1.2.410.8001011234567) are none of a person. A full stop is part of a name when a
// digit stands on its other side: not at the end of a sentence, not in "No.", not before the ending of a file's name, for files are called
// by the numbers of persons.
bool within_name(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin != 0) {
    const char before = text[begin - 1];
    if (part_of_word(before) || (before == '.' && begin > 1 && is_digit(text[begin - 2]))) return true;
  }
  if (end == text.size()) return false;
  if (text[end] == '.') return end + 1 < text.size() && is_digit(text[end + 1]);
  return part_of_word(text[end]);
}

bool holds_at(std::string_view text, std::size_t begin, std::size_t end, BareNumbers bare, Place& place) {
  place.begin = begin;
  Digits digits{};
  if (end - begin == 13) {
    if (bare == BareNumbers::allowed) return false;
    if (within_name(text, begin, end)) return false;
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(begin), 13, digits.begin());
    place.second = begin + 6;
    place.end = end;
    return plausible_without_dash(digits);
  }
  bool dashed = false;
  if (end - begin != 6 || !split_number(text, end, place, dashed)) return false;
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(begin), 6, digits.begin());
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(place.second), 7, digits.begin() + 6);
  return real_day(digits) && (dashed || (bare == BareNumbers::guarded && check_digit_fits(digits)));
}

// The next number from `from` on. A run of at least six digits has one on every sixth place, so five of six bytes are not looked at.
bool next_number(std::string_view text, std::size_t from, BareNumbers bare, Place& place) {
  for (std::size_t at = from + 5; at < text.size();) {
    if (!is_digit(text[at])) {
      at += 6;
      continue;
    }
    std::size_t begin = at;
    while (begin > from && is_digit(text[begin - 1])) --begin;
    const std::size_t end = run_end(text, at);
    if (end - begin >= 6 && holds_at(text, begin, end, bare, place)) return true;
    at = end + 6;
  }
  return false;
}

// Sixteen bytes looked at together.
struct Sixteen {
  explicit Sixteen(const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i least = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)), most = _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1));
    digits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_and_si128(least, most)));  // bytes that are not ASCII are below zero
    high = static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
  }
  std::uint32_t digits = 0, high = 0;  // bit i: byte i is a digit; is not ASCII
};

// Whether a text of 16 to 64 bytes is ASCII without six digits on end, as most are: then it holds no number.
bool holds_none(std::string_view text) {
  const std::size_t last = text.size() - 16;
  const Sixteen tail(text.data() + last);
  std::uint64_t digits = std::uint64_t{tail.digits} << last;
  std::uint32_t high = tail.high;
  for (std::size_t i = 0; i < last; i += 16) {
    const Sixteen here(text.data() + i);
    digits |= std::uint64_t{here.digits} << i;
    high |= here.high;
  }
  const std::uint64_t two_on_end = digits & digits >> 1;
  const std::uint64_t four_on_end = two_on_end & two_on_end >> 2;
  return high == 0 && (four_on_end & two_on_end >> 4) == 0;
}

// Letters and digits of a name, ASCII in upper case, and where its words begin: "pat-juminNo" is PATJUMINNO with words at 0, 3 and 8.
struct Words {
  std::string letters;
  std::set<std::size_t> starts;
};

Words words_of(std::string_view name) {
  Words out;
  char before = '_';
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
    const bool separator = !lower && !upper && !is_digit(c) && static_cast<unsigned char>(c) < 0x80;
    if (!separator) {
      if (before == '_' || (upper && before == 'a')) out.starts.insert(out.letters.size());
      out.letters += lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    before = separator ? '_' : lower ? 'a' : 'A';
  }
  return out;
}

const std::vector<std::string>& known_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    const auto text = resource("schemas/registration_names.csv").value_or("");
    auto parsed = CsvTable::parse(text, "registration_names.csv", Code::pack_damaged);
    if (!parsed) return out;
    for (const CsvLine& line : parsed->lines()) out.push_back(words_of(parsed->cell(line, "name")).letters);
    return out;
  }();
  return names;
}

RegistrationNumber said_by(const Digits& digits, bool masked) {
  RegistrationNumber out;
  const Civil day{year_of(digits), static_cast<unsigned>(two(digits, 2)), static_cast<unsigned>(two(digits, 4))};
  out.birth.precision = Precision::day;
  out.birth.days = days_from_civil(day.year, day.month, day.day);
  out.female = number(digits[6]) % 2 == 0;
  out.foreigner = is_foreigner(digits);
  const bool since =
      day.year > first_year_without_check || (day.year == first_year_without_check && day.month >= first_month_without_check);
  if (masked) return out;
  if (check_digit_fits(digits)) {
    out.check = RegistrationNumber::CheckDigit::fits;
  } else if (!since && !out.foreigner) {
    out.check = RegistrationNumber::CheckDigit::differs;
  }
  return out;
}

// Digits of the whole text, '*' where masked; how many there are, or 0 when it has another form.
std::size_t digits_of(std::string_view text, Digits& digits) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (size == 6 && c == '-' && text[i - 1] != '-') continue;
    const bool masked = size > 6 && (c == '*' || c == 'X' || c == 'x');
    if (size == 13 || (!is_digit(c) && !masked)) return 0;
    digits[size++] = masked ? '*' : c;
  }
  return size;
}

}  // namespace

std::optional<RegistrationNumber> read_registration(std::string_view text) {
  std::string folded;
  if (has_twins(text)) text = folded = fold(text).text;
  Digits digits{};
  const std::size_t size = digits_of(trim(text), digits);
  if ((size != 13 && size != 7) || !real_day(digits)) return std::nullopt;
  return said_by(digits, size == 7 || std::ranges::find(digits, '*') != digits.end());
}

bool is_registration(std::string_view text, BareNumbers bare) {
  if (text.size() < 13) return false;
  std::string folded;
  if (has_twins(text)) text = folded = fold(text).text;
  text = trim(text);
  Place place;
  return text.size() <= 18 && next_number(text, 0, bare, place) && place.begin == 0 && place.end == text.size();
}

bool is_masked_registration(std::string_view text) {
  if (text.size() < 13) return false;
  text = trim(text);
  Digits digits{};
  if (text.size() < 13 || text.size() > 14 || digits_of(text, digits) != 13 || !real_day(digits)) return false;
  return std::all_of(digits.begin() + 7, digits.end(), [](char c) { return c == '*'; });
}

bool holds_registration(std::string_view text, BareNumbers bare) {
  Place place;
  if (text.size() < 13 || (text.size() >= 16 && text.size() <= 64 && holds_none(text))) return false;
  return next_number(text, 0, bare, place) || (has_twins(text) && next_number(fold(text).text, 0, bare, place));
}

std::size_t mask_registrations(std::string& out, std::string_view text, BareNumbers bare) {
  const Folded folded = fold(text);
  std::size_t found = 0, done = 0;
  Place place;
  for (std::size_t from = 0; next_number(folded.text, from, bare, place); from = place.end) {
    ++found;
    out.append(text, done, folded.at[place.second] - done).append("*******");
    done = folded.at[place.end];
  }
  out.append(text, done);
  return found;
}

bool is_drug_barcode(std::string_view text) {
  Digits digits{};
  if (text.size() != 13 || !std::ranges::all_of(text, is_digit)) return false;
  std::ranges::copy(text, digits.begin());
  return has_barcode_digit(digits);
}

bool named_registration(std::string_view column) {
  const Words words = words_of(column);
  return std::ranges::any_of(known_names(), [&](const std::string& name) {
    if (!words.letters.ends_with(name)) return false;
    // Korean is written without blanks.
    return words.starts.contains(words.letters.size() - name.size()) || static_cast<unsigned char>(name[0]) >= 0x80;
  });
}

void append_column_registration(std::string& out, std::string_view text) {
  std::string folded;
  if (has_twins(text)) text = folded = fold(text).text;
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(text, is_digit));
  std::size_t seen = 0;
  for (const char c : text) out += digits >= 13 && is_digit(c) && ++seen > 7 ? '*' : c;
}

}  // namespace pyojun
