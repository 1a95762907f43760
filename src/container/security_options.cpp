#include "container/security_options.hpp"

#include "davit/base/error.hpp"

namespace davit::container {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
  throw Error(Diagnostic::error("security-option", "security_opt '" + option + "' " + why)
                  .note("known options: no-new-privileges, seccomp=unconfined, seccomp=FILE, apparmor=unconfined, "
                        "apparmor=PROFILE, systempaths=unconfined, writable-cgroups=true, label=disable")
                  .about("security_opt", option));
}

bool truth(const std::string& option, const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  refuse(option, "must be true or false");
}

}  // namespace

SecurityOptions read_security_options(const std::vector<std::string>& options) {
  SecurityOptions out;
  for (const std::string& option : options) {
    if (option == "no-new-privileges") {
      out.no_new_privileges = true;
      continue;
    }
    const std::size_t at = option.find_first_of("=:");  // the colon is docker's older form
    const std::string key = option.substr(0, at);
    const std::string value = at == std::string::npos ? "" : option.substr(at + 1);
    if (value.empty()) refuse(option, "is not known");
    if (key == "no-new-privileges") {
      out.no_new_privileges = truth(option, value);
    } else if (key == "seccomp") {
      out.seccomp = value;
    } else if (key == "apparmor") {
      out.apparmor = value;
    } else if (key == "systempaths" && value == "unconfined") {
      out.system_paths_unconfined = true;
    } else if (key == "writable-cgroups") {
      out.writable_cgroups = truth(option, value);
    } else if (key == "label") {
      if (value != "disable") refuse(option, "is not supported yet: davit sets no SELinux labels");
    } else {
      refuse(option, "is not known");
    }
  }
  return out;
}

}  // namespace davit::container
