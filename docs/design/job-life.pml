/*
 * The life of jobs, for exhaustive search: `check.sh` searches it as it stands, then once more with each guard left
 * out; README.md names the guards and says what each prevents.
 *
 * One store, one disk, and everybody at once: submitters, workers, a sweeper, an operator who cancels and redrives, and
 * a reset. A mortal process may crash before each of its steps. An atomic block is one call of the store, or one
 * system call on the disk. A frozen process is one that is not scheduled; a lease that lapses too early is a sweeper
 * that lapses it; a queue that loses, doubles or delays is a worker that holds any pointer at any time.
 *
 * Identity 0 is a step of its own; identity 1, where there is one, takes over the output of identity 0 by link.
 */
#ifndef IDENTITIES
#define IDENTITIES 1
#endif
#ifndef SUBMITS
#define SUBMITS 1         /* of each identity */
#endif
#ifndef WORKERS
#define WORKERS 2         /* each claims once */
#endif
#ifndef SWEEPS
#define SWEEPS 2          /* actions of the sweeper */
#endif
#ifndef WISHES
#define WISHES 1          /* actions of the operator */
#endif
#ifndef RESETS
#define RESETS 0
#endif
#define MAX_ATTEMPTS 2
#define MAX_LOSSES 2
#define TOKENS (1 + IDENTITIES * (SUBMITS + 1) + WORKERS)

mtype = { absent, queued, running, retrying, completed, failed, cancelled, expiring };

typedef Record {
  mtype state = absent;
  byte epoch;
  byte sequence;          /* number of the present dispatch */
  byte claim;             /* token of the present claim, and of the folder that it writes */
  byte input;             /* token of the folder that holds the input; 0 none */
  byte output;            /* token of the folder that was committed; 0 none */
  byte take;              /* token of the present expiry */
  byte attempts;
  byte losses;
  bool cancel             /* asked for, while it runs */
};
Record job[IDENTITIES];
byte epoch = 1;
byte lastSequence[IDENTITIES];
byte nextToken = 1;
byte nextTake = 1;

/* The disk. A folder lies under the epoch and the identity that it was made for. */
bool inputs[TOKENS];
bool outputs[TOKENS];
byte folderEpoch[TOKENS];
bit folderOf[TOKENS];
bool staged[TOKENS];      /* a ledger entry of a live owner */

/* For the proof only. */
bool owed[IDENTITIES];    /* an accepted run that has not ended */
byte runs[IDENTITIES];    /* accepted runs, counted */
byte honoured[IDENTITIES];/* the highest dispatch that was claimed */
byte alive = 0;

#define visible(i) (job[i].state != absent && job[i].epoch == epoch)
#define inLine(i) (visible(i) && job[i].state == queued)
#define live(i) (visible(i) && (job[i].state == queued || job[i].state == running || job[i].state == retrying))
#define mayCrash if :: goto dead :: skip fi

inline newFolder(token, i) { assert(nextToken < TOKENS); token = nextToken; nextToken++; folderEpoch[token] = epoch; folderOf[token] = i }
inline clear(i) {
  job[i].state = absent; job[i].claim = 0; job[i].input = 0; job[i].output = 0; job[i].take = 0; job[i].attempts = 0; job[i].losses = 0; job[i].cancel = false
}
inline intoLine(i) { job[i].state = queued; job[i].claim = 0; lastSequence[i]++; job[i].sequence = lastSequence[i] }
inline endAs(i, how) { job[i].state = how; job[i].claim = 0; job[i].cancel = false; owed[i] = false }
inline endCancelled(i) { endAs(i, cancelled); job[i].input = 0 }

/* The link finds its source expired sooner or later: then nothing is submitted. */
proctype Submitter(bit i) {
  byte n = 0, token, mine, source; bool ready, accepted;
  do
  :: n == SUBMITS -> break
  :: n < SUBMITS ->
     n++;
     if
     :: i == 0
     :: atomic { i == 1 && visible(0) && job[0].state == completed -> source = job[0].output }
     :: timeout -> goto dead
     fi;
     atomic { mine = epoch; newFolder(token, i); staged[token] = true };
     mayCrash;
     atomic {
       if
       :: i == 0 || outputs[source] -> inputs[token] = true; ready = true
       :: else ->
#ifdef LINK_UNCHECKED
          ready = true
#else
          ready = false
#endif
       fi
     };
     mayCrash;
     atomic {
       accepted = false;
       if
       :: !ready -> skip
#ifndef SUBMIT_IGNORES_EPOCH
       :: ready && mine != epoch -> skip
       :: ready && mine == epoch ->
#else
       :: ready ->
#endif
          if
          :: live(i) || (visible(i) && job[i].state == completed) -> skip
          :: else ->
             clear(i); intoLine(i); job[i].epoch = epoch; job[i].input = token;
             accepted = true; owed[i] = true; runs[i]++
          fi
       fi
     };
     mayCrash;
     if :: !accepted -> inputs[token] = false :: else -> skip fi;
     atomic { staged[token] = false; token = 0; mine = 0; source = 0; ready = false; accepted = false }
  od;
dead:
  atomic { staged[token] = false; token = 0; mine = 0; source = 0; ready = false; accepted = false; alive-- }
}

#ifdef COMMIT_IGNORES_EPOCH
#define holds(i) (job[i].state == running && job[i].claim == token)
#else
#define holds(i) (job[i].state == running && job[i].claim == token && job[i].epoch == epoch)
#endif

proctype Worker() {
  byte pointer, token, mine; bit i; bool holdsIt;
  atomic {
    if
    :: inLine(0) -> i = 0
#if IDENTITIES > 1
    :: inLine(1) -> i = 1
#endif
    :: timeout -> goto dead
    fi;
    if
    :: pointer = job[i].sequence
    :: job[i].sequence > 1 -> pointer = job[i].sequence - 1      /* delivered late, or twice */
    fi;
#ifndef ANY_POINTER_CLAIMS
    if :: pointer != job[i].sequence -> goto dead :: else -> skip fi;
#endif
    assert(pointer > honoured[i]);                               /* a dispatch is honoured once */
    honoured[i] = pointer;
#ifdef TOKEN_REUSED
    token = TOKENS - 1; folderEpoch[token] = epoch; folderOf[token] = i;
#else
    newFolder(token, i);
#endif
    job[i].state = running; job[i].claim = token; job[i].attempts++; mine = runs[i];
  };
  mayCrash;
  atomic {
    assert(!holds(i) || inputs[job[i].input]);
#ifndef COMMIT_BEFORE_FILES
    assert(!outputs[token]);                                     /* no folder is written by two claims */
    outputs[token] = true
#endif
  };
  mayCrash;
  atomic {
    holdsIt = holds(i);
    if
    :: !holdsIt -> skip
    :: holdsIt ->                                                /* it worked */
       assert(mine == runs[i] && owed[i]);
       endAs(i, completed); job[i].output = token;
       job[i].input = 0
    :: holdsIt && job[i].attempts < MAX_ATTEMPTS ->              /* it failed, and may be tried again */
       if
#ifndef CANCEL_FORGOTTEN
       :: job[i].cancel -> endCancelled(i)
       :: !job[i].cancel -> job[i].state = retrying; job[i].claim = 0
#else
       :: job[i].state = retrying; job[i].claim = 0
#endif
       fi
    :: holdsIt && job[i].attempts >= MAX_ATTEMPTS -> endAs(i, failed)
#ifdef FAILED_DROPS_INPUT
       ; inputs[job[i].input] = false
#endif
    :: holdsIt && job[i].cancel -> endCancelled(i)               /* it was told by a beat */
    :: holdsIt -> job[i].attempts--;                             /* a shutdown: released, and refunded */
       if :: job[i].cancel -> endCancelled(i) :: else -> intoLine(i) fi
    fi;
    holdsIt = (visible(i) && job[i].state == completed && job[i].output == token)
  };
#ifdef COMMIT_BEFORE_FILES
  mayCrash;
  if :: holdsIt -> outputs[token] = true :: else -> skip fi;
#endif
  mayCrash;
  if :: !holdsIt -> outputs[token] = false :: else -> skip fi;
dead:
  atomic { pointer = 0; token = 0; mine = 0; i = 0; holdsIt = false; alive-- }
}

inline lapse(i) {
  atomic { if
    :: visible(i) && job[i].state == running ->
       job[i].losses++; job[i].attempts--;
       if
#ifndef CANCEL_FORGOTTEN
       :: job[i].cancel -> endCancelled(i)
       :: !job[i].cancel && job[i].losses < MAX_LOSSES -> intoLine(i)
       :: !job[i].cancel && job[i].losses >= MAX_LOSSES -> endAs(i, failed)
#else
       :: job[i].losses < MAX_LOSSES -> intoLine(i)
       :: job[i].losses >= MAX_LOSSES -> endAs(i, failed)
#endif
       fi
    :: else -> skip
  fi }
}

inline wake(i) { atomic { if :: visible(i) && job[i].state == retrying -> intoLine(i) :: else -> skip fi } }

/* Files first, record last; a crash in between is repeated by taking the record again. */
inline expire(mortal, i) {
  atomic { if
    :: visible(i) && (job[i].state == completed || job[i].state == failed || job[i].state == cancelled || job[i].state == expiring) ->
       job[i].state = expiring; take = nextTake; nextTake++; job[i].take = take; in = job[i].input; out = job[i].output
    :: else -> take = 0
  fi };
  if
  :: take > 0 ->
#ifdef EXPIRY_DELETES_WHOLE_FOLDER
     d_step { k = 1; do :: k < TOKENS -> if :: folderOf[k] == i -> inputs[k] = false; outputs[k] = false :: else -> skip fi; k++ :: else -> break od; k = 0 };
#else
     inputs[in] = false; outputs[out] = false;
#endif
     if :: mortal -> goto dead :: skip fi;
     atomic { if
#ifdef PURGE_WHATEVER_IS_THERE
       :: true -> clear(i)
#else
       :: visible(i) && job[i].state == expiring && job[i].take == take -> clear(i)
       :: else -> skip
#endif
     fi }
  :: else -> skip
  fi;
  atomic { take = 0; in = 0; out = 0 }
}

/* The folder is listed first, then the ledgers are read, then the record. */
inline orphan(t) {
  atomic { i = folderOf[t]; seen = (inputs[t] || outputs[t]) && folderEpoch[t] == epoch };
  if
  :: seen ->
#ifdef RECORD_BEFORE_LEDGER
     atomic { own = visible(i) && job[i].input == t };
     atomic { own = own || staged[t] || (visible(i) && (job[i].claim == t || job[i].output == t)) };
#else
     atomic { own = staged[t] };
     atomic { own = own || (visible(i) && (job[i].input == t || job[i].claim == t || job[i].output == t)) };
#endif
     if :: !own -> atomic { inputs[t] = false; outputs[t] = false } :: else -> skip fi
  :: else -> skip
  fi;
  atomic { own = false; seen = false; i = 0 }
}

proctype Sweeper() {
  byte n = 0, take, in, out, k, t; bit i; bool own, seen;
  do
  :: n == SWEEPS -> break
  :: n < SWEEPS ->
     n++;
     if :: i = 0 :: IDENTITIES > 1 -> i = 1 fi;
     if
     :: true -> lapse(i)
     :: true -> wake(i)
     :: true -> expire(true, i)
     :: true -> t = 1; do :: t < nextToken - 1 -> t++ :: break od; orphan(t)
     fi;
     atomic { t = 0; i = 0 }
  od;
dead:
  atomic { take = 0; in = 0; out = 0; t = 0; i = 0; k = 0; alive-- }
}

/* Somebody cancels, or puts a failed job in line again. */
proctype Operator() {
  byte n = 0; bit i;
  do
  :: n == WISHES -> break
  :: n < WISHES ->
     n++;
     if :: i = 0 :: IDENTITIES > 1 -> i = 1 fi;
     atomic { if
       :: visible(i) && (job[i].state == queued || job[i].state == retrying) -> endCancelled(i)
       :: visible(i) && job[i].state == running -> job[i].cancel = true
       :: visible(i) && job[i].state == failed -> intoLine(i); job[i].attempts = 0; job[i].losses = 0; owed[i] = true; runs[i]++
       :: true -> skip
     fi }
  od;
  atomic { i = 0; alive-- }
}

/* What anybody may do after the epoch has changed, again and again. */
#ifdef COLLECT_ANY_RECORD
#define ANY_RECORD true
#else
#define ANY_RECORD false
#endif
#ifdef COLLECT_ANY_FOLDER
#define ANY_FOLDER true
#else
#define ANY_FOLDER false
#endif
inline collect(mortal, mine, anyRecord, anyFolder) {
  atomic { k = 0; do
    :: k < IDENTITIES -> if :: anyRecord || job[k].epoch < mine -> clear(k) :: else -> skip fi; k++
    :: else -> break
  od; k = 0 };
  if :: mortal -> goto dead :: skip fi;
  d_step { k = 1; do
    :: k < TOKENS -> if :: anyFolder || folderEpoch[k] < mine -> inputs[k] = false; outputs[k] = false :: else -> skip fi; k++
    :: else -> break
  od; k = 0 }
}

inline forgetOwed() { owed[0] = false; if :: IDENTITIES > 1 -> owed[IDENTITIES - 1] = false :: else -> skip fi }

proctype Resetter() {
  byte mine, k;
#ifdef EPOCH_AFTER_COLLECTING
  mine = epoch + 1;
  collect(true, mine, ANY_RECORD, ANY_FOLDER);
#endif
  atomic { epoch++; mine = epoch; forgetOwed() };
  mayCrash;
  collect(true, mine, ANY_RECORD, ANY_FOLDER);
dead:
  atomic { mine = 0; k = 0; alive-- }
}

#define sound(i) ( \
     (!(visible(i) && job[i].state == completed) || outputs[job[i].output]) \
  && (!live(i) || inputs[job[i].input]) \
  && (!(visible(i) && job[i].state == failed) || inputs[job[i].input]) \
  && (!owed[i] || live(i)) \
  && (!(visible(i) && job[i].cancel) || job[i].state == running) \
  && job[i].attempts <= MAX_ATTEMPTS && job[i].losses <= MAX_LOSSES)

/* In every state that anybody can see. */
proctype Witness() {
end:
  atomic { !(sound(0) && sound(IDENTITIES - 1)) -> assert(false) }
}

/* From every state that the crashes can leave: one more worker and one pass of the sweep end every job, and leave
 * nothing on the disk that no record names. */
proctype Recovery() {
  byte t, k, take, in, out; bit i; bool own, seen; byte token;
  atomic {
    alive == 0;
    collect(false, epoch, false, false);
    k = 0;
    do
    :: k < IDENTITIES ->
       i = k;
       lapse(i); wake(i);
       if
       :: inLine(i) -> assert(inputs[job[i].input]); inputs[job[i].input] = false; endAs(i, completed); job[i].input = 0; job[i].output = 0; outputs[0] = true
       :: else -> skip
       fi;
       if :: visible(i) && job[i].state == expiring -> in = job[i].input; out = job[i].output; inputs[in] = false; outputs[out] = false; clear(i) :: else -> skip fi;
       assert(!owed[i]);
       assert(!visible(i) || job[i].state == completed || job[i].state == failed || job[i].state == cancelled);
       k++
    :: else -> break
    od;
    t = 1;
    do :: t < TOKENS -> orphan(t); t++ :: else -> break od;
    t = 1;
    do
    :: t < TOKENS ->
       i = folderOf[t];
       assert(!outputs[t] || (visible(i) && job[i].output == t));
       assert(!inputs[t] || (visible(i) && job[i].input == t));
       assert(!staged[t]);
       t++
    :: else -> break
    od
  }
dead: skip
}

init {
  byte started;
  atomic {
    alive = IDENTITIES + WORKERS + 2 + RESETS;
    run Submitter(0);
    if :: IDENTITIES > 1 -> run Submitter(1) :: else -> skip fi;
    do :: started < WORKERS -> run Worker(); started++ :: else -> break od;
    run Sweeper(); run Operator();
    started = 0;
    do :: started < RESETS -> run Resetter(); started++ :: else -> break od;
    run Witness(); run Recovery()
  }
}
