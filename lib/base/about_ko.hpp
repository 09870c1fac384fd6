// Korean for what the tables and shipped mappings of the program say in English (schemas/about_ko.csv).
#pragma once

#include <string_view>

namespace pyojun {

// `table`: formats, functions, publishers, checks, reasons. Empty when there is no row. Lives as long as the program; thread-safe.
std::string_view about_korean(std::string_view table, std::string_view name);

}  // namespace pyojun
