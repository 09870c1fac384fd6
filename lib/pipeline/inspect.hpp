// What is this file: format, encoding, record kinds, fields and fill rates. Counts and names only, never values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/sources.hpp"
#include "pipeline/world.hpp"
#include "readers/reader.hpp"

namespace pyojun {

struct FieldProfile {
  std::uint64_t seen = 0;                // nodes met
  std::uint64_t filled = 0;              // with non-empty text, or with members
  std::uint64_t records = 0;             // records that have it at least once
  std::uint64_t distinct = 0;            // distinct texts, exact up to distinct_limit
  std::uint32_t longest = 0;             // bytes
  std::uint64_t garbled = 0;             // texts that look like Korean read in a wrong encoding
  std::uint64_t numeric = 0, dates = 0;  // texts that read as a number / as an ISO date
};
inline constexpr std::uint64_t distinct_limit = 10'000;

struct KindProfile {
  std::uint64_t records = 0;
  std::map<std::string, FieldProfile> fields;  // by path: "code.coding.system"
};

struct FileInspection {
  std::string path;
  FileFacts facts;
  bool read = false;
  Error problem;  // when !read, or when the file ended early
  bool cut = false;
  std::uint64_t records = 0, refused = 0, lines = 0;
  std::map<std::string, KindProfile> kinds;
  std::vector<Finding> findings;
  std::map<std::string, std::uint64_t> reject_ids;  // message id -> count
};

struct InspectRequest {
  std::vector<std::string> inputs;
  std::string format;
  Dialect dialect;  // of a mapping, or empty
  Limits limits;
  std::function<void(std::string_view)> dump;  // when set: receives every record as one JSON line
};

Result<std::vector<FileInspection>> inspect(const InspectRequest& request, const World& world);

}  // namespace pyojun
