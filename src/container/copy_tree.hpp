#pragma once
// Copying a tree with everything that belongs to it. Private to the room.

namespace davit::container {

/// Copies what is in the folder `from` into the empty folder `to` (both open descriptors): owners, modes, times,
/// extended attributes (where the file system has them), hard links among the copied files, devices and pipes; sockets
/// are left out. Then gives `to` the owner and mode of `from`. Throws Error naming the file; a part may have been
/// copied then.
void copy_tree(int from, int to);

}  // namespace davit::container
