// Drawings as inline SVG. Where a drawing says more than the text beside it, its label is that of the element named.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/result.hpp"

namespace pyojun {

// Part of a whole; decoration, the numbers stand beside it.
std::string simple_bar(std::uint64_t part, std::uint64_t whole);
// One segment per count, drawn with class `<prefix><place>`; decoration too.
std::string stacked_bar(std::span<const std::uint64_t> counts, std::string_view prefix);
// The square that explains a segment's colour.
std::string colour_key(std::string_view name);

// Where a score stands among the bands of the pack, all drawn equally wide. Empty without bands or score.
std::string band_scale(const PackResult& pack, std::string_view label_id);

struct TrendDot {
  std::string name;  // of the audit
  double score = 0;  // 0 .. 100
};
// Empty for fewer than two. At most the last 60 are drawn.
std::string trend_chart(const std::vector<TrendDot>& dots, std::string_view label_id);

}  // namespace pyojun
