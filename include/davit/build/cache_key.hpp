#pragma once
// What a step's result depends on, kept as a list, so that a miss can be explained; the key is its digest.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "davit/build/plan.hpp"
#include "davit/engine/container_spec.hpp"

namespace davit::build {

/// Named ingredients in order. Names: "kind", "base", "arg", "env NAME", "source PATH", …
class Ingredients {
 public:
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

  /// SHA-256 over all of them, lengths included, in hex.
  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] static std::optional<Ingredients> from_json(std::string_view text);

  friend bool operator==(const Ingredients&, const Ingredients&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// One difference between two lists, in words: "env PATH changed", "source app/main.py changed", "arg 3 was added".
[[nodiscard]] std::vector<std::string> explain_difference(const Ingredients& before, const Ingredients& now);

/// What identifies a file system state: the digest of its layers' diff ids ("scratch" when there is none).
[[nodiscard]] std::string chain_id(const std::vector<std::string>& diff_ids);

/// What a RUN is given beside its instruction, by the request. `extra_hosts`: name, address.
struct RunSurroundings {
  std::vector<std::pair<std::string, std::string>> extra_hosts;
  std::vector<engine::Ulimit> ulimits;
  std::optional<std::int64_t> shm_size;  ///< bytes
};

/// Ingredients that are known without reading any file. `base` is the chain id of the state the step stands on. Digests
/// of sources and mounts are for the caller to add. Not in it: times, labels, the command of the image, values of
/// undeclared proxy variables, contents of cache mounts, values of secrets, addresses of extra hosts (their names are).
[[nodiscard]] Ingredients definition_of(const Step& step, const std::string& base, const std::string& architecture,
                                        const RunSurroundings& around = {});

}  // namespace davit::build
