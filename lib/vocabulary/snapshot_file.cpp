// Writing and checking the snapshot file and its folder.
#include "vocabulary/snapshot_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/mapped_file.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun::vocabulary {

namespace fs = std::filesystem;

namespace {

Error write_failed(const std::string& path, const std::string& why) { return Error{Code::file_write_failed, path, {}, path, why}; }

constexpr std::array<std::string_view, section_count> section_names{
    "rows", "text", "codes", "ids", "names", "targets", "more_targets", "values", "kinds", "strings", "info", "synonyms", "synonym_text"};

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
std::uint64_t checksum(const Header& header) { return XXH3_64bits(&header, offsetof(Header, checksum)); }

Status sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return write_failed(path, std::strerror(errno));
  const bool done = ::fsync(folder) == 0 || errno == EINVAL;
  const int problem = errno;
  ::close(folder);
  if (!done) return write_failed(path, std::strerror(problem));
  return {};
}

}  // namespace

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
}

Status OutputFile::failed() { return write_failed(path_, std::strerror(errno)); }

Status OutputFile::create(const std::string& path) {
  path_ = path;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  return file_ < 0 ? failed() : Status();
}

Status OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_, bytes.data(), std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return failed();
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

Status OutputFile::finish() {
  const bool synced = ::fsync(file_) == 0;
  const int problem = errno;
  const bool closed = ::close(std::exchange(file_, -1)) == 0;
  if (!synced) errno = problem;
  return synced && closed ? Status() : failed();
}

Status write_snapshot(const std::string& path, std::uint32_t concepts, const std::vector<std::string_view>& sections) {
  Header header;
  std::memcpy(header.magic, snapshot_magic, sizeof snapshot_magic);
  header.format = snapshot_format;
  header.concepts = concepts;
  std::uint64_t offset = (sizeof(Header) + 63) / 64 * 64;
  for (std::size_t i = 0; i < section_count; ++i) {
    header.sections[i] = {offset, sections[i].size(), checksum(sections[i])};
    offset += (sections[i].size() + 63) / 64 * 64;
  }
  header.file_bytes = offset;
  header.checksum = checksum(header);
  OutputFile file;
  if (auto status = file.create(path); !status) return status;
  static constexpr char zeros[64] = {};
  const auto put = [&](std::string_view bytes) {
    auto status = file.write(bytes);
    return status ? file.write({zeros, (64 - bytes.size() % 64) % 64}) : status;
  };
  if (auto status = put({reinterpret_cast<const char*>(&header), sizeof header}); !status) return status;
  for (const auto section : sections) {
    if (auto status = put(section); !status) return status;
  }
  return file.finish();
}

Result<Header> read_header(std::string_view bytes, const std::string& path) {
  Header header;
  if (bytes.size() < sizeof header || std::memcmp(bytes.data(), snapshot_magic, sizeof snapshot_magic) != 0) {
    return Error{Code::vocabulary_not_a_snapshot, path, {}, path, {}};
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.format > snapshot_format) return Error{Code::vocabulary_snapshot_newer, path, {}, path, {}};
  const auto damaged = [&](std::string_view what) { return Error{Code::vocabulary_snapshot_damaged, path, {}, std::string(what), {}}; };
  if (header.format != snapshot_format || header.checksum != checksum(header)) return damaged("header");
  if (header.file_bytes != bytes.size()) return damaged("length");
  for (std::size_t i = 0; i < section_count; ++i) {
    const Section& section = header.sections[i];
    if (section.offset % 64 != 0 || section.offset > bytes.size() || section.bytes > bytes.size() - section.offset)
      return damaged(section_names[i]);
  }
  return header;
}

Status WorkFolder::check_target(const std::string& target) {
  std::error_code problem;
  const auto state = fs::status(target, problem);
  if (!fs::exists(state)) return {};
  const bool ours = fs::exists(fs::path(target) / snapshot_file, problem);
  if (fs::is_directory(state) && (ours || fs::is_empty(target, problem))) return {};
  return Error{Code::vocabulary_target_in_use, target, {}, target, {}};
}

WorkFolder::WorkFolder(const std::string& target) : target_(fs::path(target).lexically_normal().string()) {
  while (target_.size() > 1 && target_.ends_with('/')) target_.pop_back();
  path_ = target_ + ".work-" + std::to_string(::getpid());
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!published_) fs::remove_all(path_, ignored);
}

Status WorkFolder::create() {
  std::error_code problem;
  fs::remove_all(path_, problem);
  fs::create_directories(path_, problem);
  if (problem) return write_failed(path_, problem.message());
  return {};
}

Status WorkFolder::publish() {
  if (auto status = sync_folder(path_); !status) return status;
  std::error_code problem;
  if (fs::exists(target_, problem)) {
    // The two folders change places in one step, so that a reader finds the old snapshot or the new one, never none.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
      const std::string old = path_ + "-old";
      if (::rename(target_.c_str(), old.c_str()) != 0) return write_failed(target_, std::strerror(errno));
      if (::rename(path_.c_str(), target_.c_str()) != 0) return write_failed(target_, std::strerror(errno));
      ::rename(old.c_str(), path_.c_str());
    }
    fs::remove_all(path_, problem);
  } else if (::rename(path_.c_str(), target_.c_str()) != 0) {
    return write_failed(target_, std::strerror(errno));
  }
  published_ = true;
  const std::string parent = fs::path(target_).parent_path().string();
  return sync_folder(parent.empty() ? "." : parent);
}

}  // namespace pyojun::vocabulary

namespace pyojun {

Status verify_snapshot(const std::string& folder) {
  using namespace vocabulary;
  const std::string path = (fs::path(folder) / snapshot_file).string();
  auto file = MappedFile::open(path);
  if (!file) return Error{Code::vocabulary_not_a_snapshot, folder, {}, folder, file.error().detail};
  const std::string_view bytes((*file)->bytes().data(), (*file)->bytes().size());
  const auto header = read_header(bytes, path);
  if (!header) return header.error();
  for (std::size_t i = 0; i < section_count; ++i) {
    const Section& section = header->sections[i];
    if (checksum(bytes.substr(section.offset, section.bytes)) != section.checksum) {
      return Error{Code::vocabulary_snapshot_damaged, path, {}, std::string(section_names[i]), {}};
    }
  }
  return {};
}

}  // namespace pyojun
