#include <boost/json.hpp>

#include "davit/picture/draw.hpp"
#include "label.hpp"

namespace davit::picture {
namespace {

namespace json = boost::json;

json::array strings(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& text : list) out.emplace_back(text);
  return out;
}

json::object service(const Box& box) {
  json::array ports;
  for (const Port& port : box.ports) ports.push_back({{"published", port.outside}, {"target", port.inside}});
  json::object out{{"name", box.name}, {"wave", box.level + 1}};
  if (!box.image.empty()) out["image"] = box.image;
  if (!box.build.empty()) out["build"] = box.build;
  if (!box.provider.empty()) out["provider"] = box.provider;
  if (!box.network_mode.empty()) out["network_mode"] = box.network_mode;
  out["networks"] = strings(box.networks);
  out["ports"] = std::move(ports);
  out["profiles"] = strings(box.profiles);
  out["replicas"] = box.replicas;
  out["health_check"] = box.health_check;
  out["enabled"] = box.enabled;
  return out;
}

json::object dependency(const Link& link, const Picture& picture) {
  json::object out{{"from", picture.boxes[link.from].name},
                   {"to", picture.boxes[link.to].name},
                   {"condition", model::to_string(link.condition)},
                   {"required", link.required},
                   {"restart", link.restart},
                   {"through", strings(link.through)}};
  if (!link.where.known()) return out;
  out["file"] = *link.where.file;
  out["line"] = link.where.begin.line;
  out["column"] = link.where.begin.column;
  return out;
}

}  // namespace

std::string draw_json(const Picture& picture) {
  json::array services;
  for (const Box& box : picture.boxes) services.push_back(service(box));
  json::array dependencies;
  for (const Link& link : picture.links) dependencies.push_back(dependency(link, picture));
  json::array networks;
  for (const Network& network : picture.networks)
    networks.push_back({{"key", network.key},
                        {"name", network.name},
                        {"driver", network.driver},
                        {"external", network.external},
                        {"internal", network.internal}});
  const json::object document{{"project", picture.project},
                              {"services", std::move(services)},
                              {"dependencies", std::move(dependencies)},
                              {"networks", std::move(networks)}};
  return json::serialize(document) + "\n";
}

}  // namespace davit::picture
