/** What AppletHTTP and AppletTCP objects of scripts do (HAProxy's Lua API). */
import { pathAndQuery } from '../acl/fetches/header-text.ts';
import { pushHeaders } from './api-exchange.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { ServiceAnswer } from './service-answer.ts';
import type { ServiceHold } from './service-hold.ts';
import { delayAt } from './delay.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

const LF = 0x0a;

export function serviceFunctions(state: LuaState): Functions {
  return { ...answerFunctions(state), ...inputFunctions(state) };
}

function runOf(state: LuaState, L: number): ServiceHold {
  const { service } = state.exchange(L);
  if (service === undefined) throw new ScriptError('this is no applet');
  return service;
}

function answerFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  const answer = (L: number): ServiceAnswer => {
    const { answer: found } = runOf(state, L);
    if (found === undefined) throw new ScriptError('this applet does not speak HTTP');
    return found;
  };
  return {
    // the fields of an AppletHTTP, as a table
    service_request: L => {
      pushRequest(state, L);
      return 1;
    },
    service_set_status: L => {
      const head = answer(L);
      const status = machine.number(L, 2);
      if (!Number.isInteger(status) || status < 100 || status > 599) {
        machine.push(L, false);
        return 1;
      }
      head.status = status;
      head.reason = machine.optionalText(L, 3)?.replaceAll(/[\r\n\0]/g, ' ');
      machine.push(L, true);
      return 1;
    },
    service_add_header: L => {
      answer(L).add(machine.text(L, 2), machine.text(L, 3));
      machine.push(L, true);
      return 1;
    },
    service_start: L => {
      answer(L).start();
      machine.push(L, true);
      return 1;
    },
    service_send: L => {
      const run = runOf(state, L);
      const bytes = Buffer.from(machine.text(L, 2), 'latin1');
      if (run.answer === undefined) run.wire.write(bytes);
      else run.answer.send(bytes);
      const sent = bytes.length;
      if (!run.wire.full) {
        machine.push(L, sent);
        return 1;
      }
      return tasks.wait(L, wake => run.whenRoom(() => wake(thread => (machine.push(thread, sent), 1))));
    },
  };
}

function pushRequest(state: LuaState, L: number): void {
  const { machine } = state;
  const { request } = state.exchange(L).ctx;
  if (request === undefined) throw new ScriptError('there is no request here');
  const target = pathAndQuery(request.target) ?? request.target;
  const mark = target.indexOf('?');
  const { version } = request;
  machine.newTable(L, 6);
  machine.setField(L, 'method', request.method);
  machine.setField(L, 'version', `HTTP/${Math.floor(version / 10)}.${version % 10}`);
  machine.setField(L, 'path', mark < 0 ? target : target.slice(0, mark));
  machine.setField(L, 'qs', mark < 0 ? '' : target.slice(mark + 1));
  machine.setField(L, 'length', Number(request.headers.get('content-length') ?? 0));
  pushHeaders(state, L, request.headers);
  machine.setTopField(L, 'headers');
}

function inputFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  const give = (L: number, run: ServiceHold, most: number): number => {
    machine.pushText(L, run.wire.take(most).toString('latin1'));
    return 1;
  };
  const later = (
    L: number,
    run: ServiceHold,
    ready: () => boolean,
    timeoutMs: number,
    result: (thread: number) => number,
  ): number => {
    if (ready() || run.wire.inputEnded) return result(L);
    return tasks.wait(L, wake => run.whenInput(ready, timeoutMs, () => wake(result)));
  };
  return {
    // handle, size, timeout
    service_receive: L => {
      const run = runOf(state, L);
      const { wire } = run;
      const size = machine.isAbsent(L, 2) ? Infinity : machine.number(L, 2);
      const wanted = size < 0 ? Infinity : size;
      const timeoutMs = machine.isAbsent(L, 3) ? 0 : delayAt(machine, L, 3);
      return later(
        L,
        run,
        () => wire.available >= wanted,
        timeoutMs,
        thread => {
          if (wire.available > 0 || wire.inputEnded) return give(thread, run, wanted);
          machine.push(thread, undefined);
          return 1;
        },
      );
    },
    service_try_receive: L => {
      const run = runOf(state, L);
      if (run.wire.available > 0 || run.wire.inputEnded) return give(L, run, Infinity);
      machine.push(L, undefined);
      return 1;
    },
    service_getline: L => {
      const run = runOf(state, L);
      const { wire } = run;
      return later(
        L,
        run,
        () => wire.indexOf(LF) >= 0,
        0,
        thread => {
          const end = wire.indexOf(LF);
          return give(thread, run, end < 0 ? Infinity : end + 1);
        },
      );
    },
  };
}
