#include "console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/registration_number.hpp"
#include "base/text.hpp"
#include "json.hpp"

namespace pyojun::app {

namespace {

// True when all bytes went out. A closed pipe is a reader that has seen enough, not a failure (clig.dev).
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno == EPIPE;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// What the operating system says of a call that failed; other details are names and stay.
std::string_view detail_ko(std::string_view detail) {
  constexpr std::array<std::pair<int, std::string_view>, 12> known{{{ENOENT, "파일이나 폴더가 없습니다"},
                                                                    {EACCES, "권한이 없습니다"},
                                                                    {EPERM, "허용되지 않는 작업입니다"},
                                                                    {EISDIR, "폴더입니다"},
                                                                    {ENOTDIR, "폴더가 아닙니다"},
                                                                    {EEXIST, "이미 있습니다"},
                                                                    {ENOTEMPTY, "폴더가 비어 있지 않습니다"},
                                                                    {ENOSPC, "디스크에 남은 공간이 없습니다"},
                                                                    {EROFS, "읽기 전용 파일 시스템입니다"},
                                                                    {EIO, "입출력 오류입니다"},
                                                                    {EMFILE, "열린 파일이 너무 많습니다"},
                                                                    {EAGAIN, "다른 프로그램이 쓰고 있습니다"}}};
  for (const auto& [number, korean] : known) {
    if (detail == std::strerror(number)) return korean;
  }
  return detail;
}

bool is_bidi_mark(std::string_view text, std::size_t i) {
  if (static_cast<unsigned char>(text[i]) != 0xE2 || i + 2 >= text.size()) return false;
  const auto b = static_cast<unsigned char>(text[i + 1]);
  const auto c = static_cast<unsigned char>(text[i + 2]);
  return (b == 0x80 && ((c >= 0x8E && c <= 0x8F) || (c >= 0xAA && c <= 0xAE))) || (b == 0x81 && c >= 0xA6 && c <= 0xA9);
}

}  // namespace

std::string printable(std::string_view given) {
  std::string out, masked;  // a resident registration number in a name goes no further either
  mask_registrations(masked, given, BareNumbers::guarded);
  const std::string_view text = masked;
  out.reserve(text.size());
  std::size_t bad = find_bad_utf8(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == bad) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
      bad = find_bad_utf8(text.substr(i + 1));
      if (bad != no_bad_byte) bad += i + 1;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c1 || is_bidi_mark(text, i)) {
      const std::size_t bytes = c1 ? 2 : 3;
      for (std::size_t k = 0; k < bytes; ++k) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i + k]));
      i += bytes - 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

Tongue language_of(std::string_view option) {
  auto korean = [](std::string_view value) { return value.starts_with("ko"); };
  if (!option.empty()) return korean(option) ? Tongue::ko : Tongue::en;
  for (const char* name : {"PYOJUN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return korean(value) ? Tongue::ko : Tongue::en;
  }
  return Tongue::en;
}

void Console::out(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!write_all(STDOUT_FILENO, text)) failed_ = true;
}

void Console::note(std::string_view text) {
  if (!quiet) say(text);
}

void Console::say(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!write_all(STDERR_FILENO, std::string(text) + "\n")) failed_ = true;
}

std::string Console::render(const Error& error) const {
  const CodeInfo& row = info(error.code);
  std::string where;
  if (!error.file.empty()) {
    where = printable(error.file);
    if (error.at.line != 0) where += fmt::format(":{}", error.at.line);
    if (error.at.line != 0 && error.at.column != 0) where += fmt::format(":{}", error.at.column);
    if (error.at.line == 0 && error.at.offset != 0) where += fmt::format(" ({} {})", pick("byte", "바이트"), error.at.offset);
    where += ": ";
  }
  std::string text = fmt::format("{}{}", where, pick(row.says, row.says_ko));
  if (!error.subject.empty()) text += fmt::format(" '{}'", printable(error.subject));
  if (!error.detail.empty()) text += fmt::format(" ({})", printable(pick(error.detail, detail_ko(error.detail))));
  return fmt::format("{} [{}]\n  {}", text, row.id, pick(row.remedy, row.remedy_ko));
}

void Console::error(const Error& error) {
  if (json) {
    Json line;
    line.begin_object().member("error", info(error.code).id);
    if (!error.file.empty()) line.member("file", printable(error.file));
    say(line.member("offset", error.at.offset).member("line", error.at.line).end_object().text());
  } else {
    say("pyojun: " + render(error));
  }
}

std::string Console::render(const Finding& finding) const {
  const CodeInfo& row = info(finding.code);
  const std::string subject = finding.subject.empty() ? std::string() : " '" + printable(finding.subject) + "'";
  return fmt::format("{}{}: {} [{}]", pick(row.says, row.says_ko), subject, grouped(finding.count), row.id);
}

bool Console::flush() {
  const std::lock_guard lock(mutex_);
  return !failed_;
}

TerminalProgress::TerminalProgress(bool wanted) : on_(wanted && ::isatty(STDERR_FILENO) == 1), begun_(std::chrono::steady_clock::now()) {}

TerminalProgress::~TerminalProgress() {
  if (on_ && !name_.empty()) write_all(STDERR_FILENO, "\r\033[K");
}

void TerminalProgress::stage(std::string_view name, std::uint64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  name_ = name;
  total_ = total_bytes;
  done_ = 0;
  next_draw_ = 0;
  begun_ = std::chrono::steady_clock::now();
  if (on_) draw(false);
}

void TerminalProgress::advance(std::uint64_t bytes) {
  done_ += bytes;
  if (!on_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  auto due = next_draw_.load();
  if (now < due || !next_draw_.compare_exchange_strong(due, now + 100'000'000)) return;
  const std::lock_guard lock(mutex_);
  draw(false);
}

void TerminalProgress::draw(bool) {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun_;
  const double megabytes = static_cast<double>(done_.load()) / 1e6;
  const double rate = spent.count() > 0.2 ? megabytes / spent.count() : 0;
  std::string line = fmt::format("\r{:<9} {:>9.1f} MB {:>7.0f} MB/s", name_, megabytes, rate);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_.load()) / static_cast<double>(total_));
    const auto filled = static_cast<std::size_t>(share * 30);
    line += fmt::format("  [{}{}] {:3.0f} %", std::string(filled, '='), std::string(30 - filled, ' '), share * 100);
  }
  write_all(STDERR_FILENO, line + "\033[K");
}

}  // namespace pyojun::app
