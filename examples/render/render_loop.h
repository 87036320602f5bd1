// The loop that `render` and `render-mpi` share: passes until there are enough, saved on the way.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "examples/render/options.h"
#include "examples/render/progressive.h"
#include "examples/render/saved_picture.h"

namespace render {

// Collective with the ranks of `saved`. kStop: the job is to end now and goes on later. `speaks`: this
// process tells of it on standard output.
tl::expected<SavedPicture::Next, std::string> RenderAll(const Options& options, Progressive& picture,
                                                        SavedPicture& saved, bool speaks);

}  // namespace render
