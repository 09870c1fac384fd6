// A small JSON writer with stable member order; also the one helper that writes small text files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pyojun::app {

class Json {
 public:
  Json& begin_object();
  Json& end_object();
  Json& begin_array();
  Json& end_array();
  Json& key(std::string_view name);
  Json& value(std::string_view text);
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(std::uint64_t number);
  Json& value(std::int64_t number);
  Json& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Json& value(double number);
  Json& value(bool flag);
  template <class T>
  Json& member(std::string_view name, const T& item) {
    key(name);
    return value(item);
  }
  const std::string& text() const { return text_; }

 private:
  void comma();
  std::string text_;
};

// Writes folder/name through a temporary file and a rename; creates the folder.
Status write_text_file(const std::string& folder, const std::string& name, std::string_view text);

}  // namespace pyojun::app
