/** Where the whole process spends its time and memory: tells its threads what to measure, and asks what they know. */
import type { Profiling } from '../../admin/runtime.ts';
import type { ProfiledPlace, ProfilingSettings, ThreadProfile } from '../../model/profiling.ts';
import { Modules } from './modules.ts';
import { ThreadProfiler } from './thread-profiler.ts';
import type { ThreadCalls } from '../threads/thread-calls.ts';

export class ProfilingDesk implements Profiling {
  readonly #calls: ThreadCalls;
  readonly #own = new ThreadProfiler(() => undefined);
  readonly #modules = new Modules();
  settings: ProfilingSettings;

  constructor(calls: ThreadCalls, settings: ProfilingSettings) {
    this.#calls = calls;
    this.settings = settings;
    this.#own.use(settings);
  }

  async change(settings: ProfilingSettings): Promise<void> {
    this.settings = settings;
    this.#own.use(settings);
    await this.#calls.all({ kind: 'profiling', settings });
  }

  moduleOf({ url, line }: ProfiledPlace): string {
    return this.#modules.at(url, line);
  }

  async report(): Promise<readonly ThreadProfile[]> {
    return [this.#own.report(), ...(await this.#calls.all({ kind: 'profile' }))];
  }
}
