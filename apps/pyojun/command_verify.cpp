// pyojun verify: is a published folder what its manifest says.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "commands.hpp"

namespace pyojun::app {

namespace {

// Of the bytes on disk, whatever they are (an input would look into archives).
Result<std::string> raw_sha256(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Error{Code::file_not_readable, path, {}, {}, std::strerror(errno)};
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file)) hash.add(buffer.data(), n);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return Error{Code::file_not_readable, path, {}, {}, {}};
  return hash.hex();
}

int run(const std::string& folder, Context& context) {
  Console& console = context.console;
  auto manifest = read_manifest(folder);
  if (!manifest) {
    console.error(manifest.error());
    return exit_for(manifest.error());
  }
  std::size_t differ = 0;
  for (const auto& file : *manifest) {
    auto hash = raw_sha256(folder + "/" + file.name);
    if (hash && *hash == file.sha256) continue;
    ++differ;
    console.error(hash ? Error{Code::file_differs, folder + "/" + file.name, {}, {}, {}} : hash.error());
  }
  console.say(fmt::format("{}: {} {}, {} {}", printable(folder), manifest->size(), console.pick("files checked", "개 파일 확인"), differ,
                          console.pick("differ", "개 다름")));
  return differ == 0 ? exit_done : exit_failed;
}

}  // namespace

Action setup_verify(Grammar grammar) {
  auto folder = std::make_shared<std::string>();
  grammar.add("DIR", *folder, "published folder with a MANIFEST").required();
  return [folder](Context& context) { return run(*folder, context); };
}

}  // namespace pyojun::app
