// Finds concepts by words: one pass over the names, the best few kept.
#include <algorithm>
#include <queue>

#include "vocabulary/snapshot_view.hpp"

namespace pyojun::vocabulary {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool word_sign(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    if (word_sign(c)) {
      if (!inside) words.emplace_back();
      words.back().push_back(lower(c));
    }
    inside = word_sign(c);
  }
  // The longest word is the rarest as a rule: looked for first, it rules out most names.
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return words;
}

// Position of the word in the text, at the start of a word there when `whole` finds one; npos when it is not there.
std::size_t find_word(std::string_view text, std::string_view word, bool& at_start) {
  std::size_t first = std::string_view::npos;
  const char one = word.front();
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (lower(text[i]) != one) continue;
    std::size_t j = 1;
    while (j < word.size() && lower(text[i + j]) == word[j]) ++j;
    if (j != word.size()) continue;
    if (i == 0 || !word_sign(text[i - 1])) {
      at_start = true;
      return i;
    }
    if (first == std::string_view::npos) first = i;
  }
  at_start = false;
  return first;
}

struct Candidate {
  std::int64_t score = 0;
  std::uint32_t row = 0;
  bool operator<(const Candidate& other) const { return score != other.score ? score > other.score : row < other.row; }  // worst on top
};

}  // namespace

std::vector<ConceptView> suggest(const SnapshotView& snapshot, std::string_view text, std::size_t limit) {
  const auto words = words_of(text);
  if (words.empty() || limit == 0) return {};
  std::priority_queue<Candidate> best;
  const auto consider = [&](std::string_view name, std::uint32_t index, bool synonym) {
    std::int64_t score = 0;
    for (const auto& word : words) {
      bool at_start = false;
      const std::size_t at = find_word(name, word, at_start);
      if (at == std::string_view::npos) return;
      score += (at_start ? 40 : 0) + (at == 0 ? 20 : 0);
    }
    const Row& row = snapshot.rows[index];
    if (snapshot.standard(row)) score += 60;
    if (!snapshot.valid(row)) score -= 120;
    if (words_of(name) == words) score += 200;
    score -= static_cast<std::int64_t>(std::min<std::size_t>(name.size(), 200)) + (synonym ? 5 : 0);
    best.push({score, index});
    if (best.size() > 2 * limit) best.pop();
  };
  for (std::uint32_t i = 0; i < snapshot.rows.size(); ++i) consider(snapshot.name(snapshot.rows[i]), i, false);
  for (const auto& entry : snapshot.synonyms) {
    if (entry.row < snapshot.rows.size()) consider(snapshot.synonym(entry), entry.row, true);
  }
  std::vector<Candidate> order;
  for (; !best.empty(); best.pop()) order.push_back(best.top());
  std::vector<ConceptView> result;
  std::vector<std::uint32_t> seen;
  for (auto at = order.rbegin(); at != order.rend() && result.size() < limit; ++at) {
    if (std::find(seen.begin(), seen.end(), at->row) != seen.end()) continue;
    seen.push_back(at->row);
    result.push_back(snapshot.view(snapshot.rows[at->row]));
  }
  return result;
}

}  // namespace pyojun::vocabulary
