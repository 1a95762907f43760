#include "image_listing.hpp"

#include <boost/json.hpp>
#include <set>

#include "davit/image/reference.hpp"
#include "davit/image/time_text.hpp"
#include "human.hpp"
#include "json_text.hpp"

namespace davit::cli {
namespace {

namespace json = boost::json;

constexpr auto kNone = "<none>";
constexpr std::size_t kShortId = 12;

std::string shown_id(const ImageId& id, IdLength length) {
  return length == IdLength::Full ? id.str() : id.str().substr(7, kShortId);
}

std::string age(std::int64_t created, std::int64_t now) {
  if (created == 0) return "N/A";
  return human_duration(std::chrono::nanoseconds(now - created)) + " ago";
}

/// "2026-11-23 08:00:00 +0000 UTC", as Go prints a time.
std::string go_time(std::int64_t created) {
  if (created == 0) return "N/A";
  std::string text = image::format_rfc3339(created).substr(0, 19);
  text[10] = ' ';
  return text + " +0000 UTC";
}

bool matches(const image::Reference& reference, const std::string& wanted) {
  const auto parsed = image::Reference::parse(wanted);
  if (!parsed || parsed->full_name() != reference.full_name()) return false;
  // parse() adds a tag where the user wrote none.
  const std::size_t last = wanted.rfind('/');
  const bool has_tag = wanted.find(':', last == std::string::npos ? 0 : last) != std::string::npos;
  return !has_tag || parsed->key() == reference.key();
}

json::value text_or_null(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? *value : json::value("");
}

}  // namespace

std::vector<ImageLine> image_lines(const std::vector<image::Image>& images, const std::string& name, IdLength ids) {
  std::vector<ImageLine> lines;
  for (const image::Image& image : images) {
    const ImageLine nameless{kNone, kNone, shown_id(image.id, ids), image.created, image.size};
    if (image.tags.empty() && name.empty()) lines.push_back(nameless);
    for (const std::string& tag : image.tags) {
      const auto reference = image::Reference::parse(tag);
      if (!reference || (!name.empty() && !matches(*reference, name))) continue;
      ImageLine line = nameless;
      line.repository = reference->familiar_name();
      line.tag = reference->tag().value_or(kNone);
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string image_table(const std::vector<ImageLine>& lines, std::int64_t now) {
  std::vector<std::vector<std::string>> rows = {{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}};
  for (const ImageLine& line : lines)
    rows.push_back({line.repository, line.tag, line.id, age(line.created, now), human_size(line.size)});
  return table(rows);
}

std::string image_json_lines(const std::vector<ImageLine>& lines, std::int64_t now) {
  std::string text;
  for (const ImageLine& line : lines) {
    const json::object object = {{"Containers", "N/A"},
                                 {"CreatedAt", go_time(line.created)},
                                 {"CreatedSince", age(line.created, now)},
                                 {"Digest", kNone},
                                 {"ID", line.id},
                                 {"Repository", line.repository},
                                 {"SharedSize", "N/A"},
                                 {"Size", human_size(line.size)},
                                 {"Tag", line.tag},
                                 {"UniqueSize", "N/A"}};
    text += json::serialize(object) + "\n";
  }
  return text;
}

std::string image_ids(const std::vector<ImageLine>& lines) {
  std::string text;
  std::set<std::string> seen;
  for (const ImageLine& line : lines)
    if (seen.insert(line.id).second) text += line.id + "\n";
  return text;
}

std::string inspect_json(const image::Image& image, const std::string& config_json) {
  const json::value document = json::parse(config_json);
  const json::object& config = document.get_object();
  json::array tags;
  for (const std::string& tag : image.tags) tags.emplace_back(tag);
  json::array layers;
  for (const std::string& diff_id : image.diff_ids) layers.emplace_back(diff_id);
  const std::string comment = image.config.history.empty() ? "" : image.config.history.back().comment;
  json::object object = {{"Id", image.id.str()},
                         {"RepoTags", tags},
                         {"RepoDigests", json::array()},
                         {"Comment", comment},
                         {"Created", text_or_null(config, "created")},
                         {"Author", text_or_null(config, "author")},
                         {"Architecture", text_or_null(config, "architecture")},
                         {"Os", text_or_null(config, "os")},
                         {"Size", image.size}};
  if (const auto* variant = config.if_contains("variant")) object["Variant"] = *variant;
  const auto* runtime_part = config.if_contains("config");
  object["Config"] = runtime_part != nullptr ? *runtime_part : json::value(json::object());
  object["RootFS"] = json::object{{"Type", "layers"}, {"Layers", layers}};
  return pretty_json(object);
}

}  // namespace davit::cli
