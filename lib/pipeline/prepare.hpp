// Everything that can be wrong before data is read is found here: mappings, vocabulary, targets, inputs, packs, budgets.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mapping/part_hash.hpp"
#include "pipeline/convert.hpp"
#include "publish/publisher.hpp"

namespace pyojun {

// A source of the job with its plan and its files.
struct OpenSource {
  const SourceRequest* request = nullptr;
  std::shared_ptr<const Plan> plan;
  Sources sources;
  std::shared_ptr<PartHashes> parts;
  std::vector<std::pair<std::string, std::string>>
      restless;  // files of the mapping that were written just before they were read: path, stamp
};

struct Prepared {
  std::unique_ptr<Schema> schema;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::vector<OpenSource> sources;  // in the order of the job
  AssembleValues settings;          // of all mappings together
  std::vector<Target> targets;
  AuditRequest audit;  // when packs are asked for
};

// Diagnostics and skipped files are told in `outcome` also when it fails. SQL sources are fetched, unless the request only checks.
Result<Prepared> prepare(const ConvertRequest& request, const World& world, ConvertOutcome& outcome);
// Error mapping_being_written when a mapping, or a file it reads, was not whole when prepare() read it. To be asked later.
Status check_mappings(const Prepared& prepared);
// Is what is there a warehouse, and one this version can go on with?
Status check_warehouse(const ConvertRequest& request, const Schema& schema);

}  // namespace pyojun
