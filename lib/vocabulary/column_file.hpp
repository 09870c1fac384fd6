// Compact columns of concept_relationship and concept_ancestor, kept for SQL: writing Parquet of 50 M rows costs more than the whole
// rest of a build, so Parquet is made from these only when somebody asks (sql_tables.hpp).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace pyojun::vocabulary {

// A file is a sequence of blocks; a block is rows (u32), width (u32: bytes a row), then its columns, one after the other.
struct BlockHead {
  std::uint32_t rows = 0, width = 0;
};

struct RelationshipColumns {
  static constexpr std::uint32_t width = 4 + 4 + 2 + 2 + 2 + 1;
  std::vector<std::int32_t> from, to;
  std::vector<std::uint16_t> relationship, valid_start, valid_end;  // days since day_base
  std::vector<char> invalid_reason;                                 // 0, D, U
};

struct AncestorColumns {
  static constexpr std::uint32_t width = 4 + 4 + 2 + 2;
  std::vector<std::int32_t> ancestor, descendant;
  std::vector<std::uint16_t> min_levels, max_levels;
};

template <class T>
void append_column(std::string& block, const std::vector<T>& column) {
  block.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T));
}

inline void append_head(std::string& block, std::size_t rows, std::uint32_t width) {
  const BlockHead head{static_cast<std::uint32_t>(rows), width};
  block.append(reinterpret_cast<const char*>(&head), sizeof head);
}

}  // namespace pyojun::vocabulary
