#include "scheduler/rpc/outlook_calls.h"

#include <utility>

namespace bsub::rpc {

void FillOutlook(BlockingPool& readers, std::shared_ptr<const sched::StartStudy> study, v1::Outlook& outlook,
                 const Done& done) {
  readers.Run([&readers, study = std::move(study), &outlook, done] {
    const sched::StartOutlook found = study->Run([&readers] { return readers.stopping(); });
    if (found.stopped)
      return done(Unavailable("the scheduler is stopping and gives no forecast; ask again when it is back"));
    outlook.set_position(study->position());
    outlook.set_reserved_at_us(study->reserved_at().micros());
    outlook.set_starts_p50_at_us(found.p50.micros());
    outlook.set_starts_p90_at_us(found.p90.micros());
    outlook.set_plays(found.plays);
    done(OkStatus());
  });
}

}  // namespace bsub::rpc
