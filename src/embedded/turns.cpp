#include "embedded/turns.hpp"

#include <algorithm>
#include <utility>

namespace davit::embedded {

Turns::Turns(std::vector<Place> line) {
  for (Place& place : line) line_.push_back({{std::move(place)}});
}

std::vector<Turns::Place> Turns::line() const {
  std::vector<Place> out;
  for (const Entry& entry : line_)
    if (!entry.left) out.push_back(entry);
  return out;
}

const Turns::Entry* Turns::find(const std::string& id) const {
  const auto found = std::find_if(line_.begin(), line_.end(), [&id](const Entry& entry) { return entry.id == id; });
  return found == line_.end() ? nullptr : &*found;
}

Turns::Entry* Turns::find(const std::string& id) {
  return const_cast<Entry*>(std::as_const(*this).find(id));
}

void Turns::join(const std::string& id, Kind kind, std::string cause) {
  if (Entry* const known = find(id)) {
    known->left = false;  // its connection broke, and it is back
    return;
  }
  if (kind == Kind::Lower)
    for (Entry& entry : line_)
      if (entry.kind == Kind::Raise && entry.lowered_by.empty()) entry.lowered_by = cause;
  line_.push_back({{.id = id, .kind = kind, .cause = std::move(cause), .lowered_by = {}}});
}

void Turns::leave(const std::string& id) {
  if (Entry* const entry = find(id)) entry->left = true;
  std::erase_if(line_, [](const Entry& entry) { return entry.left && entry.acts == 0; });
}

/// Whom it has to wait for: the first of those before it that may still change something.
const Turns::Entry* Turns::first_before(const Entry& entry) const {
  for (const Entry& other : line_) {
    if (&other == &entry) return nullptr;
    if (!is_done(other)) return &other;
  }
  return nullptr;
}

Turns::State Turns::state(const std::string& id) const {
  const Entry* const entry = find(id);
  if (entry == nullptr || entry->left) return State::Unknown;
  if (!entry->lowered_by.empty()) return State::GivesWay;
  if (first_before(*entry) != nullptr) return State::InLine;
  return entry->kind == Kind::Lower && turnless_acts_ > 0 ? State::InLine : State::Holding;
}

std::string Turns::ahead_of(const std::string& id) const {
  const Entry* const entry = find(id);
  const Entry* const before = entry == nullptr ? nullptr : first_before(*entry);
  return before == nullptr ? "" : before->cause;
}

bool Turns::is_raised_by_another(const std::string& id) const {
  return std::any_of(line_.begin(), line_.end(), [&id](const Entry& entry) {
    return entry.id != id && entry.kind == Kind::Raise && entry.lowered_by.empty() && !entry.left;
  });
}

std::string Turns::lowered_by(const std::string& id) const {
  const Entry* const entry = find(id);
  return entry == nullptr ? "" : entry->lowered_by;
}

Turns::Permit Turns::act_begins(const std::string& id) {
  using Answer = Permit::Answer;
  if (!id.empty()) {
    const State now = state(id);
    if (now == State::GivesWay) return {Answer::Lowered, lowered_by(id), ""};
    if (now != State::Holding) return {Answer::Lost, "", ""};
    ++find(id)->acts;
    return {Answer::Granted, "", id};
  }
  for (const Entry& entry : line_)
    if (entry.kind == Kind::Lower && !entry.left) return {Answer::Lowered, entry.cause, ""};
  ++turnless_acts_;
  return {};
}

void Turns::act_ended(const std::string& account) {
  if (Entry* const entry = find(account)) {
    --entry->acts;
    if (entry->left) leave(account);
  } else {
    --turnless_acts_;
  }
}

Error lowered_error(const std::string& project, const std::string& by) {
  return Error(Diagnostic::error("lowered", "project '" + project + "' was lowered by another command: " + by));
}

Error turn_lost_error(const std::string& project) {
  return Error(Diagnostic::error("turn-lost", "the turn of this command to change project '" + project +
                                                  "' is lost: the project's keeper was killed, and another command "
                                                  "may have changed the project since")
                   .with_hint("run the command again; it goes on from what is there"));
}

}  // namespace davit::embedded
