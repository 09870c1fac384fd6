// The mapped sections of a snapshot as spans, with accessors that stay inside them whatever the bytes say.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/mapped_file.hpp"
#include "base/result.hpp"
#include "vocabulary/layout.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun::vocabulary {

struct SnapshotView {
  std::shared_ptr<const MappedFile> file;
  std::span<const Row> rows;
  std::string_view text, synonym_text, info;
  std::span<const Slot> codes, names;
  std::span<const std::uint32_t> ids, targets, more;
  std::span<const ValueEntry> values;
  std::span<const Kind> kinds;
  std::span<const SynonymEntry> synonyms;
  std::vector<std::string_view> strings;

  static Result<SnapshotView> open(const std::string& folder);

  std::string_view string(std::size_t number) const { return number < strings.size() ? strings[number] : std::string_view(); }
  Kind kind(const Row& row) const { return row.kind < kinds.size() ? kinds[row.kind] : Kind{}; }
  static bool valid(const Row& row) { return (row.flags & (flag_deleted | flag_updated | flag_invalid_other)) == 0; }
  bool standard(const Row& row) const { return valid(row) && kind(row).standard == 'S'; }

  std::string_view code(const Row& row) const {
    if (row.text >= text.size()) return {};
    return text.substr(row.text + std::size_t{1}, static_cast<unsigned char>(text[row.text]));
  }
  std::string_view name(const Row& row) const {
    if (row.text >= text.size()) return {};
    return counted(text, row.text + std::size_t{1} + static_cast<unsigned char>(text[row.text]));
  }
  std::string_view synonym(const SynonymEntry& entry) const { return counted(synonym_text, entry.text); }

  // Row of an id or no_row.
  std::uint32_t row_of(std::int32_t id) const;
  ConceptView view(const Row& row) const;
  // The count at `index` of more_targets and the ids behind it.
  std::span<const std::int32_t> group(std::size_t index) const;

 private:
  // Text with its length (2 bytes) before it.
  static std::string_view counted(std::string_view heap, std::size_t at) {
    if (at + 2 > heap.size()) return {};
    const std::size_t size = static_cast<unsigned char>(heap[at]) | static_cast<std::size_t>(static_cast<unsigned char>(heap[at + 1])) << 8;
    return heap.substr(at + 2, size);
  }
};

// All words of `text` in a concept's name or synonym, best first.
std::vector<ConceptView> suggest(const SnapshotView& snapshot, std::string_view text, std::size_t limit);

}  // namespace pyojun::vocabulary
