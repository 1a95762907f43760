#include "davit/plan/flags.hpp"

namespace davit::plan {
namespace {

struct Exclusion {
  bool UpFlags::* a;
  const char* a_name;
  bool UpFlags::* b;
  const char* b_name;
};

// compose-semantics 1.5, in the order docker compose checks them.
constexpr Exclusion kExclusions[] = {
    {&UpFlags::abort_on_container_exit, "--abort-on-container-exit", &UpFlags::abort_on_container_failure,
     "--abort-on-container-failure"},
    {&UpFlags::wait, "--wait", &UpFlags::attach, "--attach"},
    {&UpFlags::wait, "--wait", &UpFlags::attach_dependencies, "--attach-dependencies"},
    {&UpFlags::wait, "--wait", &UpFlags::abort_on_container_exit, "--abort-on-container-exit"},
    {&UpFlags::wait, "--wait", &UpFlags::abort_on_container_failure, "--abort-on-container-failure"},
    {&UpFlags::wait, "--wait", &UpFlags::watch, "--watch"},
    {&UpFlags::detach, "--detach", &UpFlags::attach, "--attach"},
    {&UpFlags::detach, "--detach", &UpFlags::attach_dependencies, "--attach-dependencies"},
    {&UpFlags::detach, "--detach", &UpFlags::abort_on_container_exit, "--abort-on-container-exit"},
    {&UpFlags::detach, "--detach", &UpFlags::abort_on_container_failure, "--abort-on-container-failure"},
    {&UpFlags::detach, "--detach", &UpFlags::watch, "--watch"},
    {&UpFlags::build, "--build", &UpFlags::no_build, "--no-build"},
    {&UpFlags::force_recreate, "--force-recreate", &UpFlags::no_recreate, "--no-recreate"},
    {&UpFlags::renew_anonymous_volumes, "--renew-anon-volumes", &UpFlags::no_recreate, "--no-recreate"},
    {&UpFlags::always_recreate_deps, "--always-recreate-deps", &UpFlags::no_recreate, "--no-recreate"},
    {&UpFlags::no_build, "--no-build", &UpFlags::watch, "--watch"},
};

}  // namespace

void apply_implications(UpFlags& flags) {
  if (!flags.exit_code_from.empty() && !flags.abort_on_container_failure) flags.abort_on_container_exit = true;
  if (flags.wait) flags.detach = true;
}

std::optional<Diagnostic> check_flags(const UpFlags& flags) {
  for (const Exclusion& rule : kExclusions) {
    if (!(flags.*rule.a && flags.*rule.b)) continue;
    return Diagnostic::error("flag-conflict",
                             std::string("'") + rule.a_name + "' and '" + rule.b_name + "' cannot be combined");
  }
  if (flags.ignore_orphans && flags.remove_orphans)
    return Diagnostic::error("flag-conflict", "'COMPOSE_IGNORE_ORPHANS' and '--remove-orphans' cannot be combined");
  return std::nullopt;
}

}  // namespace davit::plan
