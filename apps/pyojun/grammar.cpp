#include "grammar.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>

#include "commands.hpp"

namespace pyojun::app {

const Argument& Argument::required() const {
  option_.required();
  return *this;
}

const Argument& Argument::shows_default() const {
  option_.capture_default_str();
  return *this;
}

const Argument& Argument::parted_by(char sign) const {
  option_.delimiter(sign);
  return *this;
}

const Argument& Argument::within(int low, int high) const {
  option_.check(CLI::Range(low, high));
  return *this;
}

const Argument& Argument::one_of(const std::vector<std::string>& words) const {
  option_.check(CLI::IsMember(words));
  return *this;
}

const Argument& Argument::fits(std::string (*objection)(const std::string&)) const {
  option_.check(objection);
  return *this;
}

template <class Value>
Argument Grammar::add(const std::string& names, Value& value, const std::string& about) const {
  return Argument(*app_.add_option(names, value, about));
}
template Argument Grammar::add(const std::string&, std::string&, const std::string&) const;
template Argument Grammar::add(const std::string&, std::vector<std::string>&, const std::string&) const;
template Argument Grammar::add(const std::string&, int&, const std::string&) const;
template Argument Grammar::add(const std::string&, unsigned&, const std::string&) const;
template Argument Grammar::add(const std::string&, std::int64_t&, const std::string&) const;
template Argument Grammar::add(const std::string&, std::uint64_t&, const std::string&) const;

void Grammar::flag(const std::string& names, bool& value, const std::string& about) const { app_.add_flag(names, value, about); }

Grammar Grammar::command(const std::string& name, const std::string& about, std::function<void()> chosen) const {
  CLI::App* const sub = app_.add_subcommand(name, about);
  sub->fallthrough();
  if (chosen) sub->callback(std::move(chosen));
  return Grammar(*sub);
}

void Grammar::needs_command() const { app_.require_subcommand(1); }

void build_cli(CLI::App& cli, Action& chosen) {
  cli.name("pyojun");
  cli.description("Pyojun turns vendor EMR exports into OMOP CDM 5.4 by declarative rules and keeps balanced books.");
  cli.set_version_flag("--version", std::string("pyojun ") + PYOJUN_VERSION);
  cli.require_subcommand(1);
  cli.fallthrough();
  cli.footer(
      "Exit codes: 0 done, 1 failed, 2 usage or mapping error, 3 done but incomplete, 4 gate failed, 10 state, 11 locked, 70 internal, 74 "
      "I/O, "
      "128+N signal.\nExample: pyojun convert export/ --map synthea/csv --vocab vocab.snapshot --to csv:cdm");
  for (const Command& command : commands()) {
    CLI::App* sub = cli.add_subcommand(std::string(command.name), std::string(command.about));
    sub->footer(fmt::format("Example:\n  {}", command.example));
    sub->fallthrough();
    Action action = command.setup(Grammar(*sub));
    sub->callback([&chosen, action] {
      if (!chosen) chosen = action;
    });
  }
}

}  // namespace pyojun::app
