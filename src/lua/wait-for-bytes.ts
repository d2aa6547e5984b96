/** Actions of scripts wait for bytes of a connection, no longer than content rules wait for them (`inspect-delay`). */
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import type { LuaState } from './state.ts';
import type { PushResults } from './tasks.ts';

/** Answers what `give` pushes once it is ready, or nothing more can come; at once where the script may not wait. */
export function waitForBytes(
  state: LuaState,
  L: number,
  bytes: ChannelBytes | undefined,
  isReady: () => boolean,
  give: PushResults,
): number {
  const { tasks } = state;
  const { ctx } = state.exchange(L);
  const mayWait = tasks.current?.mayWait === true && bytes?.mayReceive === true;
  if (!mayWait || isReady()) return give(L);
  return tasks.wait(L, wake => {
    const stop = (): void => {
      ctx.bytesCame = undefined;
    };
    ctx.bytesCame = () => {
      if (bytes.mayReceive && !isReady()) return false;
      stop();
      wake(give);
      return true;
    };
    return stop;
  });
}
