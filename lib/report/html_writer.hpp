// Builds HTML in two languages from one table of texts; everything from outside passes through plain().
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pyojun {

enum class Text : std::uint16_t {
#define PYOJUN_TEXT(name, en, ko) name,
#include "report/texts.def"
#undef PYOJUN_TEXT
  count
};

std::string_view english(Text text);
std::string_view korean(Text text);

std::string with_commas(std::uint64_t value);
// "97.3 %"; "-" when whole is 0. Never rounds up to 100 or down to 0 what is not.
std::string percent(std::uint64_t part, std::uint64_t whole);

// Both languages, one of which the page hides. `{}` in the texts are replaced by `arguments`, which must be escaped already.
std::string say(Text text, std::initializer_list<std::string_view> arguments = {});
std::string say(std::string_view en, std::string_view ko);  // texts of our own tables
// A name from outside: escaped, and kept apart from the direction of the text around it.
// (Not called data: std::data would be found first.)
std::string plain(std::string_view text);
std::string plain_code(std::string_view text);  // the same in the fixed-width face

// A name made of letters, digits, '.', '-' and '_', fit for ids and links; other bytes in hexadecimal.
std::string anchor(std::string_view text);
// Relative address of a file in the report's folder; no name can make it lead elsewhere.
std::string link_to_file(std::string_view name);

// A table whose rows can be sorted and filtered when scripts run. The first cell of a row is its header.
class HtmlTable {
 public:
  enum class Align : std::uint8_t { left, right, rank };  // rank: left, sorted by the cells' keys
  // `caption`: HTML, read out but not shown, since a heading stands above.
  HtmlTable(std::string& out, std::string_view id, std::string_view caption, bool filter);
  HtmlTable& head(Text text, Align align = Align::left);
  HtmlTable& plain_head(Text text, Align align = Align::left);  // not sortable: a drawing
  // `attributes`: further ones, ready for the tag.
  void row(std::string_view id = {}, std::string_view attributes = {});
  HtmlTable& cell(std::string_view html);
  HtmlTable& cell_by(std::string_view html, std::int64_t key, std::string_view name = {});  // sorted by the key; `name`: class
  HtmlTable& long_cell(std::string_view html);                                              // may break anywhere: hashes
  HtmlTable& number(std::uint64_t value);
  HtmlTable& right(std::string_view html);
  void foot();  // rows that follow are totals and stay below
  void done();

 private:
  void start_body();
  std::string_view tag();
  std::string& out_;
  bool head_open_ = true, row_open_ = false, foot_ = false, first_ = false;
};

}  // namespace pyojun
