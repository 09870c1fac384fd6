#include "warehouse/span_fold.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>

namespace pyojun {
namespace {

using Days = std::vector<std::tuple<std::int32_t, std::int32_t, std::int32_t>>;

Days listed(const std::vector<Span>& spans) {
  Days out;
  for (const Span& span : spans) out.emplace_back(span.person, span.first, span.last);
  return out;
}

// The same by the definition: sort, then join neighbours.
Days by_definition(Days events, std::int32_t gap) {
  std::sort(events.begin(), events.end());
  Days out;
  for (const auto& [person, first, last] : events) {
    if (!out.empty() && std::get<0>(out.back()) == person && std::int64_t{first} - std::get<2>(out.back()) <= gap) {
      std::get<2>(out.back()) = std::max(std::get<2>(out.back()), last);
    } else {
      out.emplace_back(person, first, last);
    }
  }
  return out;
}

TEST_CASE("events at most the gap apart are one span, also through others that come later") {
  SpanFold fold(180);
  fold.add(7, 1000, 1000);
  fold.add(7, 1360, 1361);
  fold.add(3, 5, 5);
  fold.add(7, 1180, 1180);
  fold.add(7, 1542, 1542);
  CHECK(listed(fold.take()) == Days{{3, 5, 5}, {7, 1000, 1361}, {7, 1542, 1542}});
  CHECK(fold.take().empty());
}

TEST_CASE("days at the ends of the range do not overflow") {
  constexpr auto least = std::numeric_limits<std::int32_t>::min() + 1, most = std::numeric_limits<std::int32_t>::max();
  SpanFold fold(180);
  fold.add(1, most, most);
  fold.add(1, least, least);
  CHECK(listed(fold.take()) == Days{{1, least, least}, {1, most, most}});
}

TEST_CASE("any order of events gives what the definition gives") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    Days events;
    for (int i = 0; i < 60; ++i) {
      const auto first = static_cast<std::int32_t>(random() % 4000);
      events.emplace_back(static_cast<std::int32_t>(random() % 4), first, first + static_cast<std::int32_t>(random() % 90));
    }
    SpanFold fold(180);
    for (const auto& [person, first, last] : events) fold.add(person, first, last);
    CHECK(listed(fold.take()) == by_definition(events, 180));
  }
}

}  // namespace
}  // namespace pyojun
