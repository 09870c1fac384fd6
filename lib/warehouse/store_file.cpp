#include "warehouse/store_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pyojun {

namespace {
constexpr std::size_t buffer_bytes = 512U << 10;  // stays in the second-level cache until the kernel has copied it
}

Error file_error(Code code, const std::string& path) {
  Error error;
  error.code = code;
  error.file = path;
  error.detail = std::strerror(errno);
  return error;
}

SegmentFile::~SegmentFile() {
  if (handle_ >= 0) ::close(handle_);
}

Status SegmentFile::create(const std::string& path, std::uint64_t base) {
  path_ = path;
  handle_ = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  if (handle_ < 0) return file_error(Code::file_write_failed, path);
  position_ = base;
  writeback_ = {};
  buffer_.clear();
  buffer_.reserve(buffer_bytes);
  return {};
}

Status SegmentFile::write_out(const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t done = ::write(handle_, data, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return file_error(Code::file_write_failed, path_);
    data += done;
    bytes -= static_cast<std::size_t>(done);
    writeback_.appended(handle_, static_cast<std::size_t>(done));
  }
  return {};
}

Status SegmentFile::append(const void* data, std::size_t bytes) {
  position_ += bytes;
  if (buffer_.size() + bytes > buffer_bytes) {
    if (Status status = flush(); !status) return status;
    if (bytes >= buffer_bytes / 2) return write_out(static_cast<const char*>(data), bytes);
  }
  const char* const from = static_cast<const char*>(data);
  buffer_.insert(buffer_.end(), from, from + bytes);
  return {};
}

Status SegmentFile::align(std::size_t to) {
  static constexpr std::array<char, 64> zeros{};
  const std::size_t over = position_ % to;
  return over == 0 ? Status() : append(zeros.data(), to - over);
}

Status SegmentFile::flush() {
  Status status = write_out(buffer_.data(), buffer_.size());
  buffer_.clear();
  return status;
}

Status SegmentFile::sync() {
  if (Status status = flush(); !status) return status;
  if (::fsync(handle_) != 0) return file_error(Code::file_write_failed, path_);
  return {};
}

Status SegmentFile::close() {
  Status status = flush();
  const int done = ::close(std::exchange(handle_, -1));
  buffer_ = {};
  if (status && done != 0) return file_error(Code::file_write_failed, path_);
  return status;
}

MappedSegment::~MappedSegment() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

Status MappedSegment::open(const std::string& path) {
  const int handle = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) return file_error(Code::file_not_readable, path);
  if (data_ != nullptr) ::munmap(const_cast<char*>(std::exchange(data_, nullptr)), std::exchange(size_, 0));
  struct stat facts {};
  Status status;
  if (::fstat(handle, &facts) != 0) {
    status = file_error(Code::file_not_readable, path);
  } else if (facts.st_size > 0) {
    size_ = static_cast<std::uint64_t>(facts.st_size);
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, handle, 0);
    if (at == MAP_FAILED) {
      status = file_error(Code::file_not_readable, path);
    } else {
      data_ = static_cast<const char*>(at);
    }
  }
  ::close(handle);
  return status;
}

MappedParts::~MappedParts() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Status MappedParts::open(const std::vector<Part>& parts) {
  if (data_ != nullptr) ::munmap(std::exchange(data_, nullptr), std::exchange(size_, 0));
  if (parts.empty()) return {};
  first_ = parts.front().base;
  const std::uint64_t size = parts.back().base + parts.back().bytes - first_ + 1;
  void* const region = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return file_error(Code::file_not_readable, parts.back().path);
  data_ = static_cast<char*>(region);
  size_ = size;
  for (const Part& part : parts) {
    if (part.bytes == 0) continue;
    const int handle = ::open(part.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle < 0) return file_error(Code::file_not_readable, part.path);
    struct stat facts {};
    Status status;
    if (::fstat(handle, &facts) != 0) {
      status = file_error(Code::file_not_readable, part.path);
    } else if (static_cast<std::uint64_t>(facts.st_size) < part.bytes) {
      status = Error{Code::warehouse_damaged, part.path, {}, {}, {}};
    } else if (::mmap(data_ + (part.base - first_), part.bytes, PROT_READ, MAP_SHARED | MAP_FIXED, handle, 0) == MAP_FAILED) {
      status = file_error(Code::file_not_readable, part.path);
    }
    ::close(handle);
    if (!status) return status;
  }
  return {};
}

FolderLock::~FolderLock() {
  if (handle_ >= 0) ::close(handle_);
}

Status FolderLock::take(const std::string& folder, const std::string& since) {
  const std::string path = folder + "/LOCK";
  handle_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (handle_ < 0) return file_error(Code::file_write_failed, path);
  if (::flock(handle_, LOCK_EX | LOCK_NB) != 0) {
    Error error = file_error(Code::warehouse_locked, folder);
    std::array<char, 512> text{};
    const ssize_t length = ::pread(handle_, text.data(), text.size(), 0);
    error.detail.assign(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    while (!error.detail.empty() && error.detail.back() == '\n') error.detail.pop_back();
    return error;
  }
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string text = fmt::format("pid {} on {}", ::getpid(), host.data());
  if (!since.empty()) text += " since " + since;
  text += '\n';
  if (::ftruncate(handle_, 0) != 0 || ::pwrite(handle_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return file_error(Code::file_write_failed, path);
  }
  return {};
}

Status sync_folder(const std::string& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return file_error(Code::file_write_failed, folder);
  Status status;
  if (::fsync(handle) != 0) status = file_error(Code::file_write_failed, folder);
  ::close(handle);
  return status;
}

Status sync_file(const std::string& path) {
  const int handle = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (handle < 0) return file_error(Code::file_write_failed, path);
  Status status;
  if (::fsync(handle) != 0) status = file_error(Code::file_write_failed, path);
  ::close(handle);
  return status;
}

namespace {

// Bytes copied, 0 at the end, -1 with errno. Not every pair of file systems knows the first call.
ssize_t copy_some(int from, int to) {
  constexpr std::size_t most = 64U << 20;
  const ssize_t done = ::copy_file_range(from, nullptr, to, nullptr, most, 0);
  const bool unknown = done < 0 && (errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP);
  return unknown ? ::sendfile(to, from, nullptr, most) : done;
}

}  // namespace

Status copy_file(const std::string& from, const std::string& to) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return file_error(Code::file_not_readable, from);
  const int target = ::open(to.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  Status status;
  if (target < 0) status = file_error(Code::file_write_failed, to);
  for (ssize_t done = 1; status && done != 0;) {
    done = copy_some(source, target);
    if (done < 0 && errno != EINTR) status = file_error(Code::file_write_failed, to);
  }
  ::close(source);
  if (target >= 0 && ::close(target) != 0 && status) status = file_error(Code::file_write_failed, to);
  return status;
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return file_error(Code::file_write_failed, path);
  return {};
}

Status rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return file_error(Code::file_write_failed, to);
  return {};
}

Status write_text_durably(const std::string& folder, const std::string& name, std::string_view text) {
  SegmentFile file;
  const std::string path = folder + "/" + name;
  if (Status status = file.create(path + ".work"); !status) return status;
  if (Status status = file.append(text.data(), text.size()); !status) return status;
  if (Status status = file.sync(); !status) return status;
  if (Status status = file.close(); !status) return status;
  if (Status status = rename_file(path + ".work", path); !status) return status;
  return sync_folder(folder);
}

Result<std::string> read_text(const std::string& path) {
  MappedSegment file;
  if (Status status = file.open(path); !status) return status.error();
  return std::string(file.data() == nullptr ? "" : file.data(), file.size());
}

}  // namespace pyojun
