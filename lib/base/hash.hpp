// 128-bit hashes of natural keys (XXH3). The index stores hashes, never identifiers; it is protected like a key file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace pyojun {

struct Hash128 {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
  explicit operator bool() const { return (low | high) != 0; }  // {0, 0} stands for "no key"
};

// Never returns {0, 0}. The same bytes and seed give the same hash on every machine and release.
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);

// Combines a key with a small number (ordinal of a 1:N row, rule namespace); never returns {0, 0}.
Hash128 combine(const Hash128& key, std::uint64_t number);

}  // namespace pyojun

template <>
struct std::hash<pyojun::Hash128> {
  std::size_t operator()(const pyojun::Hash128& key) const noexcept { return static_cast<std::size_t>(key.low); }
};
