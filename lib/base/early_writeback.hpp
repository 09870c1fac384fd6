// Begins to bring appended bytes to the disk while more are made, so that the fsync at the end finds little left to wait for.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <cstdint>

namespace pyojun {

class EarlyWriteback {
 public:
  // After `bytes` were appended to `file`. A hint: what goes wrong here is told by the fsync. Small files are left alone.
  void appended(int file, std::size_t bytes) {
    written_ += bytes;
    if (written_ - begun_ < step) return;
    (void)::sync_file_range(file, static_cast<off64_t>(begun_), static_cast<off64_t>(written_ - begun_), SYNC_FILE_RANGE_WRITE);
    begun_ = written_;
  }

 private:
  static constexpr std::uint64_t step = std::uint64_t{8} << 20;
  std::uint64_t written_ = 0, begun_ = 0;
};

}  // namespace pyojun
