/** A service while it runs, as its script's functions see it. */
import type { ServiceWire } from '../rules/service-wire.ts';
import type { ServiceAnswer } from './service-answer.ts';
import type { Wake } from './tasks.ts';

export interface ServiceHold {
  readonly wire: ServiceWire;
  /** Undefined: it serves a connection. */
  readonly answer: ServiceAnswer | undefined;
  /** Wakes when `ready` holds, when nothing more comes, or after that time (0: none). Answers how to give up. */
  whenInput(ready: () => boolean, timeoutMs: number, wake: Wake): () => void;
  whenRoom(wake: Wake): () => void;
}
