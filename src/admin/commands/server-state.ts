/** Commands that change a server's administrative state, health and checks. */
import type { CheckKind } from '../../state/check-reports.ts';
import type { DirectoryServer } from '../../state/server-directory.ts';
import { fail, type Answer, type Call, type Command } from '../command.ts';
import { findLiveServer } from '../find.ts';

/** Finds the server that the third word names, then goes on. */
export function withServer(
  run: (server: DirectoryServer, call: Call) => Answer | Promise<Answer>,
  word = 2,
): Command['run'] {
  return call => {
    const server = findLiveServer(call.runtime, call.args.at(word));
    return 'wrong' in server ? server.wrong : run(server.found, call);
  };
}

export function setState({ row }: DirectoryServer, { args, runtime }: Call): Answer {
  const { serverOrders } = runtime;
  const state = args.at(4);
  if (state === 'ready') serverOrders.setReady(row);
  else if (state === 'drain') serverOrders.setDrain(row);
  else if (state === 'maint') serverOrders.setMaintenance(row);
  else return fail(`'set server <srv> state' expects 'ready', 'drain' and 'maint'.`);
  return undefined;
}

function order(what: 'setReady' | 'setMaintenance'): Command['run'] {
  return withServer(({ row }, { runtime }) => {
    runtime.serverOrders[what](row);
    return undefined;
  });
}

export function setHealth({ row, config }: DirectoryServer, { args, runtime }: Call): Answer {
  const state = args.at(4);
  if (config.track !== undefined) return fail('cannot change health on a tracking server.');
  if (state !== 'up' && state !== 'stopping' && state !== 'down')
    return fail(`'set server <srv> health' expects 'up', 'stopping', or 'down'.`);
  runtime.serverOrders.setHealth(row, 'check', state);
  return undefined;
}

export function setAgent({ row }: DirectoryServer, { args, runtime }: Call): Answer {
  const state = args.at(4);
  if (!runtime.servers.checks.enabled(row, 'agent'))
    return fail('agent checks are not enabled on this server.');
  if (state !== 'up' && state !== 'down') return fail(`'set server <srv> agent' expects 'up' or 'down'.`);
  runtime.serverOrders.setHealth(row, 'agent', state);
  return undefined;
}

const NOT_CONFIGURED: Readonly<Record<CheckKind, string>> = {
  check: 'Health check was not configured on this server, cannot enable.',
  agent: 'Agent was not configured on this server, cannot enable.',
};

function enable(kind: CheckKind): Command['run'] {
  return withServer(({ row }, { runtime }) =>
    runtime.serverOrders.enableCheck(row, kind, true) ? undefined : fail(NOT_CONFIGURED[kind]),
  );
}

function disable(kind: CheckKind): Command['run'] {
  return withServer(({ row }, { runtime }) => {
    runtime.serverOrders.enableCheck(row, kind, false);
    return undefined;
  });
}

export const SERVER_STATE_COMMANDS: readonly Command[] = [
  {
    words: 'enable server',
    args: '<bk>/<srv> (DEPRECATED)',
    summary: `ends maintenance (better: 'set server')`,
    level: 'admin',
    run: order('setReady'),
  },
  {
    words: 'disable server',
    args: '<bk>/<srv> (DEPRECATED)',
    summary: `begins maintenance (better: 'set server')`,
    level: 'admin',
    run: order('setMaintenance'),
  },
  {
    words: 'enable health',
    args: '<bk>/<srv>',
    summary: 'starts health checks again',
    level: 'admin',
    run: enable('check'),
  },
  {
    words: 'disable health',
    args: '<bk>/<srv>',
    summary: 'stops health checks',
    level: 'admin',
    run: disable('check'),
  },
  {
    words: 'enable agent',
    args: '<bk>/<srv>',
    summary: 'starts agent checks again',
    level: 'admin',
    run: enable('agent'),
  },
  {
    words: 'disable agent',
    args: '<bk>/<srv>',
    summary: 'stops agent checks',
    level: 'admin',
    run: disable('agent'),
  },
];
