// Files of schemas/ and mappings/ embedded in the program, addressed by their path in the repository ("schemas/omop-5.4/tables.csv").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pyojun {

namespace detail {
struct ResourceRow {
  const char* path;
  const char* data;
  std::size_t size;
};
}  // namespace detail

// The embedded bytes, valid for the life of the program.
std::optional<std::string_view> resource(std::string_view path);
// Paths that start with `prefix`, sorted.
std::vector<std::string_view> resources_under(std::string_view prefix);

}  // namespace pyojun
