/**
 * Node's own loop (libuv) of this thread, as the loop around it sees it: a descriptor to poll, and whether it has to run.
 * Both are asked of libuv itself, whose functions the node program exports.
 */
import { loadKoffi } from '../../system-calls.ts';

export interface NestedLoop {
  /** Readable when libuv has an event to handle. */
  readonly fd: number;
  /** While the loop around it runs: keeps something open in libuv, without which it never sleeps. */
  hold(): void;
  release(): void;
  /** Called first in the callback that the loop around it runs in: makes waitMs tell the truth. */
  enter(): void;
  /**
   * How long libuv may sleep: 0: it has something to do now; -1: for ever. Something that counts has to be open
   * in it (a timer of the engine's), or it says 0.
   */
  waitMs(): number;
  /** libuv's notion of now, which new timers count from: as long as it does not turn, it is ours to keep. */
  updateTime(): void;
  /** Runs what nextTick and promises have queued. */
  runTicks(): void;
}

type Pointer = object;

interface Exports {
  readonly currentIsolate: () => Pointer | null;
  readonly currentLoop: (isolate: Pointer) => Pointer | null;
  readonly backendFd: (loop: Pointer) => number;
  readonly backendTimeout: (loop: Pointer) => number;
  readonly updateTime: (loop: Pointer) => void;
}

/** The loop of the calling thread, or why it cannot be reached. */
export function findNestedLoop(): NestedLoop | string {
  const runTicks = (process as unknown as { _tickCallback?: () => void })._tickCallback;
  if (typeof runTicks !== 'function') return 'this version of Node does not let its queues be run';
  const found = findExports();
  if (found === undefined) return 'this version of Node does not export its event loop';
  const isolate = found.currentIsolate();
  const loop = isolate === null ? null : found.currentLoop(isolate);
  if (loop === null) return 'this thread has no event loop';
  const { backendFd, backendTimeout, updateTime } = found;
  return {
    fd: backendFd(loop),
    ...holder(),
    enter,
    waitMs: () => backendTimeout(loop),
    updateTime: () => updateTime(loop),
    runTicks,
  };
}

function findExports(): Exports | undefined {
  try {
    const program = loadKoffi().load(null);
    return {
      currentIsolate: program.func('void *_ZN2v87Isolate10GetCurrentEv()'),
      currentLoop: program.func('void *_ZN4node19GetCurrentEventLoopEPN2v87IsolateE(void *)'),
      backendFd: program.func('int uv_backend_fd(void *)'),
      backendTimeout: program.func('int uv_backend_timeout(void *)'),
      updateTime: program.func('void uv_update_time(void *)'),
    };
  } catch {
    return undefined;
  }
}

const LONGEST_INTERVAL_MS = 0x7fffffff;

function holder(): Pick<NestedLoop, 'hold' | 'release'> {
  let timer: NodeJS.Timeout | undefined;
  return {
    hold: () => (timer ??= setInterval(nothing, LONGEST_INTERVAL_MS)),
    release: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

/**
 * While immediates run, Node keeps libuv from sleeping, and uv_backend_timeout says 0 throughout. Node takes that
 * back when the last immediate that counts is unreferenced; an immediate set later puts it in force again.
 */
function enter(): void {
  clearImmediate(setImmediate(nothing).unref());
}

function nothing(): void {
  // Nothing is due: these exist to be set and cleared.
}
