#include "up_options.hpp"

#include <charconv>

#include "davit/base/suggest.hpp"
#include "durations.hpp"

namespace davit::cli {
namespace {

Result<std::pair<std::string, std::int64_t>> parse_scale(const std::string& text) {
  const auto equals = text.find('=');
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  if (equals != std::string::npos && equals > 0) {
    const auto [rest, error] = std::from_chars(text.data() + equals + 1, end, number);
    if (error == std::errc{} && rest == end && number >= 0) return std::pair(text.substr(0, equals), number);
  }
  return Diagnostic::error("bad-scale", "'" + text + "' is not a scale")
      .with_hint("write SERVICE=NUMBER, such as --scale web=3");
}

Result<model::PullPolicy> parse_pull(const std::string& text) {
  static const std::map<std::string, model::PullPolicy> kPolicies{{"always", model::PullPolicy::Always},
                                                                  {"missing", model::PullPolicy::Missing},
                                                                  {"if_not_present", model::PullPolicy::Missing},
                                                                  {"never", model::PullPolicy::Never},
                                                                  {"build", model::PullPolicy::Build},
                                                                  {"policy", model::PullPolicy::Missing}};
  const auto found = kPolicies.find(text);
  if (found != kPolicies.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, policy] : kPolicies) names.push_back(name);
  auto diagnostic =
      Diagnostic::error("bad-pull-policy", "'" + text + "' is not a pull policy").note("allowed: " + join_names(names));
  if (const auto near = nearest(text, names)) diagnostic.with_hint("did you mean '" + *near + "'?");
  return diagnostic;
}

}  // namespace

void add_create_flags(CLI::App* command, UpFlags& flags) {
  command->add_flag("--build", flags.build, "build images before starting containers");
  command->add_flag("--no-build", flags.no_build, "do not build an image, even if it is missing");
  command->add_option("--pull", flags.pull, "pull images before running: always, missing, never, build")
      ->type_name("POLICY");
  command->add_flag("--quiet-pull", flags.quiet_pull, "do not show the progress of pulls");
  command->add_flag("--quiet-build", flags.quiet_build, "do not show the output of builds");
  command->add_flag("--remove-orphans", flags.remove_orphans, "remove containers of services that are not in the file");
}

Result<plan::UpOptions> plan_options(const UpFlags& flags) {
  plan::UpOptions options;
  options.services = flags.services;
  options.dependencies = flags.no_deps ? plan::Dependencies::Without : plan::Dependencies::With;
  options.start = flags.no_start ? plan::UpOptions::Start::No : plan::UpOptions::Start::Yes;
  // New anonymous volumes take new containers (docker compose).
  if (flags.force_recreate || flags.renew_anonymous_volumes) options.recreate = plan::Recreate::Force;
  if (flags.no_recreate) options.recreate = options.recreate_dependencies = plan::Recreate::Never;
  if (flags.always_recreate_deps) options.recreate_dependencies = plan::Recreate::Force;
  if (flags.build) options.build = plan::UpOptions::Build::Always;
  if (flags.no_build) options.build = plan::UpOptions::Build::Never;
  if (flags.renew_anonymous_volumes) options.anonymous_volumes = plan::UpOptions::AnonymousVolumes::Renew;
  options.wait = flags.wait ? plan::UpOptions::Wait::Yes : plan::UpOptions::Wait::No;
  options.orphans = flags.remove_orphans   ? plan::Orphans::Remove
                    : flags.ignore_orphans ? plan::Orphans::Ignore
                                           : plan::Orphans::Warn;
  options.grace = grace_period(flags.timeout);
  for (const auto& text : flags.scale) {
    auto scale = parse_scale(text);
    if (!scale) return scale.error();
    options.scale.insert_or_assign(scale->first, scale->second);
  }
  if (!flags.pull.empty()) {
    auto policy = parse_pull(flags.pull);
    if (!policy) return policy.error();
    options.pull = *policy;
  }
  return options;
}

}  // namespace davit::cli
