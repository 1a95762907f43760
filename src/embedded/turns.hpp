#pragma once
// Whose turn it is to change a project. Pure: the requests of the commands come in, what may happen comes out.

#include <optional>
#include <string>
#include <vector>

#include "davit/base/error.hpp"

namespace davit::embedded {

/// Commands that raise a project (`up`, `create`, `scale`) and commands that lower it (`down`) come one after another,
/// in the order in which they join. One that lowers does not wait for those that raise: they have to give way, and
/// nothing they ask for is done any more. Its turn comes when what they have asked for before is done.
///
/// Commands without a turn (`start`, `run`, `restart`) are let in at any time but during a lowering.
/// The line is more than this object: line() is what the next one needs to go on where this one was cut off.
/// Rule of the project: docs/architecture.md, "One command at a time".
class Turns {
 public:
  enum class Kind { Raise, Lower };
  enum class State {
    Unknown,   ///< has not joined, or has left
    InLine,    ///< others are before it
    Holding,   ///< it may act
    GivesWay,  ///< a lowering command came after it
  };

  /// A command in the line, apart from what it does just now.
  struct Place {
    std::string id;
    Kind kind = Kind::Raise;
    std::string cause;
    std::string lowered_by;  ///< empty: nobody makes it give way
    friend bool operator==(const Place&, const Place&) = default;
  };

  Turns() = default;
  /// Goes on with the line of another one. Acts that it has let in are over.
  explicit Turns(std::vector<Place> line);
  /// The commands that are there, in their order.
  [[nodiscard]] std::vector<Place> line() const;

  /// `cause`: the command line that is named to others. Joining twice is joining once.
  void join(const std::string& id, Kind kind, std::string cause);
  /// Its end, orderly or not: forgotten, as soon as its acts are over. A command that gives way and is still there
  /// stays known: it may ask for more.
  void leave(const std::string& id);
  [[nodiscard]] State state(const std::string& id) const;
  /// The command before it that is waited for; empty when there is none.
  [[nodiscard]] std::string ahead_of(const std::string& id) const;
  /// Whether a command other than `id` raises the project, or will.
  [[nodiscard]] bool is_raised_by_another(const std::string& id) const;
  /// Who makes the command give way; empty: nobody.
  [[nodiscard]] std::string lowered_by(const std::string& id) const;

  struct Permit {
    enum class Answer {
      Granted,  ///< the act may begin, and act_ended() must follow
      Lowered,  ///< `forbidden_by` lowers the project
      Lost,     ///< it is not the turn of this command (any more), whatever it believes
    };
    Answer answer = Answer::Granted;
    std::string forbidden_by;  ///< a command line
    std::string account;       ///< what to give act_ended()
  };
  /// An act is about to begin. `id` empty: of a command without a turn. With one, it is let in only while
  /// State::Holding.
  [[nodiscard]] Permit act_begins(const std::string& id);
  void act_ended(const std::string& account);

 private:
  struct Entry : Place {
    int acts = 0;  ///< under way
    bool left = false;
  };

  /// Nothing more can come of it.
  static bool is_done(const Entry& entry) { return entry.acts == 0 && (entry.left || !entry.lowered_by.empty()); }
  [[nodiscard]] const Entry* find(const std::string& id) const;
  [[nodiscard]] Entry* find(const std::string& id);
  [[nodiscard]] const Entry* first_before(const Entry& entry) const;

  std::vector<Entry> line_;
  int turnless_acts_ = 0;
};

/// What a command is told that has to give way to the one that is named.
[[nodiscard]] Error lowered_error(const std::string& project, const std::string& by);
/// What a command is told whose turn ended without its doing.
[[nodiscard]] Error turn_lost_error(const std::string& project);

}  // namespace davit::embedded
