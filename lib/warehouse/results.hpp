// Writing into a finished warehouse: only schema `results`, under the folder's lock.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "warehouse/duck.hpp"
#include "warehouse/store_file.hpp"

namespace pyojun {

struct ResultsStore {
  FolderLock lock;  // outlives the database
  std::unique_ptr<Duck> duck;
};

// The last run's database, open for writing, with the tables of schema results (made when an older program left none).
// `since`: start of the program for the lock's text. Codes: warehouse_locked, warehouse_empty, warehouse_not_one.
Result<std::unique_ptr<ResultsStore>> open_results(const std::string& folder, const std::string& since);

// CREATE TABLE IF NOT EXISTS for the tables of schema results.
std::string_view results_tables();

}  // namespace pyojun
