/** Weights and limits of servers. */
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import { findServer } from '../find.ts';
import { withServer } from './server-state.ts';

export function answerOf(wrong: string | undefined): Answer {
  return wrong === undefined ? undefined : fail(wrong);
}

function getWeight({ args, runtime }: Call): Answer {
  const server = findServer(runtime, args.at(2));
  if ('wrong' in server) return server.wrong;
  const { row } = server.found;
  return dump([`${runtime.servers.userWeight(row)} (initial ${runtime.servers.initialWeight(row)})\n`]);
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
    run: withServer(({ row }, { args, runtime }) =>
      answerOf(runtime.serverOrders.setWeight(row, args.at(3))),
    ),
  },
  {
    words: 'set maxconn server',
    args: '<bk>/<srv>',
    summary: 'changes how many requests a server serves at a time',
    level: 'admin',
    run: withServer(
      ({ row }, { args, runtime }) => answerOf(runtime.serverOrders.setMaxconn(row, args.at(4))),
      3,
    ),
  },
];
