// The streaming half of a run: read, map and commit every file, in parallel, in canonical order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/convert.hpp"
#include "pipeline/sources.hpp"

namespace pyojun {

struct MapStage {
  const ConvertRequest& request;
  const SourceRequest& source;
  const World& world;
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const Vocabulary> vocabulary;
  Sources& sources;
  Warehouse* warehouse;
  std::uint32_t first_rule = 0;  // number of the plan's first rule in the warehouse
  // Called once, after the lookup pass and before rows are made: which files are taken. Its argument answers a digest of the lookup tables
  // that rules for records of some kinds (none: any) ask, "" when the mapping has none.
  using LookupDigest = std::function<std::string(const std::vector<std::string>& kinds)>;
  std::function<void(const LookupDigest& lookups)> decide = {};
  bool dry_run = false;  // ends after deciding
};

// Content hashes of all files whose SourceFile::sha256 is not known, on all threads; SourceFile::unhashed where that fails.
Status hash_files(Sources& sources, unsigned threads, const World& world);

// Lookup pass (when the mapping has lookups), then the pass that makes rows. Adds files, rows, rejects, codes and profile to the warehouse.
Status run_map_stage(const MapStage& stage, ConvertOutcome& outcome);

}  // namespace pyojun
