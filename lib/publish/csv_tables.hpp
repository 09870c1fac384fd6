// Formats many tables with many threads; what is written does not depend on their number.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/result.hpp"
#include "publish/publisher.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

// One file to write: a table's header and all blocks of its source.
struct CsvJob {
  const Table* table = nullptr;
  std::unique_ptr<RowSource> source;
};

// Writes <table>.csv for every job into the work folder and lists it there; answers rows, bytes and hashes in the order of the jobs.
// At most 2 * threads + 2 blocks are in memory. The first error wins and stops all threads.
Result<std::vector<PublishedTable>> write_csv_tables(AtomicDirectory& folder, const std::vector<CsvJob>& jobs, unsigned threads);

}  // namespace pyojun
