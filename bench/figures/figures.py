"""What bench/run measures. Each figure takes the number of runs and yields Rows."""

from figures.checkpoints import checkpoints
from figures.core_alone import cycle, n_to_n
from figures.gang_placement import gang_placement
from figures.idle import followers, log_followers
from figures.interruptions import interruptions
from figures.kernels import kernels
from figures.million import job, restart, snapshot
from figures.submits import cancel, large_array, memory, submit_process, submits
from figures.tasks import array, dispatch, dispatch_core, idle_latency

FIGURES = {f.__name__.replace("_", "-"): f for f in
           (array, submits, large_array, n_to_n, memory, dispatch_core, dispatch, cycle, gang_placement, submit_process, idle_latency,
            cancel, job, restart, snapshot, followers, log_followers, checkpoints, interruptions, kernels)}
