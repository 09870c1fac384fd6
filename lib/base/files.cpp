#include "base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file_writer.hpp"
#include "base/mapped_file.hpp"

namespace pyojun {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view manifest_name = "MANIFEST", sums_name = "SHA256SUMS";

Error not_writable(const std::string& path, std::string detail) { return {Code::target_not_writable, path, {}, {}, std::move(detail)}; }

Status sync_path(const std::string& path, int flags) {
  const Descriptor at(::open(path.c_str(), flags | O_CLOEXEC));
  if (at.get() < 0 || ::fsync(at.get()) != 0) return write_failed(path, errno);
  return {};
}

// A target with its folder and the name of the work place beside it.
struct Place {
  std::string target, parent, name, work;
};

// Follows links, so that the thing behind a link is replaced and not the link.
Result<Place> place_of(const std::string& given) {
  std::error_code error;
  fs::path target(given);
  if (target.filename().empty()) target = target.parent_path();
  if (fs::is_symlink(target, error)) {
    const fs::path real = fs::canonical(target, error);
    if (error) return not_writable(given, error.message());
    target = real;
  }
  const fs::path parent = target.parent_path().empty() ? fs::path(".") : target.parent_path();
  Place place{target.native(), parent.native(), target.filename().native(), {}};
  if (place.name.empty() || place.name == "." || place.name == "..") return not_writable(given, "the target needs a name of its own");
  place.work = (parent / ("." + place.name + ".work-" + std::to_string(::getpid()))).native();
  return place;
}

// The process number behind ".NAME.work-", 0 when the name is not of that form.
int owner_of(std::string_view entry, std::string_view name) {
  const std::string prefix = "." + std::string(name) + ".work-";
  if (!entry.starts_with(prefix)) return 0;
  int number = 0;
  const auto [end, error] = std::from_chars(entry.data() + prefix.size(), entry.data() + entry.size(), number);
  return error == std::errc() && end == entry.data() + entry.size() ? number : 0;
}

// Whoever works in a work place holds a lock on it, so a number that another process got meanwhile does not protect a leftover of ours.
bool abandoned(const std::string& path, int owner) {
  const bool alive = ::kill(owner, 0) == 0 || errno == EPERM;
  if (alive && owner != ::getpid()) return false;
  const Descriptor at(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return at.get() >= 0 && ::flock(at.get(), LOCK_EX | LOCK_NB) == 0;
}

std::vector<std::string> sweep(const Place& place) {
  std::vector<std::string> swept;
  std::error_code error;
  std::vector<std::string> found;
  for (fs::directory_iterator at(place.parent, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    const int owner = owner_of(at->path().filename().native(), place.name);
    if (owner > 0 && abandoned(at->path().native(), owner)) found.push_back(at->path().native());
  }
  std::sort(found.begin(), found.end());
  for (const auto& path : found) {
    std::error_code failed;
    fs::remove_all(path, failed);
    if (!failed) swept.push_back(path);
  }
  return swept;
}

// One rename that either exchanges with what is there or moves to where nothing is. True: the older one is now at `from`.
Result<bool> rename_into_place(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return true;
  // Nothing there, or a file system that cannot exchange (then an older directory must be empty for this to work).
  if (errno != ENOENT && errno != EINVAL && errno != ENOSYS) return write_failed(to, errno);
  if (::rename(from.c_str(), to.c_str()) != 0) return write_failed(to, errno);
  return false;
}

std::string line_of(const PublishedFile& file) {
  return file.sha256 + "\t" + std::to_string(file.bytes) + "\t" + (file.rows < 0 ? "-" : std::to_string(file.rows)) + "\t" + file.name +
         "\n";
}

bool read_line(std::string_view line, PublishedFile& file) {
  std::string_view parts[4];
  for (int i = 0; i < 3; ++i) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return false;
    parts[i] = line.substr(0, tab);
    line.remove_prefix(tab + 1);
  }
  file.sha256 = parts[0];
  file.name = line;
  const auto number = [](std::string_view text, auto& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  };
  return file.sha256.size() == 64 && !file.name.empty() && number(parts[1], file.bytes) && (parts[2] == "-" || number(parts[2], file.rows));
}

// What stands in the way of replacing the directory; nothing when it is not there, empty, or wholly listed by its own MANIFEST.
Status replaceable(const Place& place) {
  std::error_code error;
  const auto status = fs::symlink_status(place.target, error);
  if (status.type() == fs::file_type::not_found) return {};
  if (status.type() != fs::file_type::directory) return not_writable(place.target, "a file of this name is in the way");
  std::set<std::string> listed{std::string(manifest_name), std::string(sums_name)};
  bool ours = false;
  if (const auto files = read_manifest(place.target); files) {
    ours = true;
    for (const auto& file : *files) listed.insert(file.name);
  }
  for (fs::directory_iterator at(place.target, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    if (!ours) return not_writable(place.target, "the folder is not empty and has no MANIFEST");
    if (!listed.contains(at->path().filename().native()))
      return not_writable(place.target, "the folder holds files its MANIFEST does not list");
  }
  return error ? Status(not_writable(place.target, error.message())) : Status();
}

}  // namespace

// --- AtomicDirectory

struct AtomicDirectory::State {
  Place place;
  Descriptor lock;
  bool published = false;
  std::vector<PublishedFile> files;
  std::vector<std::string> swept;
  BackgroundSyncs syncs;

  ~State() {
    (void)syncs.wait();
    std::error_code ignored;
    if (!published) fs::remove_all(place.work, ignored);
  }
  Result<FileWriter> create(std::string_view name) {
    auto file = FileWriter::create(place.work + "/" + std::string(name));
    if (file) file->state_->syncs = &syncs;
    return file;
  }
  Status write_list(std::string_view name, const std::string& text) {
    auto file = create(name);
    if (!file) return file.error();
    if (Status done = file->write(text); !done) return done;
    return file->close();
  }
};

AtomicDirectory::AtomicDirectory(std::unique_ptr<State> state) : state_(std::move(state)) {}
AtomicDirectory::AtomicDirectory(AtomicDirectory&&) noexcept = default;
AtomicDirectory& AtomicDirectory::operator=(AtomicDirectory&&) noexcept = default;
AtomicDirectory::~AtomicDirectory() = default;
const std::string& AtomicDirectory::path() const { return state_->place.work; }
const std::vector<PublishedFile>& AtomicDirectory::files() const { return state_->files; }
const std::vector<std::string>& AtomicDirectory::swept() const { return state_->swept; }

Result<AtomicDirectory> AtomicDirectory::start(const std::string& target) {
  auto place = place_of(target);
  if (!place) return place.error();
  if (Status free = replaceable(*place); !free) return free.error();
  auto swept = sweep(*place);
  if (::mkdir(place->work.c_str(), S_IRWXU) != 0) return not_writable(target, std::strerror(errno));
  auto state = std::make_unique<State>();
  state->place = std::move(*place);
  state->swept = std::move(swept);
  state->lock = Descriptor(::open(state->place.work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (state->lock.get() < 0 || ::flock(state->lock.get(), LOCK_EX | LOCK_NB) != 0) return not_writable(target, std::strerror(errno));
  return AtomicDirectory(std::move(state));
}

Result<FileWriter> AtomicDirectory::create(const std::string& name) { return state_->create(name); }

Status AtomicDirectory::add(FileWriter& file, std::int64_t rows) {
  if (Status done = file.close(); !done) return done;
  state_->files.push_back({fs::path(file.path()).filename().native(), file.sha256(), file.bytes(), rows});
  return {};
}

Status AtomicDirectory::adopt(const std::string& name, std::int64_t rows) {
  const std::string path = state_->place.work + "/" + name;
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return write_failed(path, errno);
  Descriptor written(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (written.get() < 0) return write_failed(path, errno);
  state_->syncs.take(std::move(written), path);
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  const auto bytes = (*file)->bytes();
  state_->files.push_back({name, sha256_hex({bytes.data(), bytes.size()}), bytes.size(), rows});
  return {};
}

Status AtomicDirectory::publish() {
  State& state = *state_;
  std::sort(state.files.begin(), state.files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string sums, manifest;
  for (const auto& file : state.files) {
    sums += file.sha256 + "  " + file.name + "\n";
    manifest += line_of(file);
  }
  if (Status done = state.write_list(sums_name, sums); !done) return done;
  if (Status done = state.write_list(manifest_name, manifest); !done) return done;
  // All names are there now: the directory is synced together with its files, and the rename waits for all of them.
  Descriptor names(::open(state.place.work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (names.get() < 0) return write_failed(state.place.work, errno);
  state.syncs.take(std::move(names), state.place.work);
  if (Status done = state.syncs.wait(); !done) return done;
  if (Status free = replaceable(state.place); !free) return free;  // somebody may have put files there meanwhile
  const auto exchanged = rename_into_place(state.place.work, state.place.target);
  if (!exchanged) return exchanged.error();
  state.published = true;
  if (Status done = sync_path(state.place.parent, O_RDONLY | O_DIRECTORY); !done) return done;
  std::error_code ignored;  // a leftover of the older version is swept by the next run
  if (*exchanged) fs::remove_all(state.place.work, ignored);
  return {};
}

// --- AtomicFile

struct AtomicFile::State {
  Place place;
  bool published = false;
  ~State() {
    if (!published) ::unlink(place.work.c_str());
  }
};

AtomicFile::AtomicFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;
const std::string& AtomicFile::path() const { return state_->place.work; }

Result<AtomicFile> AtomicFile::start(const std::string& target) {
  auto place = place_of(target);
  if (!place) return place.error();
  std::error_code error;
  const auto type = fs::status(place->target, error).type();
  if (type != fs::file_type::not_found && type != fs::file_type::regular)
    return not_writable(target, "something that is not a file is in the way");
  sweep(*place);
  const Descriptor trial(::open(place->work.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (trial.get() < 0) return not_writable(target, std::strerror(errno));
  ::unlink(place->work.c_str());  // DuckDB and others want to make the file themselves
  auto state = std::make_unique<State>();
  state->place = std::move(*place);
  return AtomicFile(std::move(state));
}

Status AtomicFile::publish() {
  const Place& place = state_->place;
  if (::chmod(place.work.c_str(), S_IRUSR | S_IWUSR) != 0) return write_failed(place.work, errno);
  if (Status done = sync_path(place.work, O_RDONLY); !done) return done;
  if (::rename(place.work.c_str(), place.target.c_str()) != 0) return write_failed(place.target, errno);
  state_->published = true;
  return sync_path(place.parent, O_RDONLY | O_DIRECTORY);
}

Status write_file(const std::string& target, std::string_view bytes) {
  auto place = AtomicFile::start(target);
  if (!place) return place.error();
  auto file = FileWriter::create(place->path());
  if (!file) return file.error();
  if (Status done = file->write(bytes); !done) return done;
  if (Status done = file->close(); !done) return done;
  return place->publish();
}

Result<std::uint64_t> free_space(const std::string& path) {
  fs::path at = fs::absolute(path);
  std::error_code error;
  while (at.has_relative_path() && !fs::exists(at, error)) at = at.parent_path();
  struct statvfs info {};
  if (::statvfs(at.c_str(), &info) != 0) return Error{Code::file_not_readable, path, {}, {}, std::strerror(errno)};
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

Result<std::vector<PublishedFile>> read_manifest(const std::string& directory) {
  const std::string path = directory + "/" + std::string(manifest_name);
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  std::string_view text((*file)->bytes().data(), (*file)->bytes().size());
  std::vector<PublishedFile> files;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    PublishedFile one;
    if (end == std::string_view::npos || !read_line(text.substr(0, end), one)) {
      return Error{Code::file_not_readable, path, {files.size() + 1, 0, 0}, {}, "not a MANIFEST"};
    }
    files.push_back(std::move(one));
    text.remove_prefix(end + 1);
  }
  return files;
}

}  // namespace pyojun
