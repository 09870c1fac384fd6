// Files of the warehouse: buffered durable writing, read-only mapping, atomic names, and the lock of a folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/early_writeback.hpp"
#include "base/result.hpp"

namespace pyojun {

// Appends to a new file in few large writes. Short writes and EINTR are handled; a failed fsync is final.
class SegmentFile {
 public:
  SegmentFile() = default;
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;
  ~SegmentFile();
  // Positions count from `base`.
  Status create(const std::string& path, std::uint64_t base = 0);
  std::uint64_t position() const { return position_; }
  Status append(const void* data, std::size_t bytes);
  Status align(std::size_t to);
  // Aligns to 8 bytes, appends the elements, and answers where they begin.
  template <class T>
  Result<std::uint64_t> put(std::span<const T> values) {
    if (Status status = align(8); !status) return status.error();
    const std::uint64_t at = position_;
    if (Status status = append(values.data(), values.size_bytes()); !status) return status.error();
    return at;
  }
  Status flush();
  Status sync();   // flush and fsync
  Status close();  // without fsync
  int handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Status write_out(const char* data, std::size_t bytes);
  std::string path_;
  int handle_ = -1;
  std::uint64_t position_ = 0;
  std::vector<char> buffer_;
  EarlyWriteback writeback_;
};

// A whole file, read-only. Empty files are allowed.
class MappedSegment {
 public:
  MappedSegment() = default;
  MappedSegment(const MappedSegment&) = delete;
  MappedSegment& operator=(const MappedSegment&) = delete;
  ~MappedSegment();
  Status open(const std::string& path);
  const char* data() const { return data_; }
  std::uint64_t size() const { return size_; }

 private:
  const char* data_ = nullptr;
  std::uint64_t size_ = 0;
};

// Several files, read-only, as one range of memory: file i begins at its base (a multiple of the page size, rising). Nothing may be read
// between the end of one and the base of the next.
class MappedParts {
 public:
  struct Part {
    std::string path;
    std::uint64_t base = 0, bytes = 0;  // bytes: how many of the file count; a file that is shorter is damaged
  };
  MappedParts() = default;
  MappedParts(const MappedParts&) = delete;
  MappedParts& operator=(const MappedParts&) = delete;
  ~MappedParts();
  Status open(const std::vector<Part>& parts);
  const char* at(std::uint64_t position) const { return data_ + (position - first_); }
  std::uint64_t end() const { return first_ + size_; }

 private:
  char* data_ = nullptr;
  std::uint64_t first_ = 0, size_ = 0;
};

// The lock of a folder: held while the object lives, gone with the process. Its text names the holder.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();
  // Code::warehouse_locked with the holder's text as detail when somebody else has it.
  Status take(const std::string& folder, const std::string& since);

 private:
  int handle_ = -1;
};

Error file_error(Code code, const std::string& path);  // with errno's words
Status sync_folder(const std::string& folder);
Status sync_file(const std::string& path);
// Makes `to` (mode 0600) or overwrites it; not synced. File systems that can share blocks do.
Status copy_file(const std::string& from, const std::string& to);
Status remove_file(const std::string& path);
Status rename_file(const std::string& from, const std::string& to);
// Writes text under a temporary name, fsyncs it, renames it into place and fsyncs the folder.
Status write_text_durably(const std::string& folder, const std::string& name, std::string_view text);
Result<std::string> read_text(const std::string& path);

}  // namespace pyojun
