#pragma once
// The index of the log (the "-shm" file), and the room it has.

namespace davit::state::detail {

/// The first process that opens a database cuts the index to three bytes, so that it is made anew, and lets it grow
/// again: on a full disk whoever writes at that moment takes its blocks, and nobody can open the database any more.
/// From now on, in this process, its bytes are cleared instead and its blocks stay. Where this SQLite has no such call
/// to replace, it cuts as before.
void keep_room_of_log_index();

}  // namespace davit::state::detail
