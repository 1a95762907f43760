#pragma once
// From the flags of `up`, `create` and `scale` to a plan, with the questions that are to be asked on the way.

#include "davit/image/image_store.hpp"
#include "davit/plan/plan.hpp"
#include "session.hpp"
#include "up_options.hpp"

namespace davit::cli {

/// The plan, or its errors printed and ExitWith{1}. Warnings are printed. A volume that the file describes otherwise
/// now is made anew, and its data lost, only if the user says so: --yes, or the answer to a question on standard input
/// (the default is no, as docker compose's). With --dry-run nothing is asked.
Task<plan::Plan> plan_up(Session& session, const model::Project& project, const UpFlags& flags,
                         const image::ImageStore& store);

}  // namespace davit::cli
