// Formats many tables with many threads; what is written does not depend on their number.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/result.hpp"
#include "publish/csv_memory.hpp"
#include "publish/publisher.hpp"
#include "warehouse/row_source.hpp"

namespace pyojun {

// One file to write: a table's header and all blocks of its source.
struct CsvJob {
  const Table* table = nullptr;
  std::unique_ptr<RowSource> source;
};

struct CsvTables {
  std::vector<PublishedTable> tables;                   // in the order of the jobs
  std::map<std::string, std::vector<CsvBlock>> blocks;  // by table: what can be taken up next time
};

// Writes <table>.csv for every job into the work folder and lists it there. Blocks that `memory` has are copied, the others formatted: the
// bytes are the same. At most 2 * threads + 2 blocks are in memory. The first error wins and stops all threads.
Result<CsvTables> write_csv_tables(AtomicDirectory& folder, const std::vector<CsvJob>& jobs, const CsvMemory& memory, unsigned threads);

}  // namespace pyojun
