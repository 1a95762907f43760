#pragma once
// `x-davit-lint`: what a file says that it knows and wants to hear no more of.

#include <map>
#include <optional>
#include <string>

#include "subject.hpp"

namespace davit::lint {

class Silences {
 public:
  explicit Silences(const Subject& subject);

  /// The reason (which may be empty) when the finding is silenced: at its service or resource, at the top of the file
  /// that it is in, or at the top of a file of the project, which speaks for all files.
  [[nodiscard]] std::optional<std::string> reason(const Findings::Item& item) const;

 private:
  using Codes = std::map<std::string, std::string>;  ///< to the reason

  static void read(const yaml::Node* silence, Codes& codes);

  Codes project_;
  std::map<std::string, Codes> files_;
  std::map<Place, Codes> places_;
};

}  // namespace davit::lint
