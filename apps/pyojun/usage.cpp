#include "usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "base/text.hpp"

namespace pyojun::app {

namespace {

Error wrong(Code code, std::string subject = {}, std::string detail = {}) { return {code, {}, {}, std::move(subject), std::move(detail)}; }

// The commands that were recognised, outermost first; the last one is where the mistake is.
std::vector<const CLI::App*> parsed_chain(const CLI::App& cli) {
  std::vector<const CLI::App*> chain{&cli};
  while (!chain.back()->get_subcommands().empty()) chain.push_back(chain.back()->get_subcommands().front());
  return chain;
}

std::vector<const CLI::Option*> options_of(const std::vector<const CLI::App*>& chain) {
  std::vector<const CLI::Option*> options;
  for (const CLI::App* app : chain) {
    const auto own = app->get_options();
    options.insert(options.end(), own.begin(), own.end());
  }
  return options;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known, const Console& console) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view best = nearest(typed, views);
  if (best.empty()) return {};
  return fmt::format(fmt::runtime(console.pick("did you mean {}?", "혹시 {} 입니까?")), best);
}

Error unknown_option(std::string_view typed, const std::vector<const CLI::Option*>& options, const Console& console) {
  std::vector<std::string> known;
  for (const CLI::Option* option : options) {
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string name(typed.substr(0, typed.find('=')));
  return wrong(Code::option_unknown, name, did_you_mean(name, known, console));
}

Error unexpected(const std::string& typed, const CLI::App& where, const Console& console) {
  std::vector<std::string> known;
  for (const CLI::App* sub : where.get_subcommands([](const CLI::App*) { return true; })) known.push_back(sub->get_name());
  if (known.empty()) return wrong(Code::argument_extra, typed);
  std::string detail = did_you_mean(typed, known, console);
  if (detail.empty()) detail = fmt::format("{}", fmt::join(known, ", "));
  return wrong(Code::command_unknown, typed, std::move(detail));
}

Error missing(const std::vector<const CLI::Option*>& options, const CLI::App& where) {
  std::vector<std::string> absent;
  for (const CLI::Option* option : options) {
    if (option->get_required() && option->count() == 0) absent.push_back(option->get_name());
  }
  if (!absent.empty()) return wrong(Code::argument_missing, fmt::format("{}", fmt::join(absent, ", ")));
  std::vector<std::string> known;
  for (const CLI::App* sub : where.get_subcommands([](const CLI::App*) { return true; })) known.push_back(sub->get_name());
  return wrong(Code::command_missing, {}, fmt::format("{}", fmt::join(known, ", ")));
}

// The option CLI11's text speaks of: the longest of the names in it, since one name may begin another.
const CLI::Option* option_in(std::string_view text, const std::vector<const CLI::Option*>& options) {
  const CLI::Option* found = nullptr;
  for (const CLI::Option* option : options) {
    const std::string name = option->get_name();
    if (text.find(name) != std::string_view::npos && (found == nullptr || name.size() > found->get_name().size())) found = option;
  }
  return found;
}

// "UINT:INT in [1 - 256]" -> "a whole number in [1 - 256]"; "TEXT:{en,ko}" -> "{en,ko}"
std::string expected_value(const CLI::Option& option, const Console& console) {
  std::string type = option.get_type_name();
  if (const std::size_t colon = type.find(':'); colon != std::string::npos) type.erase(0, colon + 1);
  constexpr std::string_view range = "INT in ";
  const std::string_view whole = console.pick("a whole number", "정수");
  if (const std::size_t at = type.find(range); at != std::string::npos)
    return fmt::format("{} {}", whole, std::string_view(type).substr(at + range.size()));
  if (type == "UINT" || type == "INT") return std::string(whole);
  if (type == "FLOAT") return std::string(console.pick("a number", "숫자"));
  return type;
}

Error bad_value(const CLI::Option* option, const Console& console) {
  if (option == nullptr) return wrong(Code::arguments_misfit);
  return wrong(Code::argument_value, fmt::format("{} {}", option->get_name(), fmt::join(option->results(), " ")),
               fmt::format("{} {}", console.pick("expected", "가능한 값:"), expected_value(*option, console)));
}

// The message for a line that CLI11 refused. Names options and quotes what was typed, nothing else.
Error usage_error(const CLI::App& cli, const CLI::ParseError& error, const Console& console) {
  const auto chain = parsed_chain(cli);
  const auto options = options_of(chain);
  // An unknown option explains more than what is missing because of it, so it comes first whatever CLI11 noticed first.
  const auto left = cli.remaining(true);
  const auto odd = std::find_if(left.begin(), left.end(), [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  if (odd != left.end()) return unknown_option(*odd, options, console);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr || dynamic_cast<const CLI::ValidationError*>(&error) != nullptr)
    return bad_value(option_in(error.what(), options), console);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const CLI::Option* option = option_in(error.what(), options);
    return wrong(option != nullptr && option->count() > 1 ? Code::option_twice : Code::option_without_value,
                 option != nullptr ? option->get_name() : "");
  }
  if (!left.empty()) return unexpected(left.front(), *chain.back(), console);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(options, *chain.back());
  return wrong(Code::arguments_misfit);
}

}  // namespace

Manner manner_of(int argc, const char* const* argv) {
  Manner manner;
  constexpr std::string_view lang = "--lang";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (word == "--json") manner.json = true;
    std::string_view value;
    if (word == lang && i + 1 < argc) value = argv[i + 1];
    if (word.starts_with(lang) && word.size() > lang.size() && word[lang.size()] == '=') value = word.substr(lang.size() + 1);
    if (value == "en" || value == "ko") manner.language = value;
  }
  return manner;
}

std::optional<int> parse(int argc, char** argv, Console& console, Action& chosen, bool& no_progress) {
  CLI::App cli;
  build_cli(cli, chosen);
  std::string language;  // manner_of has read it
  cli.add_option("--lang", language, "en or ko; default: the locale's language")->check(CLI::IsMember({"en", "ko"}));
  cli.add_flag("--json", console.json, "results and summary as JSON");
  cli.add_flag("-q,--quiet", console.quiet, "only errors and the summary");
  cli.add_flag("-v,--verbose", console.verbose, "also times per stage and notes on every file");
  cli.add_flag("--no-progress", no_progress, "no progress bar, not even on a terminal");
  if (console.language == Tongue::ko) translate_help(cli);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    std::ostringstream out, err;
    cli.exit(asked, out, err);
    console.out(out.str());
    return exit_done;
  } catch (const CLI::ParseError& error) {
    console.json = manner_of(argc, argv).json;
    console.error(usage_error(cli, error, console));
    return exit_usage;
  }
  return std::nullopt;
}

}  // namespace pyojun::app
