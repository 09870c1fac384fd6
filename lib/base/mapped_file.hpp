// A whole file mapped into memory, private and read-only, with a check that nobody wrote to it meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace pyojun {

class MappedFile {
 public:
  // Regular files only. Errors: file_not_readable, not_a_regular_file.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  // Takes over the descriptor (which must be a regular file or a memory file). `path` is for messages.
  static Result<std::shared_ptr<const MappedFile>> take(int descriptor, const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const char> bytes() const { return {data_, size_}; }
  // Copies up to to.size() bytes from `at` on; how many there were, 0 at the end. For whoever goes through the bytes once: looking at them
  // where they are mapped costs more than the copy, a fault every 16 pages. Error file_not_readable.
  Result<std::size_t> read(std::uint64_t at, std::span<char> to) const;
  // Error file_changed_while_reading when size or time of change differ from those at opening.
  Status unchanged() const;

 private:
  MappedFile(int descriptor, std::string path) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  std::timespec written_{};
};

}  // namespace pyojun
