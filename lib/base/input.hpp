// One logical input: a plain file (memory-mapped), a gz or zstd stream, or one member of a zip, read without extracting to disk.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace pyojun {

// Sequential bytes with a window: view() is what is there, fill() asks for more. A mapped file is one window over everything.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Bytes from the current position. Valid until the next fill() or consume() unless `keep()` is held.
  virtual std::span<const char> view() const = 0;
  // Makes at least `want` bytes available if the stream has them; false at the end of the stream (view() may still hold a rest).
  virtual Result<bool> fill(std::size_t want) = 0;
  virtual void consume(std::size_t bytes) = 0;
  virtual std::uint64_t position() const = 0;  // of view()[0], in the uncompressed stream
  // True when the whole file is mapped: spans from view() stay valid as long as keep() is held.
  virtual bool mapped() const = 0;
  virtual std::shared_ptr<const void> keep() const = 0;
};

// What one pass over all bytes of an input tells; found in the same pass as sha256().
struct ByteFacts {
  static constexpr std::uint64_t none = static_cast<std::uint64_t>(-1);
  std::uint64_t bytes = 0;           // uncompressed
  std::uint64_t bad_utf8 = none;     // offset of the first byte that is not UTF-8
  std::uint64_t utf8_sequences = 0;  // characters beyond ASCII before that byte
  bool ascii() const { return bad_utf8 == none && utf8_sequences == 0; }
};

class Input {
 public:
  virtual ~Input() = default;
  virtual const std::string& path() const = 0;  // as given plus "!member" for archive members; for messages
  virtual const std::string& name() const = 0;  // base name without compression suffix: "patients.csv" for patients.csv.gz
  virtual std::uint64_t size() const = 0;       // bytes on disk; for progress only
  virtual Result<std::unique_ptr<ByteStream>> open() const = 0;
  virtual Result<std::string> sha256() const = 0;  // hex, of the uncompressed bytes as the reader sees them
  // Reads the input once; what sha256() or an earlier call found is kept. Thread-safe.
  virtual Result<ByteFacts> byte_facts() const = 0;
};

// Expands files, folders (recursive, sorted), globs, archives and "-" (stdin) into inputs. Order is canonical: by base name, then
// size, then content hash, so neither the command line nor the file system decides it. Hidden files are left out and named in `skipped`.
struct Inputs {
  std::vector<std::unique_ptr<Input>> files;
  std::vector<std::string> skipped;
};
// Only regular files and members count; pipes and devices are an error when named and skipped in folders. Members that are archives
// themselves are skipped. Standard input that is no file is held in memory.
Result<Inputs> expand_inputs(const std::vector<std::string>& arguments);

// Bytes as an input, for tests and tools. `streamed`: not mapped, as a compressed file would be.
std::unique_ptr<Input> memory_input(std::string name, std::string bytes, bool streamed = false);

}  // namespace pyojun
