/** `wait`: a pause between commands, or until a server or a backend can be removed (management manual). */
import { monotonicMs } from '../../base/clock.ts';
import { fail, say, type Answer, type Call, type Command } from '../command.ts';
import { LONGEST_TIMER_MS, parseDelay } from '../units.ts';
import { backendObstacle } from './dynamic-backends.ts';
import { removalObstacle } from './dynamic-servers.ts';

const USAGE = `Usage: wait {-h|<duration>} [condition [args...]]
  - '-h' shows this text
  - <duration>: the longest wait, in 'us', 'ms' (when no unit is given), 's', 'm', 'h' or 'd'
  - <condition>: what ends the wait before its time:
    - <none> : nothing does
    - srv-removable <px>/<sv> : the server can be removed
    - be-removable <px> : the backend can be removed
`;

const LOOK_MS = 20;

async function wait(call: Call): Promise<Answer> {
  const { args, runtime } = call;
  if (args.at(1) === '') return fail('Expects a duration in milliseconds.');
  if (args.at(1) === '-h') return say(USAGE);
  const ms = parseDelay(args.at(1), 'ms');
  if (ms === undefined || ms < 1) return fail('Invalid duration.');
  const [condition, name] = [args.at(2), args.at(3)];
  if (condition === '') return (await pause(call, ms)) ? say('Done.') : fail('Interrupted.');
  const find = CONDITIONS[condition];
  if (find === undefined) return condition === '-h' ? say(USAGE) : fail(USAGE);
  const wrong = wrongName(condition, name);
  if (wrong !== undefined) return fail(wrong);
  for (const deadline = monotonicMs() + ms; ;) {
    const obstacle = find(runtime, name);
    if (obstacle === undefined) return say('Done.');
    if (!obstacle.passes) return fail(`Failed. ${obstacle.text}`);
    const left = deadline - monotonicMs();
    if (left <= 0) return fail(`Wait delay expired. ${obstacle.text}`);
    if (!(await pause(call, Math.min(LOOK_MS, left)))) return fail('Interrupted.');
  }
}

const CONDITIONS: Readonly<Record<string, typeof removalObstacle>> = {
  'srv-removable': removalObstacle,
  'be-removable': backendObstacle,
};

function wrongName(condition: string, name: string): string | undefined {
  if (condition === 'be-removable') return name === '' ? 'Missing backend name.' : undefined;
  if (name === '') return 'Missing server name (<backend>/<server>).';
  return /\/./.test(name) ? undefined : `Require 'backend/server'.`;
}

/** False: the client has gone, or says that it sends nothing more. */
async function pause({ session }: Call, ms: number): Promise<boolean> {
  const { gone } = session;
  if (gone.aborted) return false;
  return new Promise(resolve => {
    const timer = setTimeout(
      () => {
        gone.removeEventListener('abort', interrupted);
        resolve(true);
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    const interrupted = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    gone.addEventListener('abort', interrupted, { once: true });
  });
}

export const WAIT_COMMAND: Command = {
  words: 'wait',
  args: '{-h|<delay_ms>} cond [args...]',
  summary: 'pauses, or waits for a condition',
  level: 'admin',
  run: wait,
};
