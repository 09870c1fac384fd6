// Hands out a stream of JSON lines as chunks of whole lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/input.hpp"
#include "readers/fhir_split.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// What is in a chunk, and what keeps its bytes; travels in Chunk::keep.
struct JsonChunk {
  enum class Holds : std::uint8_t { lines, documents, pieces, nothing };
  Holds holds = Holds::lines;
  std::vector<Piece> pieces;
  std::shared_ptr<const void> keep;  // of mapped bytes
  std::string bytes;                 // of others
};

// Takes `size` bytes, which the stream has filled, as a chunk: borrowed when mapped, else copied.
void take_chunk(ByteStream& stream, std::size_t size, JsonChunk&& plan, std::uint64_t sequence, Chunk& chunk);

class JsonLines {
 public:
  // A line longer than `limit` comes in several chunks when the stream is not mapped: the first holds more than `limit` bytes
  // without a line end, the others hold `nothing`.
  JsonLines(std::unique_ptr<ByteStream> stream, std::uint64_t limit) : stream_(std::move(stream)), limit_(limit) {}
  Result<bool> next(Chunk& chunk, std::size_t target);

 private:
  std::unique_ptr<ByteStream> stream_;
  std::uint64_t limit_;
  std::uint64_t sequence_ = 0;
  bool inside_line_ = false;  // the line went over the limit; its rest is passed by
};

}  // namespace pyojun
