// Finished rows as PostgreSQL's binary COPY stream (documentation of COPY, "Binary Format").
#pragma once

#include <cstdint>
#include <string_view>

#include "publish/byte_buffer.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

inline constexpr std::string_view pg_copy_header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
inline constexpr std::string_view pg_copy_trailer("\377\377", 2);

// Appends all rows of the block: int4, float8, date, timestamp, text. PostgreSQL cannot hold the character NUL: it goes out as a blank.
void append_pg_rows(const RowBlock& block, ByteBuffer& out);

}  // namespace pyojun
