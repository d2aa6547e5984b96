/** `set server <backend>/<server> ...`: one row a subcommand. */
import type { DirectoryServer } from '../../state/server-directory.ts';
import { fail, type Answer, type Call, type Command } from '../command.ts';
import { setAddress, setAgentTarget, setCheckAddress } from './server-address.ts';
import { setAgent, setHealth, setState, withServer } from './server-state.ts';
import { answerOf } from './server-weight.ts';

type Setter = (server: DirectoryServer, call: Call) => Answer | Promise<Answer>;

const SETTERS: Readonly<Record<string, Setter>> = {
  addr: setAddress,
  agent: setAgent,
  'agent-addr': setAgentTarget,
  'agent-port': setAgentTarget,
  'agent-send': setAgentTarget,
  'check-addr': setCheckAddress,
  'check-port': setCheckAddress,
  fqdn: setFqdn,
  health: setHealth,
  ssl: setSsl,
  state: setState,
  weight: ({ row }, { args, runtime }) => answerOf(runtime.serverOrders.setWeight(row, args.at(4))),
};

const USAGE = `usage: set server <backend>/<server> ${Object.keys(SETTERS).join(' | ')}`;

function setFqdn(_server: DirectoryServer, { args }: Call): Answer {
  if (args.at(4) === '') return fail('set server <b>/<s> fqdn requires a FQDN.');
  return fail('set server <b>/<s> fqdn failed because no resolution is configured.');
}

function setSsl({ config, isDynamic }: DirectoryServer): Answer {
  if (isDynamic) return fail(`'set server <srv> ssl' not supported on dynamic servers`);
  if (config.ssl === undefined)
    return fail(`'set server <srv> ssl' cannot be set.  default-server should define ssl settings`);
  return fail(
    `'set server <srv> ssl' cannot be changed at run time: add a server with, or without, ssl instead.`,
  );
}

function setServer(server: DirectoryServer, call: Call): Answer | Promise<Answer> {
  const what = call.args.at(3);
  const setter = Object.hasOwn(SETTERS, what) ? SETTERS[what] : undefined;
  return setter === undefined ? fail(USAGE) : setter(server, call);
}

export const SET_SERVER: Command = {
  words: 'set server',
  args: '<bk>/<srv> [opts]',
  summary: 'changes state, weight, address or checks of a server',
  level: 'admin',
  run: withServer(setServer),
};
