#include "davit/plan/config_diff.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <map>

namespace davit::plan {
namespace {

namespace json = boost::json;

/// FNV-1a, 32 bits: enough to tell values apart, too little to recover one.
std::string digest(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", hash);
}

std::map<std::string, std::string> read(const std::string& keys) {
  boost::system::error_code error;
  const json::value value = json::parse(keys, error);
  std::map<std::string, std::string> out;
  if (error || !value.is_object()) return out;
  for (const auto& item : value.get_object())
    if (item.value().is_string()) out.emplace(item.key(), item.value().get_string().c_str());
  return out;
}

}  // namespace

std::string config_keys(const std::string& config_json) {
  boost::system::error_code error;
  const json::value value = json::parse(config_json, error);
  if (error || !value.is_object()) return {};
  json::object out;
  for (const auto& top : value.get_object()) {
    if (!top.value().is_object() || top.value().get_object().empty()) {
      out.emplace(top.key(), digest(json::serialize(top.value())));
      continue;
    }
    for (const auto& inner : top.value().get_object())
      out.emplace(std::string(top.key()) + "." + std::string(inner.key()), digest(json::serialize(inner.value())));
  }
  return json::serialize(out);
}

std::vector<std::string> changed_keys(const std::string& before, const std::string& after) {
  const auto old_keys = read(before);
  const auto new_keys = read(after);
  std::map<std::string, int> changed;  // sorted and unique
  for (const auto& [key, hash] : old_keys) {
    const auto found = new_keys.find(key);
    if (found == new_keys.end() || found->second != hash) changed[key];
  }
  for (const auto& [key, hash] : new_keys)
    if (!old_keys.contains(key)) changed[key];
  std::vector<std::string> out;
  for (const auto& [key, unused] : changed) out.push_back(key);
  return out;
}

}  // namespace davit::plan
