// Files of a snapshot's sql folder: compact columns and copies of small files, from which Parquet is made when somebody asks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pyojun::vocabulary {

inline constexpr std::string_view sql_folder_name = "sql";
inline constexpr std::string_view relationship_columns_file = "sql/concept_relationship.columns";
inline constexpr std::string_view relationship_names_file = "sql/concept_relationship.names";
inline constexpr std::string_view ancestor_columns_file = "sql/concept_ancestor.columns";
// Up to so many rows in all, a build writes the Parquet files itself (about a second).
inline constexpr std::uint64_t small_vocabulary_rows = 1'000'000;

// "sql/domain.tab" or "sql/domain.comma": the file as delivered.
inline std::string source_copy_file(std::string_view table, bool tabs) { return "sql/" + std::string(table) + (tabs ? ".tab" : ".comma"); }

}  // namespace pyojun::vocabulary
