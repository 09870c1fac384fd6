// {placeholders} in the texts of packs and kinds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pyojun {

// Replaces {name} wherever `value` knows the name (letters, digits, _ and : count as name); everything else stays as it is.
std::string fill_known(std::string_view text, const std::function<std::optional<std::string_view>(std::string_view name)>& value);

// [name? text] becomes text when `present` says so for the name, else nothing. Not nested.
std::string keep_present(std::string_view text, const std::function<bool(std::string_view name)>& present);

}  // namespace pyojun
