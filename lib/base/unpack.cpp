#include "base/unpack.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::size_t window_bytes = std::size_t{256} << 10;

// Makes uncompressed bytes one run after the other.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  // Bytes written to `to` (at most `room`), 0 at the end, nothing when the packed data are damaged.
  virtual std::optional<std::size_t> read(char* to, std::size_t room) = 0;
};

// gzip (any number of members one after the other) and raw deflate. zlib checks length and CRC of gzip; libarchive 3.6 does not.
class Inflate final : public Unpacker {
 public:
  Inflate(std::span<const char> packed, bool gzip) : packed_(packed), gzip_(gzip) {
    ready_ = inflateInit2(&state_, gzip ? 15 + 16 : -15) == Z_OK;
  }
  ~Inflate() override { inflateEnd(&state_); }

  std::optional<std::size_t> read(char* to, std::size_t room) override {
    if (!ready_) return std::nullopt;
    std::size_t made = 0;
    while (made == 0 && !ended_) {
      feed();
      const auto offered = static_cast<uInt>(std::min<std::size_t>(room, std::numeric_limits<uInt>::max()));
      state_.next_out = reinterpret_cast<Bytef*>(to);
      state_.avail_out = offered;
      const int result = inflate(&state_, Z_NO_FLUSH);
      made = offered - state_.avail_out;
      if (result == Z_STREAM_END) {
        if (!next_member()) ready_ = false;
      } else if (result != Z_OK) {
        ready_ = false;  // damaged, or the input ended too early (Z_BUF_ERROR)
      }
      if (!ready_ && made == 0) return std::nullopt;
    }
    return made;
  }

 private:
  void feed() {
    if (state_.avail_in != 0) return;
    const std::size_t piece = std::min<std::size_t>(packed_.size() - at_, std::size_t{1} << 30);
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed_.data() + at_));  // zlib does not write there
    state_.avail_in = static_cast<uInt>(piece);
    at_ += piece;
  }
  // Zero bytes behind a member are padding; anything else must be a further member.
  bool next_member() {
    if (gzip_) {
      std::size_t left = at_ - state_.avail_in;
      while (left < packed_.size() && packed_[left] == 0) ++left;
      if (left < packed_.size()) {
        at_ = left;
        state_.avail_in = 0;
        return inflateReset(&state_) == Z_OK;
      }
    }
    ended_ = true;
    return true;
  }

  std::span<const char> packed_;
  std::size_t at_ = 0;
  z_stream state_{};
  bool gzip_, ready_, ended_ = false;
};

class Stored final : public Unpacker {
 public:
  explicit Stored(std::span<const char> bytes) : bytes_(bytes) {}
  std::optional<std::size_t> read(char* to, std::size_t room) override {
    const std::size_t taken = std::min(room, bytes_.size());
    std::copy_n(bytes_.data(), taken, to);
    bytes_ = bytes_.subspan(taken);
    return taken;
  }

 private:
  std::span<const char> bytes_;
};

// Zstandard by libarchive, which reads frames one after the other and checks their checksums.
class Zstandard final : public Unpacker {
 public:
  explicit Zstandard(std::span<const char> packed) : archive_(archive_read_new()) {
    archive_entry* entry = nullptr;
    ready_ = archive_ != nullptr && archive_read_support_filter_zstd(archive_) == ARCHIVE_OK &&
             archive_read_support_format_raw(archive_) == ARCHIVE_OK &&
             archive_read_open_memory(archive_, packed.data(), packed.size()) == ARCHIVE_OK;
    if (!ready_) return;
    const int result = archive_read_next_header(archive_, &entry);
    empty_ = result == ARCHIVE_EOF;
    ready_ = empty_ || result == ARCHIVE_OK;
  }
  ~Zstandard() override { archive_read_free(archive_); }
  std::optional<std::size_t> read(char* to, std::size_t room) override {
    if (!ready_) return std::nullopt;
    if (empty_) return std::size_t{0};
    const la_ssize_t made = archive_read_data(archive_, to, room);
    if (made < 0) {
      ready_ = false;
      return std::nullopt;
    }
    return static_cast<std::size_t>(made);
  }

 private:
  archive* archive_;
  bool ready_ = false, empty_ = false;
};

// What a zip directory says of a member must be true.
struct Promise {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
};

class UnpackedStream final : public ByteStream {
 public:
  UnpackedStream(std::shared_ptr<const MappedFile> file, std::unique_ptr<Unpacker> unpacker, std::string path,
                 std::optional<Promise> promise)
      : file_(std::move(file)), unpacker_(std::move(unpacker)), path_(std::move(path)), promise_(promise) {}

  std::span<const char> view() const override { return {buffer_.data() + from_, to_ - from_}; }
  std::uint64_t position() const override { return position_; }
  bool mapped() const override { return false; }
  std::shared_ptr<const void> keep() const override { return nullptr; }
  void consume(std::size_t bytes) override {
    from_ += bytes;
    position_ += bytes;
  }
  Result<bool> fill(std::size_t want) override {
    if (to_ - from_ >= want) return true;
    if (failed_) return *failed_;
    make_room(want);
    while (to_ - from_ < want && !ended_) {
      const auto made = unpacker_->read(buffer_.data() + to_, buffer_.size() - to_);
      if (!made) return fail(Code::archive_damaged);
      if (*made == 0) {
        ended_ = true;
        if (promise_ && (promise_->size != produced_ || promise_->crc != crc_)) return fail(Code::archive_damaged);
        if (Status same = file_->unchanged(); !same) return same.error();
        break;
      }
      if (promise_) crc_ = crc_of(buffer_.data() + to_, *made);
      to_ += *made;
      produced_ += *made;
      if (promise_ && produced_ > promise_->size) return fail(Code::archive_damaged);
      if (produced_ > unpack_floor && produced_ / unpack_ratio > file_->bytes().size()) return fail(Code::archive_too_large);
    }
    return to_ - from_ >= want;
  }

 private:
  std::uint32_t crc_of(const char* data, std::size_t bytes) const {
    return static_cast<std::uint32_t>(crc32_z(crc_, reinterpret_cast<const Bytef*>(data), bytes));
  }
  void make_room(std::size_t want) {
    if (from_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
      to_ -= from_;
      from_ = 0;
    }
    const std::size_t needed = std::max(want, window_bytes);
    if (buffer_.size() < needed) buffer_.resize(std::max(needed, std::min(buffer_.size() * 2, needed * 2)));
  }
  // Damage that was not there before the file was opened is none of the archive.
  Error fail(Code code) {
    failed_ = Error{code, path_, {0, 0, produced_}, {}, {}};
    if (code == Code::archive_damaged) {
      if (Status same = file_->unchanged(); !same) failed_ = same.error();
    }
    return *failed_;
  }

  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<Unpacker> unpacker_;
  std::string path_;
  std::optional<Promise> promise_;
  std::optional<Error> failed_;
  std::vector<char> buffer_;
  std::size_t from_ = 0, to_ = 0;
  std::uint64_t position_ = 0, produced_ = 0;
  std::uint32_t crc_ = 0;
  bool ended_ = false;
};

}  // namespace

Packing packing_of(std::span<const char> bytes) {
  const std::string_view head(bytes.data(), std::min<std::size_t>(bytes.size(), 4));
  if (head.starts_with("\x1f\x8b\x08")) return Packing::gzip;
  if (head == "\x28\xb5\x2f\xfd") return Packing::zstd;
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return Packing::zip;
  return Packing::none;
}

Result<std::unique_ptr<ByteStream>> open_packed(std::shared_ptr<const MappedFile> file, Packing packing, const std::string& path) {
  std::unique_ptr<Unpacker> unpacker;
  if (packing == Packing::gzip) {
    unpacker = std::make_unique<Inflate>(file->bytes(), true);
  } else {
    unpacker = std::make_unique<Zstandard>(file->bytes());
  }
  return std::unique_ptr<ByteStream>(std::make_unique<UnpackedStream>(std::move(file), std::move(unpacker), path, std::nullopt));
}

Result<std::unique_ptr<ByteStream>> open_member(std::shared_ptr<const MappedFile> file, const ZipMember& member, const std::string& path) {
  constexpr std::uint64_t local_header = 30;
  const std::span<const char> all = file->bytes();
  const Error damaged{Code::archive_damaged, path, {0, 0, 0}, {}, {}};
  if (member.encrypted || (member.method != 0 && member.method != 8)) return Error{Code::archive_encrypted, path, {}, {}, {}};
  if (member.header > all.size() || all.size() - member.header < local_header) return damaged;
  const char* const header = all.data() + member.header;
  const auto small = [&](std::size_t at) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(header[at])) |
           static_cast<std::uint64_t>(static_cast<unsigned char>(header[at + 1])) << 8;
  };
  if (std::memcmp(header, "PK\x03\x04", 4) != 0) return damaged;
  const std::uint64_t from = member.header + local_header + small(26) + small(28);
  if (from > all.size() || all.size() - from < member.packed) return damaged;
  const std::span<const char> packed = all.subspan(from, member.packed);
  std::unique_ptr<Unpacker> unpacker;
  if (member.method == 0) {
    unpacker = std::make_unique<Stored>(packed);
  } else {
    unpacker = std::make_unique<Inflate>(packed, false);
  }
  return std::unique_ptr<ByteStream>(
      std::make_unique<UnpackedStream>(std::move(file), std::move(unpacker), path, Promise{member.size, member.crc}));
}

}  // namespace pyojun
