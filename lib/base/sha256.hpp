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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace pyojun
