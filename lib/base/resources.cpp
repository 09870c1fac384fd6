#include "base/resources.hpp"

#include <span>

namespace pyojun {

namespace detail {
extern const ResourceRow resource_rows[];
extern const std::size_t resource_count;
}  // namespace detail

std::optional<std::string_view> resource(std::string_view path) {
  for (const auto& row : std::span(detail::resource_rows, detail::resource_count)) {
    if (path == row.path) return std::string_view(row.data, row.size);
  }
  return std::nullopt;
}

std::vector<std::string_view> resources_under(std::string_view prefix) {
  std::vector<std::string_view> out;
  for (const auto& row : std::span(detail::resource_rows, detail::resource_count)) {
    if (std::string_view(row.path).starts_with(prefix)) out.emplace_back(row.path);
  }
  return out;
}

}  // namespace pyojun
