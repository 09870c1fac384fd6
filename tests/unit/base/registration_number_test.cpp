// Resident registration numbers: what they say, where they stand in a text, and what they are not. Every number here is invented.
#include <doctest/doctest.h>

#include <string>

#include "base/registration_number.hpp"

using namespace pyojun;

namespace {

std::string masked(const std::string& text, BareNumbers bare = BareNumbers::guarded) {
  std::string out;
  const std::size_t found = mask_registrations(out, text, bare);
  CHECK((found != 0) == holds_registration(text, bare));
  return out;
}

}  // namespace

TEST_CASE("a whole number is told by its dash, or by day and century") {
  for (const char* text : {"800101-1234567", "8001011234567", " 8001012234567 ", "010101-4234567", "800101 - 1234567",
                           "800101\xE2\x80\x93"
                           "1234567",
                           "８００１０１－１２３４５６７", "800101 1234560", "890101-9234567", "8806101200005"}) {
    CAPTURE(text);
    CHECK(is_registration(text, BareNumbers::guarded));
  }
  for (const char* text : {"8013011234567", "8001019234567", "8001010234567", "9901013234567", "800101-123456", "18001011234567",
                           "800101 1234567", "8806101200002", "800101-1******", "P8001011234567", "8001011234567.5", "", "-", "800101-"}) {
    CAPTURE(text);
    CHECK_FALSE(is_registration(text, BareNumbers::guarded));
  }
  CHECK(is_registration("800101-1234567", BareNumbers::allowed));
  CHECK_FALSE(is_registration("8001011234567", BareNumbers::allowed));
  CHECK_FALSE(is_registration("800101 1234560", BareNumbers::allowed));
  CHECK(is_masked_registration("800101-1******"));
  CHECK(is_masked_registration("8001011******"));
  CHECK_FALSE(is_masked_registration("800101-1*****7"));
  CHECK_FALSE(is_masked_registration("801301-1******"));
}

TEST_CASE("every number in a text is masked, nothing else is touched") {
  CHECK(masked("담당 800101-1234567 님") == "담당 800101-******* 님");
  CHECK(masked("8001011234567님/800101－１２３４５６７") == "800101*******님/800101－*******");
  CHECK(masked("800101-1234567,800101-2234567") == "800101-*******,800101-*******");
  CHECK(masked("123456 800101-1234567") == "123456 800101-*******");
  CHECK(masked("KD 8806101200002, 주문 25030112345678") == "KD 8806101200002, 주문 25030112345678");
  CHECK(masked("1.2.410.8001011234567.1") == "1.2.410.8001011234567.1");
  CHECK(masked("8001011234567", BareNumbers::allowed) == "8001011234567");
  for (std::size_t front = 0; front < 13; ++front)
    CHECK(holds_registration(std::string(front, 'x') + " 8001011234567", BareNumbers::guarded));
}

TEST_CASE("the check digit is evidence of births before October 2020") {
  using CheckDigit = RegistrationNumber::CheckDigit;
  CHECK(read_registration("800101-1234560")->check == CheckDigit::fits);
  CHECK(read_registration("800101-1234567")->check == CheckDigit::differs);
  CHECK(read_registration("800101-1******")->check == CheckDigit::unproven);
  CHECK(read_registration("201001-3234568")->check == CheckDigit::unproven);
  CHECK(read_registration("200930-3234567")->check == CheckDigit::differs);
  CHECK(read_registration("800101-5234567")->check == CheckDigit::unproven);
  CHECK_FALSE(read_registration("800230-1234567"));
}

TEST_CASE("columns are known by their names, and seven digits of their values stay") {
  CHECK(named_registration("환자주민등록번호"));
  CHECK(named_registration("pt-juminNo"));
  CHECK_FALSE(named_registration("PT_NO"));
  std::string out;
  append_column_registration(out, "801301-1234567");
  CHECK(out == "801301-1******");
}

TEST_CASE("a number is found wherever it stands, whatever stands around it") {
  const std::string number = "800101-1234567", bare = "8001011234567";
  for (std::size_t size = number.size(); size <= 80; ++size) {
    for (std::size_t at = 0; at + number.size() <= size; ++at) {
      CAPTURE(size);
      CAPTURE(at);
      std::string text(size, '-');
      CHECK_FALSE(holds_registration(text, BareNumbers::guarded));
      text.replace(at, number.size(), number);
      CHECK(holds_registration(text, BareNumbers::guarded));
      text.assign(size, ' ').replace(at, bare.size(), bare);
      CHECK(holds_registration(text, BareNumbers::guarded));
      CHECK_FALSE(holds_registration(text, BareNumbers::allowed));
      text.assign(size, '.').replace(at, number.size(), "80010-101234567");  // never six and seven digits
      CHECK_FALSE(holds_registration(text, BareNumbers::guarded));
    }
  }
  CHECK(holds_registration("0000-1111-2222 ８００１０１－１２３４５６７", BareNumbers::guarded));
}
