// Writing and checking the snapshot file and its folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "vocabulary/layout.hpp"

namespace pyojun::vocabulary {

// A file written once from start to end. Errors carry the system's words.
class OutputFile {
 public:
  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();
  Status create(const std::string& path);
  Status write(std::string_view bytes);
  Status finish();  // to the disk, then closed

 private:
  Status failed();
  std::string path_;
  int file_ = -1;
};

// The sections' bytes, by SectionId. Writes header and sections to `path`.
Status write_snapshot(const std::string& path, std::uint32_t concepts, const std::vector<std::string_view>& sections);

// Header of a snapshot's bytes: magic, format, own checksum, length, and each section inside the file. Cheap.
Result<Header> read_header(std::string_view bytes, const std::string& path);

// A folder that appears complete or not at all: made beside the target, renamed onto it by publish(); removed when that never comes.
class WorkFolder {
 public:
  // Error vocabulary_target_in_use when the target exists and is neither empty nor a snapshot.
  static Status check_target(const std::string& target);
  explicit WorkFolder(const std::string& target);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  Status create();
  const std::string& path() const { return path_; }
  Status publish();

 private:
  std::string target_, path_;
  bool published_ = false;
};

}  // namespace pyojun::vocabulary
