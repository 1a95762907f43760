// Reading profiles in Docker's JSON format, with their conditions.

#include <algorithm>
#include <boost/json/parse.hpp>
#include <sstream>

#include "container/seccomp_policy.hpp"
#include "davit/base/error.hpp"

namespace davit::container {

namespace json = boost::json;

namespace {

struct Conditions {
  const std::vector<std::string>& capabilities;
  const HostFacts& host;
};

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw Error(Diagnostic::error("seccomp-profile", "seccomp profile '" + file + "': " + why));
}

const json::value* member(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = member(object, key);
  return value == nullptr ? "" : std::string(value->as_string());
}

std::uint64_t number_of(const json::object& object, const char* key) {
  const json::value* value = member(object, key);
  return value == nullptr ? 0 : value->to_number<std::uint64_t>();
}

std::vector<std::string> list_of(const json::object& object, const char* key) {
  std::vector<std::string> out;
  if (const json::value* value = member(object, key))
    for (const json::value& entry : value->as_array()) out.emplace_back(entry.as_string());
  return out;
}

CallAction action_of(const json::object& object, const char* name_key, const char* error_key, const std::string& file) {
  const std::string name = text_of(object, name_key);
  using Kind = CallAction::Kind;
  if (name == "SCMP_ACT_ALLOW") return {Kind::Allow, 0};
  if (name == "SCMP_ACT_LOG") return {Kind::Log, 0};
  if (name == "SCMP_ACT_TRAP") return {Kind::Trap, 0};
  if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return {Kind::KillThread, 0};
  if (name == "SCMP_ACT_KILL_PROCESS") return {Kind::KillProcess, 0};
  if (name == "SCMP_ACT_ERRNO")
    return {Kind::Fail, member(object, error_key) ? static_cast<int>(number_of(object, error_key)) : 1};
  refuse(file, "action '" + name + "' is not supported");
}

ArgumentTest::Op op_of(const std::string& name, const std::string& file) {
  using Op = ArgumentTest::Op;
  constexpr std::pair<const char*, Op> kOps[] = {{"SCMP_CMP_EQ", Op::Equal},
                                                 {"SCMP_CMP_NE", Op::NotEqual},
                                                 {"SCMP_CMP_LT", Op::Less},
                                                 {"SCMP_CMP_LE", Op::LessOrEqual},
                                                 {"SCMP_CMP_GT", Op::Greater},
                                                 {"SCMP_CMP_GE", Op::GreaterOrEqual},
                                                 {"SCMP_CMP_MASKED_EQ", Op::MaskedEqual}};
  for (const auto& [known, op] : kOps)
    if (name == known) return op;
  refuse(file, "comparison '" + name + "' is not supported");
}

bool intersects(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(some.begin(), some.end(),
                     [&](const std::string& s) { return std::find(others.begin(), others.end(), s) != others.end(); });
}

bool names_arch(std::vector<std::string> arches, const std::string& arch) {
  std::replace(arches.begin(), arches.end(), std::string("x86"), std::string("386"));
  return std::find(arches.begin(), arches.end(), arch) != arches.end();
}

bool kernel_at_least(const std::string& version, const HostFacts& host) {
  int major = 0;
  int minor = 0;
  char dot = 0;
  std::istringstream(version) >> major >> dot >> minor;
  return host.kernel_major > major || (host.kernel_major == major && host.kernel_minor >= minor);
}

/// moby/profiles seccomp_linux.go: a rule applies if everything in `includes` holds and nothing in `excludes`.
bool applies(const json::object& rule, const Conditions& conditions) {
  if (const json::value* value = member(rule, "excludes")) {
    const json::object& excludes = value->as_object();
    const std::string kernel = text_of(excludes, "minKernel");
    if (names_arch(list_of(excludes, "arches"), conditions.host.arch)) return false;
    if (intersects(list_of(excludes, "caps"), conditions.capabilities)) return false;
    if (!kernel.empty() && kernel_at_least(kernel, conditions.host)) return false;
  }
  if (const json::value* value = member(rule, "includes")) {
    const json::object& includes = value->as_object();
    const auto arches = list_of(includes, "arches");
    const std::vector<std::string> wanted = list_of(includes, "caps");
    const std::string kernel = text_of(includes, "minKernel");
    if (!arches.empty() && !names_arch(arches, conditions.host.arch)) return false;
    if (!kernel.empty() && !kernel_at_least(kernel, conditions.host)) return false;
    for (const std::string& capability : wanted)
      if (!intersects({capability}, conditions.capabilities)) return false;
  }
  return true;
}

CallRule rule_of(const json::object& rule, const std::string& file) {
  CallRule out{.names = list_of(rule, "names"), .action = action_of(rule, "action", "errnoRet", file), .tests = {}};
  if (const std::string name = text_of(rule, "name"); !name.empty()) out.names.push_back(name);
  if (out.names.empty()) refuse(file, "a rule names no system call");
  if (const json::value* tests = member(rule, "args"))
    for (const json::value& entry : tests->as_array()) {
      const json::object& test = entry.as_object();
      out.tests.push_back({static_cast<unsigned>(number_of(test, "index")), op_of(text_of(test, "op"), file),
                           number_of(test, "value"), number_of(test, "valueTwo")});
      if (out.tests.back().index > 5) refuse(file, "a call has arguments 0 to 5");
    }
  return out;
}

CallPolicy policy_of(const json::object& profile, const std::string& file, const Conditions& conditions) {
  if (member(profile, "listenerPath")) refuse(file, "'listenerPath' is not supported");
  CallPolicy policy;
  policy.otherwise = action_of(profile, "defaultAction", "defaultErrnoRet", file);
  policy.architectures = list_of(profile, "architectures");
  if (policy.architectures.empty()) policy.architectures = policy_architectures(conditions.host.arch);
  if (const json::value* rules = member(profile, "syscalls"))
    for (const json::value& rule : rules->as_array())
      if (applies(rule.as_object(), conditions)) policy.rules.push_back(rule_of(rule.as_object(), file));
  return policy;
}

}  // namespace

CallPolicy read_policy(const std::string& json_text, const std::string& file,
                       const std::vector<std::string>& capabilities, const HostFacts& host) {
  boost::system::error_code error;
  const json::value document = json::parse(json_text, error);
  if (error) refuse(file, "it is not JSON: " + error.message());
  try {
    return policy_of(document.as_object(), file, Conditions{capabilities, host});
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {  // a value of another type than the format says
    refuse(file, std::string("it does not have the form of a seccomp profile: ") + e.what());
  }
}

}  // namespace davit::container
