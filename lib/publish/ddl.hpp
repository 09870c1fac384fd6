// CREATE statements of the CDM for SQL databases, from schemas/omop-5.4: types, NOT NULL, and on request keys and indexes.
#pragma once

#include <string>
#include <vector>

#include "cdm/schema.hpp"

namespace pyojun {

enum class SqlDialect : std::uint8_t { postgresql, sqlite };

// "CREATE TABLE name (...)". PostgreSQL: integer, double precision, date, timestamp, varchar(n) or text. SQLite: INTEGER, REAL, TEXT.
std::string create_table(const Table& table, const std::string& name, SqlDialect dialect);
// Primary key, for tables that have one; "" for the others.
std::string add_primary_key(const Table& table, const std::string& name);
// Foreign keys to tables of `schema` for which `published` holds, deferred to the end of the transaction.
std::vector<std::string> add_foreign_keys(const Schema& schema, const Table& table, const std::string& prefix,
                                          const std::vector<bool>& published);
// Indexes OHDSI's tools ask for: person_id, *_concept_id of events, visit_occurrence_id.
std::vector<std::string> create_indexes(const Table& table, const std::string& name);

}  // namespace pyojun
