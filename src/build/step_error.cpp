#include "build/step_error.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdint>

namespace davit::build {
namespace {

bool is_full(const std::filesystem::path& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return false;
  constexpr std::uint64_t kAlmostNothing = 1U << 20U;
  const bool without_inodes = info.f_files > 0 && info.f_favail == 0;  // some file systems do not count them
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize < kAlmostNothing || without_inodes;
}

Error rebuilt(const Error& from, Diagnostic diagnostic) {
  Error out(std::move(diagnostic));
  out.exit_code(from.exit_code());
  return out;
}

}  // namespace

Error as_error(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  return error != nullptr ? *error : Error(Diagnostic::error("step-failed", failure.what()));
}

Error placed_at(const Error& error, const Span& where) {
  if (error.diagnostic().where) return error;
  Diagnostic diagnostic = error.diagnostic();
  diagnostic.where = where;
  return rebuilt(error, std::move(diagnostic));
}

Error with_full_disk(Error error, const std::filesystem::path& data_root) {
  // What points into the Dockerfile is a mistake there, full disk or not; but a program may have failed for want of
  // room.
  const bool mistake = error.diagnostic().where.has_value() && error.diagnostic().code != "run-failed";
  if (mistake || !is_full(data_root)) return error;
  const std::string text = "the file system of '" + data_root.string() + "' is full";
  Diagnostic diagnostic = error.diagnostic();
  const bool said = std::any_of(diagnostic.notes.begin(), diagnostic.notes.end(),
                                [&text](const Diagnostic::Note& note) { return note.text == text; });
  if (!said) diagnostic.note(text);
  diagnostic.with_hint("make room on it, or choose another folder with --data-root");
  return rebuilt(error, std::move(diagnostic));
}

}  // namespace davit::build
