// Every attribute of the schema, in every way of writing it, is in what `davit config` prints: as it was given or in a
// normal form that is said here. What is dropped or taken elsewhere, as docker compose does, is listed with its reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "davit/yaml/parse.hpp"
#include "schema_samples.hpp"
#include "support.hpp"

namespace davit::compose {
namespace {

using test::Attribute;
using test::LoadTest;

yaml::Node node_of(const std::string& text) {
  const yaml::Parsed parsed = yaml::parse(text, std::make_shared<const std::string>("test"));
  if (parsed.documents.empty()) throw std::runtime_error("no YAML: " + text);
  return parsed.documents.front();
}

/// A way to write an attribute, and what is printed: "" for the same.
struct Form {
  const char* written;
  const char* printed = "";
};

/// Legal values where the schema alone does not know any: the rest of the rules is in docker compose. Each for the
/// attributes whose path ends so; the longest end counts.
const std::map<std::string, std::vector<Form>>& legal_values() {
  static const std::vector<Form> kDuration{{"1m30s"}, {"90s", "1m30s"}, {"1500ms", "1.5s"}};
  static const std::vector<Form> kBytes{{"64m", "67108864"}, {"3"}, {"\"3\""}};
  static const std::vector<Form> kFraction{{"0.5"}, {"\"0.5\""}, {"3"}};
  static const std::vector<Form> kHosts{{"{k: 1.2.3.4}", "[k=1.2.3.4]"},
                                        {"{k: [1.2.3.4, 1.2.3.5]}", "[k=1.2.3.4, k=1.2.3.5]"},
                                        {"['k:1.2.3.4']", "[k=1.2.3.4]"}};
  static const std::vector<Form> kMode{{"0440", "'0440'"}, {"'0440'"}};
  // The schema allows a text as well, docker compose does not.
  static const std::vector<Form> kNoText{{"3"}};
  static const std::map<std::string, std::vector<Form>> kValues{
      {".delay", kDuration},
      {".monitor", kDuration},
      {".window", kDuration},
      {"healthcheck.interval", kDuration},
      {"healthcheck.timeout", kDuration},
      {"healthcheck.start_period", kDuration},
      {"healthcheck.start_interval", kDuration},
      {".stop_grace_period", kDuration},
      {".mem_limit", kBytes},
      {".mem_reservation", kBytes},
      {".memswap_limit", kBytes},
      {".shm_size", kBytes},
      {".tmpfs.size", kBytes},
      {".memory", {{"64m", "67108864"}}},
      {".cpus", kFraction},
      {".max_failure_ratio", kFraction},
      {".cpu_count", {{"3"}, {"'3'"}}},
      {".cpu_percent", {{"3"}, {"'3'"}}},
      {".blkio_config.weight", kNoText},
      {".weight_device[].weight", kNoText},
      {".volumes[].tmpfs.mode", kNoText},
      {".build.ulimits", {{"{nofile: 3}"}}},
      {".build.ulimits.nofile.soft", kNoText},
      {".build.ulimits.nofile.hard", kNoText},
      {".extra_hosts", kHosts},
      {".mode", {{"text"}}},
      {".configs[].mode", kMode},
      {".secrets[].mode", kMode},
      {".configs", {{"[c]", "[{source: c}]"}}},
      {".secrets", {{"[s]", "[{source: s}]"}}},
      {".configs[].source", {{"c"}}},
      {".secrets[].source", {{"s"}}},
      {".build", {{"./x", "{context: /project/x, dockerfile: Dockerfile}"}}},
      {".build.ssh", {{"[default]"}, {"[k=./x]", "[k=/project/x]"}}},
      {".build.additional_contexts", {{"{k: ./x}"}, {"[k=./x]"}}},
      {".depends_on", {{"[b]", "{b: {condition: service_started, required: true}}"}}},
      {".devices", {{"['/dev/x:/dev/y:r']", "[{source: /dev/x, target: /dev/y, permissions: r}]"}}},
      {".build.args", {{"{k: x}"}, {"{k: 3}"}, {"[k=x]"}}},
      {".oom_score_adj", {{"3"}, {"'3'"}}},
      {".host_ip", {{"127.0.0.1"}}},
      {"services.a.restart", {{"always"}}},
      {".expose", {{"[3]"}, {"['3-5']"}}},
      {".gpus", {{"all", "[{count: -1}]"}}},
      {".count", {{"3"}, {"'3'"}, {"all", "-1"}}},
      {".healthcheck.test", {{"text", "[CMD-SHELL, text]"}, {"[CMD, x]"}}},
      {".links", {{"[b]"}, {"['b:c']"}}},
      {".models", {{"[m]", "{m: null}"}}},
      {".network_mode", {{"host"}, {"'service:b'"}}},
      {"services.a.networks", {{"[n]", "{n: null}"}, {"{n: {aliases: [x]}}"}}},
      {".ports",
       {{"[80]", "[{mode: ingress, target: 80, protocol: tcp}]"},
        {"['8080:80/udp']", "[{mode: ingress, target: 80, published: '8080', protocol: udp}]"}}},
      {".pull_policy", {{"always"}, {"every_3d"}}},
      {".provider.options", {{"{k: x}", "{k: [x]}"}, {"{k: [x, 3, true]}", "{k: [x, '3', 'true']}"}}},
      {"services.a.volumes", {{"['vol:/x:ro']", "[{type: volume, source: vol, target: /x, read_only: true}]"}}},
      {".volumes[].source", {{"vol"}}},
      {".volumes[].bind.create_host_path", {{"false"}}},  // true is the default, and left out
      {".volumes_from", {{"[b]"}, {"['container:x']"}}},
      {".ipam.config[].subnet", {{"10.5.0.0/16"}}},
  };
  return kValues;
}

/// Attributes whose effect is printed, in another place.
struct Elsewhere {
  const char* path;
  Form form;  ///< what is printed there
  const char* where;
  const char* reason;
};

const Elsewhere kElsewhere[] = {
    {"include", {"[./inc.yaml]", "i"}, "services.inc.image", "the included files' services stand with the others"},
    {"include[].path", {"./inc.yaml", "i"}, "services.inc.image", "as above"},
    {"include[].path", {"[./inc.yaml]", "i"}, "services.inc.image", "as above"},
    {"include[].env_file", {"./env", "v"}, "services.inc.labels.K", "it replaces variables of the included file"},
    {"include[].env_file", {"[./env]", "v"}, "services.inc.labels.K", "as above"},
    {"include[].project_directory",
     {"./sub", "/project/sub"},
     "services.inc.build.context",
     "paths are relative to it"},
    {"services.a.env_file", {"./env", "{K: v}"}, "services.a.environment", "the file's variables are read"},
    {"services.a.env_file", {"[./env]", "{K: v}"}, "services.a.environment", "as above"},
    {"services.a.env_file[].path", {"./env", "{K: v}"}, "services.a.environment", "as above"},
    {"services.a.env_file[].required", {"false", "{K: v}"}, "services.a.environment", "as above"},
    {"services.a.env_file[].format", {"raw", "{K: v}"}, "services.a.environment", "as above"},
    {"services.a.label_file", {"./env", "{K: v}"}, "services.a.labels", "the file's labels are read"},
    {"services.a.label_file", {"[./env]", "{K: v}"}, "services.a.labels", "as above"},
    {"services.a.extends", {"d", "{K: v}"}, "services.a.labels", "the other service's attributes are copied"},
    {"services.a.extends.service", {"d", "{K: v}"}, "services.a.labels", "as above"},
    {"services.a.extends.file", {"./other.yaml", "{OTHER: v}"}, "services.a.labels", "as above"},
    {"networks.n.external.name", {"text"}, "networks.n.name", "the old form of 'external: true' with a name"},
    {"volumes.vol.external.name", {"text"}, "volumes.vol.name", "as above"},
    {"secrets.s.external.name", {"text"}, "secrets.s.name", "as above"},
    {"configs.c.external.name", {"text"}, "configs.c.name", "as above"},
};

/// What is accepted and never printed.
const std::map<std::string, const char*> kDropped{
    {"version", "obsolete: any value is accepted with a warning"},
    {"services.a.pull_refresh_after", "docker compose does nothing with it"},
};

/// Where nothing else is said, a document has these, used by service b so that they are printed.
constexpr const char* kBase = R"({
  services: {
    a: {image: i},
    b: {image: i, networks: [n], volumes: ['vol:/v'], secrets: [s], configs: [c], models: [m]},
    d: {image: i, labels: {K: v}}},
  networks: {n: {}}, volumes: {vol: {}}, secrets: {s: {file: ./s}}, configs: {c: {file: ./c}}, models: {m: {model: x}}})";

/// What an object needs beside the attribute in question.
const std::map<std::string, const char*>& beside() {
  static const std::map<std::string, const char*> kBeside{
      {"include[]", "{path: ./inc.yaml}"},
      {"services.a.build", "{context: .}"},
      {"services.a.build.secrets[]", "{source: s}"},
      {"services.a.build.ulimits.nofile", "{soft: 1, hard: 2}"},
      {"services.a.blkio_config.weight_device[]", "{path: /dev/x, weight: 5}"},
      {"services.a.blkio_config.device_read_bps[]", "{path: /dev/x, rate: 5}"},
      {"services.a.blkio_config.device_read_iops[]", "{path: /dev/x, rate: 5}"},
      {"services.a.blkio_config.device_write_bps[]", "{path: /dev/x, rate: 5}"},
      {"services.a.blkio_config.device_write_iops[]", "{path: /dev/x, rate: 5}"},
      {"services.a.configs[]", "{source: c}"},
      {"services.a.depends_on.b", "{condition: service_started}"},
      {"services.a.deploy.resources.reservations.devices[]", "{capabilities: [gpu]}"},
      {"services.a.develop.watch[]", "{path: ./w, action: sync, target: /w}"},
      {"services.a.develop.watch[].exec", "{command: [x]}"},
      {"services.a.devices[]", "{source: /dev/x, target: /dev/y}"},
      {"services.a.env_file[]", "{path: ./env}"},
      {"services.a.extends", "{service: d}"},
      {"services.a.gpus[]", "{capabilities: [gpu]}"},
      {"services.a.healthcheck", "{test: [CMD, x]}"},
      {"services.a.ports[]", "{target: 80}"},
      {"services.a.post_start[]", "{command: [x]}"},
      {"services.a.pre_start[]", "{command: [x], image: i}"},
      {"services.a.pre_stop[]", "{command: [x]}"},
      {"services.a.provider", "{type: t}"},
      {"services.a.secrets[]", "{source: s}"},
      {"services.a.ulimits.nofile", "{soft: 1, hard: 2}"},
      {"services.a.volumes[]", "{type: volume, source: vol, target: /t}"},
  };
  return kBeside;
}

/// What may not stand beside an attribute.
const std::map<std::string, const char*> kInsteadOf{
    {"secrets.s.environment", "file"},
    {"configs.c.environment", "file"},
    {"configs.c.content", "file"},
};

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    steps.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  return steps;
}

/// The document with the value at the path, as text.
std::string document(const std::string& path, const std::string& value) {
  yaml::Node root = node_of(kBase);
  yaml::Node* node = &root;
  std::string at;
  const auto steps = steps_of(path);
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    at += (at.empty() ? "" : ".") + steps[i];
    const bool list = steps[i].ends_with("[]");
    const std::string name = steps[i].substr(0, steps[i].size() - (list ? 2 : 0));
    yaml::Node* next = node->find(name);
    if (next == nullptr) {
      const auto needed = beside().find(at);
      yaml::Node fresh = needed == beside().end() ? yaml::Node::map() : node_of(needed->second);
      if (list) {
        yaml::Node items = yaml::Node::list();
        items.items.push_back(std::move(fresh));
        fresh = std::move(items);
      }
      next = &node->set(name, std::move(fresh));
    }
    node = list ? &next->items.front() : next;
  }
  if (const auto other = kInsteadOf.find(path); other != kInsteadOf.end()) node->erase(other->second);
  node->set(steps.back(), node_of(value));
  return render_tree(root, Format::Json);
}

const yaml::Node* look(const yaml::Node& root, const std::string& path) {
  const yaml::Node* node = &root;
  for (const std::string& step : steps_of(path)) {
    const bool list = step.ends_with("[]");
    node = node->find(step.substr(0, step.size() - (list ? 2 : 0)));
    if (node == nullptr) return nullptr;
    if (list && node->items.empty()) return nullptr;
    if (list) node = &node->items.front();
  }
  return node;
}

/// The normal forms that hold everywhere. A number or a boolean and its text are the same, and a path of the project
/// is absolute; one value is a list of one; a list of "key=value" is a mapping; defaults may be added to an object.
bool same(const yaml::Node& given, const yaml::Node& printed) {
  if (given.is_scalar() && printed.is_list()) return printed.items.size() == 1 && same(given, printed.items.front());
  if (given.is_scalar()) {
    const std::string path = "/project/" + given.text.substr(given.text.starts_with("./") ? 2 : 0);
    return printed.is_scalar() && (printed.text == given.text || printed.text == path);
  }
  if (given.is_list() && printed.is_map())
    return std::all_of(given.items.begin(), given.items.end(), [&](const yaml::Node& item) {
      const std::size_t equals = std::min(item.text.find('='), item.text.size());
      const yaml::Node* value = printed.find(item.text.substr(0, equals));
      const std::string text = equals == item.text.size() ? "" : item.text.substr(equals + 1);
      return value != nullptr && same(yaml::Node::string(text), *value);
    });
  if (given.is_list())
    return printed.is_list() &&
           std::equal(given.items.begin(), given.items.end(), printed.items.begin(), printed.items.end(), same);
  return printed.is_map() && std::all_of(given.entries.begin(), given.entries.end(), [&](const yaml::Entry& entry) {
           const yaml::Node* value = printed.find(entry.key);
           return value != nullptr && same(entry.value, *value);
         });
}

LoadTest test_of(const std::string& text) {
  LoadTest test({{"compose.yaml", text},
                 {"inc.yaml", "services: {inc: {image: i, build: ., labels: {K: \"${K:-none}\"}}}\n"},
                 {"other.yaml", "services: {d: {image: i, labels: {OTHER: v}}}\n"},
                 {"sub/there", ""},
                 {"env", "K=v\n"}});
  test.request.project_name = {};
  return test;
}

class Reappear : public ::testing::Test {
 protected:
  static std::vector<Attribute> attributes() {
    return test::SchemaSamples({{"services", "a"},
                                {"services.a.build.ulimits", "nofile"},
                                {"services.a.depends_on", "b"},
                                {"services.a.models", "m"},
                                {"services.a.networks", "n"},
                                {"services.a.ulimits", "nofile"},
                                {"networks", "n"},
                                {"volumes", "vol"},
                                {"secrets", "s"},
                                {"configs", "c"},
                                {"models", "m"}})
        .run();
  }

  /// The ways to write an attribute that are tried.
  static std::vector<std::pair<std::string, std::string>> forms_of(const Attribute& attribute) {
    const std::vector<Form>* best = nullptr;
    std::size_t length = 0;
    for (const auto& [end, forms] : legal_values())
      if (attribute.path.ends_with(end) && end.size() > length) {
        best = &forms;
        length = end.size();
      }
    std::vector<std::pair<std::string, std::string>> result;
    if (best != nullptr)
      for (const Form& form : *best)
        result.emplace_back(form.written, *form.printed != 0 ? form.printed : form.written);
    else
      for (const std::string& sample : attribute.samples) result.emplace_back(sample, sample);
    return result;
  }

  /// What config prints for the document, parsed; it must load again to the same text.
  static yaml::Node printed_for(const std::string& text) {
    const std::string printed = test_of(text).yaml();
    const LoadResult result = test_of(text).load();
    EXPECT_TRUE(result.loaded.has_value()) << text << "\n" << printed;
    if (!result.loaded) return yaml::Node::map();
    EXPECT_EQ(test_of(printed).yaml(), printed) << "what is printed has another meaning; from\n" << text;
    return node_of(printed);
  }

  static void expect_at(const std::string& text, const std::string& where, const std::string& expected) {
    const yaml::Node printed = printed_for(text);
    const yaml::Node* value = look(printed, where);
    ASSERT_NE(value, nullptr) << where << " is not printed for\n" << text;
    EXPECT_TRUE(same(node_of(expected), *value)) << where << ", expected " << expected << ", is\n"
                                                 << render_tree(*value, Format::Json) << "\nfor\n"
                                                 << text;
  }
};

TEST_F(Reappear, EveryAttributeAsItWasGivenOrInANormalForm) {
  std::set<std::string> elsewhere;
  for (const Elsewhere& one : kElsewhere) elsewhere.insert(one.path);
  std::size_t tried = 0;
  for (const Attribute& attribute : attributes()) {
    if (elsewhere.contains(attribute.path) || kDropped.contains(attribute.path)) continue;
    for (const auto& [written, printed] : forms_of(attribute)) {
      SCOPED_TRACE(attribute.path + ": " + written);
      expect_at(document(attribute.path, written), attribute.path, printed);
      ++tried;
    }
  }
  EXPECT_GT(tried, 450U) << "the walk must reach every attribute";
}

TEST_F(Reappear, WhatHasItsEffectElsewhereHasIt) {
  for (const Elsewhere& one : kElsewhere) {
    SCOPED_TRACE(std::string(one.path) + ": " + one.form.written + " (" + one.reason + ")");
    const std::string printed = *one.form.printed != 0 ? one.form.printed : one.form.written;
    expect_at(document(one.path, one.form.written), one.where, printed);
  }
}

TEST_F(Reappear, WhatIsDroppedIsNotPrinted) {
  std::size_t tried = 0;
  for (const Attribute& attribute : attributes()) {
    if (!kDropped.contains(attribute.path)) continue;
    ++tried;
    for (const std::string& sample : attribute.samples)
      EXPECT_EQ(look(printed_for(document(attribute.path, sample)), attribute.path), nullptr) << attribute.path;
  }
  EXPECT_EQ(tried, kDropped.size()) << "an attribute in the list is not in the schema";
}

TEST_F(Reappear, TheListsNameAttributesOfTheSchemaOnly) {
  std::set<std::string> paths;
  for (const Attribute& attribute : attributes()) paths.insert(attribute.path);
  for (const Elsewhere& one : kElsewhere) EXPECT_TRUE(paths.contains(one.path)) << one.path;
  for (const auto& [path, other] : kInsteadOf) EXPECT_TRUE(paths.contains(path)) << path;
  for (const auto& [end, forms] : legal_values())
    EXPECT_TRUE(std::any_of(paths.begin(), paths.end(), [&end = end](const auto& path) { return path.ends_with(end); }))
        << end;
  for (const auto& [path, needed] : beside())
    EXPECT_TRUE(std::any_of(paths.begin(), paths.end(), [&path = path](const auto& one) {
      return one.starts_with(path + ".");
    })) << path;
}

}  // namespace
}  // namespace davit::compose
