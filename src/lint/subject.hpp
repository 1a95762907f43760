#pragma once
// What a rule looks at, and where it puts what it finds.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/lint/lint.hpp"

namespace davit::lint {

/// A service under both views: the typed one, and the canonical tree in which every value has its place.
struct ServiceView {
  const std::string& name;
  const model::Service& model;
  const yaml::Node& tree;
  bool enabled = true;  ///< false: an inactive profile leaves it out
};

/// An entry of a top-level section, such as {"services", "web"}: what a silence can stand at. Empty: the whole project.
struct Place {
  std::string section;
  std::string name;
  friend auto operator<=>(const Place&, const Place&) = default;
};

[[nodiscard]] inline Place place_of(const ServiceView& service) {
  return {"services", service.name};
}

class Subject {
 public:
  Subject(const compose::LoadResult& result, const Files& files);

  [[nodiscard]] const model::Project& project() const { return loaded_.project; }
  [[nodiscard]] const yaml::Node& tree() const { return loaded_.tree; }
  [[nodiscard]] const std::vector<ServiceView>& services() const { return services_; }
  /// Null when there is no such service.
  [[nodiscard]] const ServiceView* service(std::string_view name) const;
  [[nodiscard]] const std::vector<compose::ParsedFile>& documents() const { return result_.documents; }
  [[nodiscard]] const Diagnostics& load_diagnostics() const { return result_.diagnostics; }
  [[nodiscard]] const Files& files() const { return files_; }

  /// The text at a place as it is written, quotes and variables included; empty when it is not known.
  [[nodiscard]] std::string written(const Span& where) const;

 private:
  struct Text {
    std::string text;
    std::vector<std::size_t> lines;  ///< where each starts
  };

  const compose::LoadResult& result_;
  const compose::Loaded& loaded_;
  const Files& files_;
  std::vector<ServiceView> services_;
  mutable std::map<std::string, Text> texts_;  ///< split when first asked for
};

class Findings {
 public:
  struct Item {
    Finding finding;
    Place place;
  };

  /// The rule that the next findings belong to.
  void begin(const Rule& rule) { rule_ = &rule; }
  /// The result may be given notes and a hint; it ends with the next call.
  Diagnostic& add(const Place& place, std::string message, const Span& where);
  [[nodiscard]] std::vector<Item> take() { return std::move(items_); }

 private:
  const Rule* rule_ = nullptr;
  std::vector<Item> items_;
};

/// A rule and the function that applies it.
struct Definition {
  Rule rule;
  void (*check)(const Subject& subject, Findings& findings);
};

using Definitions = std::span<const Definition>;

// One file a subject.
[[nodiscard]] Definitions secret_rules();
[[nodiscard]] Definitions exposure_rules();
[[nodiscard]] Definitions image_rules();
[[nodiscard]] Definitions health_rules();
[[nodiscard]] Definitions lifetime_rules();
[[nodiscard]] Definitions port_rules();
[[nodiscard]] Definitions yaml_rules();
[[nodiscard]] Definitions variable_rules();
[[nodiscard]] Definitions path_rules();
[[nodiscard]] Definitions unused_rules();
/// What the load itself warns of.
[[nodiscard]] Definitions load_rules();
/// Mistakes in `x-davit-lint`.
[[nodiscard]] Definitions silence_rules();

/// All of them.
[[nodiscard]] const std::vector<const Definition*>& definitions();

/// A part of a place that lies in one line.
[[nodiscard]] Span part_of(const Span& whole, std::size_t offset, std::size_t length);

}  // namespace davit::lint
