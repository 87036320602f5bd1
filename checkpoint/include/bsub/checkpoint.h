/* Checkpoints of a program's state in plain HDF5: declare the arrays once, save as often as it pays, load
 * after a restart, on as many ranks as there are then.
 *
 *   bsub_checkpoint* store = NULL;
 *   bsub_checkpoint_options options;
 *   bsub_checkpoint_options_init(&options);                    // defaults, then the job's environment
 *   if (bsub_checkpoint_open(&options, NULL, &store) != BSUB_CHECKPOINT_OK) ...
 *   bsub_checkpoint_dataset(store, "u", BSUB_CHECKPOINT_FLOAT64, 3, global, offset, count, u);
 *   status = bsub_checkpoint_load(store, &first);
 *   if (status == BSUB_CHECKPOINT_NOTHING_SAVED) ...           // set u to its initial values; first is 0
 *   else if (status != BSUB_CHECKPOINT_OK) ...                 // end: u may hold anything
 *   for (step = first; step < steps && !stop; ++step) {
 *     compute(u);
 *     bsub_checkpoint_step(store, step + 1, &stop);            // saves when it is time; stop: end now
 *   }
 *   bsub_checkpoint_close(store);
 *
 * A save is committed or it does not exist: see docs/formats/checkpoint.md. What the functions promise:
 * - none of them exits, aborts, throws or raises a signal; each returns a bsub_checkpoint_status, and
 * bsub_checkpoint_message tells what happened in words. After a failed save the program can go on: what was
 * saved before is untouched.
 * - those marked "collective" are called by all ranks in the same order and return the same status on all of
 * them.
 * - a store is used by one thread at a time. Several stores may be open.
 * - sizes in structures ("size") let a newer library serve programs that were compiled with an older header.
 * - asynchronous compressed saves call HDF5 from another thread; Debian's HDF5 is not made for that, so a
 * program that calls HDF5 itself meanwhile holds bsub_checkpoint_lock_hdf5. Uncompressed saves call HDF5 only
 * in the thread that saves. */
#ifndef BSUB_CHECKPOINT_H
#define BSUB_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BSUB_CHECKPOINT_API __attribute__((visibility("default")))
#else
#define BSUB_CHECKPOINT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define BSUB_CHECKPOINT_MAX_DIMENSIONS 4

typedef enum bsub_checkpoint_status {
  BSUB_CHECKPOINT_OK = 0,
  BSUB_CHECKPOINT_NOTHING_SAVED =
      1,                       /* load: there is no generation that could be loaded, and none was damaged */
  BSUB_CHECKPOINT_INVALID = 2, /* an argument; the message names it, its value and what was expected */
  BSUB_CHECKPOINT_NO_DIRECTORY = 3, /* neither options.directory nor BSUB_CHECKPOINT_DIR is set */
  BSUB_CHECKPOINT_IO =
      4, /* the file system refused: no space, read-only, ...; the message names file and reason */
  BSUB_CHECKPOINT_DAMAGED = 5, /* every saved generation is damaged or set aside: nothing was loaded */
  BSUB_CHECKPOINT_FENCED = 6,  /* a newer attempt owns the store: this program was given up and must end */
  BSUB_CHECKPOINT_MISMATCH =
      7, /* the newest generation lacks a declared dataset, or has another type or shape */
  BSUB_CHECKPOINT_COLLECTIVE = 8, /* the table of collectives reported a failure */
  BSUB_CHECKPOINT_NO_MEMORY = 9,
  BSUB_CHECKPOINT_INTERNAL = 10 /* our mistake, or HDF5's */
} bsub_checkpoint_status;

/* What an array's elements are: C's types of these widths on this machine (float, double, long double), kept
 * as HDF5's native types. A dataset is loaded as the type that it was saved as, or BSUB_CHECKPOINT_MISMATCH.
 */
typedef enum bsub_checkpoint_type {
  BSUB_CHECKPOINT_INT8 = 1,
  BSUB_CHECKPOINT_UINT8 = 2,
  BSUB_CHECKPOINT_INT16 = 3,
  BSUB_CHECKPOINT_UINT16 = 4,
  BSUB_CHECKPOINT_INT32 = 5,
  BSUB_CHECKPOINT_UINT32 = 6,
  BSUB_CHECKPOINT_INT64 = 7,
  BSUB_CHECKPOINT_UINT64 = 8,
  BSUB_CHECKPOINT_FLOAT32 = 9,
  BSUB_CHECKPOINT_FLOAT64 = 10,
  BSUB_CHECKPOINT_LONG_DOUBLE = 11
} bsub_checkpoint_type;

/* What the library needs from MPI (or from anything else that connects the ranks). Each function is called by
 * all ranks in the same order and returns 0, or another number if it failed. bsub/checkpoint_mpi.h fills this
 * from a communicator. */
typedef struct bsub_checkpoint_collectives {
  uint32_t size; /* sizeof(bsub_checkpoint_collectives) */
  int32_t rank;  /* 0 .. ranks-1 */
  int32_t ranks;
  void* context; /* handed to each function */
  /* data: `bytes` bytes, from `root` to all. */
  int (*broadcast)(void* context, void* data, uint64_t bytes, int32_t root);
  /* Each rank's `bytes` bytes to `root`, one rank's behind the other's; `bytes_of` (ranks numbers) and `all`
   * are read and written at the root only. */
  int (*gather)(void* context, const void* data, uint64_t bytes, void* all, const uint64_t* bytes_of,
                int32_t root);
  /* values[i] becomes the largest values[i] of all ranks. */
  int (*maximum)(void* context, int64_t* values, uint32_t count);
  /* Called once, by bsub_checkpoint_close or by a bsub_checkpoint_open that failed; may be NULL. */
  void (*release)(void* context);
} bsub_checkpoint_collectives;

/* Filled by bsub_checkpoint_options_init; 0 and NULL mean the default. Rank 0's hold for all ranks. */
typedef struct bsub_checkpoint_options {
  uint32_t size;            /* sizeof(bsub_checkpoint_options) */
  int32_t asynchronous;     /* 1: save copies the state and returns; it is written behind the program's back.
                               Default 0 */
  const char* directory;    /* the store; default BSUB_CHECKPOINT_DIR */
  const char* restart_from; /* a store to load from while `directory` has nothing; default
                               BSUB_CHECKPOINT_RESTART_FROM */
  double interval_seconds;  /* between saves; default BSUB_CHECKPOINT_INTERVAL, else chosen from cost and
                               interruptions */
  double mean_seconds_between_interruptions; /* default what the node says, else BSUB_CHECKPOINT_MTBF, else 6
                                                hours */
  uint64_t
      staging_bytes; /* memory an asynchronous save may take; default a rank's state; less makes save wait */
  uint64_t block_bytes;     /* what is hashed, compressed and compared at once; default 1 MiB */
  int32_t compression;      /* zlib's level 1 to 9; default 0: none */
  int32_t differential;     /* saves after a full one that hold only changed blocks, at most 8; default 0 */
  int32_t keep;             /* complete generations to keep; default 2 */
  int32_t threads;          /* that write and read; default as many as this rank's CPUs, at least 4 */
  int32_t quarantine_after; /* loads of a generation without any progress after which it is set aside; default
                               3 */
  int32_t read_only;        /* 1: nobody's ownership is touched, save is refused */
  int32_t quiet; /* 1: nothing on standard error; default: a line for each generation that is not used */
} bsub_checkpoint_options;

typedef struct bsub_checkpoint bsub_checkpoint;

/* Defaults, then BSUB_CHECKPOINT_DIR, BSUB_CHECKPOINT_RESTART_FROM, BSUB_CHECKPOINT_INTERVAL,
 * BSUB_CHECKPOINT_MTBF (seconds), BSUB_CHECKPOINT_ASYNC, BSUB_CHECKPOINT_COMPRESSION,
 * BSUB_CHECKPOINT_DIFFERENTIAL, BSUB_CHECKPOINT_KEEP. */
BSUB_CHECKPOINT_API void bsub_checkpoint_options_init(bsub_checkpoint_options* options);

/* Collective. Opens the store, makes it if need be, and takes it over from earlier attempts: their commits
 * fail from then on. `options` NULL: as bsub_checkpoint_options_init says. `collectives` NULL: this process
 * is the only rank; the table is copied. If it fails *store is NULL, or a handle good only for
 * bsub_checkpoint_message and bsub_checkpoint_close. */
BSUB_CHECKPOINT_API bsub_checkpoint_status
bsub_checkpoint_open(const bsub_checkpoint_options* options, const bsub_checkpoint_collectives* collectives,
                     bsub_checkpoint** store);

/* Declares an array, or this rank's part of one: `global`, `offset` and `count` have `dimensions` (1 to 4)
 * numbers, of elements; the part is row-major without gaps, count[0]*count[1]*... elements at `data`. `data`
 * is kept: it is read at each save and written at a load until bsub_checkpoint_close; the rest is copied. The
 * parts of the ranks must not overlap and must be all of the array: else the first save or load is
 * BSUB_CHECKPOINT_INVALID. A part may be empty (a count of 0, data NULL). All ranks declare the same names in
 * the same order with the same type and global shape. `name`: letters, digits, '_', '-', '.', at most 100,
 * not beginning with "bsub_". Not after the first save or load. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_dataset(bsub_checkpoint* store, const char* name,
                                                                   bsub_checkpoint_type type,
                                                                   int32_t dimensions, const uint64_t* global,
                                                                   const uint64_t* offset,
                                                                   const uint64_t* count, void* data);

/* Another address for a dataset's part, for programs that swap two buffers. The next save or load uses it. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_move(bsub_checkpoint* store, const char* name,
                                                                void* data);

/* Declares `count` numbers (at most 32 KiB of them) that all ranks have alike: a time, a seed, a counter.
 * Rank 0's are saved, all ranks get them at load. They are attributes of the file's root group. `data` is
 * kept and `name` is as for a dataset. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_value(bsub_checkpoint* store, const char* name,
                                                                 bsub_checkpoint_type type, uint64_t count,
                                                                 void* data);

/* An attribute for people and other programs ("units", "m"), of a dataset or (dataset NULL) of the file.
 * Written with each later save, never read back. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_attribute_text(bsub_checkpoint* store,
                                                                          const char* dataset,
                                                                          const char* name, const char* text);
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_attribute_number(bsub_checkpoint* store,
                                                                            const char* dataset,
                                                                            const char* name, double number);

/* Collective. Reads the newest good generation into the declared datasets and values; *step is what its save
 * was given. Every byte is verified; a damaged or quarantined generation is set aside, said so, and the one
 * before is tried. If nothing could be loaded *step is 0 and the declared memory may hold anything;
 * BSUB_CHECKPOINT_NOTHING_SAVED is the normal first start. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_load(bsub_checkpoint* store, uint64_t* step);

/* Collective. Saves the declared datasets and values as one generation. Synchronous: it is committed and
 * durable when this returns OK. Asynchronous: the state was copied, may be changed, and will be committed by
 * a later collective call. A save in flight is finished first; its failure is returned here. `step`: steps
 * completed, or any other number that the program wants back from bsub_checkpoint_load. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_save(bsub_checkpoint* store, uint64_t step);

/* Collective. Waits until a save in flight is committed, and returns how that went. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_wait(bsub_checkpoint* store);

/* Collective, cheap (one reduction of five numbers): 1 if a save should be made now, because the interval has
 * passed, somebody asked for one, or the program is to stop and there is time for it. 0 does not mean that
 * the program may go on: look at bsub_checkpoint_should_stop too. Also commits an asynchronous save that all
 * ranks have finished writing. What goes wrong is in bsub_checkpoint_message, and the next
 * bsub_checkpoint_step, _wait or _close returns it. */
BSUB_CHECKPOINT_API int32_t bsub_checkpoint_should_checkpoint(bsub_checkpoint* store);

/* 1 if the job was told to stop: save if bsub_checkpoint_should_checkpoint said so, call
 * bsub_checkpoint_stopped and end with code 0. As of the last bsub_checkpoint_should_checkpoint or
 * bsub_checkpoint_step, so it is the same on all ranks. */
BSUB_CHECKPOINT_API int32_t bsub_checkpoint_should_stop(bsub_checkpoint* store);

/* Seconds left until the node is taken away; negative: nobody has said. This rank's knowledge. */
BSUB_CHECKPOINT_API double bsub_checkpoint_remaining_seconds(bsub_checkpoint* store);

/* Collective. Tells the job's node that the program ends because it was asked to, with the last committed
 * generation; waits for an asynchronous save first. The job is started again from there. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_stopped(bsub_checkpoint* store);

/* Collective. The four calls above in one, at the end of each step: saves if it is time; if the program is to
 * stop, saves, reports, and sets *stop to 1: leave the loop, close, end with code 0. The status is the
 * save's. If *stop is set and the save failed, the generation before is what the job resumes from. `step`:
 * steps completed. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_step(bsub_checkpoint* store, uint64_t step,
                                                                int32_t* stop);

/* What the last save or load did; all zero before. */
typedef struct bsub_checkpoint_facts {
  uint32_t size;           /* sizeof(bsub_checkpoint_facts), set by the caller */
  uint32_t differential;   /* 1: the last committed save held only changed blocks */
  uint64_t generation;     /* last committed or loaded; 0: none */
  uint64_t step;           /* of that generation */
  uint64_t state_bytes;    /* of all ranks */
  uint64_t written_bytes;  /* by all ranks in the last committed save */
  double held_seconds;     /* the program waited for the last save */
  double save_seconds;     /* from its beginning until it was committed */
  double load_seconds;     /* of the last load, verification included */
  double interval_seconds; /* in force between saves */
} bsub_checkpoint_facts;

/* Fills *facts, as far as facts->size, which the caller has set, says that it has members. */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_describe(bsub_checkpoint* store,
                                                                    bsub_checkpoint_facts* facts);

/* What the last call that did not return OK has to say, in one line; "" if none. Valid until the next call.
 * Accepts NULL. */
BSUB_CHECKPOINT_API const char* bsub_checkpoint_message(const bsub_checkpoint* store);

/* Collective. Finishes an asynchronous save, gives everything back. Returns how that save went. Accepts NULL.
 */
BSUB_CHECKPOINT_API bsub_checkpoint_status bsub_checkpoint_close(bsub_checkpoint* store);

/* Not collective: gives everything back without finishing anything, for a rank that ends by an error while
 * the others may be elsewhere. An asynchronous save in flight is waited for; one of several ranks is
 * committed if all have written theirs within ten seconds. What was loaded counts as not good for progress.
 * The collectives' `release` is not called: MPI's would be collective. Accepts NULL. */
BSUB_CHECKPOINT_API void bsub_checkpoint_abandon(bsub_checkpoint* store);

/* See the top of this file. Not to be held in a call of another function of this library: threads that it
 * starts take the lock, so such calls return BSUB_CHECKPOINT_INVALID. */
BSUB_CHECKPOINT_API void bsub_checkpoint_lock_hdf5(void);
BSUB_CHECKPOINT_API void bsub_checkpoint_unlock_hdf5(void);

/* "ok", "io", "no-directory", ...: a constant, never NULL; "unknown" for what is no status. */
BSUB_CHECKPOINT_API const char* bsub_checkpoint_status_name(bsub_checkpoint_status status);

#ifdef __cplusplus
}
#endif

#endif
