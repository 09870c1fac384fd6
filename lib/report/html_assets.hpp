// Style and script of report.html; their hashes are in its content security policy.
#pragma once

#include <string_view>

namespace pyojun {

extern const std::string_view html_style;
extern const std::string_view html_script;

}  // namespace pyojun
