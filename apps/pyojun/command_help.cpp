// pyojun help: man page and completion, made from the same option table as --help, so that they cannot drift.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.hpp"

namespace pyojun::app {

namespace {

// roff treats a leading dot or quote and every backslash as its own.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

void describe(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : app.get_options()) {
    out += fmt::format(".TP\n.B {}\n{}\n", roff(option->get_name(false, true)), roff(option->get_description()));
  }
  for (const CLI::App* sub : app.get_subcommands({})) {
    out += fmt::format(".PP\n.B {} {}\n\\- {}\n", roff(app.get_name()), roff(sub->get_name()), roff(sub->get_description()));
    describe(*sub, out);
  }
}

std::string long_names(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out += " --" + name;
  }
  for (const CLI::App* sub : app.get_subcommands({})) out += " " + sub->get_name() + long_names(*sub);
  return out;
}

int run(const std::string& what, Context& context) {
  CLI::App cli;
  Action unused;
  build_cli(cli, unused);
  context.console.out(what == "man" ? man_page(cli) : bash_completion(cli));
  return exit_done;
}

}  // namespace

std::string man_page(CLI::App& cli) {
  std::string out = fmt::format(".TH PYOJUN 1 \"\" \"pyojun {}\"\n.SH NAME\npyojun \\- EMR exports to OMOP CDM 5.4, with balanced books\n",
                                PYOJUN_VERSION);
  out += ".SH SYNOPSIS\n.B pyojun\n.I COMMAND\n[options]\n.SH DESCRIPTION\n" + roff(cli.get_description()) + "\n.SH COMMANDS\n";
  for (const Command& command : commands()) {
    const CLI::App* sub = cli.get_subcommand(std::string(command.name));
    out += fmt::format(".SS {}\n{}.\n", roff(command.name), roff(command.about));
    describe(*sub, out);
    out += fmt::format(".PP\nExample:\n.PP\n.nf\n{}\n.fi\n", roff(command.example));
  }
  out += ".SH EXIT STATUS\n";
  constexpr std::pair<const char*, const char*> codes[] = {{"0", "done; quarantine is counted in the last line"},
                                                           {"1", "failed, nothing published"},
                                                           {"2", "usage, configuration or mapping error, found before data was read"},
                                                           {"3", "done but incomplete: a source was unreadable or cut short"},
                                                           {"4", "a gate failed, nothing published"},
                                                           {"10", "state missing or of a newer version"},
                                                           {"11", "another run holds the warehouse"},
                                                           {"70", "internal: balance or invariant broken, nothing published"},
                                                           {"74", "I/O: disk full, read-only, write failed"},
                                                           {"128+N", "stopped by signal N, nothing published"}};
  for (const auto& [code, meaning] : codes) out += fmt::format(".TP\n.B {}\n{}\n", code, roff(meaning));
  return out;
}

std::string bash_completion(CLI::App& cli) {
  std::string names, cases;
  for (const Command& command : commands()) {
    names += (names.empty() ? "" : " ") + std::string(command.name);
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command.name, long_names(*cli.get_subcommand(std::string(command.name))).substr(1));
  }
  return fmt::format(R"(# bash completion for pyojun; made by `pyojun help bash`
_pyojun() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} --version --help" -- "$cur"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  COMPREPLY=($(compgen -W "$words --lang --json --quiet --verbose --no-progress" -- "$cur") $(compgen -f -- "$cur"))
}}
complete -o filenames -F _pyojun pyojun
)",
                     names, cases);
}

Action setup_help(Grammar grammar) {
  auto what = std::make_shared<std::string>();
  grammar.add("WHAT", *what, "man or bash").required().one_of({"man", "bash"});
  return [what](Context& context) { return run(*what, context); };
}

}  // namespace pyojun::app
