// Inputs: files, folders, globs and archives; damaged and hostile archives; facts of one pass.
#include "base/input.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/sha256.hpp"

using namespace pyojun;
namespace fs = std::filesystem;

namespace {

// A folder of its own for one test.
struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/pyojun-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string put(const std::string& name, const std::string& bytes) const {
    fs::create_directories(fs::path(path + "/" + name).parent_path());
    std::ofstream(path + "/" + name, std::ios::binary) << bytes;
    return path + "/" + name;
  }
};

std::string deflated(const std::string& text, int bits) {
  z_stream state{};
  REQUIRE(deflateInit2(&state, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&state, text.size()) + 64, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&state, Z_FINISH) == Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

std::string gzip(const std::string& text) { return deflated(text, 15 + 16); }

std::string little(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
  return out;
}

struct Member {
  std::string name, text;
  bool stored = false;
  std::uint32_t mode = 0100644;
  std::uint16_t flags = 0;
  std::int64_t claimed = -1;  // size in the directory, when it lies
};

std::string zip(const std::vector<Member>& members) {
  std::string out, directory;
  for (const Member& member : members) {
    const std::string packed = member.stored ? member.text : deflated(member.text, -15);
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(member.text.data()), member.text.size());
    const std::uint64_t size = member.claimed < 0 ? member.text.size() : static_cast<std::uint64_t>(member.claimed);
    const std::string common = little(20, 2) + little(member.flags, 2) + little(member.stored ? 0 : 8, 2) + little(0, 4) + little(crc, 4) +
                               little(packed.size(), 4) + little(size, 4) + little(member.name.size(), 2);
    directory += "PK\x01\x02" + little(3 << 8 | 20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 2) +
                 little(static_cast<std::uint64_t>(member.mode) << 16, 4) + little(out.size(), 4) + member.name;
    out += "PK\x03\x04" + common + little(0, 2) + member.name + packed;
  }
  return out + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(out.size(), 4) + little(0, 2);
}

std::string content(const Input& input, Error* error = nullptr) {
  auto stream = input.open();
  if (!stream) {
    if (error != nullptr) *error = stream.error();
    return {};
  }
  std::string out;
  while (true) {
    auto more = (*stream)->fill(1000);
    const auto view = (*stream)->view();
    out.append(view.data(), view.size());
    (*stream)->consume(view.size());
    if (!more && error != nullptr) *error = more.error();
    if (!more || !*more) return out;
  }
}

std::string many_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i * 7919) + ",line\n";
  return text;
}

std::vector<std::string> names(const Inputs& inputs) {
  std::vector<std::string> out;
  for (const auto& file : inputs.files) out.push_back(file->name());
  return out;
}

}  // namespace

TEST_CASE("folders are read deep, in canonical order, without hidden files") {
  const Folder folder;
  folder.put("b/z.csv", "z");
  folder.put("a.csv", "longer");
  folder.put("b/a.csv", "x");
  folder.put("c/a.csv", "w");
  folder.put(".hidden", "h");
  folder.put(".git/x.csv", "h");
  ::mkfifo((folder.path + "/pipe").c_str(), 0600);
  fs::create_symlink("nowhere", folder.path + "/dangling");
  const auto inputs = expand_inputs({folder.path, folder.path + "/a.csv"});
  REQUIRE(inputs);
  CHECK(names(*inputs) == std::vector<std::string>{"a.csv", "a.csv", "a.csv", "z.csv"});
  CHECK(inputs->files[2]->size() == 6);
  CHECK(inputs->skipped.size() == 4);
  const auto reversed = expand_inputs({folder.path + "/c", folder.path + "/b", folder.path + "/a.csv"});
  REQUIRE(reversed);
  for (std::size_t i = 0; i < 4; ++i) CHECK(reversed->files[i]->path() == inputs->files[i]->path());
}

TEST_CASE("globs, missing files and things that are no files") {
  const Folder folder;
  folder.put("p1.csv", "1");
  folder.put("p2.csv", "2");
  folder.put("q.csv", "3");
  const auto some = expand_inputs({folder.path + "/p*.csv"});
  REQUIRE(some);
  CHECK(names(*some) == std::vector<std::string>{"p1.csv", "p2.csv"});
  CHECK(expand_inputs({folder.path + "/x*.csv"}).error().code == Code::no_match);
  CHECK(expand_inputs({folder.path + "/none.csv"}).error().code == Code::file_not_readable);
  ::mkfifo((folder.path + "/pipe").c_str(), 0600);
  CHECK(expand_inputs({folder.path + "/pipe"}).error().code == Code::not_a_regular_file);
  CHECK(expand_inputs({"/dev/null"}).error().code == Code::not_a_regular_file);
}

TEST_CASE("empty files are inputs") {
  const Folder folder;
  const auto inputs = expand_inputs({folder.put("empty.csv", "")});
  REQUIRE(inputs);
  CHECK(content(*inputs->files[0]).empty());
  CHECK(*inputs->files[0]->sha256() == sha256_hex(""));
  CHECK(inputs->files[0]->byte_facts()->ascii());
}

TEST_CASE("gzip: one member, several, padding, and every way to be cut") {
  const Folder folder;
  const std::string text = many_lines(5000), packed = gzip(text);
  const auto inputs = expand_inputs(
      {folder.put("x.csv.gz", packed), folder.put("y.CSV.GZ", gzip("a\n") + gzip("") + gzip("b\n") + std::string(100, '\0'))});
  REQUIRE(inputs);
  CHECK(names(*inputs) == std::vector<std::string>{"x.csv", "y.CSV"});
  CHECK(content(*inputs->files[0]) == text);
  CHECK(content(*inputs->files[1]) == "a\nb\n");
  CHECK(*inputs->files[0]->sha256() == sha256_hex(text));
  for (const std::size_t size : {packed.size() - 1, packed.size() - 8, packed.size() / 2, std::size_t{20}, std::size_t{4}}) {
    CAPTURE(size);
    const auto cut = expand_inputs({folder.put("cut.gz", packed.substr(0, size))});
    REQUIRE(cut);
    Error error;
    const std::string part = content(*cut->files[0], &error);
    CHECK(error.code == Code::archive_damaged);
    CHECK(error.at.offset == part.size());
    CHECK(text.starts_with(part));
    CHECK(cut->files[0]->sha256().error().code == Code::archive_damaged);
  }
  std::string flipped = packed;
  flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 1);
  Error error;
  content(*expand_inputs({folder.put("crc.gz", flipped)})->files[0], &error);
  CHECK(error.code == Code::archive_damaged);
  error = {};
  content(*expand_inputs({folder.put("garbage.gz", packed + "garbage")})->files[0], &error);
  CHECK(error.code == Code::archive_damaged);
}

TEST_CASE("Zstandard") {
  const Folder folder;
  const std::string text = many_lines(3000), plain = folder.put("t.csv", text);
  if (std::system(("zstd -q " + plain).c_str()) != 0) {
    MESSAGE("SKIPPED: no zstd program");
    return;
  }
  const auto inputs = expand_inputs({plain + ".zst"});
  REQUIRE(inputs);
  CHECK(names(*inputs) == std::vector<std::string>{"t.csv"});
  CHECK(content(*inputs->files[0]) == text);
  fs::resize_file(plain + ".zst", fs::file_size(plain + ".zst") - 9);
  Error error;
  content(*inputs->files[0], &error);
  CHECK(error.code == Code::archive_damaged);
}

TEST_CASE("zip: members are inputs; links, hidden files and archives inside are not") {
  const Folder folder;
  const std::string text = many_lines(2000);
  const std::string bytes = zip({{"dir/b.csv", text},
                                 {"dir/", ""},
                                 {"a.csv", "stored", true},
                                 {"link.csv", "/etc/passwd", true, 0120777},
                                 {".DS_Store", "x"},
                                 {"inner.zip", "x"},
                                 {"../../evil.csv", "label only"},
                                 {"\xC8\xAF\xC0\xDA.csv", "k"}});
  const auto inputs = expand_inputs({folder.put("all.zip", bytes)});
  REQUIRE(inputs);
  CHECK(names(*inputs) == std::vector<std::string>{"a.csv", "b.csv", "evil.csv", "환자.csv"});
  CHECK(inputs->skipped.size() == 3);
  CHECK(inputs->files[1]->path() == folder.path + "/all.zip!dir/b.csv");
  CHECK(content(*inputs->files[0]) == "stored");
  CHECK(content(*inputs->files[1]) == text);
  CHECK(*inputs->files[1]->sha256() == sha256_hex(text));
}

TEST_CASE("zip: damage, lies, encryption and bombs") {
  const Folder folder;
  const std::string text = many_lines(2000), good = zip({{"a.csv", text}});
  CHECK(expand_inputs({folder.put("cut.zip", good.substr(0, good.size() - 30))}).error().code == Code::archive_damaged);
  const auto failure = [&](const std::string& bytes) {
    auto inputs = expand_inputs({folder.put("bad.zip", bytes)});
    if (!inputs) return inputs.error().code;
    Error error;
    error.code = Code::count;
    content(*inputs->files.at(0), &error);
    return error.code;
  };
  CHECK(failure(good) == Code::count);
  CHECK(failure(zip({{"a.csv", text, false, 0100644, 1}})) == Code::archive_encrypted);
  CHECK(failure(zip({{"a.csv", text, false, 0100644, 0, 10}})) == Code::archive_damaged);
  CHECK(failure(zip({{"a.csv", text, false, 0100644, 0, 1'000'000}})) == Code::archive_damaged);
  CHECK(failure(zip({{"a.csv", text, false, 0100644, 0, 4'000'000'000}})) == Code::archive_too_large);
  for (std::size_t i = 0; i < good.size(); i += 5) {  // no flip may crash or hang
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    failure(flipped);
  }
  const std::string bomb = gzip(std::string(200 << 20, 'x'));
  Error error;
  const auto inputs = expand_inputs({folder.put("bomb.gz", bomb)});
  const std::string part = content(*inputs->files[0], &error);
  CHECK(error.code == Code::archive_too_large);
  CHECK(part.size() < (80 << 20));
  CHECK(content(*expand_inputs({folder.put("small.gz", gzip(std::string(30 << 20, 'x')))})->files[0]).size() == 30 << 20);
}

TEST_CASE("spreadsheets are files, not archives") {
  const Folder folder;
  const auto inputs = expand_inputs({folder.put("book.xlsx", zip({{"x.xml", "<a/>"}}))});
  REQUIRE(inputs);
  CHECK(names(*inputs) == std::vector<std::string>{"book.xlsx"});
  CHECK(content(*inputs->files[0]).starts_with("PK"));
}

TEST_CASE("a file that grows while it is read is noticed") {
  const Folder folder;
  const std::string path = folder.put("g.csv", "a,b\n");
  const auto inputs = expand_inputs({path});
  auto stream = inputs->files[0]->open();
  REQUIRE(stream);
  std::ofstream(path, std::ios::app) << "1,2\n";
  CHECK((*stream)->fill(100).error().code == Code::file_changed_while_reading);
}

TEST_CASE("an archive that is written over while it is read has changed, it is not damaged") {
  const Folder folder;
  const std::string packed = gzip(many_lines(5000)), path = folder.put("g.csv.gz", packed);
  const auto inputs = expand_inputs({path});
  auto stream = inputs->files[0]->open();
  REQUIRE(stream);
  std::fstream over(path, std::ios::in | std::ios::out);
  over.seekp(64);
  over << std::string(packed.size() - 64, '\xFF') << std::flush;
  fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::hours(1));  // clocks of file systems are coarse
  const auto filled = (*stream)->fill(std::size_t{1} << 24);
  REQUIRE_FALSE(filled);
  CHECK(filled.error().code == Code::file_changed_while_reading);
}

TEST_CASE("facts of one pass") {
  CHECK(memory_input("x", "plain")->byte_facts()->ascii());
  CHECK(memory_input("x", "홍길동")->byte_facts()->utf8_sequences == 3);
  CHECK(memory_input("x", std::string(300'000, 'x') + "\xC7\xD1")->byte_facts()->bad_utf8 == 300'000);
  CHECK(memory_input("x", "가나\xFF", true)->byte_facts()->bad_utf8 == 6);
}
