// Compressed bytes as a stream: gzip, Zstandard and members of zip archives, never extracted to disk and limited against bombs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/input.hpp"
#include "base/mapped_file.hpp"
#include "base/result.hpp"

namespace pyojun {

enum class Packing : std::uint8_t { none, gzip, zstd, zip };

// What the first bytes say.
Packing packing_of(std::span<const char> bytes);

// Limits of one archive (reliability.md 1.4). Below the floor the ratio does not count, so that small files of one letter pass.
inline constexpr std::uint64_t unpack_ratio = 200;
inline constexpr std::uint64_t unpack_floor = 64ULL << 20;
inline constexpr std::uint64_t most_members = 1'000'000;

// One regular member of a zip archive.
struct ZipMember {
  std::string name;                                // a label only, in UTF-8; never used as a path
  std::uint64_t packed = 0, size = 0, header = 0;  // bytes; offset of the local header
  std::uint32_t crc = 0;
  std::uint16_t method = 0;
  bool encrypted = false;
};

// The regular members, in the order of the directory; names of the others are added to `skipped` (with the archive's path before "!").
// Errors: archive_damaged, archive_too_many, archive_too_large.
Result<std::vector<ZipMember>> zip_members(const MappedFile& file, const std::string& path, std::vector<std::string>& skipped);

// Streams deliver what is whole and then fail with archive_damaged; Error.at.offset is the number of good uncompressed bytes.
Result<std::unique_ptr<ByteStream>> open_packed(std::shared_ptr<const MappedFile> file, Packing packing, const std::string& path);
Result<std::unique_ptr<ByteStream>> open_member(std::shared_ptr<const MappedFile> file, const ZipMember& member, const std::string& path);

}  // namespace pyojun
