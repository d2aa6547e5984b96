/** What scripts that send the mails of `email-alert` have to know (HAProxy's Lua API: `Proxy.get_mailers`). */
import { heloNameOf, levelOf, mailersSections } from '../health/mailers.ts';
import type { EventFields } from '../model/server-event.ts';
import type { Proxy } from '../model/proxy.ts';
import { proxyAt } from './api-proxies.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import { pushFields } from './push-fields.ts';
import type { LuaState } from './state.ts';

export function mailerFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine, host } = state;
  return {
    take_mails: () => {
      if (state.stage !== 'body')
        throw new ScriptError('use_native_mailers_config: not available outside of body context');
      state.sendsMails = true;
      if (host.thread === Math.max(1, state.number)) host.takeMails();
      return 0;
    },
    // kind and name of the proxy; nil: nobody wants mails of it, or they are not this script's to send
    mailers: L => {
      const fields = state.sendsMails ? mailersOf(state, proxyAt(state, L).proxy) : undefined;
      if (fields === undefined) machine.push(L, undefined);
      else pushFields(machine, L, fields);
      return 1;
    },
  };
}

function mailersOf({ host }: LuaState, { email, options }: Proxy): EventFields | undefined {
  const section = mailersSections(host.config).find(({ name }) => name === email?.mailers);
  if (email === undefined || section === undefined) return undefined;
  return {
    track_server_health: options.flags.has('log-health-checks'),
    log_level: levelOf(email),
    mailservers: Object.fromEntries(section.list.map(({ name, place }) => [name, place])),
    mailservers_timeout: section.timeoutMs,
    smtp_hostname: heloNameOf(email),
    smtp_from: email.from,
    smtp_to: email.to,
  };
}
