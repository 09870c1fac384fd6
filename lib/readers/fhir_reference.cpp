#include "readers/fhir_reference.hpp"

#include <bit>
#include <cstddef>
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

// What decides the form of a reference, found in one pass.
struct Shape {
  std::size_t slashes = 0;
  std::size_t first = 0;  // place of the first '/'
  bool query = false;     // '?', '#' or '|': left as it is
};

#if defined(__SSE2__)
// The beginning of a longer text by blocks of 16 bytes; answers how much of it was looked at.
std::size_t shape_of_blocks(std::string_view text, Shape& shape) {
  std::size_t at = 0;
  for (; text.size() - at >= 16 && !shape.query; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto bits = [bytes](char c) { return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)))); };
    const unsigned slashes = bits('/');
    if (slashes != 0 && shape.slashes == 0) shape.first = at + static_cast<std::size_t>(std::countr_zero(slashes));
    for (unsigned left = slashes; left != 0; left &= left - 1) ++shape.slashes;
    shape.query = (bits('?') | bits('#') | bits('|')) != 0;
  }
  return at;
}
#else
std::size_t shape_of_blocks(std::string_view, Shape&) { return 0; }
#endif

Shape shape_of(std::string_view text) {
  Shape shape;
  for (std::size_t i = shape_of_blocks(text, shape); i < text.size() && !shape.query; ++i) {
    const char c = text[i];
    if (c == '/') {
      if (shape.slashes++ == 0) shape.first = i;
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
