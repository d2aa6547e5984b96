/** Measures the thread that it was made in, as far as that is asked for: V8 is told so by its inspector. */
import { Session } from 'node:inspector';
import type { ProfilingSettings, ThreadProfile } from '../../model/profiling.ts';
import { Lateness } from './lateness.ts';
import { MemoryProfile } from './memory-profile.ts';
import { TimeProfile } from './time-profile.ts';

const NOTHING: ThreadProfile = { running: false, spanMs: 0, times: [], memory: [] };

interface Profiles {
  readonly time: TimeProfile;
  readonly memory: MemoryProfile;
}

export class ThreadProfiler {
  readonly #measures: (isMeasuring: boolean) => void;
  #profiles: Profiles | undefined;
  #lateness: Lateness | undefined;

  /** `measures` is told when time is measured, and when not any more. */
  constructor(measures: (isMeasuring: boolean) => void) {
    this.#measures = measures;
  }

  use({ tasks, memory }: ProfilingSettings): void {
    if (this.#profiles === undefined && tasks === 'off' && !memory) return;
    const profiles = (this.#profiles ??= connect());
    this.#lateness?.stop();
    this.#lateness = tasks === 'auto' ? new Lateness(isLate => this.#time(profiles.time, isLate)) : undefined;
    if (tasks !== 'auto') this.#time(profiles.time, tasks === 'on');
    turn(profiles.memory, memory);
  }

  #time(profile: TimeProfile, on: boolean): void {
    turn(profile, on);
    this.#measures(on);
  }

  report(): ThreadProfile {
    if (this.#profiles === undefined) return NOTHING;
    const { time, memory } = this.#profiles;
    const { running, spanMs } = time;
    return { running, spanMs, times: time.report(), memory: memory.report() };
  }
}

function connect(): Profiles {
  const session = new Session();
  session.connect();
  return { time: new TimeProfile(session), memory: new MemoryProfile(session) };
}

function turn(profile: { start(): void; stop(): void }, on: boolean): void {
  if (on) profile.start();
  else profile.stop();
}
