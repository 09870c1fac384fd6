// Korean text: composition, and what was read in a wrong encoding.
#include <doctest/doctest.h>

#include <string>

#include "base/hangul.hpp"
#include "base/text.hpp"

using namespace pyojun;

TEST_CASE("separate letters become syllables, everything else stays") {
  const std::string separate = "\xE1\x84\x92\xE1\x85\xA9\xE1\x86\xBC\xE1\x84\x80\xE1\x85\xB5\xE1\x86\xAF";  // 홍길
  CHECK(has_separate_hangul(separate));
  CHECK(compose_hangul(separate) == "홍길");
  CHECK(compose_hangul("\xE1\x84\x80\xE1\x85\xA1 a\xCC\x81 \xE1\x84\x80") == "가 a\xCC\x81 \xE1\x84\x80");
  CHECK(compose_hangul("가\xE1\x86\xA8 각\xE1\x86\xA8") == "각 각\xE1\x86\xA8");  // a final letter behind a syllable that has none
  CHECK(compose_hangul("환자 abc") == "환자 abc");
  CHECK(compose_hangul("\xE1\x84") == "\xE1\x84");
  CHECK_FALSE(has_separate_hangul("환자"));
}

TEST_CASE("every syllable is composed of its letters") {
  for (unsigned s = 0; s < 11172; ++s) {
    const auto put = [](std::string& out, unsigned c) {
      for (const unsigned part : {0xE0U | c >> 12U, 0x80U | (c >> 6U & 0x3FU), 0x80U | (c & 0x3FU)}) out += static_cast<char>(part);
    };
    std::string letters, syllable;
    put(letters, 0x1100 + s / 588);
    put(letters, 0x1161 + s % 588 / 28);
    if (s % 28 != 0) put(letters, 0x11A7 + s % 28);
    put(syllable, 0xAC00 + s);
    REQUIRE(compose_hangul(letters) == syllable);
  }
}

TEST_CASE("Korean read in a wrong encoding is told from Korean and from other languages") {
  std::string cp949_as_latin1, utf8_as_latin1;
  append_utf8(cp949_as_latin1, "\xC8\xAB\xB1\xE6\xB5\xBF", Encoding::latin1);
  append_utf8(utf8_as_latin1, "홍길동", Encoding::latin1);
  CHECK(mojibake_runs(cp949_as_latin1) == 1);
  CHECK(mojibake_runs(utf8_as_latin1) == 1);
  CHECK(mojibake_runs("Æ¯Á¤³»¿ª") == 1);
  std::string utf8_as_cp949;
  REQUIRE(append_utf8(utf8_as_cp949, "결고과기", Encoding::cp949) == true);
  CHECK(mojibake_runs(utf8_as_cp949) == 1);
  CHECK(mojibake_runs("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") == 1);
  for (const char* fine : {"홍길동", "고혈압 (본태성)", "Ménière's disease", "naïve café", "Ödön Ábrahám", "µg/dL", "37.5 °C", "漢字混用",
                           "5 ± 2 ㎎", "Łódź", "上氣道感染"}) {
    CAPTURE(fine);
    CHECK(mojibake_runs(fine) == 0);
  }
}

TEST_CASE("no Hangul syllable alone or in a word is taken for a mistake") {
  std::string all;
  for (unsigned c = 0xAC00; c <= 0xD7A3; ++c) {
    for (const unsigned part : {0xE0U | c >> 12U, 0x80U | (c >> 6U & 0x3FU), 0x80U | (c & 0x3FU)}) all += static_cast<char>(part);
    if (c % 5 == 0) all += ' ';
  }
  CHECK(mojibake_runs(all) == 0);
}
