// davit doctor: what this machine can do for davit, and what is missing.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstring>

#include "commands.hpp"
#include "davit/container/doctor.hpp"
#include "davit/container/mount_namespace.hpp"
#include "option_values.hpp"

namespace davit::cli {
namespace {

using container::Check;

struct Options {
  std::string format = "pretty";
};

const char* word(Check::Outcome outcome) {
  switch (outcome) {
    case Check::Outcome::Ok:
      return "ok";
    case Check::Outcome::Warning:
      return "warn";
    case Check::Outcome::Failed:
      return "FAIL";
  }
  return "";
}

std::vector<Check> examine(const Context& context) {
  const container::DoctorOptions options{
      .data_root = context.data_root(), .run_root = context.run_root(), .host = container::detect_host()};
  // The checks mount; nothing of that may show on the host. Without the right to it, the checks say what is missing.
  if (const int error = container::enter_private_mount_namespace(); error != 0)
    std::fprintf(stderr, "davit: no mount namespace: %s\n", std::strerror(error));
  asio::io_context loop;
  SteadyTimers timers;
  std::vector<Check> checks;
  std::exception_ptr failure;
  asio::co_spawn(loop, container::examine_machine(timers, options),
                 [&](const std::exception_ptr& e, std::vector<Check> found) {
                   failure = e;
                   checks = std::move(found);
                 });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return checks;
}

void print_lines(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    std::printf("%-4s  %-18s  %s\n", word(check.outcome), check.name.c_str(), check.detail.c_str());
    if (!check.remedy.empty()) std::printf("      %-18s  -> %s\n", "", check.remedy.c_str());
  }
}

void print_json(const std::vector<Check>& checks) {
  boost::json::array out;
  for (const Check& check : checks)
    out.push_back(boost::json::object{
        {"name", check.name}, {"outcome", word(check.outcome)}, {"detail", check.detail}, {"remedy", check.remedy}});
  std::printf("%s\n", boost::json::serialize(out).c_str());
}

int doctor(const Context& context, const Options& options) {
  const std::vector<Check> checks = examine(context);
  if (options.format == "json")
    print_json(checks);
  else
    print_lines(checks);
  for (const Check& check : checks)
    if (check.outcome == Check::Outcome::Failed) return 1;
  return 0;
}

}  // namespace

void add_doctor(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "doctor", {.summary = "say what this machine can do for davit",
                 .synopsis = "[OPTIONS]",
                 .description = "Tries what davit needs, from cgroups to a first container, and says for each whether\n"
                                "it works, and what to do if not. Changes nothing.",
                 .examples = "davit doctor\ndavit doctor --format json",
                 .exit_status = "0   everything that is needed works\n1   something that is needed does not",
                 .dry_run = DryRun::Harmless});
  one_of(command->add_option("--format", options->format, "pretty or json")->type_name("FORMAT"), {"pretty", "json"});
  commands.on(command, [options](Context& context) { return doctor(context, *options); });
}

}  // namespace davit::cli
