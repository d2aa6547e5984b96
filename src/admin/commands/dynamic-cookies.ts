/** Cookies that are made of servers' addresses and a secret (`dynamic-cookie-key`): switched, and their secret changed. */
import { fail, type Answer, type Call, type Command } from '../command.ts';
import { findBackend } from '../find.ts';

function withBackend(change: (backend: number, call: Call) => Answer | Promise<Answer>): Command['run'] {
  return call => {
    const backend = findBackend(call.runtime, call.args.at(3));
    return 'wrong' in backend ? backend.wrong : change(backend.found, call);
  };
}

/** As it is now. */
function setting(backend: number, { runtime }: Call): { dynamic: boolean; key: string | undefined } {
  const configured = runtime.directory.proxies[backend]?.cookie;
  return (
    runtime.cookies.dynamicCookie(backend) ?? {
      dynamic: configured?.dynamic === true,
      key: configured?.dynamicKey,
    }
  );
}

function switchTo(dynamic: boolean): Command['run'] {
  return withBackend(async (backend, call) => {
    await call.runtime.cookies.setDynamicCookie(backend, { ...setting(backend, call), dynamic });
    return undefined;
  });
}

async function setKey(backend: number, call: Call): Promise<Answer> {
  const key = call.args.at(4);
  if (key === '') return fail('String value expected.');
  await call.runtime.cookies.setDynamicCookie(backend, { ...setting(backend, call), key });
  return undefined;
}

export const DYNAMIC_COOKIE_COMMANDS: readonly Command[] = [
  {
    words: 'enable dynamic-cookie backend',
    args: '<bk>',
    summary: 'makes cookies of the addresses of servers',
    level: 'admin',
    run: switchTo(true),
  },
  {
    words: 'disable dynamic-cookie backend',
    args: '<bk>',
    summary: 'ends such cookies',
    level: 'admin',
    run: switchTo(false),
  },
  {
    words: 'set dynamic-cookie-key backend',
    args: '<bk> <k>',
    summary: 'changes their secret',
    level: 'admin',
    run: withBackend(setKey),
  },
];
