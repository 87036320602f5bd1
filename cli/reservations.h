// `bsub-lite reservations`: nodes set aside for some users for a while.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command ReservationsCommand();

}  // namespace bsub::cli
