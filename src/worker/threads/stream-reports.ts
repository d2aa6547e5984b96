/** What a data thread serves now, for `show sess`: streams get one number over all threads. */
import type { StreamReport } from '../../model/stream-facts.ts';
import type { LiveStreams } from '../../proxy/live-streams.ts';

/** The thread stands in the low digits. */
const THREADS = 4096;

export function threadOfStream(id: number): number {
  return id % THREADS;
}

export function numberOfStream(id: number): number {
  return Math.floor(id / THREADS);
}

export function reportStreams(streams: LiveStreams, thread: number, now: number): readonly StreamReport[] {
  return streams
    .all()
    .map(stream => ({ ...stream.describe(now), id: stream.number * THREADS + thread, thread }));
}
