#include "base/file_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace pyojun {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t direct_bytes = std::size_t{64} << 10;  // so much is not copied first

}  // namespace

FileWriter::FileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileWriter::FileWriter(FileWriter&&) noexcept = default;
FileWriter& FileWriter::operator=(FileWriter&&) noexcept = default;
FileWriter::~FileWriter() = default;
std::uint64_t FileWriter::bytes() const { return state_->bytes; }
const std::string& FileWriter::sha256() const { return state_->sha256; }
const std::string& FileWriter::path() const { return state_->path; }

Result<FileWriter> FileWriter::create(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (state->file.get() < 0) return write_failed(path, errno);
  state->buffer.reserve(buffer_bytes);
  return FileWriter(std::move(state));
}

Status FileWriter::write(std::string_view bytes) {
  state_->bytes += bytes.size();
  state_->hash.add(bytes.data(), bytes.size());
  if (state_->buffer.size() + bytes.size() > buffer_bytes || bytes.size() >= direct_bytes) {
    Status done = state_->put(state_->buffer);
    state_->buffer.clear();
    if (!done) return done;
    if (bytes.size() >= direct_bytes) return state_->put(bytes);
  }
  state_->buffer += bytes;
  return {};
}

std::string FileWriter::hash_state() const { return state_->hash.state(); }

Status FileWriter::copy(int from, std::uint64_t offset, std::string_view same, std::string_view hash) {
  Status done = state_->put(state_->buffer);
  state_->buffer.clear();
  if (!done) return done;
  state_->bytes += same.size();
  if (hash.empty() || !state_->hash.resume(hash)) state_->hash.add(same.data(), same.size());
  auto at = static_cast<off64_t>(offset);
  while (!same.empty()) {
    const ssize_t copied = ::copy_file_range(from, &at, state_->file.get(), nullptr, same.size(), 0);
    if (copied < 0 && errno == EINTR) continue;
    // Not every pair of file systems can; a file that became shorter meanwhile is told by what the caller saw of it.
    const bool unable = copied == 0 || errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP;
    if (copied <= 0 && unable) return state_->put(same);
    if (copied < 0) return write_failed(state_->path, errno);
    same.remove_prefix(static_cast<std::size_t>(copied));
    state_->writeback.appended(state_->file.get(), static_cast<std::size_t>(copied));
  }
  return {};
}

Status FileWriter::close() {
  if (state_->file.get() < 0) return {};
  Status done = state_->put(state_->buffer);
  state_->buffer = {};
  if (!done) return done;
  state_->sha256 = state_->hash.hex();
  if (state_->syncs != nullptr) {
    state_->syncs->take(std::move(state_->file), state_->path);
    return {};
  }
  if (::fsync(state_->file.get()) != 0) return write_failed(state_->path, errno);  // final: a second fsync would not tell the truth
  if (::close(state_->file.release()) != 0) return write_failed(state_->path, errno);
  return {};
}

}  // namespace pyojun
