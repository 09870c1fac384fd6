// Reads one of our own embedded tables (schemas/vocabulary/*.csv).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pyojun::vocabulary {

// Rows as text, header line left out, every row padded to `columns`. Empty when there is no such file. Lines starting with # are comments.
std::vector<std::vector<std::string>> resource_csv(std::string_view path, std::size_t columns);

}  // namespace pyojun::vocabulary
