// What stops a run travels as a value: Result<T> at boundaries that open, compile or load something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/codes.hpp"

namespace pyojun {

// Where in a text the user wrote or delivered. Lines and columns count from 1; 0 means unknown. Offsets are bytes from 0.
struct Position {
  std::uint64_t line = 0;
  std::uint64_t column = 0;
  std::uint64_t offset = 0;
};

// One problem that stops something. `subject` is a name from a schema, mapping, option or path: never a value from a record.
struct Error {
  Code code = Code::internal_error;
  std::string file;  // path or mapping name; empty when there is none
  Position at;
  std::string subject;
  std::string detail;  // system's words such as strerror; never library text that may quote data
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// A Result without a value: `return {};` is success.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return !error_.has_value(); }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace pyojun
