#include "pipeline/night.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

namespace pyojun {

namespace {

// Times of a file change with its bytes, but clocks tick: what was written just before it was looked at may be written again unseen.
constexpr std::int64_t restless_seconds = 3;

struct Look {
  std::string stamp;
  std::int64_t modified = 0, changed = 0;
};

// A member of an archive looks as its archive does.
Look look_at(const std::string& path) {
  struct stat facts {};
  bool there = ::stat(path.c_str(), &facts) == 0;
  for (std::size_t at = path.rfind('!'); !there && at != std::string::npos && at > 0; at = path.rfind('!', at - 1))
    there = ::stat(path.substr(0, at).c_str(), &facts) == 0;
  if (!there || !S_ISREG(facts.st_mode)) return {};
  Look out;
  out.stamp = fmt::format("{} {}.{} {}.{} {}:{}", facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec,
                          facts.st_ctim.tv_nsec, facts.st_dev, facts.st_ino);
  out.modified = facts.st_mtim.tv_sec;
  out.changed = facts.st_ctim.tv_sec;
  return out;
}

// As a message says it: below the folder the program is called from without that folder.
std::string seen_from_here(const std::string& place) {
  std::error_code failed;
  const auto here = std::filesystem::current_path(failed);
  if (failed) return place;
  const std::string near = std::filesystem::path(place).lexically_relative(here).string();
  return near.empty() || near.starts_with("..") ? place : near;
}

using NameKey = std::pair<std::string_view, std::string>;

std::map<NameKey, const FileName*> by_name(const std::vector<FileName>& names) {
  std::map<NameKey, const FileName*> out;
  for (const auto& name : names) out[{name.source, absolute_path(name.path)}] = &name;
  return out;
}

std::string content_key(const std::string& sha256, const std::string& format, const std::string& kind) {
  return sha256 + ' ' + format + ' ' + kind;
}

// Are rules for this file's records in want of what the other files tell their lookups? `loose`: files whose part of the tables is not
// whole.
bool in_want(const SourceFile& file, const std::vector<const SourceFile*>& loose, const Plan& plan) {
  return std::ranges::any_of(loose, [&](const SourceFile* other) { return plan.asks_lookup(file.kinds, other->kinds); });
}

bool moved(const SourceFile& file) { return !file.stamp.empty() && look_at(file.input->path()).stamp != file.stamp; }

void set_fate(SourceFile& file, Fate fate, NightOutcome& out) {
  file.fate = fate;
  file.take = fate == Fate::fresh || fate == Fate::changed || fate == Fate::remapped;
  ++out.fates[static_cast<std::size_t>(fate)];
}

}  // namespace

bool at_rest(const std::string& path, std::int64_t now) {
  const Look look = look_at(path);
  return now != 0 && std::max(look.modified, look.changed) + restless_seconds < now;
}

std::string stamp_of(const std::string& path) { return look_at(path).stamp; }

void Night::look(const SourceRequest& request, Sources& sources, bool trust) {
  const auto known = by_name(warehouse_.names());
  for (SourceFile& file : sources.files) {
    const Look now = look_at(file.input->path());
    file.stamp = now.stamp;
    file.modified = now.modified;
    file.changed = now.changed;
    file.settled = world_.now != 0 && std::max(now.modified, now.changed) + restless_seconds < world_.now;
    if (!file.fetched && request.settle_seconds > 0 && world_.now != 0) {
      // A time that lies ahead (a sender's clock, an archive's) says nothing of how long the file has been there.
      const std::int64_t since = file.modified > world_.now ? file.changed : file.modified;
      file.young = since + request.settle_seconds > world_.now;
      file.ahead = file.young && since > world_.now + request.settle_seconds;
    }
    const auto found = known.find({request.name, absolute_path(file.path)});
    if (found == known.end()) continue;
    file.earlier = found->second->file;
    if (trust && file.settled && !now.stamp.empty() && now.stamp == found->second->stamp)
      file.sha256 = warehouse_.files()[file.earlier].sha256;
  }
}

// A file that waits may turn out not to be there after all: it replaces nothing, unless what was known of it goes on counting.
void Night::find_replaced(const SourceRequest& request, Sources& sources) const {
  if (!request.snapshot) return;
  std::set<std::string_view> later;
  for (std::size_t i = sources.files.size(); i-- > 0;) {
    SourceFile& file = sources.files[i];
    if (file.format == nullptr && !file.unreadable) continue;
    file.replaced = later.contains(file.kind);
    if ((!file.waits() && !file.unreadable) || file.earlier != SourceFile::nobody) later.insert(file.kind);
  }
}

void Night::decide(const SourceRequest& request, const Plan& plan, Sources& sources, const MadeBy& made_by, NightOutcome& out) {
  std::map<std::string, std::uint32_t> contents;  // of the last run
  for (std::uint32_t i = 0; i < warehouse_.files().size(); ++i) {
    const FileEntry& entry = warehouse_.files()[i];
    if (entry.source == request.name && (entry.retired == 0 || entry.retired == warehouse_.run_number()) && !entry.sha256.empty())
      contents[content_key(entry.sha256, entry.format, entry.kind)] = i;
  }
  for (const FileName& name : warehouse_.names()) {
    const FileEntry& entry = warehouse_.files()[name.file];
    if (name.source != request.name || entry.format.empty()) continue;
    if (entry.built_by != world_.program_build || entry.made_by != made_by(entry)) outdated_.insert(name.file);
  }
  // A table's file that waits and was never here is not missed, unless it is of the table's own kind: then the table is only now coming.
  std::vector<const SourceFile*> loose;
  for (const SourceFile& file : sources.files) {
    const bool missed = (file.waits() || file.unreadable) && (file.earlier != SourceFile::nobody || !file.kinds.empty());
    if (file.looked_up && !file.replaced && (missed || moved(file))) loose.push_back(&file);
  }
  std::map<std::string, std::size_t> tonight;
  for (std::size_t i = 0; i < sources.files.size(); ++i) {
    SourceFile& file = sources.files[i];
    const bool known = file.earlier != SourceFile::nobody;
    const bool broken = file.why != Code::format_unknown && file.why != Code::format_ambiguous;
    if (file.format == nullptr && (!known || !file.unreadable)) {  // listed, never read
      out.unreadable += file.unreadable && broken ? 1 : 0;
      file.take = !known || !warehouse_.files()[file.earlier].format.empty();
      file.number = file.take ? SourceFile::nobody : file.earlier;
      continue;
    }
    if (file.replaced) {
      set_fate(file, Fate::replaced, out);
      continue;
    }
    const bool wants = !file.waits() && in_want(file, loose, plan);
    if (file.waits() || wants) {
      set_fate(file, Fate::held, out);
      file.number = file.earlier;
      out.unreadable += file.young || wants ? 0 : 1;
      out.ahead += file.ahead ? 1 : 0;
      out.wanting += wants ? 1 : 0;
      continue;
    }
    const std::string key = content_key(file.sha256, std::string(file.format->name), file.kind);
    const auto old = contents.find(key);
    if (only_known_ && old == contents.end()) {
      set_fate(file, Fate::held, out);
      file.number = file.earlier;
      continue;
    }
    const bool there = old != contents.end() && warehouse_.files()[old->second].made_by == file.made_by &&
                       warehouse_.files()[old->second].built_by == world_.program_build;
    if (const auto twin = tonight.find(key); twin != tonight.end() && !file.sha256.empty()) {
      file.same_as = twin->second;
      set_fate(file, Fate::copy, out);
    } else if (there) {
      file.number = old->second;
      set_fate(file, known && file.earlier == old->second ? Fate::unchanged : Fate::copy, out);
    } else {
      tonight[key] = i;
      set_fate(file, old != contents.end() ? Fate::remapped : known ? Fate::changed : Fate::fresh, out);
    }
  }
}

// What was taken tonight does not count after all.
void Night::leave(SourceFile& file, NightOutcome& out) {
  warehouse_.drop(file.number);
  --out.fates[static_cast<std::size_t>(file.fate)];
  set_fate(file, Fate::held, out);
  file.number = file.earlier;
  file.stamp.clear();
}

void Night::check_unchanged(const Plan& plan, Sources& sources, NightOutcome& out) {
  std::vector<const SourceFile*> loose;
  for (SourceFile& file : sources.files) {
    const bool taken = file.take && file.format != nullptr;
    if ((!taken && !file.looked_up) || !moved(file)) continue;
    // A file at rest when the run began was read by its lookups as it was: decide() has looked. One that was not may have been half there.
    if (file.looked_up && !file.settled) loose.push_back(&file);
    if (!taken) continue;
    leave(file, out);
    ++out.moving;
  }
  for (SourceFile& file : sources.files) {
    if (!file.take || file.format == nullptr || !in_want(file, loose, plan)) continue;
    leave(file, out);
    ++out.wanting;
  }
}

void Night::keep_name(const FileName& name) {
  names_.push_back(name);
  if (warehouse_.files()[name.file].run != warehouse_.run_number()) warehouse_.keep(name.file);
}

// A name that is not there any more goes on standing for its content, `now` the number it has since tonight.
void Night::keep_vanished(FileName name, std::uint32_t now, NightOutcome& out) {
  if (name.vanished == 0) {
    name.vanished = warehouse_.run_number();
    new_ = true;
    out.vanished.push_back(seen_from_here(absolute_path(name.path)));
  }
  new_ = new_ || name.file != now;
  name.file = now;
  out.outdated += outdated_.erase(now);
  keep_name(name);
}

void Night::take_names(const SourceRequest& request, const Sources& sources, NightOutcome& out) {
  ranks_.try_emplace(request.name, ranks_.size());
  const auto& files = warehouse_.files();
  // A content that was mapped again under one name counts once: the other names that stand for it follow.
  std::map<std::string, std::uint32_t> mapped;
  for (const SourceFile& file : sources.files) {
    if (file.format != nullptr && !file.sha256.empty() && file.fate != Fate::held && file.number != SourceFile::nobody)
      mapped[content_key(file.sha256, std::string(file.format->name), file.kind)] = file.number;
  }
  const auto now = [&](std::uint32_t number) {
    if (number == SourceFile::nobody) return number;
    const auto found = mapped.find(content_key(files[number].sha256, files[number].format, files[number].kind));
    return found == mapped.end() ? number : found->second;
  };
  std::set<std::string> counted, seen;  // kinds; places
  for (const SourceFile& file : sources.files) {
    if (request.snapshot && !file.replaced && file.number != SourceFile::nobody) counted.insert(file.kind);
  }
  for (const SourceFile& file : sources.files) {
    const std::string place = absolute_path(file.path);
    const bool twin = file.same_as != static_cast<std::size_t>(-1);
    const SourceFile& original = twin ? sources.files[file.same_as] : file;
    const bool lost = twin && original.fate == Fate::held;            // it changed while it was read
    const bool back = file.replaced && !counted.contains(file.kind);  // the later file changed while it was read
    const std::uint32_t number = now(lost || back ? file.earlier : original.number);
    seen.insert(place);
    if (number == SourceFile::nobody) {
      new_ = new_ || (file.replaced && file.earlier != SourceFile::nobody);
      continue;
    }
    const bool held = file.fate == Fate::held || lost || back || !file.settled;
    keep_name({request.name, place, file.name, number, warehouse_.run_number(), 0, held ? std::string() : file.stamp});
    new_ = new_ || number != file.earlier;
  }
  // A source of which nothing at all is left is a disk that was not there, not a hospital without patients.
  const bool silent = seen.empty() && !request.keep_vanished &&
                      std::ranges::any_of(warehouse_.names(), [&](const FileName& name) { return name.source == request.name; });
  if (silent) out.silent.push_back(request.name);
  for (const FileName& name : warehouse_.names()) {
    if (name.source != request.name || seen.contains(absolute_path(name.path))) continue;
    if (silent) {
      keep_name(name);
      out.outdated += outdated_.erase(name.file);
    } else if (!request.keep_vanished || counted.contains(files[name.file].kind)) {
      ++out.gone;
      new_ = true;
    } else {
      keep_vanished(name, now(name.file), out);
    }
  }
}

std::string Night::close() {
  for (const FileName& name : warehouse_.names()) {
    if (!ranks_.contains(name.source)) keep_name(name);
  }
  const auto& files = warehouse_.files();
  using Rank = std::tuple<std::size_t, std::string, std::string, std::uint64_t, std::string, std::string>;
  std::map<std::uint32_t, Rank> ranks;  // of each content: that of its smallest name
  for (const FileName& name : names_) {
    const auto source = ranks_.find(name.source);
    const FileEntry& entry = files[name.file];
    Rank rank{source == ranks_.end() ? ranks_.size() : source->second, name.source, name.name, entry.size, entry.sha256, name.path};
    const auto [at, fresh] = ranks.try_emplace(name.file, rank);
    if (!fresh && rank < at->second) at->second = rank;
  }
  std::vector<std::pair<Rank, std::uint32_t>> order;
  order.reserve(ranks.size());
  for (auto& [file, rank] : ranks) order.emplace_back(std::move(rank), file);
  std::sort(order.begin(), order.end());
  std::string text;
  std::vector<std::uint32_t> numbers;
  for (const auto& [rank, file] : order) {
    numbers.push_back(file);
    text += fmt::format("{} {} {} {}\n", files[file].sha256, std::get<2>(rank), files[file].made_by, std::get<1>(rank));
  }
  warehouse_.set_order(std::move(numbers));
  std::sort(names_.begin(), names_.end(),
            [](const FileName& a, const FileName& b) { return std::tie(a.source, a.path) < std::tie(b.source, b.path); });
  warehouse_.set_names(std::move(names_));
  return text;
}

}  // namespace pyojun
