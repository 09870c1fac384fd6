// pyojun verify: is a published folder what its manifest says.
#include <fmt/format.h>

#include <memory>

#include "base/files.hpp"
#include "commands.hpp"

namespace pyojun::app {

namespace {

int run(const std::string& folder, Context& context) {
  Console& console = context.console;
  auto findings = verify_manifest(folder);
  if (!findings) {
    console.error(findings.error());
    return exit_for(findings.error());
  }
  for (const auto& problem : findings->problems) console.error(problem);
  console.say(fmt::format("{}: {} {}, {} {}", printable(folder), findings->files, console.pick("files checked", "개 파일 확인"),
                          findings->problems.size(), console.pick("differ", "개 다름")));
  return findings->problems.empty() ? exit_done : exit_failed;
}

}  // namespace

Action setup_verify(CLI::App& app) {
  auto folder = std::make_shared<std::string>();
  app.add_option("DIR", *folder, "published folder with a MANIFEST")->required();
  return [folder](Context& context) { return run(*folder, context); };
}

}  // namespace pyojun::app
