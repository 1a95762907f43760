// The rule about networks, volumes, secrets, configs and models that no service uses.

#include <array>
#include <set>

#include "subject.hpp"

namespace davit::lint {
namespace {

using yaml::Entry;
using yaml::Node;

/// What the services use, by section and name.
class Uses {
 public:
  explicit Uses(const Subject& subject) {
    for (const ServiceView& service : subject.services()) add(service.tree);
  }
  [[nodiscard]] bool contains(const std::string& section, const std::string& name) const {
    return used_.contains({section, name});
  }

 private:
  void add(const Node& service) {
    keys("networks", service.find("networks"));
    keys("models", service.find("models"));
    sources("secrets", service.find("secrets"));
    sources("configs", service.find("configs"));
    if (const Node* build = service.find("build")) sources("secrets", build->find("secrets"));
    if (const Node* volumes = service.find("volumes"))
      for (const Node& volume : volumes->items)
        if (const Node* source = volume.find("source")) used_.insert({"volumes", source->text});
  }
  void keys(const char* section, const Node* map) {
    if (map != nullptr)
      for (const Entry& entry : map->entries) used_.insert({section, entry.key});
  }
  void sources(const char* section, const Node* list) {
    if (list != nullptr)
      for (const Node& item : list->items)
        if (const Node* source = item.find("source")) used_.insert({section, source->text});
  }

  std::set<Place> used_;
};

void unused_resource(const Subject& subject, Findings& findings) {
  struct Section {
    const char* key;
    const char* name;
  };
  constexpr std::array<Section, 5> kSections{{{"networks", "network"},
                                              {"volumes", "volume"},
                                              {"secrets", "secret"},
                                              {"configs", "config"},
                                              {"models", "model"}}};
  const Uses uses(subject);
  for (const Section& section : kSections) {
    const Node* entries = subject.tree().find(section.key);
    if (entries == nullptr) continue;
    for (const Entry& entry : entries->entries)
      if (!uses.contains(section.key, entry.key) && entry.key_span.known())
        findings
            .add({section.key, entry.key}, "no service uses the " + std::string(section.name) + " '" + entry.key + "'",
                 entry.key_span)
            .with_hint("remove it, or add it to the services that should have it");
  }
}

constexpr std::array kRules{
    Definition{
        {.code = "unused-resource",
         .severity = Severity::Warning,
         .title = "a network, volume, secret, config or model that no service uses",
         .why =
             R"(What no service uses is not made, so it has no effect. Often it is a leftover; sometimes it is the trace of a mistake,
such as a bind mount (`./data:/data`) where the volume `data` was meant.

Services of inactive profiles count as users.)",
         .example = R"(services:
  db:
    image: postgres:16.4
    volumes: ["./pgdata:/var/lib/postgresql/data"]
volumes:
  pgdata:
)",
         .better = R"(services:
  db:
    image: postgres:16.4
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes:
  pgdata:
)",
         .fix =
             R"(Remove the declaration, or use it. Silence the rule at a resource that only other files which are merged over this one
use.)"},
        unused_resource},
};

}  // namespace

Definitions unused_rules() {
  return kRules;
}

}  // namespace davit::lint
