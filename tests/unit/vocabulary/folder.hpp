// Test helpers: a folder that goes with its test, files in it, the sample vocabulary as a snapshot.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "vocabulary/vocabulary.hpp"

namespace pyojun::test {

class Folder {
 public:
  Folder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() / ("pyojun-vocabulary-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(std::string_view name = "") const { return (path_ / name).string(); }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  std::string read(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
};

inline std::string sample_folder() { return PYOJUN_SOURCE_DIR "/testdata/vocabulary"; }

// Rows of a file of the sample vocabulary: its lines without the header. No cell of it holds a line end.
inline std::int64_t sample_rows(std::string_view file) {
  std::ifstream in(sample_folder() + "/" + std::string(file));
  return std::count(std::istreambuf_iterator<char>(in), {}, '\n') - 1;
}

// The sample vocabulary, built once for all tests of the program.
inline const Vocabulary& sample() {
  static const Folder folder;
  static const std::shared_ptr<const Vocabulary> vocabulary = [] {
    SnapshotOptions options;
    options.source = sample_folder();
    options.target = folder.path("snapshot");
    options.sql_tables = false;
    const auto built = build_snapshot(options);
    REQUIRE(built);
    auto opened = Vocabulary::open(options.target);
    REQUIRE(opened);
    return *opened;
  }();
  return *vocabulary;
}

inline std::int32_t id_of(std::string_view system, std::string_view code) {
  return sample().find(sample().system(system), code).concept_id;
}

constexpr std::string_view concept_header =
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_"
    "date\tinvalid_reason\n";
constexpr std::string_view relationship_header =
    "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n";

inline Result<Vocabulary::Info> build(const Folder& folder, unsigned threads = 1, bool sql = false) {
  SnapshotOptions options;
  options.source = folder.path();
  options.target = folder.path("snapshot");
  options.threads = threads;
  options.sql_tables = sql;
  return build_snapshot(options);
}

}  // namespace pyojun::test
