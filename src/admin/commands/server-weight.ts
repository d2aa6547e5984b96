/** Weights and limits of servers. */
import type { DirectoryServer } from '../../state/server-directory.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import { findServer } from '../find.ts';
import { withServer } from './server-state.ts';

const HIGHEST = 256;

/** The weight that a text means for a server, or what is wrong with it. */
function parseWeight(text: string, initial: number): number | string {
  if (text === '') return 'Require <weight> or <weight%>.';
  const [, digits, rest] = /^\s*([-+]?\d*)(.*)$/s.exec(text) as unknown as [string, string, string];
  if (!/\d/.test(digits)) return 'Empty weight string empty or preceded by garbage';
  const weight = Number(digits);
  if (rest === '%')
    return weight < 0
      ? 'Relative weight must be positive.'
      : Math.min(HIGHEST, Math.floor((initial * Math.min(weight, 100 * HIGHEST)) / 100));
  if (weight < 0 || weight > HIGHEST) return 'Absolute weight can only be between 0 and 256 inclusive.';
  return rest === '' ? weight : 'Trailing garbage in weight string';
}

export function changeWeight(servers: ServerWriter, { row, backend }: DirectoryServer, text: string): Answer {
  const weight = parseWeight(text, servers.initialWeight(row));
  if (typeof weight === 'string') return fail(weight);
  if (weight !== 0 && weight !== servers.initialWeight(row) && !servers.hasDynamicWeights(backend))
    return fail(`Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.`);
  servers.setWeight(row, weight);
  return undefined;
}

function getWeight({ args, runtime }: Call): Answer {
  const server = findServer(runtime, args.at(2));
  if ('wrong' in server) return server.wrong;
  const { row } = server.found;
  return dump([`${runtime.servers.userWeight(row)} (initial ${runtime.servers.initialWeight(row)})\n`]);
}

function setMaxconn({ row }: DirectoryServer, { args, runtime }: Call): Answer {
  const text = args.at(4);
  if (text === '') return fail('Require <maxconn>.');
  const [, digits, rest] = /^\s*([-+]?\d*)(.*)$/s.exec(text) as unknown as [string, string, string];
  if (!/\d/.test(digits)) return fail('maxconn string empty or preceded by garbage');
  if (rest !== '') return fail('Trailing garbage in maxconn string');
  runtime.servers.setMaxconn(row, Math.max(0, Number(digits)));
  runtime.state.queues.offer(row);
  return undefined;
}

export const SERVER_WEIGHT_COMMANDS: readonly Command[] = [
  {
    words: 'get weight',
    args: '<bk>/<srv>',
    summary: 'weight now and at start',
    level: 'user',
    run: getWeight,
  },
  {
    words: 'set weight',
    args: '<bk>/<srv> (DEPRECATED)',
    summary: `changes a weight (better: 'set server')`,
    level: 'admin',
    run: withServer((server, { args, runtime }) => changeWeight(runtime.servers, server, args.at(3))),
  },
  {
    words: 'set maxconn server',
    args: '<bk>/<srv>',
    summary: 'changes how many requests a server serves at a time',
    level: 'admin',
    run: withServer(setMaxconn, 3),
  },
];
