// Source lines, carets and suggestions.
#include "mapping/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace pyojun {

namespace {

std::string line_of(std::string_view text, std::uint32_t line) {
  std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  std::string_view found = text.substr(begin, text.find('\n', begin) - begin);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return std::string(found);
}

// Code points of valid UTF-8; a stray byte stands for itself.
std::vector<char32_t> characters(std::string_view text) {
  std::vector<char32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t value = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k) value = (value << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    out.push_back(value);
    i += size;
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0U | (c >> 6U)), put(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0U | (c >> 12U)), put(0x80U | ((c >> 6U) & 0x3FU)), put(0x80U | (c & 0x3FU));
  } else {
    put(0xF0U | (c >> 18U)), put(0x80U | ((c >> 12U) & 0x3FU)), put(0x80U | ((c >> 6U) & 0x3FU)), put(0x80U | (c & 0x3FU));
  }
}

// Columns a terminal gives a character: Unicode TR 11, wide and full-width ranges; combining marks take none.
std::size_t width(char32_t c) {
  constexpr std::pair<char32_t, char32_t> none[] = {{0x300, 0x36F}, {0x1160, 0x11FF}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}};
  constexpr std::pair<char32_t, char32_t> wide[] = {
      {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x4DBF}, {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
      {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
  const auto within = [c](const auto& range) { return c >= range.first && c <= range.second; };
  if (std::any_of(std::begin(none), std::end(none), within)) return 0;
  return std::any_of(std::begin(wide), std::end(wide), within) ? 2 : 1;
}

std::string_view severity_word(Severity severity, bool korean) {
  switch (severity) {
    case Severity::note:
      return korean ? "참고" : "note";
    case Severity::warning:
      return korean ? "경고" : "warning";
    case Severity::reject:
      return korean ? "거부" : "reject";
    case Severity::fatal:
      break;
  }
  return korean ? "오류" : "error";
}

// The source line and below it the caret. Very long lines are shown around the caret; control characters as dots.
void append_caret(std::string& out, const Diagnostic& diagnostic) {
  constexpr std::size_t shown = 130, before = 60;
  auto line = characters(diagnostic.source_line);
  const std::size_t caret = std::min<std::size_t>(diagnostic.column - 1, line.size());
  const std::size_t begin = line.size() > shown && caret > before ? caret - before : 0;
  const std::size_t end = std::min(line.size(), begin + shown);
  std::string text = begin > 0 ? "  ..." : "  ";
  std::string marks(text.size(), ' ');
  for (std::size_t i = begin; i < end; ++i) {
    const char32_t c = line[i] == U'\t'                                                             ? U' '
                       : (line[i] < 0x20 || line[i] == 0x7F || (line[i] >= 0x80 && line[i] < 0xA0)) ? U'.'
                                                                                                    : line[i];
    append_utf8(text, c);
    if (i < caret) marks.append(width(c), ' ');
    if (i == caret) marks.append("^").append(width(c) == 2 ? "~" : "");
    if (i > caret && i < caret + diagnostic.length) marks.append(width(c), '~');
  }
  if (caret >= end) marks += '^';
  out += text + (end < line.size() ? "...\n" : "\n") + marks + "\n";
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Optimal string alignment; a whole edit costs 2, a difference of letter case 1.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two(b.size() + 1), one(b.size() + 1), now(b.size() + 1);
  for (std::size_t k = 0; k <= b.size(); ++k) one[k] = 2 * k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = 2 * i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t change = a[i - 1] == b[k - 1] ? 0 : lower(a[i - 1]) == lower(b[k - 1]) ? 1 : 2;
      now[k] = std::min({one[k] + 2, now[k - 1] + 2, one[k - 1] + change});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) now[k] = std::min(now[k], two[k - 2] + 2);
    }
    two.swap(one);
    one.swap(now);
  }
  return one[b.size()];
}

}  // namespace

Diagnostic diagnose(const ast::Mapping& mapping, Code code, const ast::Place& at, std::string subject, std::string suggestion) {
  Diagnostic out;
  out.code = code;
  out.line = at.line;
  out.column = at.column;
  out.length = at.length;
  out.subject = std::move(subject);
  out.suggestion = std::move(suggestion);
  if (at.file < mapping.files.size()) out.file = mapping.files[at.file];
  if (at.file < mapping.texts.size() && at.line > 0) out.source_line = line_of(mapping.texts[at.file], at.line);
  return out;
}

void sort_diagnostics(std::vector<Diagnostic>& diagnostics) {
  const auto key = [](const Diagnostic& d) { return std::tie(d.file, d.line, d.column, d.code, d.subject); };
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto same = [&](const auto& a, const auto& b) { return key(a) == key(b); };
  diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end(), same), diagnostics.end());
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > 64) return {};
  std::size_t best = 2 * std::max<std::size_t>(1, (word.size() + 1) / 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > 64 || candidate == word) continue;
    const std::size_t cost = distance(word, candidate);
    if (cost >= best) continue;
    best = cost;
    found = candidate;
  }
  return std::string(found);
}

std::string render(const Diagnostic& diagnostic, std::string_view language) {
  const bool korean = language == "ko";
  const CodeInfo& row = info(diagnostic.code);
  std::string out = diagnostic.file;
  if (diagnostic.line > 0) out += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
  out += fmt::format(": {}: {}", severity_word(row.severity, korean), korean ? row.says_ko : row.says);
  if (!diagnostic.subject.empty()) out += fmt::format(" '{}'", diagnostic.subject);
  out += fmt::format(" [{}]\n", row.id);
  if (diagnostic.line > 0) append_caret(out, diagnostic);
  out += fmt::format("  {}\n", korean ? row.remedy_ko : row.remedy);
  if (!diagnostic.suggestion.empty()) {
    out +=
        korean ? fmt::format("  혹시 '{}' 입니까?\n", diagnostic.suggestion) : fmt::format("  did you mean '{}'?\n", diagnostic.suggestion);
  }
  return out;
}

bool has_fatal(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const auto& d) { return info(d.code).severity == Severity::fatal; });
}

}  // namespace pyojun
