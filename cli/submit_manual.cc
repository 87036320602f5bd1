// The manual and option table of `submit`.
#include "cli/submit_request.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kProgramHeading = "WHAT RUNS";

std::vector<Option> ProgramOptions() {
  constexpr std::string_view kGroup = kProgramHeading;
  return {
      {.name = "name",
       .letter = 'J',
       .value = "NAME",
       .text = "Name of the job. NAME[1-10]%2 also makes it an array, as in LSF.",
       .fallback = "the name of the program or script",
       .group = kGroup},
      {.name = "script",
       .value = "FILE",
       .text = "Spool FILE as the script; the words are its arguments.",
       .group = kGroup,
       .complete = "file"},
      {.name = "definition",
       .value = "NAME[:REVISION]",
       .text = "Start from a registered job definition; options given here win.",
       .group = kGroup},
      {.name = "param",
       .value = "NAME=VALUE",
       .text = "Value of Ref::NAME in the definition's command. May be given many times.",
       .group = kGroup},
      {.name = "array",
       .value = "SPEC",
       .text = "Make an array job. SPEC lists the indexes, such as 1-1000, 0-9:3 or 1,4,7-10; %N at its end "
               "runs at most N children at a time. Each child finds its index in BSUB_ARRAY_INDEX.",
       .group = kGroup},
      {.name = "kernel",
       .value = "LIBRARY:FUNCTION",
       .text = "The children of --array are calls of this function in a shared object (bsub/kernel.h), all "
               "in one job "
               "with --cpus threads. Results and what is finished are saved below --checkpoint-dir each "
               "second; see "
               "docs/kernels.md.",
       .group = kGroup},
      {.name = "kernel-input",
       .value = "TEXT|@FILE",
       .text = "Handed to each call of the kernel; @FILE: what the file holds when the job runs.",
       .group = kGroup},
  };
}

std::vector<Option> SurroundingOptions() {
  constexpr std::string_view kGroup = kProgramHeading;
  return {
      {.name = "workdir",
       .value = "DIR",
       .text = "Directory the job runs in.",
       .fallback = "the current directory",
       .group = kGroup,
       .complete = "file"},
      {.name = "env",
       .value = "NAME=VALUE",
       .text = "Set a variable for the job; NAME alone copies it from here. May be given many times.",
       .group = kGroup},
      {.name = "env-file",
       .value = "FILE",
       .text = "Read variables from FILE, one NAME=VALUE per line.",
       .group = kGroup,
       .complete = "file"},
      {.name = "env-none", .text = "Do not pass the environment of this shell.", .group = kGroup},
      {.name = "output",
       .letter = 'o',
       .value = "FILE",
       .text = "File for standard output; %J is the job id, %I the array index, %A the attempt from 1, %N "
               "the node's index in a job on several: without it only the first node writes there. Output is "
               "added to what the file holds.",
       .fallback = "kept by the node, see bsub-lite logs",
       .group = kGroup,
       .complete = "file"},
      {.name = "error",
       .letter = 'e',
       .value = "FILE",
       .text = "File for standard error.",
       .fallback = "with standard output",
       .group = kGroup,
       .complete = "file"},
  };
}

std::vector<Option> ResourceOptions() {
  constexpr std::string_view kGroup = "WHAT IT NEEDS";
  return {
      {.name = "cpus",
       .letter = 'c',
       .value = "N",
       .text = "CPUs; thousandths count: 0.5 or 500m is half of one.",
       .fallback = "1",
       .group = kGroup},
      {.name = "memory",
       .letter = 'm',
       .value = "SIZE",
       .text = "Memory, such as 512M or 4G (powers of 1024). So much is kept for the job; what it takes "
               "beyond it is stopped only on nodes that can make control groups (docs/local-cluster.md).",
       .fallback = "no request",
       .group = kGroup},
      {.name = "gpus", .value = "N", .text = "Whole GPUs.", .fallback = "0", .group = kGroup},
      {.name = "time",
       .letter = 't',
       .value = "TIME",
       .text =
           "Wall time of each attempt, such as 90s, 1h30m or 1:30:00, then it is stopped and has timed out. "
           "A bare number is seconds, not minutes as in #BSUB -W.",
       .fallback = "no limit",
       .group = kGroup},
      {.name = "grace",
       .value = "TIME",
       .text = "Time between the signals TERM and KILL when the job is stopped; and if it saves, how long it "
               "may take "
               "to, from the notice on, where the node has so long.",
       .fallback = "30s",
       .group = kGroup},
  };
}

std::vector<Option> NodesOptions() {
  constexpr std::string_view kGroup = "ON SEVERAL NODES";
  return {
      {.name = "nodes",
       .value = "N[:M]",
       .text =
           "Run on N nodes at once, all of them or none, or on N to M, as many as there are at a start; -c, "
           "-m and --gpus are what it takes of each. The "
           "program runs once on every node and finds its index in BSUB_NODE_INDEX; mpirun and its like run "
           "on the first one only.",
       .fallback = "1",
       .group = kGroup},
      {.name = "mpi",
       .text =
           "The program is an MPI program: start its ranks on all nodes, by the mpirun of the MPI that it is "
           "linked with. Without --mpi, mpirun as the program does the same with options of your own.",
       .group = kGroup},
      {.name = "rank-output",
       .value = "PATH",
       .text = "With --mpi, and Open MPI's mpirun: each rank writes its output to a file of its own, %r in "
               "PATH is "
               "its number, %n its node's name, %j the job's id.",
       .fallback = "all with the job's output",
       .group = kGroup,
       .complete = "file"},
      {.name = "ranks-per-node",
       .value = "N",
       .text = "Ranks on each node, as MPI programs have them. Without -c so many CPUs are asked for, times "
               "--threads-per-rank.",
       .fallback = "1",
       .group = kGroup},
      {.name = "threads-per-rank",
       .value = "N",
       .text = "Threads of each rank.",
       .fallback = "1",
       .group = kGroup},
      {.name = "gang-end",
       .value = "RULE",
       .text = "When a job on several nodes is over. any: one node's task that fails ends it, and it "
               "succeeds when all have. main: it ends as the first node's task does, whatever the others do "
               "(AWS Batch's "
               "rule).",
       .fallback = "any",
       .group = kGroup},
      {.name = "launch",
       .value = "HOW",
       .text = "every-node: the program runs on each node. main-node: on the first one, and starts what runs "
               "on the others (mpirun).",
       .fallback = "main-node for mpirun and mpiexec, else every-node",
       .group = kGroup},
      {.name = "node-command",
       .value = "NODES=LINE",
       .text = "On the nodes with these indexes (3, 0:3, :3, 2:) run LINE, by /bin/sh, instead of the "
               "program. May be given many times; the last one that names a node counts.",
       .group = kGroup},
  };
}

std::vector<Option> PlacementOptions() {
  constexpr std::string_view kGroup = "ON WHICH NODES";
  return {
      {.name = "exclusive",
       .text = "Whole nodes: only such as run nothing else, and nothing else runs there meanwhile.",
       .group = kGroup},
      {.name = "placement",
       .value = "KIND",
       .text =
           "How the nodes stand to each other, on a cluster whose configuration says where they are. "
           "cluster: below the lowest switch possible, with the fewest hops. partition=K: in K parts that "
           "share no rack. spread: no two on one rack, at most seven in a zone. none: wherever there is "
           "room. The job waits until that can be kept. With :preferred behind it it does not, and with "
           ":preferred@5m no longer than so, then it takes what is nearest to it.",
       .fallback = "none",
       .group = kGroup},
      {.name = "placement-group",
       .value = "NAME",
       .text = "Place it with those of your jobs that run and name the same group: near them with placement "
               "cluster, which is then the default, on racks of its own with spread or partition.",
       .group = kGroup},
      {.name = "features",
       .value = "LIST",
       .text = "Only nodes that have all of these, with commas between: features of the cluster's "
               "configuration, types of nodes, fabrics, or racks and what is above them by name; '!NAME' is "
               "without it.",
       .group = kGroup},
      {.name = "prefer-features",
       .value = "LIST",
       .text = "Rather nodes that have these, the first before the second, if that costs neither the "
               "placement nor a higher switch.",
       .group = kGroup},
  };
}

std::vector<Option> CheckpointOptions() {
  constexpr std::string_view kGroup = "WHEN ITS NODE IS TAKEN AWAY";
  return {
      {.name = "checkpoint-dir",
       .value = "DIR",
       .text =
           "The program saves its state, in DIR/ID, of a child DIR/ID/INDEX, which is made for it and whose "
           "path is "
           "in BSUB_CHECKPOINT_DIR. It must be reached from all nodes. BSUB_RESTART_COUNT says how often the "
           "program was started before.",
       .group = kGroup,
       .complete = "file"},
      {.name = "checkpoint-signal",
       .value = "SIGNAL",
       .text = "Send it this one when its node is to be taken away, such as USR1; USR1@group to all of its "
               "processes. "
               "It is to save and then to exit with 85. It goes on on another node, at the front of its "
               "queue, with "
               "the same id; that counts as no attempt. How long it has is in BSUB_CONTROL_DIR/notice.json.",
       .group = kGroup},
      {.name = "checkpoint-exit-code",
       .value = "N",
       .text = "By which the program says that it has saved and wants to go on. Without a notice it is "
               "started again.",
       .fallback = "85 with --checkpoint-dir or --checkpoint-signal, else none",
       .group = kGroup},
      {.name = "checkpoint-interval",
       .value = "TIME",
       .text = "How often a program that uses the checkpoint library is to save. Only with --checkpoint-dir, "
               "or where it saves by --checkpoint-signal.",
       .fallback = "by what a save costs and how often nodes are lost",
       .group = kGroup},
      {.name = "restart-from",
       .value = "STORE",
       .text =
           "While its own is empty, a program that uses the checkpoint library begins with the newest state "
           "in STORE, another job's, such as DIR/12; nothing there is changed.",
       .group = kGroup,
       .complete = "file"},
      {.name = "checkpoint-anywhere",
       .text = "With --checkpoint-dir: DIR need not be below one of the cluster's durable_paths, which "
               "outlive a node.",
       .group = kGroup},
      {.name = "max-interruptions",
       .value = "N",
       .text = "Give up after N interruptions, which do not count as attempts.",
       .fallback = "core.max_interruptions_default: 100",
       .group = kGroup},
      {.name = "then",
       .value = "QUEUE",
       .text = "With --max-interruptions: do not give up, but go on in QUEUE with a new count of "
               "interruptions. Not "
               "for arrays: a queue is the whole array's.",
       .group = kGroup,
       .complete = "queue"},
  };
}

std::vector<Option> OrderOptions() {
  constexpr std::string_view kGroup = "WHEN IT RUNS";
  return {
      {.name = "queue",
       .letter = 'q',
       .value = "NAME",
       .text = "Queue to wait in.",
       .fallback = "the cluster's default queue",
       .group = kGroup,
       .complete = "queue"},
      {.name = "priority",
       .letter = 'p',
       .value = "N",
       .text = "Priority within the queue; higher runs first.",
       .fallback = "0",
       .group = kGroup},
      {.name = "depends",
       .value = "EXPRESSION",
       .text = "Start only when EXPRESSION holds: done(ID), ended(ID), started(ID), exit(ID[, >= CODE]), "
               "done(ID[*]) for index-wise arrays, n_to_n(ID), sequential(); names may stand for ids; && || "
               "! and parentheses join them.",
       .group = kGroup},
      {.name = "keep-if-impossible",
       .text = "Keep the job waiting when its dependency can no longer be met, instead of ending it.",
       .group = kGroup},
      {.name = "begin",
       .value = "TIME",
       .text = "Not before TIME: 2026-11-21T10:00:00Z, '2026-11-21 10:00' (UTC, not local time) or +15m.",
       .group = kGroup},
      {.name = "hold", .text = "Submit held; bsub-lite release lets it go.", .group = kGroup},
      {.name = "retry",
       .value = "N",
       .text = "Attempts in all, 1 to 10; 3 means at most two repeats.",
       .fallback = "1",
       .group = kGroup},
      {.name = "retry-rule",
       .value = "RULE",
       .text = "When to repeat: exit=137:retry, reason=OutOfMemory*:exit, status=Host*:retry; the first that "
               "matches decides. May be given five times.",
       .group = kGroup},
      {.name = "project", .value = "NAME", .text = "Project to account to.", .group = kGroup},
      {.name = "share",
       .value = "NAME",
       .text = "The share that it counts for, in queues that go by shares or limit them.",
       .fallback = "the user",
       .group = kGroup},
      {.name = "reservation",
       .value = "NAME",
       .text = "Run on the nodes and in the time of an advance reservation (bsub-lite reservations); it "
               "needs -t.",
       .group = kGroup},
      {.name = "tag",
       .value = "NAME=VALUE",
       .text = "Mark the job. May be given many times.",
       .group = kGroup},
  };
}

std::vector<Option> ReplyOptions() {
  constexpr std::string_view kGroup = "THIS COMMAND";
  return {
      {.name = "wait",
       .text = "Wait until the job is over and exit as bsub-lite wait does; arrays show a progress bar on a "
               "terminal.",
       .group = kGroup},
      {.name = "test-only",
       .text = "Submit nothing; say whether it would be accepted, when it would start, where, and what would "
               "keep it.",
       .group = kGroup},
      {.name = "quiet", .text = "Print only the job's id.", .group = kGroup},
      {.name = "json", .text = "Print the reply as JSON.", .group = kGroup},
      {.name = "token",
       .value = "TEXT",
       .text = "Names this submission: repeating it with the same TEXT returns the first job's id instead of "
               "making another, so that a script may try again safely.",
       .fallback = "random",
       .group = kGroup},
      {.name = "timeout",
       .value = "TIME",
       .text = "How long to try when the scheduler cannot be reached.",
       .fallback = "10s",
       .group = kGroup},
  };
}

}  // namespace

Manual SubmitManual() {
  Manual manual{
      .name = "submit",
      .summary = "send a job to the cluster",
      .synopsis = {"[OPTION ...] [--] PROGRAM [ARG ...]", "[OPTION ...] SCRIPT", "[OPTION ...] < SCRIPT",
                   "[OPTION ...] --script SCRIPT [ARG ...]",
                   "[OPTION ...] --definition NAME [--param NAME=VALUE ...]"},
      .paragraphs =
          {"Sends a job and prints its id. Once the id is printed the job is on disk: nothing that is killed "
           "or loses power afterwards loses it.",
           "The job runs in the current directory with this shell's environment, umask and resource limits. "
           "Options end at the first word that is not one; the rest belongs to the job.",
           "A single word that names a readable file is taken for a script unless it is a compiled program: "
           "its text is stored at once, so the file may change or go, and its #BSUB lines are read as "
           "options. Options on the command line win over them. A single word with blanks is given to "
           "/bin/sh. Words behind -- are always a program with its arguments.",
           "#BSUB lines take the options below and the usual ones of LSF: -J NAME[1-10]%2, -n SLOTS, -W "
           "[HOURS:]MINUTES, -M MEGABYTES, -w EXPRESSION, -b [[[YEAR:]MONTH:]DAY:]HOUR:MINUTE, -P PROJECT, "
           "-G SHARE, -H, -K, -x, -cwd DIR, -oo FILE, -eo FILE, -env LIST, -gpu num=N, "
           "-R \"rusage[mem=MEGABYTES]\".",
           "If BSUB_LITE_HOME has never held a cluster, a small one is started on this machine."},
      .options = ProgramOptions(),
      .examples = {{"submit -J hello -- echo hi", "One program."},
                   {"submit -q high -p 50 -c 2 -m 4G -t 1h --retry 3 -- ./a.out x y", "With what it needs."},
                   {"submit --depends 'done(1) && !exit(2)' -- ./merge", "After other jobs."},
                   {"submit --mpi --nodes 4 --ranks-per-node 2 -- ./solver", "Eight ranks on four nodes."},
                   {"submit --nodes 4 --ranks-per-node 2 -- mpirun ./solver", "The same by your own mpirun."},
                   {"submit --nodes 4 --placement cluster:preferred@5m -- ./solver", "Near each other."},
                   {"submit --nodes 8 --placement spread --test-only -- ./solver", "Would it run, and when?"},
                   {"submit --checkpoint-dir /shared/saved --checkpoint-signal USR1 -- ./long.sh",
                    "It saves and goes on elsewhere when its node is taken away."},
                   {"submit --array 1-10000%200 --wait -- ./work", "Ten thousand children, 200 at a time."},
                   {"submit script.sh",
                    "A script with #BSUB lines; bsub-lite submit < script.sh does the same."}},
      .exits =
          {{"0", "It is submitted; with --wait: and it succeeded; with --test-only: it would be accepted."},
           {"255", "It is not, or would not be, submitted; one line on standard error says why."},
           {"1", "With --test-only: it could never run on this cluster. With --wait, as N."},
           {"2", "Only with --wait, as N."},
           {"3",
            "No answer came, so it may be submitted: one line on standard error tells the token to repeat it "
            "with. With --wait also: the scheduler cannot be reached any more."},
           {"N", "With --wait: what bsub-lite wait returns."}},
      .first_word_ends_options = true,
      .complete_words = "command"};
  for (auto& group : {SurroundingOptions(), ResourceOptions(), NodesOptions(), PlacementOptions(),
                      CheckpointOptions(), OrderOptions(), ReplyOptions()}) {
    manual.options.insert(manual.options.end(), group.begin(), group.end());
  }
  return manual;
}

}  // namespace bsub::cli
