// Rows of a query as texts, whatever the database.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

// One row: a text per column in the database's own plain spelling (dates YYYY-MM-DD, decimal point), nothing for null. Borrowed for the
// call.
using TextRow = std::span<const std::optional<std::string_view>>;

struct RowReceiver {
  std::function<Status(const std::vector<std::string>& names)> columns;  // once, before the first row, also when there is none
  std::function<Status(TextRow row)> row;
};

}  // namespace pyojun
