// SQL text for publishing through DuckDB: typed selects of CDM tables, and one guard around settings and errors.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "cdm/schema.hpp"
#include "publish/publisher.hpp"
#include "warehouse/duck.hpp"

namespace pyojun {

// All columns of cdm.<table> in OMOP order with their types; without rows the warehouse is not asked.
std::string select_table(const Table& table, std::uint64_t rows);

// The same from a vocabulary file; columns the file does not have are null.
Result<std::string> select_vocabulary(Duck& duck, const Table& table, const std::string& file);

// Names of all tables that publishers make, as a list of texts. A database file with any other table, or without pyojun_run, is somebody's
// work.
std::string published_names(const Schema& schema);

// Path of a vocabulary table's parquet file when it is asked for and there, else "".
std::string vocabulary_file(const PublishRequest& request, const Table& table);

// Runs a statement; an error names the table and the file, never what the engine quoted.
Status run_publishing(Duck& duck, const std::string& sql, const std::string& file, const std::string& table);

// Another value of a database setting while it lives.
class Setting {
 public:
  Setting(Duck& duck, std::string name, const std::string& value);
  ~Setting();
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  Duck& duck_;
  std::string name_, before_;  // before_ "": nothing to put back
};

}  // namespace pyojun
