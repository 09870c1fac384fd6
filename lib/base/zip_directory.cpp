// The directory at the end of a zip archive (APPNOTE 6.3: records 4.3.12, 4.3.14 to 4.3.16). Read here and not by libarchive because
// that goes through all members to reach one, and because Korean archives have names in CP949.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "base/unpack.hpp"

namespace pyojun {

namespace {

// Little-endian numbers with a check of the bounds: what lies outside reads as 0 and is noted.
class Bytes {
 public:
  explicit Bytes(std::span<const char> bytes) : bytes_(bytes) {}
  template <class Number>
  Number at(std::uint64_t offset) {
    Number number = 0;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(Number)) {
      good_ = false;
      return number;
    }
    std::memcpy(&number, bytes_.data() + offset, sizeof(Number));
    return number;
  }
  std::string_view text(std::uint64_t offset, std::size_t length) {
    if (offset > bytes_.size() || bytes_.size() - offset < length) {
      good_ = false;
      return {};
    }
    return {bytes_.data() + offset, length};
  }
  std::uint64_t size() const { return bytes_.size(); }
  bool good() const { return good_; }

 private:
  std::span<const char> bytes_;
  bool good_ = true;
};

struct Directory {
  std::uint64_t members = 0, offset = 0, size = 0;
};

constexpr std::uint32_t end_mark = 0x06054b50, end64_mark = 0x06064b50, locator_mark = 0x07064b50, member_mark = 0x02014b50;
constexpr std::uint64_t end_bytes = 22, locator_bytes = 20, member_bytes = 46, longest_comment = 0xFFFF;

std::optional<Directory> find_directory(Bytes& bytes) {
  if (bytes.size() < end_bytes) return std::nullopt;
  const std::uint64_t last = bytes.size() - end_bytes;
  for (std::uint64_t back = 0; back <= std::min(last, longest_comment); ++back) {
    const std::uint64_t end = last - back;
    if (bytes.at<std::uint32_t>(end) != end_mark || bytes.at<std::uint16_t>(end + 20) != back) continue;
    Directory found{bytes.at<std::uint16_t>(end + 10), bytes.at<std::uint32_t>(end + 16), bytes.at<std::uint32_t>(end + 12)};
    if (end >= locator_bytes && bytes.at<std::uint32_t>(end - locator_bytes) == locator_mark) {
      const std::uint64_t end64 = bytes.at<std::uint64_t>(end - locator_bytes + 8);
      if (bytes.at<std::uint32_t>(end64) != end64_mark) return std::nullopt;
      found = {bytes.at<std::uint64_t>(end64 + 32), bytes.at<std::uint64_t>(end64 + 48), bytes.at<std::uint64_t>(end64 + 40)};
    }
    if (!bytes.good() || found.offset > end || found.size > end - found.offset) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

// Sizes that did not fit are in the extra field 0x0001, in this order and only those.
void read_large_sizes(Bytes& bytes, std::uint64_t extra, std::uint64_t length, ZipMember& member) {
  constexpr std::uint64_t overflown = 0xFFFF'FFFF;
  for (std::uint64_t at = extra; at + 4 <= extra + length;) {
    const auto kind = bytes.at<std::uint16_t>(at);
    const auto size = bytes.at<std::uint16_t>(at + 2);
    if (kind == 1) {
      std::uint64_t from = at + 4;
      for (std::uint64_t* number : {&member.size, &member.packed, &member.header}) {
        if (*number != overflown) continue;
        *number = bytes.at<std::uint64_t>(from);
        from += 8;
      }
      return;
    }
    at += 4 + std::uint64_t{size};
  }
}

std::string label(std::string_view name) {
  std::string out;
  if (find_bad_utf8(name) == no_bad_byte) return std::string(name);
  if (append_utf8(out, name, Encoding::cp949)) return out;
  append_utf8(out, name, Encoding::latin1);
  return out;
}

bool is_nested_archive(std::string_view name) {
  static constexpr std::array<std::string_view, 10> endings{".zip", ".gz", ".tgz", ".zst", ".tar", ".7z", ".xz", ".bz2", ".rar", ".jar"};
  const std::string folded = ascii_lower(name);
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return folded.ends_with(ending); });
}

bool is_hidden(std::string_view name) {
  if (name.starts_with("__MACOSX/")) return true;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('/'));
    if (part.starts_with('.') && part != "." && part != "..") return true;
    name.remove_prefix(std::min(part.size() + 1, name.size()));
  }
  return false;
}

}  // namespace

Result<std::vector<ZipMember>> zip_members(const MappedFile& file, const std::string& path, std::vector<std::string>& skipped) {
  Bytes bytes(file.bytes());
  const Error damaged{Code::archive_damaged, path, {}, {}, {}};
  const auto directory = find_directory(bytes);
  if (!directory) return damaged;
  if (directory->members > most_members) return Error{Code::archive_too_many, path, {}, {}, {}};
  std::vector<ZipMember> members;
  std::uint64_t at = directory->offset, total = 0;
  for (std::uint64_t i = 0; i < directory->members; ++i) {
    if (bytes.at<std::uint32_t>(at) != member_mark) return damaged;
    ZipMember member;
    const auto system = bytes.at<std::uint16_t>(at + 4) >> 8;
    const auto mode = bytes.at<std::uint32_t>(at + 38) >> 16;
    member.encrypted = (bytes.at<std::uint16_t>(at + 8) & 1U) != 0;
    member.method = bytes.at<std::uint16_t>(at + 10);
    member.crc = bytes.at<std::uint32_t>(at + 16);
    member.packed = bytes.at<std::uint32_t>(at + 20);
    member.size = bytes.at<std::uint32_t>(at + 24);
    member.header = bytes.at<std::uint32_t>(at + 42);
    const std::uint64_t name_bytes = bytes.at<std::uint16_t>(at + 28), extra_bytes = bytes.at<std::uint16_t>(at + 30);
    read_large_sizes(bytes, at + member_bytes + name_bytes, extra_bytes, member);
    const std::string_view raw = bytes.text(at + member_bytes, name_bytes);
    if (!bytes.good()) return damaged;
    at += member_bytes + name_bytes + extra_bytes + bytes.at<std::uint16_t>(at + 32);
    if (raw.ends_with('/')) continue;
    member.name = label(raw);
    constexpr unsigned unix_system = 3, kind_of_file = 0170000, regular = 0100000;
    const bool odd = system == unix_system && (mode & kind_of_file) != 0 && (mode & kind_of_file) != regular;
    if (odd || is_hidden(raw) || is_nested_archive(raw)) {
      skipped.push_back(path + "!" + member.name);
      continue;
    }
    total += std::min(member.size, ~std::uint64_t{0} - total);
    members.push_back(std::move(member));
  }
  if (total > unpack_floor && total / unpack_ratio > bytes.size()) return Error{Code::archive_too_large, path, {}, {}, {}};
  return members;
}

}  // namespace pyojun
