#include "report/html_assets.hpp"

#include "base/resources.hpp"

namespace pyojun {

std::string_view html_style() { return resource("lib/report/page.css").value_or(std::string_view()); }
std::string_view html_script() { return resource("lib/report/page.js").value_or(std::string_view()); }

}  // namespace pyojun
