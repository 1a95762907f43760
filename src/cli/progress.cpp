#include "progress.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>

namespace davit::cli {
namespace {

using Status = runtime::ProgressEvent::Status;

constexpr std::array<const char*, 10> kSpinner{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr auto kFrame = std::chrono::milliseconds(100);

const char* word(Status status) {
  switch (status) {
    case Status::Working:
      return "Working";
    case Status::Done:
      return "Done";
    case Status::Warning:
      return "Warning";
    case Status::Error:
      return "Error";
  }
  return "Error";
}

const char* mark(Status status) {
  switch (status) {
    case Status::Working:
      return "";
    case Status::Done:
      return "✔";
    case Status::Warning:
      return "!";
    case Status::Error:
      return "✘";
  }
  return "";
}

const char* colour_of(Status status) {
  switch (status) {
    case Status::Working:
      return "\x1b[34m";
    case Status::Done:
      return "\x1b[32m";
    case Status::Warning:
      return "\x1b[33m";
    case Status::Error:
      return "\x1b[31m";
  }
  return "";
}

std::string seconds(std::chrono::steady_clock::duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1fs", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

ProgressMode choose_progress(const std::string& asked, const std::string& ansi, bool is_terminal) {
  if (asked == "quiet") return ProgressMode::Quiet;
  if (asked == "json") return ProgressMode::Json;
  if (asked == "plain") return ProgressMode::Plain;
  if (asked == "tty") return ProgressMode::Tty;
  return ansi != "never" && is_terminal ? ProgressMode::Tty : ProgressMode::Plain;
}

std::string plain_line(const runtime::ProgressEvent& event) {
  return " " + event.id + " " + event.text + " " + event.details + "\n";
}

std::string json_line(const runtime::ProgressEvent& event) {
  boost::json::object object{{"id", event.id}, {"status", word(event.status)}, {"text", event.text}};
  if (!event.details.empty()) object["details"] = event.details;
  return boost::json::serialize(object) + "\n";
}

void ProgressBoard::update(const runtime::ProgressEvent& event, Time now) {
  const auto [found, added] = index_.try_emplace(event.id, entries_.size());
  if (added) entries_.push_back({event, now, now});
  Entry& entry = entries_[found->second];
  // Something that was done begins again ("Created" then "Starting"): its time starts anew.
  if (entry.last.status != Status::Working && event.status == Status::Working) entry.begin = now;
  entry.last = event;
  entry.end = now;
}

std::string ProgressBoard::line(const Entry& entry, Time now, std::size_t columns, std::size_t id_width) const {
  const bool working = entry.last.status == Status::Working;
  const auto frame = static_cast<std::size_t>((now - entry.begin) / kFrame) % kSpinner.size();
  const std::string time = seconds((working ? now : entry.end) - entry.begin);
  std::string text = entry.last.id + std::string(id_width - entry.last.id.size() + 2, ' ') + entry.last.text;
  if (!entry.last.details.empty()) text += " " + entry.last.details;
  const std::size_t room = columns > time.size() + 5 ? columns - time.size() - 5 : 0;
  if (text.size() > room) text.resize(room);
  text += std::string(room - text.size(), ' ') + " " + time;
  const std::string sign = working ? kSpinner[frame] : mark(entry.last.status);
  if (!colour_) return " " + sign + " " + text;
  return std::string(" ") + colour_of(entry.last.status) + sign + "\x1b[0m " + text;
}

std::vector<std::string> ProgressBoard::draw(Time now, std::size_t columns, std::size_t rows) const {
  const auto done = std::count_if(entries_.begin(), entries_.end(),
                                  [](const Entry& entry) { return entry.last.status != Status::Working; });
  std::vector<std::string> lines{"[+] " + title_ + " " + std::to_string(done) + "/" + std::to_string(entries_.size())};
  const std::size_t room = rows > 2 ? rows - 2 : 1;
  std::size_t id_width = 0;
  for (const auto& entry : entries_) id_width = std::max(id_width, entry.last.id.size());
  // When they do not all fit, what is still at work is what matters.
  std::vector<const Entry*> shown;
  for (const auto& entry : entries_)
    if (entries_.size() <= room || entry.last.status == Status::Working || entry.last.status == Status::Error)
      shown.push_back(&entry);
  for (const auto& entry : entries_) {
    if (shown.size() >= room || entries_.size() <= room) break;
    if (entry.last.status == Status::Done) shown.push_back(&entry);
  }
  const std::size_t visible = std::min(shown.size(), room);
  for (std::size_t i = 0; i < visible; ++i) lines.push_back(line(*shown[i], now, columns, id_width));
  if (visible < entries_.size()) lines.push_back(" ... " + std::to_string(entries_.size() - visible) + " more");
  return lines;
}

}  // namespace davit::cli
