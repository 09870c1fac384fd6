// Publishers write the finished CDM where its users want it: one row of a visible table per kind.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "warehouse/warehouse.hpp"

namespace pyojun {

struct PublishRequest {
  Warehouse* warehouse = nullptr;  // settled: rows() and duck() answer
  std::string place;               // what followed "KIND:"
  unsigned threads = 1;            // never changes the content
  bool with_vocabulary = false;    // copy the vocabulary tables too
  std::string vocabulary_sql;      // folder of vocabulary parquet files (<table>.parquet); may be empty
  std::string identity;            // RunIdentity::identity; goes into the manifest
  std::string program;             // version and build: what another one formatted is not taken up
  bool remember = false;           // note in the warehouse what was published, so that the next run may take up what has not changed
};

struct PublishedTable {
  std::string table;
  std::string file;                   // relative to the place; "" for a table inside a database file
  std::uint64_t rows = 0, bytes = 0;  // bytes 0 inside a database file
  std::string sha256;                 // "" inside a database file
};

struct Published {
  std::string place;
  std::vector<PublishedTable> tables;  // OMOP order
  std::uint64_t rows() const;
};

struct Publisher {
  std::string_view name, about, about_ko, example;
  // Before any input is read: can the place be written, and may what is there be replaced?
  Status (*check)(const std::string& place);
  // All or nothing: an Error leaves what was at the place untouched.
  Result<Published> (*publish)(const PublishRequest& request);
};

std::span<const Publisher> publishers();
const Publisher* find_publisher(std::string_view name);  // nullptr when there is none

// "csv:out/cdm" is publisher csv and place "out/cdm". Codes: publisher_unknown, publish_place_missing.
struct Target {
  const Publisher* publisher = nullptr;
  std::string place;
};
Result<Target> parse_target(std::string_view text);

}  // namespace pyojun
