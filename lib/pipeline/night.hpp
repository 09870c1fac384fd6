// What is new tonight: compares the delivered files with what the warehouse holds, by content.
//
// A name stands for a content, and a content is mapped once. What counts after the run are the contents that at least one name stands for;
// their order of delivery is that of their smallest names. So the outcome follows from the names and contents that are there, and neither
// from the night each came in nor from how often it was delivered.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/convert.hpp"
#include "pipeline/sources.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

class Night {
 public:
  // `only_known`: nothing new is taken, what is known is mapped again where that is due.
  Night(Warehouse& warehouse, const World& world, bool only_known) : warehouse_(warehouse), world_(world), only_known_(only_known) {}

  // Before hashing: how the files look now; with `trust` those that look as they did when they were hashed need not be read.
  void look(const SourceRequest& request, Sources& sources, bool trust);
  // After hashing, when SourceFile::made_by is known: the fate of every file.
  void decide(const SourceRequest& request, Sources& sources, NightOutcome& out);
  // After mapping: files that changed meanwhile are left for the next run.
  void check_unchanged(Sources& sources, NightOutcome& out);
  // Of one source, in the order of the job. Sources the job does not name stay as they are.
  void take_names(const SourceRequest& request, const Sources& sources, NightOutcome& out);
  // Tells the warehouse what counts, and in which order. The text names all of it: equal texts, equal outcome.
  std::string close();
  // False when the warehouse already holds exactly this.
  bool anything_new() const { return new_; }

 private:
  void keep_name(const FileName& name);

  Warehouse& warehouse_;
  const World& world_;
  const bool only_known_;
  std::vector<FileName> names_;
  std::map<std::string, std::size_t> ranks_;  // sources of the job
  bool new_ = false;
};

}  // namespace pyojun
