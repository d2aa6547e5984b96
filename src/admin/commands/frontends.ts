/** Frontends: paused, resumed, shut down, their limits; backends: published or not. */
import { NOBODY } from '../../state/connection-limits.ts';
import { PROXY_PAUSED, PROXY_STOPPED, PROXY_UNPUBLISHED } from '../../state/server-words.ts';
import { fail, NOTICE, say, type Answer, type Call, type Command, type Message } from '../command.ts';
import { findFrontend } from '../find.ts';
import { leadingInteger } from '../units.ts';

function note(text: string): Message {
  return { severity: NOTICE, text };
}

function withFrontend(
  run: (proxy: number, call: Call) => Answer | Promise<Answer>,
  word = 2,
): Command['run'] {
  return call => {
    const frontend = findFrontend(call.runtime, call.args.at(word));
    return 'wrong' in frontend ? frontend.wrong : run(frontend.found, call);
  };
}

function isStopped(proxy: number, { runtime }: Call): boolean {
  return (
    runtime.directory.proxies[proxy]?.disabled === true ||
    (runtime.servers.proxyFlags(proxy) & PROXY_STOPPED) !== 0
  );
}

function isPaused(proxy: number, { runtime }: Call): boolean {
  return (runtime.servers.proxyFlags(proxy) & PROXY_PAUSED) !== 0;
}

async function disable(proxy: number, call: Call): Promise<Answer> {
  if (isStopped(proxy, call)) return note('Frontend was previously shut down, cannot disable.');
  if (isPaused(proxy, call)) return note('All sockets are already disabled.');
  const wrong = await call.runtime.threads.pauseFrontend(proxy);
  if (wrong !== undefined) return fail(`Failed to pause frontend, check logs for precise cause: ${wrong}.`);
  call.runtime.servers.setProxyFlags(proxy, PROXY_PAUSED, 0);
  return undefined;
}

async function enable(proxy: number, call: Call): Promise<Answer> {
  if (isStopped(proxy, call)) return fail('Frontend was previously shut down, cannot enable.');
  if (!isPaused(proxy, call)) return note('All sockets are already enabled.');
  const wrong = await call.runtime.threads.resumeFrontend(proxy);
  if (wrong !== undefined)
    return fail(`Failed to resume frontend, check logs for precise cause (port conflict?): ${wrong}.`);
  call.runtime.servers.setProxyFlags(proxy, 0, PROXY_PAUSED);
  return undefined;
}

async function shutdown(proxy: number, call: Call): Promise<Answer> {
  if (isStopped(proxy, call)) return note('Frontend was already shut down.');
  await call.runtime.threads.closeFrontend(proxy);
  call.runtime.servers.setProxyFlags(proxy, PROXY_STOPPED, PROXY_PAUSED);
  return undefined;
}

function setMaxconn(proxy: number, { args, runtime }: Call): Answer {
  if (args.at(4) === '') return fail('Integer value expected.');
  const value = leadingInteger(args.at(4));
  if (value < 0) return fail('Value out of range.');
  const { limits } = runtime.state;
  limits.setLimit(limits.frontend(proxy), value === 0 ? NOBODY : value);
  runtime.threads.roomAgain();
  return undefined;
}

function publish(published: boolean): (call: Call) => Answer {
  return ({ args, runtime }) => {
    const proxy = runtime.directory.backend(args.at(2));
    if (proxy < 0) return fail('No such backend.');
    if (runtime.directory.proxies[proxy]?.disabled === true) return fail('No effect on a disabled backend.');
    if (published) runtime.servers.setProxyFlags(proxy, 0, PROXY_UNPUBLISHED);
    else runtime.servers.setProxyFlags(proxy, PROXY_UNPUBLISHED, 0);
    return say(published ? 'Backend published.' : 'Backend unpublished.');
  };
}

export const FRONTEND_COMMANDS: readonly Command[] = [
  {
    words: 'disable frontend',
    args: '<frontend>',
    summary: 'stops accepting connections',
    level: 'admin',
    run: withFrontend(disable),
  },
  {
    words: 'enable frontend',
    args: '<frontend>',
    summary: 'accepts connections again',
    level: 'admin',
    run: withFrontend(enable),
  },
  {
    words: 'shutdown frontend',
    args: '<frontend>',
    summary: 'gives up the addresses of a frontend',
    level: 'admin',
    run: withFrontend(shutdown),
  },
  {
    words: 'set maxconn frontend',
    args: '<frontend> <value>',
    summary: 'changes how many connections a frontend takes',
    level: 'admin',
    run: withFrontend(setMaxconn, 3),
  },
  {
    words: 'publish backend',
    args: '<backend>',
    summary: 'lets switching rules choose a backend again',
    level: 'admin',
    run: publish(true),
  },
  {
    words: 'unpublish backend',
    args: '<backend>',
    summary: 'keeps switching rules from choosing a backend',
    level: 'admin',
    run: publish(false),
  },
];
