// What is new tonight: compares the delivered files with what the warehouse holds, by content.
//
// A name stands for a content, and a content is mapped once. What counts after the run are the contents that at least one name stands for;
// their order of delivery is that of their smallest names. So the outcome follows from the names and contents that are there, and neither
// from the night each came in nor from how often it was delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/convert.hpp"
#include "pipeline/sources.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

// Was this file at rest when the run began, so that what is read of it is what it will stay? `now`: of World.
bool at_rest(const std::string& path, std::int64_t now);
// Size, times and inode: changes with every write. "" for what is no plain file.
std::string stamp_of(const std::string& path);

class Night {
 public:
  using MadeBy = std::function<std::string(const FileEntry&)>;

  // `only_known`: nothing new is taken, what is known is mapped again where that is due.
  Night(Warehouse& warehouse, const World& world, bool only_known) : warehouse_(warehouse), world_(world), only_known_(only_known) {}

  // Before hashing: how the files look now; with `trust` those that look as they did when they were hashed need not be read.
  void look(const SourceRequest& request, Sources& sources, bool trust);
  // After hashing: of a source that delivers snapshots, files with a later one of their kind beside them.
  void find_replaced(const SourceRequest& request, Sources& sources) const;
  // After hashing, when SourceFile::made_by is known: the fate of every file. A file whose rules ask a lookup table that was not read whole
  // (a file of the table waits, or changed meanwhile) waits too: half a table must not decide rows.
  // `made_by`: what SourceFile::made_by would be of a file of an earlier run.
  void decide(const SourceRequest& request, const Plan& plan, Sources& sources, const MadeBy& made_by, NightOutcome& out);
  // After mapping: files that changed meanwhile are left for the next run, and so is what was mapped by a table that was still being
  // written.
  void check_unchanged(const Plan& plan, Sources& sources, NightOutcome& out);
  // Of one source, in the order of the job. Sources the job does not name stay as they are.
  void take_names(const SourceRequest& request, const Sources& sources, NightOutcome& out);
  // Tells the warehouse what counts, and in which order. The text names all of it: equal texts, equal outcome.
  std::string close();
  // False when the warehouse already holds exactly this.
  bool anything_new() const { return new_; }

 private:
  void keep_name(const FileName& name);
  void leave(SourceFile& file, NightOutcome& out);
  void keep_vanished(FileName name, std::uint32_t now, NightOutcome& out);

  Warehouse& warehouse_;
  const World& world_;
  const bool only_known_;
  std::vector<FileName> names_;
  std::map<std::string, std::size_t> ranks_;  // sources of the job
  std::set<std::uint32_t> outdated_;          // files that would be mapped again if they were there; each is counted once
  bool new_ = false;
};

}  // namespace pyojun
