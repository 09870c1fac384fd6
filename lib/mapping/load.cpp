// Finding and reading the files of a mapping: folder, file or shipped name, includes, files beside it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "base/hangul.hpp"
#include "base/resources.hpp"
#include "mapping/diagnostic.hpp"
#include "mapping/grammar.hpp"
#include "mapping/parser.hpp"

namespace pyojun {

namespace {

namespace fs = std::filesystem;
using language::Problem;

constexpr std::size_t max_file_bytes = std::size_t{4} << 20U;
constexpr std::size_t max_include_depth = 16;
constexpr std::size_t max_files = 1000;
constexpr std::string_view shipped = "shipped:";

struct Content {
  Code code = Code::map_not_found;  // meaningful when there is no text
  std::optional<std::string> text;
};

Content read_disk(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || !fs::is_regular_file(path, error)) return {};
  if (size > max_file_bytes) return {Code::map_too_large, {}};
  std::ifstream in(path, std::ios::binary);
  std::string text(size, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) return {};
  return {Code::map_not_found, compose_hangul(text)};  // as the values it is compared with
}

Content read_any(const std::string& name) {
  if (!name.starts_with(shipped)) return read_disk(fs::path(name));
  const auto found = resource("mappings/" + name.substr(shipped.size()));
  return found ? Content{Code::map_not_found, std::string(*found)} : Content{};
}

// A relative path that stays below its folder: no "..", no root, no backslash, no colon.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find_first_of("\\:") != std::string_view::npos) return false;
  for (const auto& part : fs::path(path)) {
    if (part == "..") return false;
  }
  return path.find('\0') == std::string_view::npos;
}

std::string folder_of(std::string_view file) {
  const std::size_t slash = file.find_last_of('/');
  if (slash != std::string_view::npos) return std::string(file.substr(0, slash + 1));
  return file.starts_with(shipped) ? std::string(shipped) : std::string();
}

// A link inside the tree must not lead out of it.
bool really_inside(const std::string& folder, const std::string& path) {
  std::error_code error;
  const auto root = fs::weakly_canonical(folder.empty() ? fs::path(".") : fs::path(folder), error);
  const auto target = fs::weakly_canonical(path, error);
  if (error) return false;
  return std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first == root.end() ||
         (!root.empty() && std::prev(root.end())->empty());
}

// The .map files of a folder, or of a shipped mapping, sorted.
std::vector<std::string> maps_in(const std::string& folder) {
  std::vector<std::string> out;
  if (folder.starts_with(shipped)) {
    const std::string prefix = "mappings/" + folder.substr(shipped.size()) + "/";
    for (const std::string_view path : resources_under(prefix)) {
      const std::string_view rest = path.substr(prefix.size());
      if (rest.ends_with(".map") && rest.find('/') == std::string_view::npos) out.push_back(folder + "/" + std::string(rest));
    }
    return out;
  }
  std::error_code error;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    if (i->path().extension() == ".map") out.push_back((fs::path(folder) / i->path().filename()).generic_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool begins_with_header(const std::string& file) {
  const Content content = read_any(file);
  if (!content.text || language::invalid_utf8(*content.text) != std::string::npos) return false;
  std::vector<Problem> ignored;
  return language::lex(*content.text, 0, ignored).front().word("mapping");
}

// The main file of a folder: the only .map file that begins with `mapping`; when there are several, mapping.map.
std::optional<std::string> main_file(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  auto maps = maps_in(folder);
  if (maps.size() == 1) return maps[0];
  std::erase_if(maps, [](const std::string& file) { return !begins_with_header(file); });
  if (maps.size() == 1) return maps[0];
  const auto found = std::find(maps.begin(), maps.end(), folder + "/mapping.map");
  return found == maps.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::string> find_mapping(const std::string& name) {
  std::error_code error;
  if (!name.starts_with(shipped)) {
    if (fs::is_directory(name, error)) return main_file(fs::path(name).generic_string());
    if (fs::exists(name, error)) return name;
  }
  const std::string in_program = name.starts_with(shipped) ? name : std::string(shipped) + name;
  if (resource("mappings/" + in_program.substr(shipped.size()))) return in_program;
  return main_file(in_program);
}

class Loader {
 public:
  explicit Loader(bool from_disk) : from_disk_(from_disk) {}

  void main(const std::string& name) {
    const auto found = find_mapping(name);
    if (!found) {
      add(name, {});
      std::error_code error;
      const bool several = fs::is_directory(name, error) && !maps_in(name).empty();
      problems_.push_back({several ? Code::map_no_main_file : Code::map_not_found, {0, 0, 0, 1}, name, {}});
      return;
    }
    Content content = read_any(*found);
    if (!content.text) {
      add(*found, {});
      problems_.push_back({content.code, {0, 0, 0, 1}, *found, {}});
      return;
    }
    file(*found, std::move(*content.text), true);
  }

  void file(const std::string& name, std::string text, bool is_main) {
    const std::uint16_t number = add(name, std::move(text));
    const std::string& kept = parsed_.mapping.texts[number];
    if (const std::size_t bad = language::invalid_utf8(kept); bad != std::string::npos) {
      problems_.push_back({Code::map_not_utf8, place_of(kept, bad, number), {}, {}});
      return;
    }
    stack_.push_back(name);
    const auto include = [this](const std::string& path, const ast::Place& at) { included(path, at); };
    auto tokens = language::lex(kept, number, problems_);
    language::StatementParser(std::move(tokens), parsed_.mapping, progress_, problems_, include).run(is_main);
    stack_.pop_back();
  }

  Parsed finish() {
    std::set<std::pair<std::uint16_t, std::uint32_t>> damaged;  // lines with a wrong character: what the parser made of them says nothing
    for (const Problem& p : problems_) {
      if (lexical(p.code)) damaged.emplace(p.at.file, p.at.line);
    }
    std::erase_if(problems_, [&](const Problem& p) { return !lexical(p.code) && damaged.contains({p.at.file, p.at.line}); });
    for (const Problem& p : problems_) parsed_.diagnostics.push_back(diagnose(parsed_.mapping, p.code, p.at, p.subject, p.suggestion));
    sort_diagnostics(parsed_.diagnostics);
    return std::move(parsed_);
  }

 private:
  static bool lexical(Code code) { return code >= Code::map_character && code <= Code::map_number; }

  std::uint16_t add(const std::string& name, std::string text) {
    parsed_.mapping.files.push_back(name);
    parsed_.mapping.texts.push_back(std::move(text));
    return static_cast<std::uint16_t>(parsed_.mapping.files.size() - 1);
  }

  static ast::Place place_of(std::string_view text, std::size_t offset, std::uint16_t number) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_begin = before.find_last_of('\n') + 1;  // npos + 1 is 0
    const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return {number, static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<std::uint32_t>(
                std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_begin), before.end(), starts_character)) +
                1,
            1};
  }

  void included(const std::string& path, const ast::Place& at) {
    const auto refuse = [&](Code code) { problems_.push_back({code, at, path, {}}); };
    std::string name;
    if (path.starts_with(shipped)) {
      if (!stays_inside(std::string_view(path).substr(shipped.size()))) return refuse(Code::map_include_outside);
      name = find_mapping(path).value_or(path);
    } else {
      const std::string folder = folder_of(stack_.back());
      if (!stays_inside(path)) return refuse(Code::map_include_outside);
      name = folder + path;
      if (!name.starts_with(shipped) && !from_disk_) return refuse(Code::map_not_found);
      if (!name.starts_with(shipped) && !really_inside(folder, name)) return refuse(Code::map_include_outside);
      if (!name.starts_with(shipped)) name = fs::path(name).lexically_normal().generic_string();
    }
    if (std::find(stack_.begin(), stack_.end(), name) != stack_.end()) return refuse(Code::map_include_cycle);
    if (stack_.size() >= max_include_depth || parsed_.mapping.files.size() >= max_files) return refuse(Code::map_include_depth);
    if (!seen_.insert(name).second) return;  // what two files share is read once
    Content content = read_any(name);
    if (!content.text) return refuse(content.code);
    file(name, std::move(*content.text), false);
  }

  bool from_disk_;
  Parsed parsed_;
  std::vector<Problem> problems_;
  language::Progress progress_;
  std::vector<std::string> stack_;
  std::set<std::string> seen_;
};

}  // namespace

Parsed parse_mapping(const std::string& path_or_name) {
  Loader loader(true);
  loader.main(path_or_name);
  return loader.finish();
}

Parsed parse_text(std::string_view text, std::string_view name) {
  Loader loader(false);
  if (text.size() <= max_file_bytes) loader.file(std::string(name), std::string(text), true);
  return loader.finish();
}

std::string path_beside(const ast::Mapping& mapping, std::uint16_t file, std::string_view relative) {
  if (file >= mapping.files.size()) return {};
  if (relative.starts_with(shipped)) return stays_inside(relative.substr(shipped.size())) ? std::string(relative) : std::string();
  if (!stays_inside(relative)) return {};
  const std::string folder = folder_of(mapping.files[file]);
  std::string name = folder + std::string(relative);
  return name.starts_with(shipped) || really_inside(folder, name) ? name : std::string();
}

std::optional<std::string> read_beside(const ast::Mapping& mapping, std::uint16_t file, std::string_view relative) {
  const std::string name = path_beside(mapping, file, relative);
  return name.empty() ? std::nullopt : read_any(name).text;
}

}  // namespace pyojun
