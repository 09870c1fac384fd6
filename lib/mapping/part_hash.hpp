// Which part of a mapping decides the rows of a file, so that a change remaps only the files it touches.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/ast.hpp"

namespace pyojun {

// Reads mapping and code lists when first asked; what it told once it tells again.
class PartHashes {
 public:
  // SHA-256 over everything of `mapping` (name or path) that may change rows of records of `kind`: dialect, lists, lookups, and the rules
  // that read this kind or every kind, in canonical form (a comment changes nothing). Kind "": any record may come, so all rules count.
  const std::string& of(const std::string& mapping, std::string_view kind, const std::vector<std::string>& code_lists);

 private:
  void read(const std::string& mapping, const std::vector<std::string>& code_lists);
  bool read_ = false;
  ast::Mapping mapping_;
  std::string lists_;
  std::map<std::string, std::string, std::less<>> known_;  // by kind
};

}  // namespace pyojun
