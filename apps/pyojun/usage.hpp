// What is wrong with a command line, in the program's own messages; and --help in Korean.
#pragma once

#include <CLI/CLI.hpp>

#include "console.hpp"

namespace pyojun::app {

// What the command line says about words and form, read before it is parsed, so that an unparsable line is answered in the right way too:
// the value of the last --lang, and whether --json is there.
struct Manner {
  std::string language;
  bool json = false;
};
Manner manner_of(int argc, const char* const* argv);

// The message for a line that CLI11 refused. `cli` is the parser after its attempt. Names options and quotes what was typed, nothing else.
Error usage_error(const CLI::App& cli, const CLI::ParseError& error, const Console& console);

// Puts every text of --help into Korean: headings, commands, options.
void translate_help(CLI::App& cli);

}  // namespace pyojun::app
