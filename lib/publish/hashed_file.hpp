// A file being written whose SHA-256 is known when it is closed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/sha256.hpp"

namespace pyojun {

// Move-only. Errors carry the path and the system's words (file_write_failed).
class HashedFile {
 public:
  static Result<HashedFile> create(const std::string& path);
  HashedFile(HashedFile&& other) noexcept;
  HashedFile& operator=(HashedFile&& other) noexcept;
  ~HashedFile();  // closes without a word; use close()

  Status write(std::string_view bytes);
  Result<std::string> close();  // lower-case hex of the SHA-256 of all bytes
  std::uint64_t bytes() const { return bytes_; }

 private:
  HashedFile(std::string path, int descriptor);

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;
  Sha256 digest_;
};

// Of a finished file; bytes is its length.
struct FileDigest {
  std::string sha256;
  std::uint64_t bytes = 0;
};
Result<FileDigest> digest_file(const std::string& path);

}  // namespace pyojun
