// The work of assemble(): runs the files in order. Shared by its source files only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "warehouse/assemble.hpp"
#include "warehouse/assemble_script.hpp"

namespace pyojun {

class Assembly {
 public:
  Assembly(Duck& duck, const AssembleRequest& request, Overlay& overlay)
      : duck_(duck), request_(request), schema_(*request.schema), overlay_(overlay) {}

  Status run();
  std::vector<Derived> take() { return std::move(derived_); }

 private:
  Status script(const AssembleScript& script);
  Status derive(const AssembleScript& script);
  std::string source_of(TableId table) const;
  Result<bool> wanted(const AssembleScript& script);
  bool only_empty_tables(const std::string& guard) const;
  Status provide(const AssembleScript& script);
  Status ingredients();
  Result<bool> make_target(const std::string& table, bool added, const std::string& made_by);
  std::string made_by(const AssembleScript& script) const;
  Status forget_before();
  Status take_completed();

  // assemble_again.cpp: what only some persons need.
  Status look_back();
  Status derive_again(const AssembleScript& script);
  Status touch(const std::vector<std::int32_t>& persons);
  Status touch_moved();
  Status touch_added(TableId table, bool now);
  Status find_touched();
  Status spans();
  bool again(const AssembleScript& script) const;
  Status take_changes(const AssembleScript& script);
  Status quarantine(const AssembleScript& script);
  Status change_added(const AssembleScript& script);
  Status count(const AssembleScript& script);
  Status count_rows();
  Status exec(const std::string& sql, std::string_view name) { return duck_.exec(sql, name); }

  Duck& duck_;
  const AssembleRequest& request_;
  const Schema& schema_;
  Overlay& overlay_;
  AssembleValues settings_;
  std::vector<Derived> derived_;
  int step_ = 0;
  bool has_ingredients_ = false, found_ingredients_ = false, has_spans_ = false, has_touched_ = false;
  bool everybody_ = false;  // too much differs from the last run
  // Of the last run: how its derived tables were made (added ones: ""), and which tables are still there, as "schema.name_before".
  std::map<std::string, std::string> made_before_;
  std::set<std::string> before_;
};

std::string typed_columns(const Table& table, std::string_view pattern);
// SQL that lets cdm.<table> show `source`.
std::string cdm_view(const Table& table, const std::string& source);

}  // namespace pyojun
