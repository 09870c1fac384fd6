// write(2) in a loop, hashed on the way.
#include "publish/hashed_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace pyojun {

namespace {

Error failed(Code code, const std::string& path) { return Error{code, path, {}, path, std::strerror(errno)}; }

}  // namespace

HashedFile::HashedFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

HashedFile::HashedFile(HashedFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(other.bytes_),
      digest_(std::move(other.digest_)) {}

HashedFile& HashedFile::operator=(HashedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  std::swap(digest_, other.digest_);
  return *this;
}

HashedFile::~HashedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<HashedFile> HashedFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return failed(Code::file_write_failed, path);
  return HashedFile(path, descriptor);
}

Status HashedFile::write(std::string_view bytes) {
  digest_.add(bytes.data(), bytes.size());
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(Code::file_write_failed, path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> HashedFile::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) return failed(Code::file_write_failed, path_);
  return digest_.hex();
}

Result<FileDigest> digest_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed(Code::file_not_readable, path);
  Sha256 digest;
  std::vector<char> block(1U << 18);
  FileDigest result;
  ssize_t got = 0;
  while ((got = ::read(descriptor, block.data(), block.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    digest.add(block.data(), static_cast<std::size_t>(got));
    result.bytes += static_cast<std::uint64_t>(got);
  }
  const Error broken = failed(Code::file_not_readable, path);
  ::close(descriptor);
  if (got < 0) return broken;
  result.sha256 = digest.hex();
  return result;
}

}  // namespace pyojun
