// Rules about passwords and keys that stand where many can read them.

#include <algorithm>
#include <array>

#include "davit/compose/variables.hpp"
#include "documents.hpp"
#include "known_images.hpp"
#include "subject.hpp"
#include "words.hpp"

namespace davit::lint {
namespace {

using yaml::Entry;
using yaml::Node;

/// True when the value is written out in the file: neither from a variable nor a bare name that takes its value from
/// the environment.
bool is_literal(const Subject& subject, const Entry& entry) {
  const std::string written = subject.written(entry.value.span);
  if (written.empty() || written.front() == '*' || has_variable(written)) return false;
  const bool in_list = entry.value.span == entry.key_span;
  if (in_list) return written.find('=') != std::string::npos;
  return written.front() != '|' && written.front() != '>';
}

/// The user's password in "scheme://user:password@host"; empty without one.
std::string_view password_in_url(std::string_view value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view authority = value.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?# \t"));
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::size_t colon = authority.substr(0, at).find(':');
  return colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1, at - colon - 1);
}

/// The first default of a variable in the value that is a secret by the name of the value or of the variable, or that
/// has a password in a URL: "hunter2" in "${DB_PASSWORD:-hunter2}".
bool has_secret_default(const Subject& subject, const Entry& entry) {
  const std::string written = subject.written(entry.value.span);
  for (const auto& [name, use] : compose::variables_in(Node::string(written))) {
    const std::string value = use.default_value.value_or("");
    if (has_variable(value)) continue;  // its variables are judged themselves
    if (looks_secret(entry.key, value) || looks_secret(name, value) || !password_in_url(value).empty()) return true;
  }
  return false;
}

std::string environment_hint(const ServiceView& service, const std::string& name) {
  const std::string variable = "write '${" + name + ":?}' and keep the value in the environment or in .env";
  if (reads_secret_files(service.model.image))
    return variable + ", or mount a secret and name its file in " + name + "_FILE";
  return variable + ", or give it as a secret";
}

void secret_in_environment(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const Node* environment = service.tree.find("environment");
    if (environment == nullptr) continue;
    for (const Entry& entry : environment->entries) {
      if (entry.value.is_null()) continue;
      if (has_secret_default(subject, entry)) {
        findings
            .add(place_of(service),
                 "the value of '" + entry.key + "' in service '" + service.name + "' has a secret as its default",
                 entry.key_span)
            .with_hint("leave the default out and demand a value: '${NAME:?}'");
        continue;
      }
      if (entry.value.text.empty()) continue;
      const bool private_key = entry.value.text.find("PRIVATE KEY-----") != std::string::npos;
      const bool named = looks_secret(entry.key, entry.value.text);
      const bool in_url = !password_in_url(entry.value.text).empty();
      if (!private_key && (!(named || in_url) || !is_literal(subject, entry))) continue;
      findings
          .add(place_of(service),
               in_url && !named ? "the value of '" + entry.key + "' in service '" + service.name + "' holds a password"
                                : "the value of '" + entry.key + "' in service '" + service.name +
                                      "' is a secret written into the file",
               entry.key_span)
          .with_hint(in_url && !named ? "put a variable in place of the password: '://user:${PASSWORD:?}@host'"
                                      : environment_hint(service, entry.key));
    }
  }
}

/// Wherever the value of a build argument comes from, it ends in the image: only what is written out is judged by its
/// value, too.
bool is_secret_argument(const std::string& name, const std::string& written) {
  const bool from_outside = written.empty() || has_variable(written);
  return looks_secret(name, from_outside ? "from outside" : written);
}

void secret_in_build_args(const Subject& subject, Findings& findings) {
  for_each_entry(subject, [&](const DocumentEntry& entry) {
    const auto report = [&](const std::string& name, const std::string& value, const Span& where) {
      if (is_secret_argument(name, value))
        findings
            .add(entry.place,
                 "the build argument '" + name + "' of service '" + entry.place.name +
                     "' stays readable in the history of the image",
                 where)
            .with_hint("give it to the build as a secret: 'build.secrets', and RUN --mount=type=secret");
    };
    for_each_at(entry.node, "build.args", [&](const Node& args) {
      for (const Entry& arg : args.entries) report(arg.key, arg.value.text, arg.key_span);
      for (const Node& item : args.items) {
        const std::size_t equals = std::min(item.text.find('='), item.text.size());
        report(item.text.substr(0, equals), item.text.substr(std::min(equals + 1, item.text.size())), item.span);
      }
    });
  });
}

constexpr std::array kRules{
    Definition{
        {.code = "secret-in-environment",
         .severity = Severity::Warning,
         .title = "a password, token or key is written into the file",
         .why = R"(The Compose file is usually in version control, so the secret is there for everybody who can read the
repository, now and in its whole history. It is also shown by `config`, and by every tool that prints the project.

The rule looks at names that end like a secret (`PASSWORD`, `SECRET`, `TOKEN`, `API_KEY`, …) with a value written out,
and at URLs with a password in them. The default of a variable (`${PASSWORD:-hunter2}`) is written out, too. A value
from a variable without such a default, a name that ends in `_FILE`, and values that are paths, switches or empty are
no findings; what comes from `env_file` is none either.)",
         .example = R"(services:
  db:
    image: postgres:16.4
    environment:
      POSTGRES_PASSWORD: s3cr3t-Tuesday
)",
         .better = R"(services:
  db:
    image: postgres:16.4
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db_password
    secrets: [db_password]
secrets:
  db_password:
    environment: DB_PASSWORD
)",
         .fix =
             R"(Take the value from a variable (`${POSTGRES_PASSWORD:?}` also stops with a message when it is missing) and keep
`.env` out of version control, or give the container a secret and let the image read it from a file. A secret that has
been committed once is known: change it.

Silence it where the value protects nothing, such as the database of a test.)"},
        secret_in_environment},
    Definition{
        {.code = "secret-in-build-args",
         .severity = Severity::Warning,
         .title = "a secret is passed to the build as an argument",
         .why =
             R"(Build arguments are recorded in the history of the image: `docker history` and `davit image inspect` show them to
everybody who has the image, wherever the value came from.)",
         .example = R"(services:
  api:
    build:
      context: .
      args:
        NPM_TOKEN: ${NPM_TOKEN:-}
)",
         .better = R"(services:
  api:
    build:
      context: .
      secrets: [npm_token]
secrets:
  npm_token:
    environment: NPM_TOKEN
)",
         .fix = R"(Declare a secret, list it under `build.secrets`, and read it in the one step that needs it:
`RUN --mount=type=secret,id=npm_token NPM_TOKEN=$(cat /run/secrets/npm_token) npm ci`.)",
         .beside = "Dockerfile"},
        secret_in_build_args},
};

}  // namespace

Definitions secret_rules() {
  return kRules;
}

}  // namespace davit::lint
