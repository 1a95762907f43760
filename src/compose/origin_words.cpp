// Origins in words: the sentence behind a value.

#include <algorithm>
#include <optional>

#include "davit/compose/origin.hpp"

namespace davit::compose {
namespace {

std::string quoted(const std::string& text) {
  return text.empty() ? std::string() : "'" + text + "' of ";
}

/// Puts the steps together: SOURCE, SOURCE through PLACE, what else happened.
class Sentence {
 public:
  Sentence(const yaml::Node& value, const Origins& origins) : place_(written_at(value, origins)) {
    for (const OriginStep* step : origins.steps(value.origin)) take(*step);
  }

  [[nodiscard]] std::string text() const {
    std::string text = head_;
    for (const std::string& source : sources_) text += (text.empty() ? "" : ", ") + source;
    if (file_line_) text += (text.empty() ? "" : " through ") + *file_line_;
    if (place_.known()) text += (text.empty() ? "" : follows_ ? " " : " through ") + line_of(place_);
    if (text.empty()) text = "default";
    if (written_) text += ", " + *written_;
    if (!replaced_.empty()) text += ", replaces " + replaced_;
    for (const std::string& more : rest_) text += ", " + more;
    return text;
  }

 private:
  void take(const OriginStep& step) {
    using Kind = OriginStep::Kind;
    switch (step.kind) {
      case Kind::Default:
        return by_default(step);
      case Kind::CommandLine:
        head_ = step.detail;
        return;
      case Kind::Interpolated:
      case Kind::Environment:
        return source(step.where.known() ? line_of(step.where) : "environment " + step.detail);
      case Kind::VariableDefault:
        return source("default of " + step.detail);
      case Kind::Unset:
        return source("unset " + step.detail);
      case Kind::EnvFile:
        // The variable's line is the source, and the directive what it came through.
        sources_.clear();
        file_line_ = line_of(place_);
        place_ = step.where;
        written_.reset();
        return;
      case Kind::Alias:
        return more("&" + step.detail + " used at " + line_of(step.where));
      case Kind::MergeKey:
        return more("&" + step.detail + " merged at " + line_of(step.where));
      case Kind::Overrides:
        return replaces(quoted(step.detail) + line_of(step.source));
      case Kind::OverrideTag:
        return override_tag(step);
      case Kind::Extended:
        return more("extended at " + line_of(step.where) + " from '" + step.detail + "' (" + line_of(step.source) +
                    ")");
      case Kind::Included:
        return more("included at " + line_of(step.where));
      case Kind::Normalised:
        return normalised(step.detail);
    }
  }

  void by_default(const OriginStep& step) {
    follows_ = step.detail == "follows from this";
    head_ = follows_ ? "follows from" : step.detail.empty() ? "default" : step.detail;
  }

  void source(std::string text) {
    if (std::find(sources_.begin(), sources_.end(), text) == sources_.end()) sources_.push_back(std::move(text));
  }
  void replaces(const std::string& text) { replaced_ += (replaced_.empty() ? "" : " and ") + text; }
  void more(std::string text) { rest_.push_back(std::move(text)); }
  /// A path of an included file is resolved twice: how it is written says it all.
  void normalised(const std::string& before) {
    if (!written_) written_ = "from '" + before + "'";
  }
  /// The tag mostly stands in the line of its value.
  void override_tag(const OriginStep& step) {
    const bool same_line = place_.known() && line_of(place_) == line_of(step.where);
    more("!override " + (same_line ? std::string() : "at " + line_of(step.where) + " ") + "replaces " +
         quoted(step.detail) + line_of(step.source));
  }

  Span place_;
  std::string head_;
  bool follows_ = false;
  std::vector<std::string> sources_;
  std::optional<std::string> file_line_;  ///< of an env file
  std::optional<std::string> written_;
  std::string replaced_;
  std::vector<std::string> rest_;
};

}  // namespace

std::string describe(const yaml::Node& value, const Origins& origins) {
  return Sentence(value, origins).text();
}

}  // namespace davit::compose
