/** Waits for a line of a program's output. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Balancer } from './balancer.ts';

/** The first such line; `after`: only what was printed behind that many characters counts. */
export async function said(
  balancer: Balancer,
  text: string | RegExp,
  { withinMs = 60_000, after = 0 }: { withinMs?: number; after?: number } = {},
): Promise<string> {
  const wanted = (line: string): boolean =>
    typeof text === 'string' ? line.includes(text) : text.test(line);
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(10)) {
    const line = balancer.output().slice(after).split('\n').find(wanted);
    if (line !== undefined) return line;
  }
  throw new Error(`not said: ${text}\n${balancer.output()}`);
}
