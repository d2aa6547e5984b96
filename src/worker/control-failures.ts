/**
 * A mistake of this program's in the control thread (a check, an admin command, a timer): told with its place, and
 * traffic goes on, since data threads do without the control thread. When it happens again and again the process
 * ends in a way that can be seen, with its addresses given away. Watched from the moment that connections are
 * accepted; before that, a start fails as every program does.
 */
const MOST_FAILURES = 10;
const WITHIN_MS = 10_000;

interface FailureReaction {
  readonly tell: (text: string) => void;
  /** It cannot go on. */
  readonly giveUp: () => void;
}

export function surviveFailures({ tell, giveUp }: FailureReaction): void {
  const failedAtMs: number[] = [];
  let isOver = false;
  process.on('uncaughtException', error => {
    if (isOver) return;
    const now = performance.now();
    failedAtMs.push(now);
    tell(`control thread: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (failedAtMs.length < MOST_FAILURES) return;
    if (now - (failedAtMs.shift() as number) > WITHIN_MS) return;
    isOver = true;
    tell(`control thread: ${MOST_FAILURES} failures within ${WITHIN_MS / 1000} s, it cannot go on`);
    giveUp();
  });
}
