// Style and script of report.html (lib/report/page.css, page.js), part of the program; their hashes are in the page's content security
// policy. Without the script everything is there but sorting, filtering and the print button.
#pragma once

#include <string_view>

namespace pyojun {

std::string_view html_style();
std::string_view html_script();

}  // namespace pyojun
