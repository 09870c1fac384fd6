// JSON with members in a fixed order, one row of a list per line.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "report/escape.hpp"

namespace pyojun {

// Collects "name": value members and list rows with the commas in the right places.
class JsonWriter {
 public:
  // `indent`: blanks before each line but the first.
  explicit JsonWriter(std::size_t indent = 0) : indent_(indent) {}
  void open(std::string_view name, char bracket) {
    begin(name);
    out_ += bracket;
    closers_ += bracket == '{' ? '}' : ']';
    first_ = true;
  }
  void close() {
    const char closer = closers_.back();
    closers_.pop_back();
    if (!first_) newline();
    out_ += closer;
    first_ = false;
  }
  void text(std::string_view name, std::string_view value) { raw(name, json_string(value)); }
  void number(std::string_view name, std::uint64_t value) { raw(name, fmt::format("{}", value)); }
  void truth(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
  void raw(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
  }
  std::string take() {
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void newline() {
    out_ += '\n';
    out_.append(indent_ + 2 * closers_.size(), ' ');
  }
  void begin(std::string_view name) {
    if (!first_) out_ += ',';
    if (!closers_.empty()) newline();
    first_ = false;
    if (!name.empty()) out_ += json_string(name) + ": ";
  }

  std::size_t indent_;
  std::string out_, closers_;
  bool first_ = true;
};

// One object on one line.
class JsonRow {
 public:
  JsonRow& text(std::string_view name, std::string_view value) { return raw(name, json_string(value)); }
  JsonRow& number(std::string_view name, std::uint64_t value) { return raw(name, fmt::format("{}", value)); }
  JsonRow& raw(std::string_view name, std::string_view value) {
    line_ += fmt::format("{}{}: {}", line_.empty() ? "{" : ", ", json_string(name), value);
    return *this;
  }
  std::string done() { return line_ + "}"; }

 private:
  std::string line_;
};

}  // namespace pyojun
