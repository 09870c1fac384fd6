// Source codes met so far: the vocabulary is asked once per code, then a lookup costs one probe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/short_text.hpp"
#include "mapping/code_entry.hpp"
#include "mapping/code_list.hpp"
#include "mapping/regex.hpp"
#include "mapping/value.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun::mapping {

// Small number of a code system within one cache.
using SystemNumber = std::uint32_t;

// Not a fingerprint: only spreads short texts over a table. Equal texts give equal numbers within one run.
inline std::uint64_t spread(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t k = 0x9E37'79B9'7F4A'7C15ULL;
  std::uint64_t h = (seed + text.size()) * k;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    h = (h ^ word_at<std::uint64_t>(at)) * k;
    h ^= h >> 29U;
  }
  // What is left is the end of the text: words may overlap, for its length is in the seed.
  std::uint64_t word = 0;
  if (text.size() >= 8) {
    word = word_at<std::uint64_t>(at + left - 8);
  } else if (left >= 4) {
    word = std::uint64_t{word_at<std::uint32_t>(at)} << 32U | word_at<std::uint32_t>(at + left - 4);
  } else if (left != 0) {
    const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    word = byte(0) << 16U | byte(left / 2) << 8U | byte(left - 1);
  }
  h = (h ^ word) * k;
  h ^= h >> 32U;
  return h * k ^ (h >> 17U);
}

// Text to integer, remembered; forgets everything when it is full.
class TextMemo {
 public:
  const std::int32_t* find(std::string_view text) const;
  std::int32_t put(std::string_view text, std::int32_t value);

 private:
  static constexpr std::size_t limit = 65536;
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t offset = 0, length = 0;
    std::int32_t value = 0;
    bool used = false;
  };
  void grow();
  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::size_t used_ = 0;
  std::string heap_;
};

struct CacheOptions {
  std::shared_ptr<const Vocabulary> vocabulary;  // may be null: every code is of an unknown system
  const ListsByVocabulary* lists = nullptr;      // extra code lists; they win over the vocabulary
  std::size_t limit = 1'000'000;
};

class CodeCache {
 public:
  explicit CodeCache(CacheOptions options);
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  SystemNumber system(std::string_view name);
  // The system as it is used on a day (days since 1970-01-01): codes of another edition than the vocabulary holds are graded `edition`.
  SystemNumber system_on(SystemNumber system, std::int32_t day);
  SystemNumber list(const CodeList& list);  // codes of a list are a system of their own
  SystemNumber concepts();                  // codes are concept ids
  const CodeEntry& find(SystemNumber system, std::string_view code);
  void count(const CodeEntry& entry, std::uint16_t rule, TableId table, std::uint64_t rows);
  // Entries over the limit live until here. True: there were some.
  bool release() { return std::exchange(transient_used_, 0) != 0; }
  CodeRoute& add_route(const CodeEntry& entry, std::uint32_t emit);
  std::vector<CodeTally> tallies(const Schema& schema) const;
  std::size_t size() const { return entries_.size(); }

 private:
  static constexpr SystemNumber no_twin = 0xFFFF'FFFF;
  struct System {
    std::string name;  // vocabulary id, or as delivered
    VocabularyId id = no_vocabulary;
    bool searchable = false;
    const CodeList* list = nullptr;   // `list` statement
    const CodeList* extra = nullptr;  // extra list of this vocabulary
    bool concepts = false;
    bool other_edition = false;  // than the vocabulary holds
    std::uint32_t priority = 0;
    SystemNumber twin = no_twin;  // the same system in another edition
  };
  struct Slot {
    std::uint64_t hash = 0;
    CodeEntry* entry = nullptr;
    SystemNumber system = 0;
  };
  void fill(CodeEntry& entry, SystemNumber system);
  Vocabulary::Found repaired(const System& system, std::string_view code);
  void grow();
  CodeEntry& transient(SystemNumber system, std::string_view code);
  SystemNumber add(System system);

  CacheOptions options_;
  std::deque<System> systems_;  // entries borrow the names: addresses must stay
  std::unordered_map<std::string, SystemNumber, TextHash, std::equal_to<>> numbers_;
  std::unordered_map<const CodeList*, SystemNumber> list_numbers_;
  std::string last_name_;
  SystemNumber last_ = 0;
  bool has_last_ = false;
  std::deque<CodeEntry> entries_;  // slots point at them: addresses must stay
  Arena heap_;
  std::deque<std::vector<std::int32_t>> own_;  // targets of concept codes
  std::vector<Slot> slots_;
  std::deque<CodeEntry> transient_;
  std::deque<std::string> transient_text_;
  std::size_t transient_used_ = 0;
  Regex::Scratch scratch_;
  struct Spill {
    std::uint16_t rule;
    std::string vocabulary;
    TableId table;
    Grade grade;
    auto operator<=>(const Spill&) const = default;
  };
  std::map<Spill, std::uint64_t> spilled_;
};

}  // namespace pyojun::mapping
