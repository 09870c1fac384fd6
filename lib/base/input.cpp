#include "base/input.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mapped_file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "base/unpack.hpp"

namespace pyojun {

namespace {

constexpr std::size_t pass_bytes = std::size_t{256} << 10;  // hashed and checked while it is in the second-level cache

// One window over memory that somebody keeps alive.
class MappedStream final : public ByteStream {
 public:
  MappedStream(std::span<const char> bytes, std::shared_ptr<const void> keep, std::shared_ptr<const MappedFile> file)
      : bytes_(bytes), keep_(std::move(keep)), file_(std::move(file)) {}
  std::span<const char> view() const override { return bytes_.subspan(position_); }
  Result<bool> fill(std::size_t want) override {
    if (bytes_.size() - position_ >= want) return true;
    if (file_ != nullptr) {
      if (Status same = file_->unchanged(); !same) return same.error();
    }
    return false;
  }
  void consume(std::size_t bytes) override { position_ += bytes; }
  std::uint64_t position() const override { return position_; }
  bool mapped() const override { return true; }
  std::shared_ptr<const void> keep() const override { return keep_; }

 private:
  std::span<const char> bytes_;
  std::size_t position_ = 0;
  std::shared_ptr<const void> keep_;
  std::shared_ptr<const MappedFile> file_;
};

// The same bytes, read piece by piece.
class ReadStream final : public ByteStream {
 public:
  explicit ReadStream(std::shared_ptr<const MappedFile> file)
      : file_(std::move(file)), buffer_(std::min(file_->bytes().size(), pass_bytes)) {}
  std::span<const char> view() const override { return {buffer_.data() + from_, held_ - from_}; }
  // `want` is at most pass_bytes.
  Result<bool> fill(std::size_t want) override {
    if (held_ - from_ >= want) return true;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(from_), buffer_.begin() + static_cast<std::ptrdiff_t>(held_), buffer_.begin());
    held_ -= from_;
    from_ = 0;
    while (held_ < std::min(want, buffer_.size())) {
      const auto got = file_->read(position_ + held_, std::span(buffer_).subspan(held_));
      if (!got) return got.error();
      if (*got == 0) break;
      held_ += *got;
    }
    if (held_ >= want) return true;
    if (Status same = file_->unchanged(); !same) return same.error();
    return false;
  }
  void consume(std::size_t bytes) override {
    from_ += bytes;
    position_ += bytes;
  }
  std::uint64_t position() const override { return position_; }
  bool mapped() const override { return false; }
  std::shared_ptr<const void> keep() const override { return nullptr; }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<char> buffer_;
  std::size_t from_ = 0, held_ = 0;
  std::uint64_t position_ = 0;
};

// Shows a few bytes at a time, as a compressed file would.
class TrickleStream final : public ByteStream {
 public:
  explicit TrickleStream(std::span<const char> bytes) : bytes_(bytes) {}
  std::span<const char> view() const override { return {window_.data(), window_.size()}; }
  Result<bool> fill(std::size_t want) override {
    const std::size_t shown = std::min(std::max(want, window_.size()), bytes_.size() - position_);
    window_.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(position_),
                   bytes_.begin() + static_cast<std::ptrdiff_t>(position_ + shown));
    return shown >= want;
  }
  void consume(std::size_t bytes) override {
    position_ += bytes;
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }
  std::uint64_t position() const override { return position_; }
  bool mapped() const override { return false; }
  std::shared_ptr<const void> keep() const override { return nullptr; }

 private:
  std::span<const char> bytes_;
  std::vector<char> window_;
  std::size_t position_ = 0;
};

// What all inputs share: names, and the facts found in one pass.
class InputBase : public Input {
 public:
  InputBase(std::string path, std::string name, std::uint64_t size) : path_(std::move(path)), name_(std::move(name)), size_(size) {}
  const std::string& path() const override { return path_; }
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }

  Result<std::string> sha256() const override {
    const std::lock_guard lock(mutex_);
    if (sha256_.empty()) {
      if (Status done = pass(true); !done) return done.error();
    }
    return sha256_;
  }
  Result<ByteFacts> byte_facts() const override {
    const std::lock_guard lock(mutex_);
    if (!facts_) {
      if (Status done = pass(false); !done) return done.error();
    }
    return *facts_;
  }

 private:
  virtual Result<std::unique_ptr<ByteStream>> open_once() const { return open(); }  // for whoever goes through all bytes and keeps none

  Status pass(bool hash) const {
    auto stream = open_once();
    if (!stream) return stream.error();
    Sha256 digest;
    Utf8Check text;
    ByteFacts facts;
    while (true) {
      const auto more = (*stream)->fill(pass_bytes);
      if (!more) return more.error();
      const auto piece = (*stream)->view();
      const auto taken = piece.first(std::min(piece.size(), pass_bytes));
      if (taken.empty()) break;
      text.add({taken.data(), taken.size()});
      if (hash) digest.add(taken.data(), taken.size());
      facts.bytes += taken.size();
      (*stream)->consume(taken.size());
    }
    text.finish();
    facts.bad_utf8 = text.bad();
    facts.utf8_sequences = text.sequences();
    facts_ = facts;
    if (hash) sha256_ = digest.hex();
    return {};
  }

  std::string path_, name_;
  std::uint64_t size_;
  mutable std::mutex mutex_;
  mutable std::string sha256_;
  mutable std::optional<ByteFacts> facts_;
};

std::unique_ptr<ByteStream> stream_of(const std::shared_ptr<const MappedFile>& file) {
  return std::make_unique<MappedStream>(file->bytes(), file, file);
}

// A file on disk; mapped anew by each open(), so that thousands of inputs do not hold thousands of mappings.
class FileInput final : public InputBase {
 public:
  FileInput(std::string path, std::string name, std::uint64_t size, Packing packing)
      : InputBase(std::move(path), std::move(name), size), packing_(packing) {}
  Result<std::unique_ptr<ByteStream>> open() const override {
    auto file = MappedFile::open(path());
    if (!file) return file.error();
    if (packing_ == Packing::none) return stream_of(*file);
    return open_packed(std::move(*file), packing_, path());
  }

 private:
  Result<std::unique_ptr<ByteStream>> open_once() const override {
    if (packing_ != Packing::none) return open();
    auto file = MappedFile::open(path());
    if (!file) return file.error();
    return std::unique_ptr<ByteStream>(std::make_unique<ReadStream>(std::move(*file)));
  }

  Packing packing_;
};

// Bytes already in memory: a member of a mapped archive, standard input, a test's text.
class HeldInput final : public InputBase {
 public:
  HeldInput(std::string path, std::string name, std::shared_ptr<const MappedFile> file, Packing packing)
      : InputBase(std::move(path), std::move(name), file->bytes().size()), file_(std::move(file)), packing_(packing) {}
  Result<std::unique_ptr<ByteStream>> open() const override {
    if (packing_ == Packing::none) return stream_of(file_);
    return open_packed(file_, packing_, path());
  }

 private:
  std::shared_ptr<const MappedFile> file_;
  Packing packing_;
};

class MemberInput final : public InputBase {
 public:
  MemberInput(std::string path, std::string name, std::shared_ptr<const MappedFile> file, ZipMember member)
      : InputBase(std::move(path), std::move(name), member.packed), file_(std::move(file)), member_(std::move(member)) {}
  Result<std::unique_ptr<ByteStream>> open() const override { return open_member(file_, member_, path()); }

 private:
  std::shared_ptr<const MappedFile> file_;
  ZipMember member_;
};

class MemoryInput final : public InputBase {
 public:
  MemoryInput(std::string name, std::shared_ptr<const std::string> bytes, bool streamed)
      : InputBase{name, std::move(name), bytes->size()}, bytes_(std::move(bytes)), streamed_(streamed) {}
  Result<std::unique_ptr<ByteStream>> open() const override {
    if (streamed_) return std::unique_ptr<ByteStream>(std::make_unique<TrickleStream>(*bytes_));
    return std::unique_ptr<ByteStream>(std::make_unique<MappedStream>(*bytes_, bytes_, nullptr));
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  bool streamed_;
};

std::string base_name(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string without_ending(std::string name, std::string_view ending) {
  if (name.size() > ending.size() && ascii_lower(name).ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

// Gathers inputs; every file counts once even if two arguments name it.
class Collector {
 public:
  explicit Collector(Inputs& inputs) : inputs_(inputs) {}
  Status argument(const std::string& text);

 private:
  Status path(const std::string& text, bool named);
  Status folder(const std::string& text);
  Status pattern(const std::string& text);
  Status standard_input();
  Status zip(const std::string& text, const std::shared_ptr<const MappedFile>& file);

  Inputs& inputs_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;  // device and inode
};

Status Collector::argument(const std::string& text) {
  if (text == "-") return standard_input();
  struct stat info {};
  if (::stat(text.c_str(), &info) != 0 && text.find_first_of("*?[") != std::string::npos) return pattern(text);
  return path(text, true);
}

Status Collector::pattern(const std::string& text) {
  ::glob_t found{};
  const int result = ::glob(text.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + (result == 0 ? found.gl_pathc : 0));
  ::globfree(&found);
  if (paths.empty()) return Error{Code::no_match, text, {}, {}, {}};
  std::sort(paths.begin(), paths.end());
  for (const auto& one : paths) {
    if (Status done = path(one, true); !done) return done;
  }
  return {};
}

Status Collector::path(const std::string& text, bool named) {
  struct stat info {};
  if (::stat(text.c_str(), &info) != 0) {
    if (named) return Error{Code::file_not_readable, text, {}, {}, std::strerror(errno)};
    inputs_.skipped.push_back(text);  // a link to nowhere, or gone since the folder was listed
    return {};
  }
  if (S_ISDIR(info.st_mode)) return folder(text);
  if (!S_ISREG(info.st_mode)) {
    if (named) return Error{Code::not_a_regular_file, text, {}, {}, {}};
    inputs_.skipped.push_back(text);
    return {};
  }
  if (!seen_.emplace(info.st_dev, info.st_ino).second) return {};
  auto file = MappedFile::open(text);
  if (!file) return file.error();
  const Packing packing = packing_of((*file)->bytes());
  std::string name = base_name(text);
  // Spreadsheets and documents are zip files too; only what is called .zip is meant as an archive.
  if (packing == Packing::zip && ascii_lower(name).ends_with(".zip")) return zip(text, *file);
  if (packing == Packing::gzip) name = without_ending(std::move(name), ".gz");
  if (packing == Packing::zstd) name = without_ending(std::move(name), ".zst");
  inputs_.files.push_back(
      std::make_unique<FileInput>(text, std::move(name), (*file)->bytes().size(), packing == Packing::zip ? Packing::none : packing));
  return {};
}

Status Collector::folder(const std::string& text) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> files;
  fs::recursive_directory_iterator at(text, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::path& entry = at->path();
    std::error_code unknown;
    const bool is_folder = at->is_directory(unknown);
    const bool hidden = entry.filename().native().starts_with('.');
    if (hidden || (is_folder && at->is_symlink(unknown))) {  // a link to a folder may lead round in a circle
      inputs_.skipped.push_back(entry.native());
      if (hidden && is_folder) at.disable_recursion_pending();
    } else if (!is_folder) {
      files.push_back(entry.native());
    }
  }
  if (error) return Error{Code::file_not_readable, text, {}, {}, error.message()};
  std::sort(files.begin(), files.end());
  for (const auto& one : files) {
    if (Status done = path(one, false); !done) return done;
  }
  return {};
}

Status Collector::zip(const std::string& text, const std::shared_ptr<const MappedFile>& file) {
  auto members = zip_members(*file, text, inputs_.skipped);
  if (!members) return members.error();
  for (ZipMember& member : *members) {
    std::string path = text + "!" + member.name;
    std::string name = base_name(member.name);
    inputs_.files.push_back(std::make_unique<MemberInput>(std::move(path), std::move(name), file, std::move(member)));
  }
  return {};
}

bool write_whole(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(to, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// A pipe is read to its end into memory (not to disk: the data are patients' data), because readers open their input more than once.
Result<int> spool(int from) {
  const Error failed{Code::file_not_readable, "-", {}, {}, {}};
  const int to = ::memfd_create("stdin", MFD_CLOEXEC);
  if (to < 0) return failed;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (true) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return to;
    if (got < 0 || !write_whole(to, {buffer.data(), static_cast<std::size_t>(got)})) {
      ::close(to);
      return failed;
    }
  }
}

Status Collector::standard_input() {
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0) return Error{Code::file_not_readable, "-", {}, {}, std::strerror(errno)};
  int descriptor = -1;
  if (S_ISREG(info.st_mode)) {
    descriptor = ::dup(STDIN_FILENO);
  } else {
    auto spooled = spool(STDIN_FILENO);
    if (!spooled) return spooled.error();
    descriptor = *spooled;
  }
  auto file = MappedFile::take(descriptor, "-");
  if (!file) return file.error();
  const Packing packing = packing_of((*file)->bytes());
  if (packing == Packing::zip) return zip("-", *file);
  inputs_.files.push_back(std::make_unique<HeldInput>("-", "stdin", std::move(*file), packing));
  return {};
}

// By base name, then size; only inputs that agree in both are hashed to tell them apart. Copies keep their order by path.
Status put_in_order(std::vector<std::unique_ptr<Input>>& files) {
  const auto rank = [](const std::unique_ptr<Input>& file) {
    return std::tuple<const std::string&, std::uint64_t>(file->name(), file->size());
  };
  std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  for (auto first = files.begin(); first != files.end();) {
    const auto last = std::find_if(first, files.end(), [&](const auto& file) { return rank(file) != rank(*first); });
    if (last - first > 1) {
      for (auto file = first; file != last; ++file) {
        const auto hash = (*file)->sha256();
        constexpr std::array waits{Code::archive_damaged, Code::archive_encrypted, Code::file_not_readable,
                                   Code::file_changed_while_reading};
        if (!hash && std::ranges::find(waits, hash.error().code) == waits.end()) return hash.error();
      }
      const auto content = [](const Input& file) {
        auto hash = file.sha256();
        return hash ? std::move(*hash) : std::string();  // what is wrong with the file is told when it is hashed again, or read
      };
      std::sort(first, last,
                [&](const auto& a, const auto& b) { return std::tuple(content(*a), a->path()) < std::tuple(content(*b), b->path()); });
    }
    first = last;
  }
  return {};
}

}  // namespace

Result<Inputs> expand_inputs(const std::vector<std::string>& arguments) {
  Inputs inputs;
  Collector collector(inputs);
  for (const auto& argument : arguments) {
    if (Status done = collector.argument(argument); !done) return done.error();
  }
  if (Status done = put_in_order(inputs.files); !done) return done.error();
  std::sort(inputs.skipped.begin(), inputs.skipped.end());
  return inputs;
}

std::unique_ptr<Input> memory_input(std::string name, std::string bytes, bool streamed) {
  return std::make_unique<MemoryInput>(std::move(name), std::make_shared<const std::string>(std::move(bytes)), streamed);
}

}  // namespace pyojun
