#include "publish/pg_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "cdm/rows.hpp"

namespace pyojun {

namespace {

constexpr std::int32_t pg_epoch_days = 10957;  // 2000-01-01
constexpr std::int64_t pg_epoch_micros = std::int64_t{pg_epoch_days} * 86'400'000'000;
constexpr std::size_t widest_cell = 4 + 8;

char* put16(char* to, std::uint16_t value) {
  value = static_cast<std::uint16_t>(__builtin_bswap16(value));
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
char* put32(char* to, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
char* put64(char* to, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
char* put_null(char* to) { return put32(to, ~std::uint32_t{0}); }

char* put_integer(char* to, std::int32_t value, std::int32_t base) {
  if (value == null_integer) return put_null(to);
  return put32(put32(to, 4), static_cast<std::uint32_t>(value - base));
}

// A fixed-width cell of row `at`.
char* put_cell(char* to, const BlockColumn& column, std::size_t at) {
  switch (column.type) {
    case ColumnType::integer:
      return put_integer(to, column.integers[at], 0);
    case ColumnType::date:
      return put_integer(to, column.integers[at], pg_epoch_days);
    case ColumnType::datetime:
      if (column.datetimes[at] == null_datetime) return put_null(to);
      return put64(put32(to, 8), static_cast<std::uint64_t>(column.datetimes[at] - pg_epoch_micros));
    case ColumnType::number: {
      const auto bits = std::bit_cast<std::uint64_t>(column.numbers[at]);
      return bits == null_number_bits ? put_null(to) : put64(put32(to, 8), bits);
    }
    case ColumnType::text:
      break;
  }
  return put_null(to);
}

void put_text(const BlockColumn& column, std::size_t at, ByteBuffer& out) {
  const std::uint32_t from = at == 0 ? column.begin : column.ends[at - 1];
  const std::uint32_t size = column.ends[at] - from;
  char* const to = out.room(4 + size);
  if (size == 0) {
    put_null(to);
    out.advance(4);
    return;
  }
  put32(to, size);
  std::memcpy(to + 4, column.heap + from, size);
  if (std::memchr(to + 4, 0, size) != nullptr) std::replace(to + 4, to + 4 + size, '\0', ' ');
  out.advance(4 + size);
}

}  // namespace

void append_pg_rows(const RowBlock& block, ByteBuffer& out) {
  const auto width = static_cast<std::uint16_t>(block.columns.size());
  for (std::uint32_t row = 0; row < block.rows; ++row) {
    char* to = out.room(2 + widest_cell);
    put16(to, width);
    out.advance(2);
    for (const BlockColumn& column : block.columns) {
      const std::size_t at = column.form == BlockColumn::Form::constant ? 0 : row;
      if (column.form != BlockColumn::Form::null && column.type == ColumnType::text) {
        put_text(column, at, out);
        continue;
      }
      to = out.room(widest_cell);
      char* const end = column.form == BlockColumn::Form::null ? put_null(to) : put_cell(to, column, at);
      out.advance(static_cast<std::size_t>(end - to));
    }
  }
}

}  // namespace pyojun
