// What the spawner says, decoded so that one end which cannot be read does not hide the other tasks: without
// their list the node could not come back.
#pragma once

#include <string_view>

#include "api/bsub/v1/spawner.pb.h"

namespace bsub::worker {

// False: nothing can be made of it, as of a torn stream. A task whose end cannot be decoded has an end that
// says so: it never started, or how it ended is not known.
bool DecodeFromSpawner(std::string_view payload, v1::spawner::FromSpawner& message);

}  // namespace bsub::worker
