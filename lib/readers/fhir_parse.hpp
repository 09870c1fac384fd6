// Turns FHIR JSON text into records: lines, whole documents, or runs of Bundle entries. One object per parse() call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "readers/fhir_split.hpp"
#include "readers/fhir_version.hpp"
#include "readers/json_names.hpp"
#include "readers/json_walk.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// What stays the same for all chunks of a file.
struct FhirSetup {
  FhirSetup(const Needs& needs, const Limits& some_limits, std::string file);

  JsonNames names;
  Limits limits;
  std::string file_name;
  Symbol id_name = 0, file_symbol = 0;          // of "@id" and "@file", 0 when nobody reads them
  std::vector<std::string> kinds;               // sorted; when not empty, other kinds get no nodes below the root
  bool only_kinds = false;                      // leave other kinds out where that can be seen without reading them
  bool check_version = true;                    // refuse resources that are clearly not R4
  std::vector<std::vector<VersionSign>> signs;  // grouped by member; group g has role first_sign_role + g
};

class FhirParser {
 public:
  // `origin`: where `bytes` of the chunk start in the file. `setup` and the chunk's bytes outlive the batch.
  FhirParser(const FhirSetup& setup, RecordBatch& batch, const char* chunk, std::uint64_t origin);

  void lines(std::string_view text);      // NDJSON; whole lines
  void documents(std::string_view text);  // any number of resources and Bundles, one after the other
  void piece(const Piece& piece);         // offsets as in the file
  void finish(const char* end);           // counts the lines up to `end`

  void vote(VersionVotes* votes) { votes_ = votes; }  // count signs instead of refusing other versions
  // What nodes point into beside the chunk; to be kept with the batch.
  std::vector<std::shared_ptr<const BundleTargets>>& held() { return held_; }

 private:
  struct Pending;
  void documents(std::string_view text, unsigned level);
  void piece(const Piece& piece, std::string_view text, unsigned level);
  void document(std::string_view text, unsigned level);
  void header(std::string_view text);
  void entries(std::string_view text, const BundleTargets* targets, unsigned level);
  void entry(JsonWalker& walker, std::string_view text, unsigned level);
  void block(std::string_view text);
  void blocks(std::string_view text);
  bool may_be_wanted(std::string_view line) const;
  void line(JsonWalker& walker, std::string_view text, std::size_t begin, std::size_t end);
  bool resource(JsonWalker& walker, Pending& pending);
  bool root_member(JsonWalker& walker, JsonFrame& frame, Pending& pending, JsonName name, std::string_view key);
  bool keep_text(JsonWalker& walker, JsonFrame& frame, JsonName name, std::string_view& out);
  void nested(std::string_view text, unsigned level);
  void accept(Pending& pending, std::string_view full_url);
  void refuse(Code code, const char* first, const char* end, const char* at);
  void undo(const Pending& pending);
  JsonWalker walker(const JsonRewriter& references, bool plain);
  std::string_view joined(std::string_view a, std::string_view b, std::string_view c);
  std::uint32_t line_of(const char* at);

  const FhirSetup& setup_;
  RecordBatch& batch_;
  const char* chunk_;
  std::uint64_t origin_;
  const char* counted_to_;
  std::uint64_t line_ = 0;
  std::string* texts_ = nullptr;  // made-up texts of this batch, never reallocated
  std::string_view file_text_;
  JsonSkipped& skipped_;
  JsonKnown known_;
  VersionVotes* votes_ = nullptr;
  std::vector<std::shared_ptr<const BundleTargets>> held_;
};

}  // namespace pyojun
