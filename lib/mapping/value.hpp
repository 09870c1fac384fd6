// What an expression evaluates to: one small tagged value. Texts are borrowed from the record, the plan or the evaluator's arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/time_value.hpp"
#include "cdm/schema.hpp"
#include "record/batch.hpp"

namespace pyojun::mapping {

struct CodeEntry;

enum class Tag : std::uint8_t {
  absent,
  null,    // said to be nothing
  text,    // may be empty
  object,  // a node with children and no text
  integer,
  number,
  boolean,
  time,
  concept_id,  // integer is the id, text what the source said
  code,        // a source code with its targets
  codes,       // several codes
  answer,      // result of value()
  answers,     // of each value(..), when there are several: a row for each
  range,       // result of range()
  key,         // reference to a row of another table
  sibling,     // the candidate's lead row
};

// Result of value(): what of a number, an operator, a concept and a text the source's answer holds.
struct Answer {
  double number = 0;
  bool has_number = false;
  bool exact = false;                 // the number says everything: the text is not needed beside it
  std::int32_t operator_concept = 0;  // 0: none
  std::int32_t concept_id = 0;        // 0: none
  std::string_view text;              // as delivered, or put together from the parts of a structure
  const CodeEntry* code = nullptr;    // the code it came from, for the tallies
};

struct Range {
  double low = 0, high = 0;
  bool has_low = false, has_high = false;
};

struct Value {
  Tag tag = Tag::absent;
  NodeIndex node = 0;          // where it came from, 0 when it was made
  const char* data = nullptr;  // text
  std::uint32_t length = 0;
  union {
    std::int64_t integer;
    double number;
    bool boolean;
    TimeValue time;
    const CodeEntry* code;
    const std::vector<const CodeEntry*>* codes;
    const Answer* answer;
    const std::vector<const Answer*>* answers;
    const Range* range;
    Hash128 key;
  };

  constexpr Value() : integer(0) {}
  std::string_view text() const { return {data, length}; }
  // There, not empty and not null.
  bool present() const { return tag > Tag::text || (tag == Tag::text && length != 0); }
  bool is_node() const { return node != 0; }
  void clear() {
    tag = Tag::absent;
    node = 0;
  }
  void set_text(std::string_view value) {
    tag = Tag::text;
    data = value.data();
    length = static_cast<std::uint32_t>(value.size());
  }
  void set_integer(std::int64_t value) {
    tag = Tag::integer;
    integer = value;
  }
  void set_number(double value) {
    tag = Tag::number;
    number = value;
  }
  void set_boolean(bool value) {
    tag = Tag::boolean;
    boolean = value;
  }
  void set_concept(std::int32_t id, std::string_view source) {
    set_text(source);
    tag = Tag::concept_id;
    integer = id;
  }
};

// Bytes that live until the candidate is done. No allocation once it has grown.
class Arena {
 public:
  char* take(std::size_t bytes) {
    if (block_ == blocks_.size() || used_ + bytes > blocks_[block_].size) grow(bytes);
    char* out = blocks_[block_].data.get() + used_;
    used_ += bytes;
    return out;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }  // of the last take()
  std::string_view copy(std::string_view text);
  bool owns(const char* at) const;
  void reset() {
    block_ = 0;
    used_ = 0;
  }

 private:
  void grow(std::size_t bytes);
  struct Block {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0, used_ = 0;
};

// Objects that live until the candidate is done; addresses are stable.
template <class T>
class Pool {
 public:
  T& take() {
    if (used_ == items_.size()) items_.push_back(std::make_unique<T>());
    T& out = *items_[used_++];
    out = T{};
    return out;
  }
  void reset() { used_ = 0; }

 private:
  std::vector<std::unique_ptr<T>> items_;
  std::size_t used_ = 0;
};

}  // namespace pyojun::mapping
