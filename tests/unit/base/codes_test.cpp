// The messages table is data: ids are unique and well-formed, every row has both languages.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/codes.hpp"

using namespace pyojun;

TEST_CASE("messages stand at their own code and ids are never shared") {
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < code_table.size(); ++i) {
    const CodeInfo& row = code_table[i];
    CAPTURE(row.id);
    CHECK(static_cast<std::size_t>(row.code) == i);
    CHECK(ids.insert(row.id).second);
    CHECK(row.id.size() == 4);
    CHECK(std::string_view("FRMVCWPUX").find(row.id[0]) != std::string_view::npos);
    for (const auto text : {row.says, row.remedy, row.says_ko, row.remedy_ko}) CHECK(!text.empty());
  }
}
