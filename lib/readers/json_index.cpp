#include "readers/json_index.hpp"

#include <algorithm>
#include <limits>

#include <simdjson.h>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::size_t smallest = std::size_t{256} << 10;
constexpr std::size_t keep_at_most = std::size_t{16} << 20;  // larger ones are made for one text and given back by the next small one
constexpr std::size_t depth_unused = 1;                      // the second stage is ours

}  // namespace

struct JsonIndex::Stage {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  std::size_t capacity = 0;

  bool grow(std::size_t bytes) {
    const bool oversized = capacity > keep_at_most && bytes <= keep_at_most;
    if (parser && bytes <= capacity && !oversized) return true;
    const std::size_t wanted = std::max(smallest, bytes + bytes / 4);
    parser.reset();
    capacity = 0;
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, depth_unused, parser);
    if (error != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }
};

JsonIndex::JsonIndex() : stage_(std::make_unique<Stage>()) {}
JsonIndex::~JsonIndex() = default;
JsonIndex::JsonIndex(JsonIndex&&) noexcept = default;
JsonIndex& JsonIndex::operator=(JsonIndex&&) noexcept = default;

bool JsonIndex::build(std::string_view text) {
  count_ = 0;
  if (text.empty() || text.size() > std::numeric_limits<std::uint32_t>::max() / 2 || !stage_->grow(text.size())) return false;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (stage_->parser->stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  base_ = text.data();
  length_ = static_cast<std::uint32_t>(text.size());
  tokens_ = stage_->parser->structural_indexes.get();
  count_ = stage_->parser->n_structural_indexes;
  return true;
}

JsonDefect find_defect(std::string_view text) {
  const std::size_t good = std::min(find_bad_utf8(text), text.size());
  std::size_t opened = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < good; ++i) {
    const char c = text[i];
    if (!in_string) {
      in_string = c == '"';
      opened = i;
    } else if (c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = false;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return {Code::json_syntax, static_cast<std::uint32_t>(i)};
    }
  }
  if (good < text.size()) return {Code::json_encoding, static_cast<std::uint32_t>(good)};
  if (in_string) return {Code::json_incomplete, static_cast<std::uint32_t>(opened)};
  return {Code::json_syntax, 0};
}

}  // namespace pyojun
