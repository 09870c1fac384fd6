// What is wrong with a command line, in the program's own messages; and --help in Korean.
#pragma once

#include <optional>
#include <string>

#include "commands.hpp"

namespace pyojun::app {

// What the command line says about words and form, read before it is parsed, so that an unparsable line is answered in the right way too:
// the value of the last --lang, and whether --json is there.
struct Manner {
  std::string language;
  bool json = false;
};
Manner manner_of(int argc, const char* const* argv);

// Reads the command line: `chosen` is the action of its command. An answer is an exit code: the line was --help or --version, or one that
// cannot be understood, and what there is to say was said.
std::optional<int> parse(int argc, char** argv, Console& console, Action& chosen, bool& no_progress);

// Puts every text of --help into Korean: headings, commands, options.
void translate_help(CLI::App& cli);

}  // namespace pyojun::app
