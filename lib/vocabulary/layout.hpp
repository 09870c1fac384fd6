// On-disk form of a vocabulary snapshot (file snapshot.pyv): one header, then sections of fixed-width little-endian arrays.
// Made once by build_snapshot, mapped read-only by Vocabulary::open. Numbers here are the format; a change raises snapshot_format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pyojun::vocabulary {

inline constexpr char snapshot_magic[8] = {'P', 'Y', 'O', 'J', 'V', 'O', 'C', '\n'};
inline constexpr std::uint32_t snapshot_format = 1;
inline constexpr std::string_view snapshot_file = "snapshot.pyv";
inline constexpr std::uint32_t no_row = 0xFFFFFFFF;

// Sections in file order. `info` is text: key, tab, value per line; see snapshot_info.hpp.
enum class SectionId : std::uint32_t {
  rows,
  text,
  codes,
  ids,
  names,
  targets,
  more_targets,
  values,
  kinds,
  strings,
  info,
  synonyms,
  synonym_text,
  count
};
inline constexpr std::size_t section_count = static_cast<std::size_t>(SectionId::count);

struct Section {
  std::uint64_t offset = 0;  // from the start of the file, multiple of 64
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of the bytes; checked by verify_snapshot, not by open
};

struct Header {
  char magic[8] = {};
  std::uint32_t format = 0;
  std::uint32_t concepts = 0;  // rows, "No matching concept" included
  std::uint64_t file_bytes = 0;
  Section sections[section_count];
  std::uint64_t checksum = 0;  // XXH3-64 of everything above
};

// One concept. Rows stand in the order of CONCEPT.csv; `text` is the offset of its entry in the text heap:
// code length (1 byte), code, name length (2 bytes, little-endian), name.
struct Row {
  std::int32_t id = 0;
  std::uint32_t text = 0;
  std::uint16_t kind = 0;         // index into kinds
  std::uint16_t valid_start = 0;  // days since day_base; dates outside are held at the nearest end
  std::uint16_t valid_end = 0;
  std::uint16_t flags = 0;
};
static_assert(sizeof(Row) == 16);
inline constexpr std::int32_t day_base = -7305;  // 1950-01-01; 16 bits reach 2129-06-05

// Row flags.
inline constexpr std::uint16_t flag_deleted = 1, flag_updated = 2, flag_invalid_other = 4, flag_has_value = 8, flag_added = 16;

// What many concepts share: (vocabulary, domain, class, standard) as indexes into `strings`.
struct Kind {
  std::uint16_t vocabulary = 0, domain = 0, concept_class = 0;
  char standard = 0;
  char unused = 0;
};
static_assert(sizeof(Kind) == 8);

// Open-addressing tables. Slot 0 is empty; low 32 bits: row + 1, high 32 bits: part of the key's hash.
using Slot = std::uint64_t;
inline constexpr Slot ambiguous_bit = 0x80000000ull;  // names: more than one concept of that name and domain

// targets[row]: concept id, or 0 for none, or many_bit | index into more_targets, where the count stands before the ids.
inline constexpr std::uint32_t many_bit = 0x80000000u;

// "Maps to value": sorted by id; targets stand in more_targets like the others.
struct ValueEntry {
  std::int32_t id = 0;
  std::uint32_t more = 0;
};
static_assert(sizeof(ValueEntry) == 8);

struct SynonymEntry {
  std::uint32_t row = 0;
  std::uint32_t text = 0;  // offset in synonym_text: length (2 bytes), text
};
static_assert(sizeof(SynonymEntry) == 8);

}  // namespace pyojun::vocabulary
