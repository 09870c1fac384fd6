// The warehouse's folder: which files make up a run, which run counts, and what an interrupted run left behind.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "warehouse/key_index.hpp"
#include "warehouse/segment_reader.hpp"
#include "warehouse/segment_writer.hpp"
#include "warehouse/settle.hpp"
#include "warehouse/store_file.hpp"

namespace pyojun {

struct FolderState {
  std::uint64_t run = 0;  // the run CURRENT names; 0: none finished yet
  std::size_t swept = 0;  // files of interrupted runs that were removed
};

// Names: rows-000001.seg, parts-000001.dir, index-000001.bin, warehouse-000001.duckdb; while a run works on them, with ".work" behind.
std::string run_file(const std::string& folder, std::string_view what, std::uint64_t run);

// Creates the folder when it is absent, checks FORMAT, reads CURRENT, removes leftovers. The lock is held by the caller.
Result<FolderState> prepare_folder(const std::string& folder);
// Codes: warehouse_not_one, warehouse_newer, warehouse_empty.
Result<FolderState> read_folder(const std::string& folder);
// Refuses network file systems unless `allow`; creates the folder.
Status make_folder(const std::string& folder, bool allow_network);
// Names the new run in CURRENT (durably, last), gives the DuckDB file its stable name, removes what only the old run used.
Status switch_current(const std::string& folder, std::uint64_t run);

// Keys and ids of entities: what the next run must know.
Status save_index(const std::string& path, const Schema& schema, KeyIndexes& indexes);
Status load_index(const std::string& path, const Schema& schema, KeyIndexes& indexes);
// Writes and syncs the directory of a run: the first `living` chunks of the segment and what belongs to them.
Status save_directory(const std::string& path, const Segment& segment, std::size_t living, std::span<const SegmentPart> parts);

}  // namespace pyojun
