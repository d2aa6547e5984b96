/**
 * The words of a server's and of a backend's row in the server table, and the numbers that stand in them.
 *
 *   server row  0 STATE  1 ADMIN  2 UWEIGHT 3 EWEIGHT 4 IWEIGHT 5 MAXCONN 6 MINCONN 7 MAXQUEUE
 *               8 FLAGS  9 LAST_CHANGE 10 SLOWSTART 11 BACKEND 12 ID 13 SEED 14 NEXT 15 DOWN_TIME
 *              16 SERVED 17 QUEUED 18 HEAP_POSITION 19 HEAP_KEY 20 HEAP_STAMP 21 DEQUEUED 22 CONSECUTIVE_ERRORS
 *              23 UP_ORDER
 *   backend row 0 GENERATION 1 FIRST 2 FULLCONN 3 FLAGS 4 WEIGHT_MULTIPLIER 5 WEIGHT_DIVISOR
 *               6 HEAP_START 7 HEAP_CAPACITY 8 CONNECTION_GATE 9 LAST_CHANGE 10 DOWN_TIME 11 PROXY_FLAGS
 *              16 QUEUED 17 TICKET 18 STICKY 19 SERVED 20 DEQUEUED
 *              24 HEAP_OWNER 25 HEAP_COUNT 26 HEAP_GENERATION 27 HEAP_CLOCK 28 HEAP_LATE
 */
/** Operational state; the numbers are those of the server state file. */
export const SRV_STOPPED = 0;
export const SRV_STARTING = 1;
export const SRV_RUNNING = 2;
export const SRV_STOPPING = 3;

/** Administrative flags; the numbers are those of the server state file. */
export const ADMIN_FMAINT = 0x01;
export const ADMIN_IMAINT = 0x02;
export const ADMIN_CMAINT = 0x04;
export const ADMIN_FDRAIN = 0x08;
export const ADMIN_IDRAIN = 0x10;
export const ADMIN_RMAINT = 0x20;
/** Its name was changed at run time. */
export const ADMIN_FQDN_CHANGED = 0x40;
/** In maintenance for any reason. CMAINT only remembers that the configuration asked for it. */
export const ADMIN_MAINT = ADMIN_FMAINT | ADMIN_IMAINT | ADMIN_RMAINT;
export const ADMIN_DRAIN = ADMIN_FDRAIN | ADMIN_IDRAIN;

export const SERVER_WORD = {
  state: 0,
  admin: 1,
  uweight: 2,
  eweight: 3,
  iweight: 4,
  maxconn: 5,
  minconn: 6,
  maxqueue: 7,
  flags: 8,
  lastChange: 9,
  slowstart: 10,
  backend: 11,
  id: 12,
  seed: 13,
  next: 14,
  downTime: 15,
  served: 16,
  queued: 17,
  heapPosition: 18,
  heapKey: 19,
  heapStamp: 20,
  dequeued: 21,
  consecutiveErrors: 22,
  upOrder: 23,
} as const;

export const BACKEND_WORD = {
  generation: 0,
  first: 1,
  fullconn: 2,
  flags: 3,
  weightMultiplier: 4,
  weightDivisor: 5,
  heapStart: 6,
  heapCapacity: 7,
  connectionGate: 8,
  lastChange: 9,
  downTime: 10,
  proxyFlags: 11,
  queued: 16,
  ticket: 17,
  sticky: 18,
  served: 19,
  dequeued: 20,
  heapOwner: 24,
  heapCount: 25,
  heapGeneration: 26,
  heapClock: 27,
  heapLate: 28,
} as const;

export const SERVER_BACKUP = 1;
export const SERVER_IN_USE = 2;
export const BACKEND_ALLBACKUPS = 1;
export const BACKEND_DYNAMIC = 2;
/** The number of requests served by the whole backend is kept (`hash-balance-factor`). */
export const BACKEND_COUNTS_SERVED = 4;

/** Of a proxy as a frontend: `disable frontend`, `shutdown frontend`; as a backend: `unpublish backend`. */
export const PROXY_PAUSED = 1;
export const PROXY_STOPPED = 2;
export const PROXY_UNPUBLISHED = 4;
/** No server of the backend can take requests. */
export const PROXY_DOWN = 8;

/** Scale between the weight the user sees and the effective weight of dynamic algorithms. */
export const WEIGHT_SCALE = 16;
