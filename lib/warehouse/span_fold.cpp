#include "warehouse/span_fold.hpp"

#include <algorithm>
#include <utility>

namespace pyojun {

namespace {

// Days may be the ends of the 32-bit range: sums are formed in 64 bits.
bool apart(std::int64_t end, std::int64_t begin, std::int64_t gap) { return begin - end > gap; }

}  // namespace

void SpanFold::insert(std::int32_t person, std::int32_t first, std::int32_t last) {
  if (!run_.empty() && run_[0].person != person) leave_person();
  std::size_t at = 0;
  while (at < run_.size() && apart(run_[at].last, first, gap_)) ++at;
  std::size_t end = at;
  for (; end < run_.size() && !apart(last, run_[end].first, gap_); ++end) {
    first = std::min(first, run_[end].first);
    last = std::max(last, run_[end].last);
  }
  here_ = at;
  const auto begin = run_.begin() + static_cast<std::ptrdiff_t>(at);
  if (end == at) {
    run_.insert(begin, {person, first, last});
    return;
  }
  *begin = {person, first, last};
  run_.erase(begin + 1, run_.begin() + static_cast<std::ptrdiff_t>(end));
}

void SpanFold::leave_person() {
  all_.insert(all_.end(), run_.begin(), run_.end());
  run_.clear();
  if (all_.size() < compact_at_) return;
  compact();
  compact_at_ = std::max(compact_at_, 2 * all_.size());
}

void SpanFold::compact() {
  std::sort(all_.begin(), all_.end(),
            [](const Span& a, const Span& b) { return a.person != b.person ? a.person < b.person : a.first < b.first; });
  std::size_t kept = 0;
  for (const Span& span : all_) {
    Span* const before = kept == 0 ? nullptr : &all_[kept - 1];
    if (before != nullptr && before->person == span.person && !apart(before->last, span.first, gap_)) {
      before->last = std::max(before->last, span.last);
    } else {
      all_[kept++] = span;
    }
  }
  all_.resize(kept);
}

std::vector<Span> SpanFold::take() {
  leave_person();
  compact();
  here_ = 0;
  return std::exchange(all_, {});
}

}  // namespace pyojun
