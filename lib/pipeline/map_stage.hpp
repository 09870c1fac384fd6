// The streaming half of a run: read, map and commit every file, in parallel, in canonical order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/convert.hpp"
#include "pipeline/sources.hpp"

namespace pyojun {

struct MapStage {
  const ConvertRequest& request;
  const World& world;
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const Vocabulary> vocabulary;
  Sources& sources;
  Warehouse* warehouse;
};

// Content hashes of all files, on all threads; SourceFile::sha256 is filled.
Status hash_files(Sources& sources, unsigned threads, const World& world);

// Lookup pass (when the mapping has lookups), then the pass that makes rows. Adds files, rows, rejects, codes and profile to the warehouse.
Status run_map_stage(const MapStage& stage, ConvertOutcome& outcome);

}  // namespace pyojun
