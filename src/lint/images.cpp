// Rules about what runs: versions of images, and the data that they keep.

#include <algorithm>
#include <array>
#include <set>

#include "known_images.hpp"
#include "subject.hpp"
#include "words.hpp"

namespace davit::lint {
namespace {

/// Names of images that services of the project build.
std::set<std::string> built_images(const Subject& subject) {
  std::set<std::string> names;
  for (const ServiceView& service : subject.services())
    if (service.model.build) names.insert(service.model.image);
  return names;
}

bool comes_from_a_registry(const model::Service& service) {
  return !service.image.empty() && !service.build && !service.provider &&
         service.pull_policy != model::PullPolicy::Never && service.pull_policy != model::PullPolicy::Build;
}

void image_not_pinned(const Subject& subject, Findings& findings) {
  const std::set<std::string> built = built_images(subject);
  for (const ServiceView& service : subject.services()) {
    const std::string& image = service.model.image;
    if (!comes_from_a_registry(service.model) || built.contains(image)) continue;
    const ImageName name = split_image(image);
    if (!name.digest.empty() || image.ends_with(':')) continue;  // the latter: a variable that is not set
    if (!name.tag.empty() && name.tag != "latest") continue;
    findings
        .add(place_of(service),
             name.tag.empty()
                 ? "the image '" + image + "' of service '" + service.name + "' has no tag, which means 'latest'"
                 : "the image of service '" + service.name + "' is '" + image + "', whatever that is today",
             service.model.where.of("image"))
        .with_hint("name a version: '" + std::string(name.repository) + ":VERSION'");
  }
}

/// True unless the service runs something else of the image: a client, a shell.
bool runs_the_server(const model::Service& service) {
  constexpr std::array<std::string_view, 4> kServers{"postgres", "mysqld", "mariadbd", "mongod"};
  if (service.entrypoint) return false;
  if (!service.command || service.command->empty()) return true;
  const std::string& first = service.command->front();
  return first.starts_with('-') || std::find(kServers.begin(), kServers.end(), first) != kServers.end();
}

/// The folder that must be mounted for the data of a known database to outlive its container; empty: not known.
std::string data_folder(const model::Service& service) {
  const Database* database = database_image(service.image);
  if (database == nullptr || database->data.empty()) return {};
  if (!is_usual_repository(service.image) || !runs_the_server(service)) return {};
  if (service.image.find("bitnami") != std::string::npos) return "/bitnami";
  const auto moved = service.environment.find("PGDATA");
  if (moved != service.environment.end() && moved->second && !moved->second->empty()) return *moved->second;
  return std::string(database->data);
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

/// True when a mount holds the folder, or is a part of it.
bool keeps(const model::Service& service, const std::string& folder) {
  const auto near = [&](const std::string& target) {
    return is_at_or_below(folder, target) || is_at_or_below(target, folder);
  };
  return std::any_of(service.volumes.begin(), service.volumes.end(),
                     [&](const model::Mount& mount) { return near(mount.target); }) ||
         std::any_of(service.tmpfs.begin(), service.tmpfs.end(),
                     [&](const model::TmpfsMount& mount) { return near(mount.target); }) ||
         !service.volumes_from.empty();
}

void database_without_volume(const Subject& subject, Findings& findings) {
  for (const ServiceView& service : subject.services()) {
    const std::string folder = data_folder(service.model);
    if (folder.empty() || keeps(service.model, folder)) continue;
    findings
        .add(place_of(service),
             "the data of " + std::string(database_image(service.model.image)->title) + " in service '" + service.name +
                 "' is gone after 'down', for no volume keeps '" + folder + "'",
             service.model.where.of("image"))
        .with_hint("mount a named volume there, or a tmpfs if the data may go");
  }
}

constexpr std::array kRules{
    Definition{
        {.code = "image-not-pinned",
         .severity = Severity::Warning,
         .title = "an image has no version",
         .why =
             R"(Without a tag, or with `latest`, the file does not say what runs. The same file gives another program next month, on a
colleague's machine, or after a pull; a major version of a database that cannot read the old data is the usual
accident. And nobody can go back to what worked, because it has no name.

Images that the project builds, that have a digest, or that are never pulled are no findings.)",
         .example = R"(services:
  cache:
    image: redis
)",
         .better = R"(services:
  cache:
    image: redis:7.4
)",
         .fix =
             R"(Name a version, as exact as you want updates to be deliberate; a digest (`redis:7.4@sha256:…`) is the most exact. A
default of a variable counts as well: write `${TAG:-7.4}` rather than `${TAG:-latest}`.)"},
        image_not_pinned},
    Definition{
        {.code = "database-without-volume",
         .severity = Severity::Note,
         .title = "a database keeps its data in no volume",
         .why =
             R"(The image declares an anonymous volume for its data. A container that is made anew gets it handed over, but after
`down` nothing belongs to it any more: the next `up` starts with an empty database. The usual cause is a mount at the
wrong folder.

The rule knows the folders of common databases; a mount above, at or below the folder, a tmpfs, and `PGDATA` count.)",
         .example = R"(services:
  db:
    image: postgres:16.4
    volumes:
      - data:/var/lib/postgres
volumes:
  data:
)",
         .better = R"(services:
  db:
    image: postgres:16.4
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data:
)",
         .fix =
             R"(Mount a named volume at the folder of the data. If the data may go, as in a test, say so with a tmpfs, which is
quicker, too.)"},
        database_without_volume},
};

}  // namespace

Definitions image_rules() {
  return kRules;
}

}  // namespace davit::lint
