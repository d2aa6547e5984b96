/** One tracked thing, whoever follows it. */

/** Something that is up or down, or not known yet. */
export interface Tracker {
  readonly state: () => boolean | undefined;
  /** Of a script: it is being asked now. */
  readonly isRunning?: () => boolean;
  stop(): void;
}

export interface ValueTracker {
  readonly value: () => number;
  stop(): void;
}
