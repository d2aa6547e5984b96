/** Commands about keepalived.conf, this program's own: `show vrrp`, `show virtual-servers`, and giving addresses to a peer. */
import { renderShowVrrp } from '../../vrrp/render-snapshot.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';

const NONE = 'There are no virtual addresses: this process has read no keepalived.conf.';

async function showVrrp({ args, runtime }: Call): Promise<Answer> {
  // under a master they live there: what it told last
  const snapshot = (await runtime.vrrp()?.snapshot()) ?? runtime.stats.vrrp;
  if (snapshot === undefined) return fail(NONE);
  const words = args.from(2);
  const json = words.at(-1) === 'json';
  const [name] = json ? words.slice(0, -1) : words;
  if (!json) return dump([renderShowVrrp(snapshot, name)]);
  const shown = name === undefined ? snapshot : snapshot.instances.find(one => one.name === name);
  return shown === undefined ? fail(`no vrrp instance ${name}`) : dump([`${JSON.stringify(shown)}\n`]);
}

async function showServices({ runtime }: Call): Promise<Answer> {
  const vrrp = runtime.vrrp();
  if (vrrp === undefined && runtime.stats.vrrp !== undefined)
    return fail('Virtual servers are with the master: SIGUSR1 to the process `lb: l4` writes how they are.');
  const text = await vrrp?.showServices();
  return text === undefined ? fail('There are no virtual servers.') : dump([text]);
}

async function disable({ runtime }: Call): Promise<Answer> {
  const vrrp = runtime.vrrp();
  if (vrrp === undefined) return fail(NONE);
  await vrrp.handOver('disabled by an administrator');
  return undefined;
}

function enable({ runtime }: Call): Answer {
  const vrrp = runtime.vrrp();
  if (vrrp === undefined) return fail(NONE);
  vrrp.resume();
  return undefined;
}

export const VRRP_COMMANDS: readonly Command[] = [
  {
    words: 'show vrrp',
    args: '[<instance>] [json]',
    summary: 'virtual addresses: states, masters, counters',
    level: 'user',
    run: showVrrp,
  },
  {
    words: 'show virtual-servers',
    summary: 'virtual servers of keepalived.conf: real servers, weights, connections',
    level: 'user',
    run: showServices,
  },
  {
    words: 'disable vrrp',
    summary: 'give the virtual addresses to a peer and keep out of elections',
    level: 'admin',
    run: disable,
  },
  { words: 'enable vrrp', summary: 'take part in elections again', level: 'admin', run: enable },
];
