/** What is known of where the process spends its time and memory (manual, `profiling.tasks` and `profiling.memory`). */

/** `auto`: on while a thread is late. */
type TaskProfiling = 'on' | 'off' | 'auto';

export interface ProfilingSettings {
  readonly tasks: TaskProfiling;
  readonly memory: boolean;
}

/** A function, or what else takes time: `(garbage collector)`, `(program)`. */
export interface ProfiledPlace {
  readonly name: string;
  /** Where it is defined; empty: not in JavaScript. */
  readonly url: string;
  /** From 0. */
  readonly line: number;
  /** The function that called it; empty: nobody. */
  readonly caller: string;
}

export interface PlaceTime extends ProfiledPlace {
  /** Moments at which it was seen at work. */
  readonly samples: number;
  /** Processor time. */
  readonly ns: number;
}

export interface PlaceMemory extends ProfiledPlace {
  /** Of what it made and is in use, about. */
  readonly bytes: number;
}

/** What one thread knows. */
export interface ThreadProfile {
  /** Time is being measured now. */
  readonly running: boolean;
  /** Over so many milliseconds up to now; 0: never. */
  readonly spanMs: number;
  readonly times: readonly PlaceTime[];
  readonly memory: readonly PlaceMemory[];
}
