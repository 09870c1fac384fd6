// Tonight's directory: chunks of files that go on counting, as an earlier run wrote them, and of files that were taken tonight.
#pragma once

#include <cstdint>
#include <vector>

#include "warehouse/segment_reader.hpp"
#include "warehouse/segment_writer.hpp"
#include "warehouse/settle.hpp"

namespace pyojun {

struct Tonight {
  std::vector<ChunkInfo> chunks;  // in order of delivery; behind `living` those of retired files whose rows have keys and ids
  std::vector<BatchInfo> batches;
  std::vector<std::uint32_t> origins;  // of the living chunks: their number in the last run's directory, no_origin: written tonight
  std::size_t living = 0;
};

// `order`: files that count, in order of delivery; each is in `earlier` or was written tonight. All rows are alive again; what is known of
// ids goes to `memory`.
Tonight combine(const Segment& earlier, SegmentWriter& writer, const std::vector<std::uint32_t>& order, Settle::Arrays& memory);

}  // namespace pyojun
