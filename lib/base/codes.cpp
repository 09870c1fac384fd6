// The messages table and its index by code.
#include "base/codes.hpp"

#include <array>
#include <cstddef>

namespace pyojun {

namespace {

constexpr auto rows = std::to_array<CodeInfo>({
#define PYOJUN_CODE(name, id, severity, says, remedy, says_ko, remedy_ko) \
  {Code::name, id, Severity::severity, says, remedy, says_ko, remedy_ko},
#include "base/codes.def"
#undef PYOJUN_CODE
});

constexpr std::size_t index_size = 26'000;  // "Z999" is 25,999

consteval std::array<std::uint16_t, index_size> make_index() {
  std::array<std::uint16_t, index_size> index{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].code == Code::internal_error) index.fill(static_cast<std::uint16_t>(i));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) index[static_cast<std::size_t>(rows[i].code)] = static_cast<std::uint16_t>(i);
  return index;
}

constexpr auto row_of = make_index();

}  // namespace

std::span<const CodeInfo> code_table() { return rows; }

const CodeInfo& info(Code code) {
  const auto value = static_cast<std::size_t>(code);
  return rows[value < index_size ? row_of[value] : row_of[static_cast<std::size_t>(Code::internal_error)]];
}

}  // namespace pyojun
