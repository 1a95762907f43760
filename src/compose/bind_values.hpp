#pragma once
// Reads attributes of a checked document: what is absent is empty, and what has the wrong form was reported before.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/yaml/node.hpp"

namespace davit::compose::bind {

/// The value under a key; null when there is none.
[[nodiscard]] const yaml::Node& at(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::string text(const yaml::Node& node, std::string_view key);
[[nodiscard]] bool flag(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::optional<bool> maybe_flag(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::optional<std::int64_t> integer_of(const yaml::Node& node);
[[nodiscard]] std::optional<std::int64_t> integer(const yaml::Node& node, std::string_view key);
/// Where 0 means the same as nothing.
[[nodiscard]] std::optional<std::int64_t> nonzero(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::optional<std::uint64_t> count(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::optional<double> number(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration(const yaml::Node& node, std::string_view key);
[[nodiscard]] std::vector<std::string> texts(const yaml::Node& list);
[[nodiscard]] std::optional<std::vector<std::string>> maybe_texts(const yaml::Node& list);
[[nodiscard]] std::map<std::string, std::string> pairs(const yaml::Node& map);
[[nodiscard]] std::map<std::string, std::optional<std::string>> maybe_pairs(const yaml::Node& map);
[[nodiscard]] std::map<std::string, std::vector<std::string>> hosts(const yaml::Node& list);

}  // namespace davit::compose::bind
