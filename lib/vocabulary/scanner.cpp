// RFC 4180 rows for vocabulary shards and code lists.
#include "vocabulary/scanner.hpp"

namespace pyojun::vocabulary {

bool QuotedRows::next(Fields& row) {
  do {
    if (at_ >= text_.size()) return false;
    row.count = 0;
    row_ended_ = false;
    unquoted_.clear();
    ++lines_;
    while (!row_ended_) {
      const std::string_view value = field();
      if (row.count < Fields::most) row.at[row.count] = value;
      ++row.count;
    }
  } while (row.count == 1 && row.at[0].empty());
  return true;
}

std::string_view QuotedRows::field() {
  if (at_ < text_.size() && text_[at_] == '"') return quoted();
  const std::size_t from = at_;
  while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n') ++at_;
  std::size_t to = at_;
  row_ended_ = at_ >= text_.size() || text_[at_] == '\n';
  if (row_ended_ && to > from && text_[to - 1] == '\r') --to;
  ++at_;
  return text_.substr(from, to - from);
}

std::string_view QuotedRows::quoted() {
  std::string& value = unquoted_.emplace_back();
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') {
      if (at_ >= text_.size() || text_[at_] != '"') break;
      ++at_;
    } else if (c == '\n') {
      ++lines_;
    }
    value.push_back(c);
  }
  // What stands between the closing quote and the delimiter is kept: the value is then wrong visibly, not silently.
  while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n') {
    if (text_[at_] != '\r') value.push_back(text_[at_]);
    ++at_;
  }
  row_ended_ = at_ >= text_.size() || text_[at_] == '\n';
  ++at_;
  return value;
}

}  // namespace pyojun::vocabulary
