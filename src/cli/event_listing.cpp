#include "event_listing.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "davit/image/time_text.hpp"

namespace davit::cli {
namespace {

std::map<std::string, std::string> attributes_of(const engine::Event& event, const std::string& image) {
  std::map<std::string, std::string> attributes = event.attributes;
  if (!image.empty()) attributes["image"] = image;
  attributes["name"] = event.name;
  return attributes;
}

}  // namespace

std::string event_line(const engine::Event& event, const std::string& image, std::chrono::seconds utc_offset) {
  const auto local = event.time.time_since_epoch() + utc_offset;
  const auto whole = std::chrono::floor<std::chrono::seconds>(local);
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(local - whole).count();
  std::string time = image::format_rfc3339(std::chrono::nanoseconds(whole).count()).substr(0, 19);
  time[10] = ' ';
  const std::string digits = std::to_string(micro);
  std::string out = time + "." + std::string(6 - digits.size(), '0') + digits;
  out += " " + event.type + " " + event.action + " " + event.container + " (";
  bool first = true;
  for (const auto& [key, value] : attributes_of(event, image)) {
    out += (first ? "" : ", ") + key + "=" + value;
    first = false;
  }
  return out + ")";
}

std::string event_json(const engine::Event& event, const std::string& image) {
  boost::json::object attributes;
  for (const auto& [key, value] : attributes_of(event, image)) attributes[key] = value;
  if (!event.cause.empty()) attributes["cause"] = event.cause;
  return boost::json::serialize(
      boost::json::object{{"action", event.action},
                          {"attributes", std::move(attributes)},
                          {"id", event.container},
                          {"service", event.service},
                          {"time", image::format_rfc3339(event.time.time_since_epoch().count())},
                          {"type", event.type}});
}

}  // namespace davit::cli
