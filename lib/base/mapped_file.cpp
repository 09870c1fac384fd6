#include "base/mapped_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mapped_guard.hpp"

namespace pyojun {

namespace {

Error unreadable(const std::string& path, int number) { return {Code::file_not_readable, path, {}, {}, std::strerror(number)}; }

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  // Not blocking: a pipe put in the file's place between listing and opening must not hang the run.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return unreadable(path, errno);
  return take(descriptor, path);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::take(int descriptor, const std::string& path) {
  std::shared_ptr<MappedFile> file(new MappedFile(descriptor, path));
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return unreadable(path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Code::not_a_regular_file, path, {}, {}, {}};
  file->size_ = static_cast<std::size_t>(info.st_size);
  file->written_ = info.st_mtim;
  if (file->size_ != 0) {
    void* const at = ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (at == MAP_FAILED) return unreadable(path, errno);
    file->data_ = static_cast<const char*>(at);
    guard_mapping(at, file->size_);
    ::madvise(at, file->size_, MADV_SEQUENTIAL);
  }
  return std::shared_ptr<const MappedFile>(std::move(file));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    forget_mapping(data_);
    ::munmap(const_cast<char*>(data_), size_);
  }
  ::close(descriptor_);
}

Result<std::size_t> MappedFile::read(std::uint64_t at, std::span<char> to) const {
  while (true) {
    const ssize_t got = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(at));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return unreadable(path_, errno);
  }
}

Status MappedFile::unchanged() const {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return unreadable(path_, errno);
  const bool same =
      static_cast<std::size_t>(info.st_size) == size_ && info.st_mtim.tv_sec == written_.tv_sec && info.st_mtim.tv_nsec == written_.tv_nsec;
  return same && !mapping_was_cut(data_) ? Status() : Status(Error{Code::file_changed_while_reading, path_, {}, {}, {}});
}

}  // namespace pyojun
