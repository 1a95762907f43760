// What the load itself warns of, as rules: the findings are the load's messages.

#include <array>

#include "subject.hpp"

namespace davit::lint {
namespace {

constexpr std::array kRules{
    Definition{
        {.code = "obsolete-version",
         .severity = Severity::Warning,
         .title = "the attribute 'version' has no effect",
         .why =
             R"(The version of the file format was given up with Compose V2: every file is read by the one Compose specification.
docker compose and davit ignore the line and warn at every command.)",
         .example = R"(version: "3.8"
services:
  web:
    image: nginx:1.27
)",
         .better = R"(services:
  web:
    image: nginx:1.27
)",
         .fix = R"(Remove the line.)"},
        nullptr},
    Definition{
        {.code = "unset-variable",
         .severity = Severity::Warning,
         .title = "a variable is not set, and has no default",
         .why =
             R"(An empty string takes the place of the variable, and what follows depends on where it stands: an image without a tag, a
password that is empty, a mount of the wrong folder. The warning is easily missed between the lines of `up`.)",
         .example = R"(services:
  db:
    image: postgres:16.4
    environment:
      POSTGRES_DB: ${DATABASE}
)",
         .better = R"(services:
  db:
    image: postgres:16.4
    environment:
      POSTGRES_DB: ${DATABASE:-app}
)",
         .fix =
             R"(Give a default (`${DATABASE:-app}`), demand a value (`${DATABASE:?set it in .env}`), or say that empty is fine
(`${DATABASE:-}`). A `$` that is meant for the container is written `$$`.)"},
        nullptr},
    Definition{
        {.code = "volume-option",
         .severity = Severity::Warning,
         .title = "an option of a volume is not known",
         .why =
             R"(In `source:target:options` unknown options are ignored, as docker compose does. `:r0` is a volume that can be written.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    volumes: ["site:/usr/share/nginx/html:r0"]
volumes: {site: {}}
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    volumes: ["site:/usr/share/nginx/html:ro"]
volumes: {site: {}}
)",
         .fix = R"(Correct or remove the option.)"},
        nullptr},
    Definition{
        {.code = "external-name",
         .severity = Severity::Note,
         .title = "external.name is deprecated",
         .why =
             R"(The name of a resource that exists already was once written below `external`. Tools are free to refuse it.)",
         .example = R"(services:
  web:
    image: nginx:1.27
    networks: [front]
networks:
  front:
    external: {name: proxy}
)",
         .better = R"(services:
  web:
    image: nginx:1.27
    networks: [front]
networks:
  front:
    external: true
    name: proxy
)",
         .fix = R"(Write `external: true` and `name` beside it.)"},
        nullptr},
    Definition{
        {.code = "command-shell",
         .severity = Severity::Error,
         .title = "a part of a command is left out, for no shell reads it",
         .why =
             R"(A command written as one string is split into words, but not run by a shell. docker compose drops everything from an
unquoted `;`, `&`, `|`, `<` or `>` on, without a word.)",
         .example = R"(services:
  app:
    image: example/app:1.0
    command: migrate && serve
)",
         .better = R"(services:
  app:
    image: example/app:1.0
    command: ["sh", "-c", "migrate && exec serve"]
)",
         .fix =
             R"(Ask for a shell: `["sh", "-c", "…"]`, with `exec` before the last program so that it gets the signals.)"},
        nullptr},
    Definition{
        {.code = "several-files",
         .severity = Severity::Warning,
         .title = "there are several Compose files, and one of them is read",
         .why =
             R"(Without `-f`, the first of compose.yaml, compose.yml, docker-compose.yml and docker-compose.yaml is read, and the others
are not. Changes to the wrong one have no effect.)",
         .example = "",
         .better = "",
         .fix = R"(Keep one, or name the file with `-f` or COMPOSE_FILE. (This rule cannot be silenced in a file.))"},
        nullptr},
};

}  // namespace

Definitions load_rules() {
  return kRules;
}

}  // namespace davit::lint
