#include "json.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/files.hpp"

namespace pyojun::app {

void Json::comma() {
  if (!text_.empty() && text_.back() != '{' && text_.back() != '[' && text_.back() != ':') text_ += ',';
}

Json& Json::begin_object() {
  comma();
  text_ += '{';
  return *this;
}

Json& Json::end_object() {
  text_ += '}';
  return *this;
}

Json& Json::begin_array() {
  comma();
  text_ += '[';
  return *this;
}

Json& Json::end_array() {
  text_ += ']';
  return *this;
}

Json& Json::key(std::string_view name) {
  value(name);
  text_ += ':';
  return *this;
}

Json& Json::value(std::string_view item) {
  comma();
  text_ += '"';
  for (const char c : item) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text_ += c;
    }
  }
  text_ += '"';
  return *this;
}

Json& Json::value(std::uint64_t number) {
  comma();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::value(std::int64_t number) {
  comma();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::value(double number) {
  comma();
  text_ += fmt::format("{}", number);
  return *this;
}

Json& Json::value(bool flag) {
  comma();
  text_ += flag ? "true" : "false";
  return *this;
}

Status write_text_file(const std::string& folder, const std::string& name, std::string_view text) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Error{Code::file_write_failed, folder, {}, {}, failed.message()};
  return write_file(folder + "/" + name, text);
}

}  // namespace pyojun::app
