// Days of events folded into spans: events of one person at most `gap` days apart, through any number of others, are one span.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyojun {

// First and last day (days since 1970-01-01) of events of one person that stand together.
struct Span {
  std::int32_t person, first, last;
};

// Takes events in any order; quick when those of one person come together, as exports have them. Memory follows the spans, not the events.
class SpanFold {
 public:
  explicit SpanFold(std::int32_t gap) : gap_(gap) {}

  // first <= last.
  void add(std::int32_t person, std::int32_t first, std::int32_t last) {
    if (here_ < run_.size() && run_[here_].person == person && first >= run_[here_].first && last <= run_[here_].last) return;
    insert(person, first, last);
  }
  // All spans by person and day, disjoint; the fold is empty again.
  std::vector<Span> take();

 private:
  void insert(std::int32_t person, std::int32_t first, std::int32_t last);
  void leave_person();
  void compact();

  std::int32_t gap_;
  std::vector<Span> run_;  // of the person spoken of now: by day, more than gap_ apart
  std::size_t here_ = 0;   // the one of run_ that was met last
  std::vector<Span> all_;  // of persons spoken of before, who may come again
  std::size_t compact_at_ = std::size_t{1} << 20;
};

}  // namespace pyojun
