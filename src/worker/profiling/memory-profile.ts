/** What made the objects that a thread has in memory now: V8 notes about one of each 32 kB that it gives out. */
import type { HeapProfiler, Session } from 'node:inspector';
import type { PlaceMemory } from '../../model/profiling.ts';

const INTERVAL_BYTES = 32_768;

export class MemoryProfile {
  readonly #session: Session;
  #running = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What was made before is not known. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#session.post('HeapProfiler.enable');
    this.#session.post('HeapProfiler.startSampling', { samplingInterval: INTERVAL_BYTES });
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#session.post('HeapProfiler.stopSampling');
    this.#session.post('HeapProfiler.disable');
  }

  /** Nothing while it does not run. */
  report(): readonly PlaceMemory[] {
    const places: PlaceMemory[] = [];
    if (!this.#running) return places;
    this.#session.post('HeapProfiler.getSamplingProfile', (error, { profile }) => {
      if (error === null) this.#collect(profile.head, '', places);
    });
    return places;
  }

  #collect(node: HeapProfiler.SamplingHeapProfileNode, caller: string, places: PlaceMemory[]): void {
    const { functionName, url, lineNumber } = node.callFrame;
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (node.selfSize > 0) places.push({ name, url, line: lineNumber, caller, bytes: node.selfSize });
    for (const child of node.children) this.#collect(child, name === '(root)' ? '' : name, places);
  }
}
