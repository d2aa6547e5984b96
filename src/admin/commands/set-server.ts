/** `set server <backend>/<server> ...`: one row a subcommand. */
import type { DirectoryServer } from '../../state/server-directory.ts';
import { ADMIN_FQDN_CHANGED } from '../../state/server-words.ts';
import { switchedTls } from '../../state/switched-tls.ts';
import { fail, say, WARNING, type Answer, type Call, type Command } from '../command.ts';
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

const LONGEST_NAME = 255;

/** The server follows another name from now on; its address changes when that name has an answer. */
async function setFqdn({ row, proxy, config }: DirectoryServer, { args, runtime }: Call): Promise<Answer> {
  const name = args.at(4);
  if (name === '') return fail('set server <b>/<s> fqdn requires a FQDN.');
  if (config.resolvers === undefined)
    return fail('set server <b>/<s> fqdn failed because no resolution is configured.');
  if (config.srvRecord !== undefined)
    return fail('set server <b>/<s> fqdn failed because SRV resolution is configured.');
  const by = `by 'stats socket command'`;
  if (name === config.fqdn) return { severity: WARNING, text: `no need to change the FDQN ${by}` };
  if (name.length > LONGEST_NAME || !/^[\w.-]+$/.test(name))
    return { severity: WARNING, text: `invalid fqdn '${name}' ${by}` };
  runtime.directory.replace(row, { ...config, fqdn: name });
  runtime.servers.setAdmin(row, ADMIN_FQDN_CHANGED, 0);
  await runtime.threads.serversKnown();
  const label = `${proxy.name}/${config.name}`;
  return {
    severity: WARNING,
    text: `${label} changed its FQDN from ${config.fqdn ?? '(null)'} to ${name} ${by}`,
  };
}

async function setSsl({ row, config, isDynamic }: DirectoryServer, { args, runtime }: Call): Promise<Answer> {
  if (isDynamic) return fail(`'set server <srv> ssl' not supported on dynamic servers`);
  const wanted = args.at(4);
  const switched = switchedTls(config, wanted === 'on');
  if (switched === undefined)
    return fail(`'set server <srv> ssl' cannot be set.  default-server should define ssl settings`);
  if (wanted !== 'on' && wanted !== 'off') return fail(`'set server <srv> ssl' expects 'on' or 'off'.`);
  runtime.directory.replace(row, switched);
  await runtime.threads.serversKnown();
  return say('server ssl setting updated.');
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
