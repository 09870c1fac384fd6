#include "warehouse/assemble_script.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/resources.hpp"
#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::string_view folder = "schemas/omop-5.4/assemble/";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(separator);
    out.emplace_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

void header_line(AssembleScript& script, std::string_view word, std::string_view value) {
  if (word == "table") script.table = value;
  if (word == "mode") script.mode = value;
  if (word == "if") script.guard = value;
  if (word == "lookup") script.lookup = value;
  if (word == "message") script.message = value;
  if (word == "by") script.by = value;
  if (word == "also") script.also = value;
  if (word == "adds") script.adds = split(value, ',');
  if (word == "needs") script.needs = split(value, ',');
  if (word == "when") script.when = split(value, ',');
}

// "NAME = A|B" or "NAME > N"
bool holds(const std::string& condition, const AssembleValues& settings) {
  const auto sign = condition.find_first_of("=>");
  if (sign == std::string::npos) return false;
  const std::string_view name = trim(std::string_view(condition).substr(0, sign));
  const std::string_view wanted = trim(std::string_view(condition).substr(sign + 1));
  const auto at = std::find_if(settings.begin(), settings.end(), [&](const auto& pair) { return pair.first == name; });
  if (at == settings.end()) return false;
  if (condition[sign] == '>') return std::atoll(at->second.c_str()) > std::atoll(std::string(wanted).c_str());
  const auto values = split(wanted, '|');
  return std::find(values.begin(), values.end(), at->second) != values.end();
}

}  // namespace

bool AssembleScript::wanted(const AssembleValues& settings) const {
  return when.empty() || std::any_of(when.begin(), when.end(), [&](const std::string& one) { return holds(one, settings); });
}

AssembleScript parse_assemble_script(std::string_view name, std::string_view sql) {
  AssembleScript script;
  script.name = name;
  script.sql = sql;
  while (sql.starts_with("-- ")) {
    const std::string_view line = sql.substr(3, sql.find('\n') - 3);
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos || line.find(' ') < colon) break;
    header_line(script, line.substr(0, colon), trim(line.substr(colon + 2)));
    sql.remove_prefix(std::min(sql.size(), line.size() + 4));
  }
  return script;
}

std::vector<AssembleScript> assemble_scripts() {
  std::vector<AssembleScript> out;
  for (const std::string_view path : resources_under(folder)) {
    const std::string_view name = path.substr(folder.size());
    if (!name.ends_with(".sql") || name.find('/') != std::string_view::npos) continue;
    out.push_back(parse_assemble_script(name, resource(path).value_or("")));
  }
  return out;
}

}  // namespace pyojun
