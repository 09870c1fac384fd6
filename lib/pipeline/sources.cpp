#include "pipeline/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/hangul.hpp"
#include "base/registration_number.hpp"
#include "base/text.hpp"

namespace pyojun {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Names of files are bytes; the ledger, reports and JSON hold UTF-8.
std::string as_utf8(std::string_view text) {
  std::string out;
  for (std::size_t bad = find_bad_utf8(text); bad != no_bad_byte; bad = find_bad_utf8(text)) {
    out += text.substr(0, bad);
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[bad]));
    text.remove_prefix(bad + 1);
  }
  return out.append(text);
}

// Back again. Only bytes beyond ASCII are ever written so.
std::string as_named(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool written = text.substr(i).starts_with("\\x") && i + 4 <= text.size() &&
                         std::from_chars(text.data() + i + 2, text.data() + i + 4, byte, 16).ptr == text.data() + i + 4 && byte >= 0x80;
    out += written ? static_cast<char>(byte) : text[i];
    if (written) i += 3;
  }
  return out;
}

std::string without_registrations(std::string_view text, BareNumbers bare) {
  std::string out;
  mask_registrations(out, text, bare);
  return out;
}

constexpr std::size_t head_bytes = std::size_t{64} << 10;

struct Verdict {
  const Format* format = nullptr;
  Code why = Code::format_unknown;
};

// One `yes` wins; several candidates without a `yes` are ambiguous and must be named by the user.
Verdict detect(std::span<const char> head) {
  const Format* unsure = nullptr;
  std::size_t unsure_count = 0;
  for (const Format& format : formats()) {
    const Match match = format.detect(head);
    if (match == Match::yes) return {&format, {}};
    if (match == Match::unsure) {
      ++unsure_count;
      if (unsure == nullptr) unsure = &format;
    }
  }
  if (unsure_count == 1) return {unsure, {}};
  return {nullptr, unsure_count == 0 ? Code::format_unknown : Code::format_ambiguous};
}

Result<Verdict> detect_file(const Input& input) {
  auto stream = input.open();
  if (!stream) return stream.error();
  if (const auto filled = (*stream)->fill(head_bytes); !filled) return filled.error();
  const auto view = (*stream)->view();
  return detect(view.first(std::min(view.size(), head_bytes)));
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view name) {
  std::size_t g = 0, n = 0, star = std::string_view::npos, mark = 0;
  while (n < name.size()) {
    if (g < glob.size() && (glob[g] == '?' || lower(glob[g]) == lower(name[n])) && glob[g] != '*') {
      ++g, ++n;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      mark = n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

const FileKind* file_kind_of(std::string_view as_named, const Dialect& dialect) {
  const std::string base_name = compose_hangul(as_named);  // macOS writes Hangul in file names in separate letters
  for (const FileKind& file : dialect.files) {
    for (const std::string& glob : file.globs) {
      if (glob_matches(glob, base_name)) return &file;
    }
  }
  return nullptr;
}

std::string kind_of(std::string_view base_name, const Dialect& dialect) {
  const FileKind* file = file_kind_of(base_name, dialect);
  return file == nullptr ? std::string() : file->kind;
}

std::vector<std::string> record_kinds(const Format* format, std::string_view base_name, const std::string& kind, const Dialect& dialect) {
  std::vector<std::string> out;
  if (format == nullptr) return out;
  if (format->flat && !kind.empty()) out.push_back(kind);
  const FileKind* const declared = format->name == "fixed" ? file_kind_of(base_name, dialect) : nullptr;
  if (declared == nullptr) return out;
  for (const FixedRecord& record : declared->records) out.push_back(record.kind);
  return out;
}

Result<Sources> find_sources(const SourceQuery& query, const Dialect& dialect) {
  const std::string_view forced = !query.format.empty() ? std::string_view(query.format) : std::string_view(dialect.format);
  const Format* format = nullptr;
  if (!forced.empty()) {
    format = find_format(forced);
    if (format == nullptr) return Error{Code::format_unknown, {}, {}, std::string(forced), {}};
  }
  auto inputs = expand_inputs(query.arguments);
  if (!inputs) return inputs.error();
  Sources sources;
  sources.skipped = std::move(inputs->skipped);
  for (auto& input : inputs->files) {
    SourceFile file;
    file.path = as_utf8(input->path());
    file.name = as_utf8(input->name());
    const FileKind* declared = file_kind_of(input->name(), dialect);
    file.kind = declared == nullptr ? query.kind : declared->kind;
    const bool named = std::find(query.arguments.begin(), query.arguments.end(), input->path()) != query.arguments.end();
    const bool fetched = std::find(query.records.begin(), query.records.end(), input->path()) != query.records.end();
    const bool tells_kind = query.format == "records" || fetched;  // every line does
    // Names of files go into books, reports and logs.
    const bool numbered = holds_registration(file.path, dialect.bare_numbers);
    if (numbered) {
      file.why = Code::file_name_registration;
      file.path = without_registrations(file.path, dialect.bare_numbers);
      file.name = without_registrations(file.name, dialect.bare_numbers);
    } else if (!dialect.files.empty() && file.kind.empty() && !tells_kind) {
      file.why = Code::file_not_in_mapping;
    } else if (fetched) {
      file.kind.clear();
      file.format = find_format("records");
    } else if (query.format.empty() && declared != nullptr && !(declared->format.empty() && declared->layout.empty())) {
      file.format = find_format(declared->format.empty() ? "fixed" : declared->format);
      if (file.format == nullptr) return Error{Code::format_unknown, {}, {}, declared->format, {}};
    } else if (format != nullptr) {
      file.format = format;
    } else {
      auto verdict = detect_file(*input);
      if (!verdict && named) return verdict.error();
      file.format = verdict ? verdict->format : nullptr;
      file.why = verdict ? verdict->why : verdict.error().code;
      file.unreadable = file.format == nullptr;
    }
    if (file.format == nullptr && named) return Error{file.why, numbered ? file.path : input->path(), {}, {}, {}};
    if (file.unreadable && !file.kind.empty()) file.kinds.push_back(file.kind);
    if (!file.unreadable) file.kinds = record_kinds(file.format, input->name(), file.kind, dialect);
    file.input = std::move(input);
    sources.files.push_back(std::move(file));
  }
  return sources;
}

std::unique_ptr<Input> find_delivered(const std::string& ledger_path) {
  std::error_code unknown;
  for (const std::string& full : {ledger_path, as_named(ledger_path)}) {
    // Of an archive's member the archive is opened; what stands before a '!' may be either.
    for (std::size_t end = full.size(); end != std::string::npos && end > 0; end = full.rfind('!', end - 1)) {
      const std::string place = full.substr(0, end);
      if (!std::filesystem::is_regular_file(place, unknown)) continue;
      auto inputs = expand_inputs({place});
      for (std::size_t i = 0; inputs && i < inputs->files.size(); ++i) {
        if (inputs->files[i]->path() == full || as_utf8(inputs->files[i]->path()) == ledger_path) return std::move(inputs->files[i]);
      }
    }
  }
  return nullptr;
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const auto full = std::filesystem::absolute(path, failed);
  return failed ? path : full.lexically_normal().string();
}

}  // namespace pyojun
