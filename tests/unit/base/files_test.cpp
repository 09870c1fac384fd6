// Publishing: all or nothing, leftovers swept, other people's files left alone.
#include "base/files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/sha256.hpp"

using namespace pyojun;
namespace fs = std::filesystem;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/pyojun-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
};

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const std::string& path) { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), {})); }

Status publish_one(const std::string& target, const std::string& name, const std::string& text) {
  auto place = AtomicDirectory::start(target);
  if (!place) return place.error();
  auto file = place->create(name);
  if (!file) return file.error();
  if (Status done = file->write(text); !done) return done;
  if (Status done = place->add(*file, 1); !done) return done;
  return place->publish();
}

}  // namespace

TEST_CASE("a directory appears whole, is replaced whole, and can be checked") {
  const Folder folder;
  const std::string target = folder.path + "/out";
  REQUIRE(publish_one(target, "person.csv", "one\n"));
  CHECK(slurp(target + "/person.csv") == "one\n");
  CHECK(slurp(target + "/SHA256SUMS") == sha256_hex("one\n") + "  person.csv\n");
  const auto files = read_manifest(target);
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK((*files)[0].bytes == 4);
  CHECK((*files)[0].rows == 1);
  REQUIRE(publish_one(target, "death.csv", "two\n"));
  CHECK(!fs::exists(target + "/person.csv"));
  CHECK(slurp(target + "/death.csv") == "two\n");
  CHECK(entries(folder.path) == 1);
  struct stat info {};
  ::stat(target.c_str(), &info);
  CHECK((info.st_mode & 0777) == 0700);
  ::stat((target + "/death.csv").c_str(), &info);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("without publish nothing is left and the old version stays") {
  const Folder folder;
  const std::string target = folder.path + "/out";
  REQUIRE(publish_one(target, "a", "old"));
  {
    auto place = AtomicDirectory::start(target);
    REQUIRE(place);
    auto file = place->create("a");
    REQUIRE(file);
    REQUIRE(file->write("new"));
    AtomicDirectory moved = std::move(*place);
    CHECK(fs::exists(moved.path() + "/a"));
  }
  CHECK(slurp(target + "/a") == "old");
  CHECK(entries(folder.path) == 1);
}

TEST_CASE("other people's files are not replaced") {
  const Folder folder;
  const std::string target = folder.path + "/home";
  fs::create_directory(target);
  REQUIRE(publish_one(target, "a", "into an empty folder"));
  std::ofstream(target + "/letter.txt") << "mine";
  CHECK(publish_one(target, "a", "x").error().code == Code::target_not_writable);
  CHECK(slurp(target + "/letter.txt") == "mine");
  fs::create_directory(folder.path + "/full");
  std::ofstream(folder.path + "/full/letter.txt") << "mine";
  CHECK(publish_one(folder.path + "/full", "a", "x").error().code == Code::target_not_writable);
  std::ofstream(folder.path + "/file") << "mine";
  CHECK(publish_one(folder.path + "/file", "a", "x").error().code == Code::target_not_writable);
  CHECK(AtomicFile::start(target).error().code == Code::target_not_writable);
  CHECK(publish_one(folder.path + "/no/such", "a", "x").error().code == Code::target_not_writable);
  fs::create_symlink("nowhere", folder.path + "/dangling");
  CHECK(publish_one(folder.path + "/dangling", "a", "x").error().code == Code::target_not_writable);
}

TEST_CASE("leftovers of dead processes are swept, those of living ones are not") {
  const Folder folder;
  const std::string dead = folder.path + "/.out.work-999999999", living = folder.path + "/.out.work-1",
                    other = folder.path + "/.other.work-999999999";
  for (const auto& path : {dead, living, other}) fs::create_directory(path);
  std::ofstream(dead + "/half") << "x";
  auto place = AtomicDirectory::start(folder.path + "/out");
  REQUIRE(place);
  CHECK(place->swept() == std::vector<std::string>{dead});
  CHECK(fs::exists(living));
  CHECK(fs::exists(other));
  CHECK(AtomicDirectory::start(folder.path + "/out").error().code == Code::target_not_writable);  // ours is at work
}

TEST_CASE("single files") {
  const Folder folder;
  const std::string target = folder.path + "/r.json";
  REQUIRE(write_file(target, "1"));
  REQUIRE(write_file(target, "2"));
  CHECK(slurp(target) == "2");
  CHECK(entries(folder.path) == 1);
  fs::create_symlink("r.json", folder.path + "/link");
  REQUIRE(write_file(folder.path + "/link", "3"));
  CHECK(slurp(target) == "3");
  CHECK(fs::is_symlink(folder.path + "/link"));
}

TEST_CASE("a failed write is an error with the system's words") {
  if (!fs::exists("/dev/full")) {
    MESSAGE("SKIPPED: no /dev/full");
    return;
  }
  const Folder folder;
  auto file = FileWriter::create(folder.path + "/x");
  REQUIRE(file);
  CHECK(FileWriter::create(folder.path + "/x").error().code == Code::file_write_failed);
  REQUIRE(file->write(std::string(3 << 20, 'x')));
  REQUIRE(file->close());
  CHECK(file->sha256() == sha256_hex(std::string(3 << 20, 'x')));
  CHECK(*free_space(folder.path + "/not/there") > 0);
}
