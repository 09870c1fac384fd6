// CSV text of finished rows: RFC 4180, UTF-8, LF, quotes only where needed, null is empty.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cdm/schema.hpp"
#include "publish/byte_buffer.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

// "person_id,gender_concept_id,...\n" in OMOP column order.
std::string csv_header(const Table& table);

// Formats blocks of one table. Keeps small caches, so use one formatter per thread; the text never depends on them.
// Integers are plain decimals; dates YYYY-MM-DD; datetimes YYYY-MM-DD hh:mm:ss[.ffffff]; numbers the shortest text that reads back
// to the same double, whole numbers without a point, an exponent only below 1e-7 and from 1e16. Texts go out as they are.
class CsvFormatter {
 public:
  // Appends all rows of the block.
  void format(const RowBlock& block, ByteBuffer& out);

 private:
  enum class Kind : std::uint8_t { integer, date, datetime, number, text };
  // One column that varies within the block, and the bytes up to the next one: commas, constants, the line end.
  struct Step {
    Kind kind = Kind::integer;
    const void* values = nullptr;  // text: heap
    const std::uint32_t* ends = nullptr;
    std::uint32_t start = 0;  // text: where the next row's text begins
    const char* heap_end = nullptr;
    std::uint32_t tail = 0, tail_length = 0;  // within literals_
    std::uint64_t head = 0;                   // first eight bytes of the tail
  };
  struct CachedDate {
    std::int32_t days = -1;
    char text[12] = {};
  };

  std::size_t plan(const RowBlock& block);
  void add_constant(const BlockColumn& column);
  char* write_rows(std::uint32_t rows, char* out);
  char* write_date(char* out, std::int32_t days);
  char* write_datetime(char* out, std::int64_t micros);

  std::vector<Step> steps_;
  std::string literals_;
  std::uint32_t lead_length_ = 0;        // literal before the first step: literals_[0 .. lead_length_)
  std::array<CachedDate, 512> dates_{};  // direct-mapped by day
};

}  // namespace pyojun
