#include "readers/fhir_reference.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pyojun {

bool looks_like_resource_type(std::string_view name) {
  if (name.size() < 3 || name.size() > 64 || name[0] < 'A' || name[0] > 'Z') return false;
  for (const char c : name) {
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) return false;
  }
  return true;
}

namespace {

// What decides the form of a reference.
struct Shape {
  std::size_t slashes = 0;  // none, one, or two for more
  std::size_t first = 0;    // place of the first '/'
  bool query = false;       // '?', '#' or '|': left as it is
};

#if defined(__SSE2__)
// Of a text of 16 to 64 bytes: blocks of 16, the last of which may overlap.
Shape shape_of_short(std::string_view text) {
  std::uint64_t slashes = 0;
  unsigned query = 0;
  const auto look = [&](std::size_t at) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    slashes |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(is('/')))} << at;
    query |= static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(is('?'), _mm_or_si128(is('#'), is('|')))));
  };
  const std::size_t last = text.size() - 16;
  for (std::size_t at = 0; at < last; at += 16) look(at);
  look(last);
  const std::size_t several = (slashes & (slashes - 1)) != 0 ? 2 : 1;
  return {slashes == 0 ? 0 : several, static_cast<std::size_t>(std::countr_zero(slashes)), query != 0};
}
#endif

Shape shape_of(std::string_view text) {
#if defined(__SSE2__)
  if (text.size() >= 16 && text.size() <= 64) return shape_of_short(text);
#endif
  Shape shape;
  for (std::size_t i = 0; i < text.size() && !shape.query; ++i) {
    const char c = text[i];
    if (c == '/') {
      if (shape.slashes == 0) shape.first = i;
      shape.slashes = std::min<std::size_t>(shape.slashes + 1, 2);
    } else if (c == '?' || c == '#' || c == '|') {
      shape.query = true;
    }
  }
  return shape;
}

}  // namespace

std::string_view canonical_reference(std::string_view reference) {
  const Shape shape = shape_of(reference);
  if (shape.query || shape.slashes == 0) return reference;
  if (shape.slashes == 1 && shape.first != 0) return reference;  // "Patient/123" is what most are
  const bool absolute = reference.starts_with("http://") || reference.starts_with("https://");
  std::string_view versionless = reference;
  if (const std::size_t history = reference.find("/_history"); history != std::string_view::npos) {
    if (history + 9 != reference.size() && reference[history + 9] != '/') return reference;
    versionless = reference.substr(0, history);
  }
  const std::size_t id = versionless.rfind('/');
  if (id == std::string_view::npos || id == 0 || id + 1 == versionless.size()) return reference;
  const std::size_t before = versionless.rfind('/', id - 1);
  if (before != std::string_view::npos && !absolute && before != 0) return reference;
  const std::size_t type = before == std::string_view::npos ? 0 : before + 1;
  return looks_like_resource_type(versionless.substr(type, id - type)) ? versionless.substr(type) : reference;
}

}  // namespace pyojun
