#include "davit/build/cache_key.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "davit/base/sha256.hpp"
#include "davit/image/digest.hpp"

namespace davit::build {
namespace {

namespace json = boost::json;

std::string_view name_of(dockerfile::Run::Network network) {
  switch (network) {
    case dockerfile::Run::Network::Default:
      return "default";
    case dockerfile::Run::Network::None:
      return "none";
    case dockerfile::Run::Network::Host:
      return "host";
  }
  return "";
}

void add_mount(Ingredients& out, const Mount& mount) {
  const auto& o = mount.options;
  const auto number = [](const auto& value) { return value ? std::to_string(*value) : std::string("-"); };
  using Type = dockerfile::RunMount::Type;
  std::string text;
  switch (o.type) {
    case Type::Bind:
      text = "bind " + o.source + (o.writable ? " rw" : " ro");
      break;
    case Type::Cache:
      text = "cache";
      break;
    case Type::Tmpfs:
      text = "tmpfs " + number(o.size);
      break;
    case Type::Secret:
      text = "secret " + o.id + " " + o.env + " " + number(o.mode) + " " + number(o.uid) + " " + number(o.gid);
      break;
  }
  out.add("mount " + o.target, std::move(text));
}

void add_surroundings(Ingredients& out, const RunSurroundings& around) {
  for (const auto& [name, address] : around.extra_hosts) out.add("extra host", name);
  for (const engine::Ulimit& limit : around.ulimits)
    out.add("ulimit " + limit.name, std::to_string(limit.soft) + ":" + std::to_string(limit.hard));
  if (around.shm_size) out.add("size of /dev/shm", std::to_string(*around.shm_size));
}

void define(Ingredients& out, const RunStep& step) {
  out.add("kind", "run");
  for (std::size_t i = 0; i < step.args.size(); ++i) out.add("argument " + std::to_string(i), step.args[i]);
  for (const std::string& variable : step.env) {
    const std::size_t equals = variable.find('=');
    const std::string name = variable.substr(0, equals);
    if (!step.unkeyed_env.contains(name)) out.add("env " + name, variable.substr(equals + 1));
  }
  out.add("working dir", step.working_dir);
  out.add("user", step.user);
  out.add("network", std::string(name_of(step.network)));
  for (const Mount& mount : step.mounts) add_mount(out, mount);
  if (step.script) out.add("script", step.script->second);
}

void define(Ingredients& out, const CopyStep& step) {
  out.add("kind", step.unpack ? "copy, unpacking" : "copy");
  out.add("destination", step.destination);
  out.add("chown", step.chown);
  out.add("chmod", step.chmod);
  if (step.parents) out.add("parents", "with folders");
  for (const auto& exclude : step.excludes) out.add("exclude", exclude);
  for (const auto& file : step.files) out.add("file " + file.name, file.content);
}

void define(Ingredients& out, const WorkdirStep& step) {
  out.add("kind", "workdir");
  out.add("path", step.path);
  out.add("user", step.user);
}

}  // namespace

std::string Ingredients::key() const {
  Sha256 hash;
  const auto add = [&hash](const std::string& text) {
    const std::string length = std::to_string(text.size()) + ":";
    hash.update(std::string_view(length));
    hash.update(std::string_view(text));
  };
  for (const auto& [name, value] : items_) {
    add(name);
    add(value);
  }
  return hash.finish_hex();
}

std::string Ingredients::to_json() const {
  json::array out;
  for (const auto& [name, value] : items_) out.push_back(json::array{name, value});
  return json::serialize(out);
}

std::optional<Ingredients> Ingredients::from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_array()) return std::nullopt;
  Ingredients out;
  for (const json::value& item : value.get_array()) {
    const auto* pair = item.if_array();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) return std::nullopt;
    out.add((*pair)[0].get_string().c_str(), (*pair)[1].get_string().c_str());
  }
  return out;
}

std::vector<std::string> explain_difference(const Ingredients& before, const Ingredients& now) {
  std::multimap<std::string, std::string> old(before.items().begin(), before.items().end());
  std::vector<std::string> out;
  for (const auto& [name, value] : now.items()) {
    const auto [first, last] = old.equal_range(name);
    const auto same = std::find_if(first, last, [&v = value](const auto& item) { return item.second == v; });
    if (same != last) {
      old.erase(same);
    } else if (first != last) {
      old.erase(first);
      out.push_back(name + " changed");
    } else {
      out.push_back(name + " was added");
    }
  }
  for (const auto& [name, value] : old) out.push_back(name + " is gone");
  return out;
}

std::string chain_id(const std::vector<std::string>& diff_ids) {
  if (diff_ids.empty()) return "scratch";
  std::string all;
  for (const std::string& id : diff_ids) all += id + "\n";
  return image::digest_of(all);
}

Ingredients definition_of(const Step& step, const std::string& base, const std::string& architecture,
                          const RunSurroundings& around) {
  Ingredients out;
  out.add("base", base);
  out.add("architecture", architecture);
  std::visit([&out](const auto& action) { define(out, action); }, step.action);
  if (std::holds_alternative<RunStep>(step.action)) add_surroundings(out, around);
  return out;
}

}  // namespace davit::build
