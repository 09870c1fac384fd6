#include "readers/json_memo.hpp"

namespace pyojun {

namespace {
constexpr std::size_t most_bytes = std::size_t{1} << 20;
}

void JsonSkipped::use(const Limits& limits) {
  if (depth_ == limits.depth && number_bytes_ == limits.number_bytes) return memo_.try_again();
  memo_.forget();
  texts_.clear();
  bytes_ = 0;
  depth_ = limits.depth;
  number_bytes_ = limits.number_bytes;
}

void JsonSkipped::keep(Memo::Place& place, std::uint32_t context, std::string_view text, std::uint32_t tokens) {
  if (bytes_ + text.size() > most_bytes) {
    memo_.forget();
    texts_.clear();
    bytes_ = 0;
  }
  bytes_ += text.size();
  memo_.keep(place, context, texts_.emplace_back(text), tokens, 0);
}

}  // namespace pyojun
