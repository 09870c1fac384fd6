// Layout of what a run leaves behind. rows-<run>.seg: arrays as the mapper made them and a header per batch and chunk that says where they
// are. It never changes and is used by every later run whose files it holds. parts-<run>.dir: the directory of one run, over all the
// segments in use. Little-endian, 8-byte aligned. Positions count through all segments of a warehouse: each segment has a base of its own,
// so that all of them can be seen as one piece of memory.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cdm/rows.hpp"

namespace pyojun {

inline constexpr std::uint64_t segment_magic = 0x3130'4745'534A'5950ULL;  // "PYJSEG01"
inline constexpr std::uint32_t segment_version = 3;
inline constexpr std::uint64_t segment_base_step = 65536;  // bases are multiples of it, so that segments can be mapped side by side
inline constexpr std::size_t offset_step = 64;

// Unsigned numbers, stored as small as they allow: a line (base + i), 16 bits above base, or 32 bits above base.
struct PackedHeader {
  enum Form : std::uint32_t { line, narrow, wide };
  std::uint32_t form = line;
  std::uint32_t count = 0;
  std::uint64_t base = 0;
  std::uint64_t at = 0;
};

// Where the records of a batch lie in the delivered file. Without places only the record numbers are known.
struct BatchHeader {
  std::uint32_t file = 0;
  std::uint32_t has_places = 0;
  std::uint64_t first_record = 0;  // number of record 0 in the file, from 1
  std::uint64_t first_line = 0;    // line of batch line 0 in the file, from 1
  std::uint64_t first_offset = 0;
  std::uint64_t gap = 0;  // when gapless == 1: offset of the next record = offset + length + gap
  std::uint32_t gapless = 0;
  std::uint32_t filler = 0;
  PackedHeader offsets;  // above first_offset; when gapless only of every 64th record, the others follow from the lengths
  PackedHeader lengths;
  PackedHeader lines;
};

struct ColumnHeader {
  std::uint16_t column = no_column;
  std::uint16_t target = no_table;
  std::uint8_t storage = 0;   // Storage, never constant
  std::uint8_t constant = 0;  // 1: one value for all rows
  std::uint16_t group = no_group;
  std::uint32_t heap_bytes = 0;
  std::uint32_t instead = no_column;
  std::uint64_t at = 0;  // values; references are slots (u32), texts are ends (u32)
  std::uint64_t heap = 0;
};

enum class KeyForm : std::uint8_t { none, slots, hashes };

struct ChunkHeader {
  std::uint32_t rows = 0;
  std::uint16_t columns = 0;
  KeyForm keys = KeyForm::none;
  std::uint8_t sorted = 0;                                                                   // candidates never fall: they can be searched
  std::uint64_t keys_at = 0, versions_at = 0, leads_at = 0, deletes_at = 0, columns_at = 0;  // 0: not there
  std::uint64_t said_at = 0;                                                                 // as RowChunk::said
  std::uint64_t aliases_at = 0;                                                              // pairs of slots: the row's, the other name's
  std::uint32_t aliases = 0;
  std::uint32_t retires = 0;                           // 1: what is told under the other name gives way
  std::uint64_t order_ends_at = 0, order_heap_at = 0;  // texts that decide between equal versions; `orders` says whose is which
  std::uint64_t within_at = 0;                         // within_each slots a row
  std::uint16_t within_each = 0;
  TableId within_target = no_table;
  std::uint32_t filler = 0;
  PackedHeader records, candidates, orders;
};

// How the ids of a chunk's rows are known: first_id + rank among the rows that were given one, the id of the row's key, or one by one.
enum class IdForm : std::uint8_t { none, counted, by_slot, listed };

// Directory entry of a chunk; kept in memory while the run lasts and written to the directory.
struct ChunkInfo {
  std::uint64_t header = 0;
  std::uint32_t rows = 0, live = 0;
  std::uint32_t file = 0, batch = 0;
  std::int32_t first_id = 0;     // counted: id of the first row that has one
  std::uint32_t dead = 0;        // 1 + number of its bitmap, 0: all rows live
  std::uint32_t unnumbered = 0;  // counted: 1 + number of the bitmap of rows that were given no id, 0: all rows have one
  std::uint32_t listed = 0;      // listed: where its ids begin among all that are listed
  TableId table = no_table;
  std::uint16_t rule = 0;
  IdForm ids = IdForm::none;
  std::uint8_t has_siblings = 0;
  std::uint16_t filler = 0;
};

struct BatchInfo {
  std::uint64_t header = 0;
  std::uint32_t first_chunk = 0, chunks = 0;
};

struct RowPlace {
  std::uint32_t chunk = 0, row = 0;
};

// Living rows of a chunk from `row` on whose ids follow each other (dead rows in between are passed over).
struct RowRun {
  std::uint32_t chunk = 0, row = 0, rows = 0;
  std::int32_t first_id = 0;
};

// One segment file: which run wrote it, where its positions begin, how long it is.
struct SegmentPart {
  std::uint64_t run = 0, base = 0, bytes = 0;
};

// Arrays of the directory.
struct ArrayPlace {
  std::uint64_t at = 0, count = 0;
};

struct TableFooter {
  TableId table = no_table;
  std::uint16_t filler = 0;
  std::uint32_t rows = 0;  // live
  ArrayPlace ids;          // i32 by slot: final id, null_integer when nothing stands for the key
  ArrayPlace order;        // RowRun in id order, only when chunk order is not id order
};

struct SegmentFooter {
  ArrayPlace parts, chunks, batches, dead_ends, dead_words, listed, tables;
  std::uint32_t version = segment_version;
  std::uint32_t filler = 0;
  std::uint64_t magic = segment_magic;
};

static_assert(std::is_trivially_copyable_v<ChunkHeader> && sizeof(ChunkInfo) == 48 && sizeof(ColumnHeader) == 32);

}  // namespace pyojun
