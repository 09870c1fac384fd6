// What texts met a moment ago meant. Rows of one visit follow each other and say the same time, person and visit again and again.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/short_text.hpp"

namespace pyojun::mapping {

// The last few texts of up to 48 bytes; a text has one place, where the last one stays. `salt`: texts of different salts never are the
// same. What is kept must follow from text and salt alone as long as the object lives.
template <class What>
class Recent {
 public:
  const What* find(std::string_view text, std::uint64_t salt) const {
    if (text.size() > longest || text.empty()) return nullptr;
    const Entry& entry = entries_[place(text, salt)];
    return entry.salt == salt && same_text({entry.text, entry.size}, text) ? &entry.what : nullptr;
  }
  void keep(std::string_view text, std::uint64_t salt, const What& what) {
    if (text.size() > longest || text.empty()) return;
    Entry& entry = entries_[place(text, salt)];
    entry.size = text.size();
    entry.salt = salt;
    std::memcpy(entry.text, text.data(), text.size());
    entry.what = what;
  }

 private:
  static constexpr std::size_t longest = 48, places = 32;
  struct Entry {
    std::size_t size = 0;
    std::uint64_t salt = 0;
    char text[longest] = {};
    What what{};
  };
  static std::size_t place(std::string_view text, std::uint64_t salt) {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
    return (salt + byte(0) + 3 * byte(text.size() / 2) + 5 * byte(text.size() * 3 / 4) + 7 * byte(text.size() - 1)) % places;
  }
  std::array<Entry, places> entries_{};
};

}  // namespace pyojun::mapping
