// The messages table is data: ids are unique and well-formed, every row has both languages.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/codes.hpp"

using namespace pyojun;

TEST_CASE("messages are found by their code and ids are never shared") {
  std::set<std::string_view> ids;
  for (const CodeInfo& row : code_table()) {
    CAPTURE(row.id);
    CHECK(&info(row.code) == &row);
    CHECK(ids.insert(row.id).second);
    CHECK(row.id.size() == 4);
    CHECK(std::string_view("ACFJMPRUVWX").find(row.id[0]) != std::string_view::npos);
    for (const auto text : {row.says, row.remedy, row.says_ko, row.remedy_ko}) CHECK(!text.empty());
  }
}

TEST_CASE("no code is told as an internal error, never as another message") { CHECK(info(Code::count).code == Code::internal_error); }
