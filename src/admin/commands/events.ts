/** `show events`: the rings of the configuration, and what goes to the standard streams. */
import type { Socket } from 'node:net';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { EventRing } from '../runtime.ts';

const HEAD = 'Supported events sinks are listed below. Add -0(zero), -w(wait), -n(new). Any key to stop.\n';
const STREAMS = ['stdout', 'stderr'];

function sinkLine(name: string, type: string, dropped: number, description: string): string {
  return `    ${name.padEnd(10)} : type=${type}, ${dropped} dropped, ${description}\n`;
}

/** Written together: `-w`, `-n`, `-0`, also as `-wn0`. */
function optionsOf(words: readonly string[]): { readonly [letter: string]: boolean } | undefined {
  const letters = words.map(word => /^-([wn0]+)$/.exec(word)?.[1]);
  if (letters.includes(undefined)) return undefined;
  return Object.fromEntries(
    letters
      .join('')
      .split('')
      .map(letter => [letter, true]),
  );
}

function showEvents({ args, runtime, session }: Call): Answer {
  const rings = runtime.eventRings();
  const name = args.at(2);
  const lostTraces = (sink: string): number =>
    runtime.traces.board.dropped(runtime.traces.sinks.findIndex(one => one.name === sink));
  if (name === '')
    return dump([
      HEAD,
      ...STREAMS.map((stream, index) =>
        sinkLine(
          stream,
          'fd',
          lostTraces(stream),
          `standard ${index === 0 ? 'output' : 'error'} (fd#${index + 1})`,
        ),
      ),
      ...rings.map(({ settings, dropped }) =>
        sinkLine(settings.name, 'buffer', dropped + lostTraces(settings.name), settings.description),
      ),
    ]);
  const ring = rings.find(({ settings }) => settings.name === name);
  if (ring === undefined) return STREAMS.includes(name) ? undefined : fail('No such event sink');
  const options = optionsOf(args.from(3));
  if (options === undefined) return fail('unknown option');
  const end = options['0'] === true ? '\0' : '\n';
  const first = options['n'] === true ? ring.next : 0;
  if (options['w'] !== true) return dump(ring.since(first).map(line => line + end));
  return { converse: socket => follow(socket, ring, first, end, session.gone) };
}

/** Until the client says anything, or goes. One that does not read as fast as lines come misses those that the ring loses. */
async function follow(
  socket: Socket,
  ring: EventRing,
  first: number,
  end: string,
  gone: AbortSignal,
): Promise<void> {
  let next = first;
  const write = (): void => {
    if (socket.writableNeedDrain) return;
    const lines = ring.since(next);
    next = ring.next;
    if (lines.length > 0) socket.write(lines.map(line => line + end).join(''), 'latin1');
  };
  const unfollow = ring.follow(write);
  socket.on('drain', write);
  await new Promise<void>(resolve => {
    const done = (): void => resolve();
    for (const event of ['data', 'close', 'end']) socket.once(event, done);
    gone.addEventListener('abort', done, { once: true });
    if (socket.destroyed || gone.aborted) resolve();
    write();
    socket.resume();
  });
  socket.off('drain', write);
  unfollow();
}

export const EVENT_COMMANDS: readonly Command[] = [
  {
    words: 'show events',
    args: '[<sink>] [-w] [-n] [-0]',
    summary: 'lines of rings, and where else events go',
    level: 'user',
    run: showEvents,
  },
];
