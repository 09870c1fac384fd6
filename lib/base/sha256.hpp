// SHA-256 by OpenSSL: content hashes of files, mappings and published tables.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pyojun {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(const void* data, std::size_t bytes);
  std::string hex();  // 64 lower-case digits; the object is spent afterwards
  // Where the hash stands, as text, and going on from there on this or another machine's object; false (and nothing is changed) when the
  // text is not such a state.
  std::string state() const;
  bool resume(std::string_view state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace pyojun
