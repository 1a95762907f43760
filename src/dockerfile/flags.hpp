#pragma once
// The `--name=value` words behind an instruction's keyword.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "dockerfile/words.hpp"

namespace davit::dockerfile {

/// What an instruction accepts.
struct FlagRule {
  enum class Kind { Text, Boolean, List, Unsupported };
  std::string name;
  Kind kind = Kind::Text;
};

/// The flags found, checked against the rules.
class Flags {
 public:
  [[nodiscard]] std::optional<Word> text(const std::string& name) const;
  [[nodiscard]] std::vector<Word> list(const std::string& name) const;
  [[nodiscard]] bool boolean(const std::string& name, bool otherwise) const;

 private:
  friend Flags take_flags(Slice&, char, const std::string&, const std::vector<FlagRule>&, Diagnostics&);
  std::map<std::string, std::vector<Word>> values_;
};

/// Takes the flags off `rest`; mistakes (unknown, twice, without value, not supported) go to `diagnostics`.
[[nodiscard]] Flags take_flags(Slice& rest, char escape, const std::string& keyword, const std::vector<FlagRule>& rules,
                               Diagnostics& diagnostics);

}  // namespace davit::dockerfile
