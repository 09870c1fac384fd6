// Encodings and text helpers: every code point, every CP949 pair, and pieces cut anywhere.
#include "base/text.hpp"
#include "base/short_text.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace pyojun;

namespace {

// Straight from the definition: decodes, then asks whether the encoding was the shortest and the number allowed.
std::size_t slow_bad_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    std::uint32_t point = lead;
    if (lead >= 0x80) {
      length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
      if (lead < 0xC0 || lead > 0xF7 || i + length > text.size()) return i;
      point = lead & (0xFFU >> (length + 1));
      for (std::size_t k = 1; k < length; ++k) {
        const auto next = static_cast<unsigned char>(text[i + k]);
        if ((next & 0xC0) != 0x80) return i;
        point = point << 6 | (next & 0x3F);
      }
      constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
      if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return i;
    }
    i += length;
  }
  return no_bad_byte;
}

std::uint64_t in_pieces(const std::string& text, std::size_t size) {
  Utf8Check check;
  for (std::size_t i = 0; i < text.size(); i += size) check.add(std::string_view(text).substr(i, size));
  check.finish();
  return check.bad();
}

}  // namespace

TEST_CASE("UTF-8 is checked as the standard says") {
  CHECK(find_bad_utf8("plain") == no_bad_byte);
  CHECK(find_bad_utf8("홍길동 é 😀") == no_bad_byte);
  CHECK(find_bad_utf8("\xC0\x80") == 0);
  CHECK(find_bad_utf8("a\xE0\x9F\xBF") == 1);
  CHECK(find_bad_utf8("ab\xED\xA0\x80") == 2);
  CHECK(find_bad_utf8("\xF4\x90\x80\x80") == 0);
  CHECK(find_bad_utf8("abc\xED\x99") == 3);
  std::mt19937 random(1);
  constexpr unsigned char likely[] = {'a',  0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
                                      0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
  for (int round = 0; round < 50'000; ++round) {
    std::string text(random() % 90, 'x');
    for (std::size_t k = random() % 12; k > 0 && !text.empty(); --k)
      text[random() % text.size()] = static_cast<char>(likely[random() % sizeof likely]);
    const std::size_t expected = slow_bad_utf8(text);
    if (find_bad_utf8(text) != expected) FAIL("round " << round);
    const std::size_t piece = 1 + random() % 7;
    if (in_pieces(text, piece) != (expected == no_bad_byte ? Utf8Check::none : expected)) FAIL("pieces, round " << round);
  }
}

TEST_CASE("CP949: all syllables, and what is undefined") {
  std::size_t defined = 0, syllables = 0;
  for (unsigned first = 0x80; first <= 0xFF; ++first) {
    for (unsigned second = 0; second <= 0xFF; ++second) {
      const char pair[2] = {static_cast<char>(first), static_cast<char>(second)};
      const std::string_view text(pair, 2);
      std::string out;
      const bool good = append_utf8(out, text, Encoding::cp949);
      CHECK(good == (find_bad_cp949(text) == no_bad_byte));
      if (!good) continue;
      ++defined;
      CHECK(find_bad_utf8(out) == no_bad_byte);
      const auto a = static_cast<unsigned char>(out[0]);
      if (out.size() == 3 && a >= 0xEA && a <= 0xED && out >= "가" && out <= "힣") ++syllables;
      // Trail bytes are never structural: a delimiter inside a pair cannot be mistaken for one.
      CHECK(std::string_view(",;|\t\"'\n\r^~&\\").find(static_cast<char>(second)) == std::string_view::npos);
    }
  }
  CHECK(syllables == 11'172);
  CHECK(defined == 17'048);
  for (const std::string bad : {"\x80", "\xFF", "\xC9\xA1", "\xFE\xA1", "\xB0", "\xB0 ", "\xB0\x5B"}) {
    CHECK(find_bad_cp949("abc" + bad) == 3);
    std::string out = "kept";
    CHECK(!append_utf8(out, "abc" + bad, Encoding::cp949));
    CHECK(out == "kept");
  }
  std::string out;
  CHECK(append_utf8(out, "0123456789 \xB0\xA1 0123456789abcdef \x8C\x63", Encoding::cp949));
  CHECK(out == "0123456789 가 0123456789abcdef 똠");
}

TEST_CASE("UTF-16 in pieces of any size") {
  std::string bytes;
  for (const char16_t unit : std::u16string(u"a é 홍 😀\n")) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    std::string out, rest;
    for (std::size_t i = 0; i < bytes.size(); i += size) {
      rest += bytes.substr(i, size);
      rest.erase(0, append_utf16(out, rest, false, i + size >= bytes.size()));
    }
    CHECK(out == "a é 홍 😀\n");
    CHECK(rest.empty());
    CHECK(utf16_bytes(out) == bytes.size());
  }
}

TEST_CASE("names of encodings") {
  CHECK(encoding_from_name("UTF-8") == Encoding::utf8);
  CHECK(encoding_from_name("cp949") == Encoding::cp949);
  CHECK(encoding_from_name("MS949") == Encoding::cp949);
  CHECK(encoding_from_name("utf_16le") == Encoding::utf16le);
  CHECK(encoding_from_name("ISO-8859-1") == Encoding::latin1);
  CHECK(!encoding_from_name("euc-kr-ish"));
}

TEST_CASE("trim, folding and did you mean") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" ").empty());
  CHECK(equal_folded("BirthDate", "BIRTHDATE"));
  CHECK(!equal_folded("a", "ab"));
  CHECK(edit_distance("kitten", "sitting", 9) == 3);
  CHECK(edit_distance("kitten", "sitting", 2) == 3);
  CHECK(edit_distance("ABC", "abc", 3) == 0);
  const std::string_view names[] = {"person_id", "birth_datetime", "gender_concept_id"};
  CHECK(nearest("persn_id", names) == "person_id");
  CHECK(nearest("completely_other", names).empty());
}

TEST_CASE("short texts are the same when every byte is") {
  CHECK(same_text({}, ""));
  CHECK_FALSE(same_text("a", ""));
  for (std::size_t size = 1; size <= 40; ++size) {
    std::string a(size, 'x'), b = "_" + a;  // at another alignment
    const std::string_view other = std::string_view(b).substr(1);
    CAPTURE(size);
    CHECK(same_text(a, other));
    CHECK_FALSE(same_text(a, other.substr(0, size - 1)));
    for (std::size_t i = 0; i < size; ++i) {
      a[i] = 'y';
      CHECK_FALSE(same_text(a, other));
      a[i] = 'x';
    }
  }
}
