#include "cdm/assemble_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/resources.hpp"
#include "base/time_value.hpp"

namespace pyojun {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

bool whole(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

AssembleSetting::Kind kind_of(std::string_view name) {
  using Kind = AssembleSetting::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 4> kinds{
      {{"number", Kind::number}, {"date", Kind::date}, {"concept", Kind::concept_id}, {"list", Kind::list}}};
  for (const auto& [word, kind] : kinds) {
    if (word == name) return kind;
  }
  return Kind::choice;
}

// The file is our own and has no quotes; a test reads every row.
std::vector<AssembleSetting> load() {
  std::vector<AssembleSetting> out;
  const auto text = resource("schemas/omop-5.4/assemble/settings.csv").value_or(std::string_view());
  bool header = true;
  for (const std::string_view line : split(text, '\n')) {
    if (std::exchange(header, false) || line.empty()) continue;
    const auto fields = split(line, ',');
    if (fields.size() != 6) continue;
    AssembleSetting setting;
    setting.name = fields[0];
    setting.kind = kind_of(fields[1]);
    setting.fallback = fields[2];
    setting.about = fields[4];
    setting.about_ko = fields[5];
    if (setting.kind == AssembleSetting::Kind::number) {
      const auto dots = fields[3].find("..");
      whole(fields[3].substr(0, dots), setting.least);
      if (dots != std::string_view::npos) whole(fields[3].substr(dots + 2), setting.most);
    } else {
      for (const std::string_view choice : split(fields[3], '|')) setting.choices.emplace_back(choice);
    }
    out.push_back(std::move(setting));
  }
  return out;
}

}  // namespace

bool AssembleSetting::fits(std::string_view value) const {
  std::int64_t number = 0;
  switch (kind) {
    case Kind::choice:
      return std::find(choices.begin(), choices.end(), value) != choices.end();
    case Kind::number:
      return whole(value, number) && number >= least && number <= most;
    case Kind::date:
      return value.size() == 10 && value[4] == '-' && value[7] == '-' && parse_iso(value).has_value();
    case Kind::concept_id:
    case Kind::list:
      return whole(value, number) && number >= 0 && number <= 0x7FFF'FFFF;
  }
  return false;
}

const std::vector<AssembleSetting>& assemble_settings() {
  static const std::vector<AssembleSetting> settings = load();
  return settings;
}

const AssembleSetting* find_assemble_setting(std::string_view name) {
  for (const auto& setting : assemble_settings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

AssembleValues with_assemble_defaults(const AssembleValues& given) {
  AssembleValues out;
  for (const auto& setting : assemble_settings()) {
    const auto at = std::find_if(given.begin(), given.end(), [&](const auto& pair) { return pair.first == setting.name; });
    out.emplace_back(setting.name, at == given.end() ? setting.fallback : at->second);
  }
  return out;
}

}  // namespace pyojun
