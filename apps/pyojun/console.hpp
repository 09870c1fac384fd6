// Words to people: language, colours, progress, and one place where a message's text is put together.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pipeline/world.hpp"
#include "record/batch.hpp"

namespace pyojun::app {

enum class Tongue : std::uint8_t { en, ko };  // the language of words to people

// Results go to out(), words to note(). Both fail loudly at the end when the stream could not be written (reliability.md R11).
class Console {
 public:
  Tongue language = Tongue::en;
  bool json = false;
  bool quiet = false;  // only the summary and errors
  bool progress_wanted = true;
  bool verbose = false;

  void out(std::string_view text);   // stdout
  void note(std::string_view text);  // one line to stderr, unless quiet
  void say(std::string_view text);   // one line to stderr, always
  void error(const Error& error);
  std::string render(const Error& error) const;
  std::string render(const Finding& finding) const;  // one line, without the remedy
  std::string_view pick(std::string_view en, std::string_view ko) const { return language == Tongue::ko ? ko : en; }
  bool flush();  // false when something could not be written

 private:
  std::mutex mutex_;
  bool failed_ = false;
};

// Control characters and bidirectional marks become \x.. so that a file name cannot repaint the terminal.
// Resident registration numbers in it are masked.
std::string printable(std::string_view text);

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t number);

// Language from --lang, else PYOJUN_LANG, LC_ALL, LC_MESSAGES, LANG.
Tongue language_of(std::string_view option);

// A bar on a terminal, nothing elsewhere. At most ten redraws a second.
class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(bool wanted);
  ~TerminalProgress() override;
  void stage(std::string_view name, std::uint64_t total_bytes) override;
  void advance(std::uint64_t bytes) override;

 private:
  void draw(bool last);
  const bool on_;
  std::mutex mutex_;
  std::string name_;
  std::uint64_t total_ = 0;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::int64_t> next_draw_{0};
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace pyojun::app
