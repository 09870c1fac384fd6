// Commands are rows of one table: name, words, options, action. Help, man page and completions come from the same rows.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "console.hpp"
#include "grammar.hpp"
#include "pipeline/world.hpp"

namespace pyojun::app {

// Exit codes: reliability.md 5.1. An unknown code must be taken as failure.
enum Exit : int {
  exit_done = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_incomplete = 3,
  exit_gate = 4,
  exit_state = 10,
  exit_locked = 11,
  exit_internal = 70,
  exit_io = 74,
};

// The exit code a fatal message stands for.
int exit_for(const Error& error);

struct Context {
  Console& console;
  World& world;
};

// setup() adds options and must open nothing; the function it returns does the work and answers the exit code.
using Action = std::function<int(Context&)>;
struct Command {
  std::string_view name, about, about_ko, example;
  Action (*setup)(Grammar grammar);
};

std::span<const Command> commands();

Action setup_convert(Grammar grammar);
Action setup_audit(Grammar grammar);
Action setup_run(Grammar grammar);
Action setup_check(Grammar grammar);
Action setup_inspect(Grammar grammar);
Action setup_list(Grammar grammar);
Action setup_vocab(Grammar grammar);
Action setup_quarantine(Grammar grammar);
Action setup_explain(Grammar grammar);
Action setup_verify(Grammar grammar);
Action setup_help(Grammar grammar);

// The whole argument grammar; also used for the man page and completions. `chosen` receives the action of the parsed command.
void build_cli(CLI::App& cli, Action& chosen);
std::string man_page(CLI::App& cli);
std::string bash_completion(CLI::App& cli);

}  // namespace pyojun::app
