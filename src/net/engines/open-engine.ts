/**
 * Chooses a thread's engine by `tune.engine`: the ring where the kernel lets us, epoll otherwise, and net.Socket where the
 * program cannot reach what those need. `reason` says why it is not the ring, for `lb -vv` and `show info`.
 */
import type { Engine } from '../connection.ts';
import { EpollEngine } from './epoll/engine.ts';
import { NodeEngine } from './node/engine.ts';
import { UringEngine } from './uring/engine.ts';
import type { PipeQuota } from './uring/pipes.ts';
import { probeUring } from './uring/probe.ts';

interface EngineOptions {
  /** Size of a read, `tune.bufsize`. */
  readonly bufsize: number;
  /** Checking mode: released buffers are overwritten. */
  readonly poison?: boolean;
  /** For bodies that move inside the kernel: their size, and how many at most. */
  readonly pipes?: { readonly size: number; readonly quota: PipeQuota };
}

export interface OpenedEngine {
  readonly engine: Engine;
  /** Absent: it is what was asked for. */
  readonly reason?: string;
}

export function openEngine(choice: 'auto' | 'node' | 'uring', options: EngineOptions): OpenedEngine {
  if (choice === 'node') return { engine: withoutRing(options) };
  const probe = probeUring();
  if (probe.usable) return { engine: new UringEngine(options) };
  return { engine: withoutRing(options), reason: probe.reason };
}

function withoutRing(options: EngineOptions): Engine {
  const engine = EpollEngine.open(options);
  return typeof engine === 'string' ? new NodeEngine(options) : engine;
}
