// Which part of a mapping decides the rows of a file, so that a change remaps only the files it touches.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mapping/ast.hpp"

namespace pyojun {

class PartHashes {
 public:
  // Of a mapping as it was compiled: what it was read from may say something else by now. `lists`: contents of its code lists and of those
  // the job adds, in order.
  PartHashes(ast::Mapping mapping, const std::vector<std::string>& lists);

  // SHA-256 over everything that may change rows of records of these kinds: dialect, field layouts, lists, lookups, and the rules that read
  // one of the kinds or every kind, in canonical form (a comment changes nothing). No kind: any record may come, so all rules count.
  const std::string& of(const std::vector<std::string>& kinds);

 private:
  ast::Mapping mapping_;
  std::string texts_;                                      // of lists and layouts
  std::map<std::vector<std::string>, std::string> known_;  // by kinds
};

}  // namespace pyojun
