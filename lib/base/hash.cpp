#include "base/hash.hpp"

#include <xxhash.h>

#include <array>
#include <cstring>

namespace pyojun {

Hash128 hash128(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  Hash128 out{hash.low64, hash.high64};
  if (!out) out.low = 1;
  return out;
}

Hash128 combine(const Hash128& key, std::uint64_t number) {
  std::array<std::uint64_t, 3> words{key.low, key.high, number};
  std::array<char, sizeof words> bytes{};
  std::memcpy(bytes.data(), words.data(), sizeof words);
  return hash128(std::string_view(bytes.data(), bytes.size()));
}

}  // namespace pyojun
