#include "mapping/recent.hpp"

#include <doctest/doctest.h>

#include <string>

namespace pyojun::mapping {
namespace {

TEST_CASE("a text is recognised with its salt only, and only while nothing took its place") {
  Recent<int> recent;
  CHECK(recent.find("2020-01-02", 1) == nullptr);
  recent.keep("2020-01-02", 1, 7);
  REQUIRE(recent.find("2020-01-02", 1) != nullptr);
  CHECK(*recent.find("2020-01-02", 1) == 7);
  CHECK(recent.find("2020-01-02", 33) == nullptr);  // the same place, another salt
  CHECK(recent.find("2020-01-0", 1) == nullptr);
  recent.keep("2020-01-02", 33, 8);
  CHECK(recent.find("2020-01-02", 1) == nullptr);
  CHECK(*recent.find("2020-01-02", 33) == 8);
}

TEST_CASE("empty and long texts are not kept; what is found always is what was kept last for that text") {
  Recent<std::size_t> recent;
  recent.keep("", 0, 1);
  CHECK(recent.find("", 0) == nullptr);
  recent.keep(std::string(49, 'x'), 0, 1);
  CHECK(recent.find(std::string(49, 'x'), 0) == nullptr);
  std::size_t found = 0;
  for (std::size_t i = 0; i < 5000; ++i) {
    const std::string text = "visit " + std::to_string(i * 7919 % 64);
    if (const auto* known = recent.find(text, i % 2); known != nullptr) {
      CHECK(*known == i * 7919 % 64 + i % 2);
      ++found;
    }
    recent.keep(text, i % 2, i * 7919 % 64 + i % 2);
  }
  CHECK(found > 0);
}

}  // namespace
}  // namespace pyojun::mapping
