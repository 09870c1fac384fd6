// The low-level calls of OpenSSL, marked as deprecated there: only they let a hash stop and go on in another run.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/sha256.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <type_traits>

namespace pyojun {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  std::string out;
  out.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    out += digits[bytes[i] >> 4U];
    out += digits[bytes[i] & 15U];
  }
  return out;
}

}  // namespace

struct Sha256::State {
  SHA256_CTX context{};
  State() { SHA256_Init(&context); }
};
static_assert(std::is_trivially_copyable_v<SHA256_CTX>);

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(const void* data, std::size_t bytes) { SHA256_Update(&state_->context, data, bytes); }

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), &state_->context);
  return hexadecimal(digest.data(), digest.size());
}

std::string Sha256::state() const {
  std::array<unsigned char, sizeof(SHA256_CTX)> bytes{};
  std::memcpy(bytes.data(), &state_->context, bytes.size());
  return hexadecimal(bytes.data(), bytes.size());
}

bool Sha256::resume(std::string_view state) {
  std::array<unsigned char, sizeof(SHA256_CTX)> bytes{};
  if (state.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < state.size(); ++i) {
    const auto digit = digits.find(state[i]);
    if (digit == std::string_view::npos) return false;
    bytes[i / 2] = static_cast<unsigned char>(bytes[i / 2] << 4U | digit);
  }
  SHA256_CTX context{};
  std::memcpy(&context, bytes.data(), bytes.size());
  if (context.num >= SHA256_CBLOCK || context.md_len != SHA256_DIGEST_LENGTH) return false;
  state_->context = context;
  return true;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.hex();
}

}  // namespace pyojun
