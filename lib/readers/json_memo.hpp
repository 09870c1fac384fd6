// Values met before, byte by byte: records of one export say the same codes, categories and profiles over and over. What the same bytes
// meant is known: they need not be checked or taken apart again.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "readers/reader.hpp"
#include "record/batch.hpp"

namespace pyojun {

// Containers ('{..}' or '[..]') met at one place of the records, told apart by a few bytes where they differ: `find` looks at those and
// then compares all. No whole container is the beginning of another, so what begins like one that was kept is that one.
template <class What>
class JsonMemo {
 public:
  struct Entry {
    std::string_view text;
    std::uint32_t tokens = 0;   // of the index
    std::uint32_t context = 0;  // what else decides how the bytes are read: place, depth, name
    What what{};
  };
  struct Place {
    std::uint32_t from = 0, to = 0;  // the bytes looked at first; to == 0: nothing was kept here
    std::uint32_t shortest = 0;      // of what was kept
    std::uint32_t tries = 0, hits = 0;
    std::string_view last;  // kept last
    // Where nearly every value is new, looking and keeping stop.
    bool pays() const { return tries < 64 || hits * 4 >= tries; }
  };
  static constexpr std::size_t places = 256, slots = 1024;  // powers of two

  Place& place(std::uint32_t number) { return places_[number & (places - 1)]; }
  // The entry the bytes at `at` begin with. `readable`: bytes there are.
  const Entry* find(Place& place, std::uint32_t context, const char* at, std::size_t readable) {
    if (place.to == 0 || !place.pays()) return nullptr;
    ++place.tries;
    if (place.to > readable) return nullptr;
    const Entry* const first = &entries_[slot(place, context, at)];
    for (const Entry* entry = first; entry != first + ways; ++entry) {
      if (entry->text.empty()) break;
      if (entry->context != context || entry->text.size() > readable) continue;
      if (std::memcmp(at, entry->text.data(), entry->text.size()) != 0) continue;
      ++place.hits;
      return entry;
    }
    return nullptr;
  }
  static bool worth(const Place& place, std::string_view text, std::uint32_t tokens) {
    return tokens >= fewest_tokens && text.size() >= fewest_bytes && text.size() <= most_bytes && place.pays();
  }
  // `text` outlives the memo or its next forget().
  void keep(Place& place, std::uint32_t context, std::string_view text, std::uint32_t tokens, const What& what) {
    learn(place, text);
    if (entries_.empty()) entries_.resize(slots);
    Entry* const first = &entries_[slot(place, context, text.data())];
    Entry* entry = std::find_if(first, first + ways, [](const Entry& one) { return one.text.empty(); });
    if (entry == first + ways) entry = first + next_++ % ways;
    *entry = {text, tokens, context, what};
  }
  void forget() {
    entries_.clear();
    places_.fill({});
  }
  void try_again() {
    for (Place& place : places_) place.tries = place.hits = 0;
  }

 private:
  static constexpr std::uint32_t window = 96;  // bytes looked at first
  static constexpr std::size_t ways = 4;       // entries that are looked through
  static constexpr std::size_t fewest_tokens = 8, fewest_bytes = 64, most_bytes = std::size_t{32} << 10;

  // Looks where values of this place begin to differ, and never behind the end of the shortest.
  static void learn(Place& place, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    place.shortest = place.to == 0 ? size : std::min(place.shortest, size);
    if (!place.last.empty()) {
      const std::size_t most = std::min(text.size(), place.last.size());
      const auto differ =
          static_cast<std::uint32_t>(std::mismatch(text.begin(), text.begin() + most, place.last.begin()).first - text.begin());
      place.from = place.from == 0 ? differ : std::min(place.from, differ);
    }
    place.from = std::min(place.from, place.shortest);
    place.to = std::min(place.shortest, place.from + window);
    place.last = text;
  }
  static std::size_t slot(const Place& place, std::uint32_t context, const char* at) {
    constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t a = context * odd, b = ~a;
    const char* from = at + place.from;
    const char* const to = at + place.to;
    const auto word = [](const char* bytes) {
      std::uint64_t out = 0;
      std::memcpy(&out, bytes, sizeof out);
      return out;
    };
    for (; to - from >= 16; from += 16) {  // two lanes: their multiplications do not wait for each other
      a = (a ^ word(from)) * odd;
      b = (b ^ word(from + 8)) * odd;
      a ^= a >> 29;
      b ^= b >> 29;
    }
    for (; from < to; ++from) a = (a ^ static_cast<unsigned char>(*from)) * odd;
    a = (a ^ (b >> 7)) * odd;
    return static_cast<std::size_t>(a >> 40) & (slots - ways);
  }

  std::vector<Entry> entries_;
  std::size_t next_ = 0;  // to be replaced
  std::array<Place, places> places_{};
};

// Containers nobody reads that were found to be good under the same limits. Owns copies of the texts, so that it can stay.
class JsonSkipped {
 public:
  using Memo = JsonMemo<char>;
  void use(const Limits& limits);  // forgets everything when they are not those of the last time
  Memo& memo() { return memo_; }
  void keep(Memo::Place& place, std::uint32_t context, std::string_view text, std::uint32_t tokens);

 private:
  Memo memo_;
  std::deque<std::string> texts_;  // addresses stay
  std::size_t bytes_ = 0;
  std::uint64_t depth_ = 0, number_bytes_ = 0;
};

// Containers of one batch whose nodes are there already: the siblings made for each. Nodes below can be shared: nothing of a node says
// where it hangs.
struct JsonNodes {
  NodeIndex first = 0, last = 0;
};
using JsonKnown = JsonMemo<JsonNodes>;

}  // namespace pyojun
