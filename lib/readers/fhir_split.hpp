// Cuts a file of FHIR resources and Bundles into pieces that can be parsed apart, without loading it: string-aware, counting brackets only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"

namespace pyojun {

// What the references inside one Bundle mean: fullUrl -> "Type/id". Complete before the first entry is parsed, then never changed.
class BundleTargets {
 public:
  // Remembers that `full_url` is the resource `type`/`id`, unless the URL says so itself. The first of two equal URLs stands.
  void add(std::string_view full_url, std::string_view type, std::string_view id);
  // "Type/id", borrowed from this object, or empty when the Bundle has no such entry.
  std::string_view find(std::string_view full_url) const;
  std::size_t size() const { return targets_.size(); }

 private:
  struct Target {
    Hash128 url;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };
  std::size_t slot_of(const Hash128& url) const;
  std::vector<Target> targets_;
  std::vector<std::uint32_t> slots_;  // index + 1 into targets_, 0: free
  std::string texts_;
};

enum class PieceKind : std::uint8_t {
  document,  // one top-level value that is not a Bundle
  entries,   // whole entry objects of one Bundle, with the commas between them
  header,    // the value of another member of a Bundle
  broken,    // from the first byte that does not fit a Bundle's structure
  cut,       // the file ends inside a Bundle's structure
};

// Offsets count in the file as delivered.
struct Piece {
  std::uint64_t begin = 0, end = 0;
  PieceKind kind = PieceKind::document;
  std::shared_ptr<const BundleTargets> targets;  // of the Bundle the entries are in
};

// Fed with windows of the file; takes from each what is complete.
class FhirSplitter {
 public:
  // Entries are gathered into pieces of at least `granule` bytes.
  FhirSplitter(std::uint64_t begin, std::size_t granule) : position_(begin), granule_(granule) {}

  // `view` starts at position(). Moves position() on; what is left is incomplete and must come again with more behind it, unless `last`.
  void run(std::span<const char> view, bool last);
  // Calls what stands at position() broken and goes on with the next line that starts a value: for values larger than any window.
  void give_up();

  std::uint64_t position() const { return position_; }
  std::vector<Piece>& pieces() { return pieces_; }
  std::uint64_t bundles() const { return bundles_; }
  // Type of the first Bundle, complete or not; "(none)" or "(unknown)" for texts that are no Bundle type, empty when there is no Bundle.
  std::string_view first_bundle() const { return first_bundle_; }
  std::uint64_t entries_without_resource() const { return bare_entries_; }

 private:
  enum class State : std::uint8_t { top, member, entry, lost };
  enum class Step : std::uint8_t { on, wait };

  Step at_top();
  Step at_member();
  Step at_entry();
  Step at_lost();
  Step member_value(const char* key, const char* key_end, const char* value);
  Step wrong(const char* at);
  Step missing();
  void entry(const char* first, const char* end);
  void finish(const char* end);
  void note_bundle();
  const char* value_end(const char* at) const;
  void take(const char* to) {
    position_ += static_cast<std::uint64_t>(to - at_);
    at_ = to;
  }
  std::uint64_t offset(const char* at) const { return position_ + static_cast<std::uint64_t>(at - at_); }

  State state_ = State::top;
  std::uint64_t position_;
  std::size_t granule_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool last_ = false;
  bool comma_ = false;           // a comma must come before the next member or entry
  std::uint64_t object_ = 0;     // where the current top-level object starts
  std::size_t first_piece_ = 0;  // of the current object
  bool has_entries_ = false;
  std::string type_, bundle_type_;
  std::string first_bundle_;
  PieceKind lost_as_ = PieceKind::document;
  std::uint64_t lost_from_ = 0;
  std::shared_ptr<BundleTargets> targets_;
  std::vector<Piece> pieces_;
  std::uint64_t bundles_ = 0;
  std::uint64_t bare_entries_ = 0;
};

}  // namespace pyojun
