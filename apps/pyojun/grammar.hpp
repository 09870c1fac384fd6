// What a command says about its options. Only the files that need the parser itself (grammar, usage, help) include CLI11, whose headers
// cost more to compile than all commands together.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pyojun::app {

// One option or positional argument just added; refers to the grammar's own and lives as long.
class Argument {
 public:
  explicit Argument(CLI::Option& option) : option_(option) {}
  const Argument& required() const;
  const Argument& shows_default() const;            // --help tells the value it has now
  const Argument& parted_by(char sign) const;       // one word may hold several values
  const Argument& within(int low, int high) const;  // a whole number, both ends included
  const Argument& one_of(const std::vector<std::string>& words) const;
  const Argument& fits(std::string (*objection)(const std::string&)) const;  // an empty objection: the value is good

 private:
  CLI::Option& option_;
};

// A command line, or the part of it that belongs to one command. A reference: copying it copies nothing.
class Grammar {
 public:
  explicit Grammar(CLI::App& app) : app_(app) {}
  // `names` as "-j,--jobs", or "INPUT" for a positional one. The value is written when the line is parsed and must live until then.
  // Value: std::string, std::vector<std::string>, or an unsigned or signed whole number.
  template <class Value>
  Argument add(const std::string& names, Value& value, const std::string& about) const;
  void flag(const std::string& names, bool& value, const std::string& about) const;
  // A command within this one; `chosen` is called when the line names it. Options of the outer command may follow its name.
  Grammar command(const std::string& name, const std::string& about, std::function<void()> chosen = {}) const;
  void needs_command() const;

 private:
  CLI::App& app_;
};

}  // namespace pyojun::app
