/** Limits of the whole process, and its counters. */
import { fail, type Answer, type Call, type Command } from '../command.ts';
import { leadingInteger } from '../units.ts';

function setMaxconn({ args, runtime }: Call): Answer {
  if (args.at(3) === '') return fail('Expects an integer value.');
  const value = leadingInteger(args.at(3));
  const { limits } = runtime.state;
  const hard = runtime.config.global.maxconn;
  if (hard !== 0 && value > hard) return fail('Value out of range.');
  limits.setLimit(limits.process, value <= 0 ? hard : value);
  runtime.threads.roomAgain();
  return undefined;
}

/** What a limit can be. */
const HIGHEST = 0x7fff_ffff;

const RATE_USAGE = `'set rate-limit' only supports :
   - 'connections global' to set the per-process maximum connection rate
   - 'sessions global' to set the per-process maximum session rate
   - 'ssl-sessions global' to set the per-process maximum SSL session rate
   - 'http-compression global' to set the per-process maximum compression speed in kB/s`;

function setRateLimit({ args, runtime }: Call): Answer {
  const { rates } = runtime.state;
  const rows: Readonly<Record<string, number>> = {
    connections: rates.processConnections,
    sessions: rates.processSessions,
    'ssl-sessions': rates.processSsl,
    'http-compression': rates.processCompression,
  };
  const row = Object.hasOwn(rows, args.at(2)) && args.at(3) === 'global' ? rows[args.at(2)] : undefined;
  if (row === undefined) return fail(RATE_USAGE);
  if (args.at(4) === '') return fail('Expects an integer value.');
  const value = leadingInteger(args.at(4));
  if (value < 0) return fail('Value out of range.');
  rates.setLimit(row, row === rates.processCompression ? Math.min(value * 1024, HIGHEST) : value);
  runtime.threads.roomAgain();
  return undefined;
}

function clearCounters({ runtime }: Call, all: boolean): Answer {
  runtime.state.counters.clear(all);
  return undefined;
}

export const LIMIT_COMMANDS: readonly Command[] = [
  {
    words: 'set maxconn global',
    args: '<value>',
    summary: 'changes how many connections the process takes',
    level: 'admin',
    run: setMaxconn,
  },
  {
    words: 'set rate-limit',
    args: '<setting> <value>',
    summary: 'changes how much may begin in a second',
    level: 'admin',
    run: setRateLimit,
  },
  {
    words: 'clear counters',
    summary: 'forgets the highest values',
    level: 'operator',
    run: call => clearCounters(call, false),
  },
  {
    words: 'clear counters all',
    summary: 'forgets everything that was counted',
    level: 'admin',
    run: call => clearCounters(call, true),
  },
];
