// What the last run published as CSV: files whose unchanged parts are taken up instead of being formatted again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "publish/publisher.hpp"

namespace pyojun {

// A piece of a published file: the formatted rows of one block of a table.
struct CsvBlock {
  Hash128 mark;             // RowSource::mark
  std::uint64_t at = 0;     // byte in the file
  std::uint64_t bytes = 0;  // length
  std::uint64_t rows = 0;
  Hash128 sum;        // of the bytes
  std::string state;  // Sha256::state() of the file up to the end of the piece
};

class CsvMemory {
 public:
  // Knows nothing when the warehouse has published nothing to this place, or another program did. Never fails because of what is there:
  // the files of the place are somebody else's as far as this goes, so every piece is compared with its sum before it is taken up.
  static Result<CsvMemory> load(const PublishRequest& request);
  CsvMemory();
  CsvMemory(CsvMemory&&) noexcept;
  CsvMemory& operator=(CsvMemory&&) noexcept;
  ~CsvMemory();

  // The published piece with this mark, with its bytes; nothing when there is none or its bytes are others now. May be called by many
  // threads.
  struct Piece {
    const CsvBlock* block = nullptr;
    std::string_view bytes;
  };
  std::optional<Piece> find(const std::string& table, const Hash128& mark) const;
  int file(const std::string& table) const;  // descriptor of the published file that pieces come from

  // Takes the place of what was remembered of the place; `blocks` by table.
  static Status store(const PublishRequest& request, const std::map<std::string, std::vector<CsvBlock>>& blocks);

 private:
  struct File;
  std::map<std::string, std::unique_ptr<File>> files_;
};

}  // namespace pyojun
