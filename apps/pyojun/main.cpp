// argv -> command -> exit code. The only place that prints or reads the clock.
#include <elf.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <new>

#include "base/mapped_guard.hpp"
#include "commands.hpp"
#include "usage.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PYOJUN_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PYOJUN_SANITIZED
#endif
#endif

namespace {

using namespace pyojun;
using namespace pyojun::app;

std::atomic<int> stop_signal{0};

// The first signal asks the run to stop before it publishes; the second ends the process at once.
extern "C" void on_signal(int number) {
  if (stop_signal.exchange(number) != 0) ::_exit(128 + number);
}

void install_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // writes report EPIPE themselves
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a failed write with a message, not a death (reliability.md R10)
}

// Patient data never reaches a core file or other users (reliability.md section 4).
void protect_process() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
}

// Needs no memory and no lock. Targets are replaced as a whole or not at all, and the next run sweeps what this one began.
[[noreturn]] void end_at_once(std::string_view text, int code) {
  const bool told = ::write(STDERR_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::_exit(told ? code : exit_internal);
}

// Memory may be so short that the exception which says so finds no handler (another is thrown while the stack is unwound).
[[noreturn]] void on_terminate() {
  bool memory = false;
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    memory = true;
  } catch (...) {
    memory = false;
  }
  if (memory) end_at_once("pyojun: out of memory; every target is as it was or whole\n", exit_failed);
  end_at_once("pyojun: internal error; every target is as it was or whole [X001]\n", exit_internal);
}

// A fault in a library (some use memory they were refused): the documented code instead of a death by signal, and never a core file.
extern "C" void on_fault(int) { end_at_once("pyojun: internal fault; every target is as it was or whole [X001]\n", exit_internal); }

// A file that is cut or cannot be read any more while the run reads it is left for another night.
extern "C" void on_bus_fault(int number, siginfo_t* about, void*) {
  if (!mend_mapping(about->si_addr)) on_fault(number);
}

void install_fault_handler() {
#ifndef PYOJUN_SANITIZED                 // sanitizers tell more
  static std::array<char, 16384> stack;  // the fault may be that the stack has no room
  const stack_t other{stack.data(), 0, stack.size()};
  ::sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGABRT, SIGILL, SIGFPE}) ::sigaction(number, &action, nullptr);
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  action.sa_sigaction = on_bus_fault;
  ::sigaction(SIGBUS, &action, nullptr);
#endif
}

std::string format_time(std::time_t seconds, const char* form, bool utc) {
  std::tm parts{};
  if (utc) {
    ::gmtime_r(&seconds, &parts);
  } else {
    ::localtime_r(&seconds, &parts);
  }
  char text[64];
  return {text, std::strftime(text, sizeof text, form, &parts)};
}

// What the linker wrote into this program: a hash of all of it. "" when it wrote none.
std::string build_id() {
  std::string out;
  const auto look = [](dl_phdr_info* info, std::size_t, void* to) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& part = info->dlpi_phdr[i];
      if (part.p_type != PT_NOTE) continue;
      const auto* at = reinterpret_cast<const unsigned char*>(info->dlpi_addr + part.p_vaddr);
      for (const auto* const end = at + part.p_memsz; at + sizeof(ElfW(Nhdr)) <= end;) {
        const auto* const note = reinterpret_cast<const ElfW(Nhdr)*>(at);
        const auto* const name = at + sizeof *note;
        const auto* const text = name + (note->n_namesz + 3U) / 4U * 4U;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
          for (std::size_t k = 0; k < note->n_descsz; ++k) *static_cast<std::string*>(to) += fmt::format("{:02x}", text[k]);
          return 1;
        }
        at = text + (note->n_descsz + 3U) / 4U * 4U;
      }
    }
    return 1;  // the first object is the program; libraries have ids of their own
  };
  ::dl_iterate_phdr(look, &out);
  return out;
}

World make_world() {
  World world;
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  world.host = host;
  world.program_version = PYOJUN_VERSION;
  world.program_build = build_id();
  world.now = std::time(nullptr);
  world.started = format_time(world.now, "%Y-%m-%dT%H:%M:%S%z", false);
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr) {
    std::int64_t seconds = 0;
    const std::string_view text(epoch);
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc{})
      world.data_date = format_time(seconds, "%Y-%m-%d", true);
  }
  world.stop = &stop_signal;
  world.ends_after = true;
  return world;
}

int parse_and_run(int argc, char** argv, Console& console) {
  Action chosen;
  bool no_progress = false;
  if (const auto answered = parse(argc, argv, console, chosen, no_progress)) return *answered;
  World world = make_world();
  TerminalProgress progress(!no_progress && !console.quiet);
  world.progress = &progress;
  Context context{console, world};
  return chosen ? chosen(context) : exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(on_terminate);
  install_fault_handler();
  protect_process();
  install_signals();
  Console console;
  console.language = language_of(manner_of(argc, argv).language);
  int code = exit_failed;
  try {
    code = parse_and_run(argc, argv, console);
  } catch (const std::bad_alloc&) {
    console.say("pyojun: out of memory; every target is as it was or whole");
  } catch (const std::exception& error) {
    // what() of a bug may quote anything; only its type is shown.
    console.say(fmt::format("pyojun: internal error ({}) [X001]", typeid(error).name()));
    code = exit_internal;
  }
  if (const int number = stop_signal.load(); number != 0 && code != exit_done) return 128 + number;
  if (!console.flush() && code == exit_done) return exit_io;
  return code;
}
