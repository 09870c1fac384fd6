// Writing that either happens as a whole or not at all: a work place beside the target, everything synced, then one rename.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

// Buffered writing of one new file (mode 0600). Every failed or short write is an error: file_write_failed with the path and the
// system's words. The bytes are hashed on the way.
class FileWriter {
 public:
  static Result<FileWriter> create(const std::string& path);  // the file must not exist
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;
  ~FileWriter();  // closes without sync; the file is then not to be trusted
  Status write(std::string_view bytes);
  // Appends bytes of another open file, which lie at `offset` there and are seen through `same`; they are copied by the kernel. `hash`:
  // what hash_state() was when an earlier file that begins like this one stood at this place; empty: they are hashed.
  Status copy(int from, std::uint64_t offset, std::string_view same, std::string_view hash);
  std::string hash_state() const;  // Sha256::state() of what was written up to now
  // Writes the rest, syncs, closes. Nothing may be written afterwards. A file of an AtomicDirectory, which must still be there, is synced
  // in the background; publish() waits for that and says what failed.
  Status close();
  std::uint64_t bytes() const;
  const std::string& sha256() const;  // after close()
  const std::string& path() const;

 private:
  struct State;
  friend class AtomicDirectory;
  explicit FileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One line of a MANIFEST.
struct PublishedFile {
  std::string name;  // relative to the directory
  std::string sha256;
  std::uint64_t bytes = 0;
  std::int64_t rows = -1;  // -1: the file has no rows
};

// A directory that appears with all its files or not at all. Files go to path(), which is `.NAME.work-PID` beside the target; publish()
// writes SHA256SUMS (for `sha256sum -c`) and last MANIFEST (tab-separated: sha256, bytes, rows or -, name), waits until everything is
// synced, and renames the directory into place; an older one is exchanged in the same step and then removed. Without publish() the
// destructor removes everything. A target that exists must be empty or hold nothing but what its own MANIFEST lists: anything else is
// somebody's work and is refused.
class AtomicDirectory {
 public:
  // Errors: target_not_writable. Removes work directories of the same target whose process is gone.
  static Result<AtomicDirectory> start(const std::string& target);
  AtomicDirectory(AtomicDirectory&&) noexcept;
  AtomicDirectory& operator=(AtomicDirectory&&) noexcept;
  ~AtomicDirectory();

  const std::string& path() const;                       // of the work directory
  Result<FileWriter> create(const std::string& name);    // name: one plain file name
  Status add(FileWriter& file, std::int64_t rows = -1);  // closes it and lists it
  Status adopt(const std::string& name,
               std::int64_t rows = -1);  // a file in path() that somebody else wrote and closed: synced, hashed, listed
  Status publish();
  const std::vector<PublishedFile>& files() const;  // by name, after publish()
  const std::vector<std::string>& swept() const;    // leftovers of dead processes that were removed

 private:
  struct State;
  explicit AtomicDirectory(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The same for a single file: write to path() (by any means), then publish() syncs it and renames it over the target.
class AtomicFile {
 public:
  static Result<AtomicFile> start(const std::string& target);
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile();
  const std::string& path() const;  // does not exist yet
  Status publish();

 private:
  struct State;
  explicit AtomicFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whole small file written atomically.
Status write_file(const std::string& target, std::string_view bytes);

// Bytes an ordinary user may still write where `path` (or its nearest existing folder) is.
Result<std::uint64_t> free_space(const std::string& path);

Result<std::vector<PublishedFile>> read_manifest(const std::string& directory);  // file_not_readable when there is none or it is damaged

}  // namespace pyojun
