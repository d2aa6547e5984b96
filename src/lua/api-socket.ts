/** `core.tcp()`: what Socket objects of scripts do. */
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import { delayAt } from './delay.ts';
import { ScriptSocket, type ReadPattern, type Received } from './socket.ts';
import { targetOf } from './socket-target.ts';
import type { LuaState } from './state.ts';

const CLOSED = 'connection closed.';

type Functions = Record<string, LuaCallback>;

export function socketFunctions(state: LuaState): Functions {
  const { machine } = state;
  return {
    socket_new: L => {
      const socket = new ScriptSocket();
      const task = state.tasks.current;
      const ofTask = task && (task.connections ??= new Set());
      ofTask?.add(socket);
      state.sockets.set(socket, ofTask);
      machine.push(L, state.objects.open(socket));
      return 1;
    },
    // of its finalizer too
    socket_close: L => {
      const handle = machine.number(L, 1);
      const socket = state.objects.get(handle);
      if (socket instanceof ScriptSocket) {
        socket.close();
        state.sockets.get(socket)?.delete(socket);
        state.sockets.delete(socket);
        state.objects.close(handle);
      }
      return 0;
    },
    socket_timeout: L => {
      socketOf(state, L).timeoutMs = delayAt(machine, L, 2, 1000);
      machine.push(L, 1);
      return 1;
    },
    ...connectFunctions(state),
    ...transferFunctions(state),
  };
}

function socketOf(state: LuaState, L: number): ScriptSocket {
  const socket = state.objects.get(state.machine.number(L, 1));
  if (!(socket instanceof ScriptSocket)) throw new ScriptError('this socket is closed');
  return socket;
}

function connectFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  const place = (L: number, isPeer: boolean): number => {
    const { socket } = socketOf(state, L);
    const host = isPeer ? socket?.remoteAddress : socket?.localAddress;
    const port = isPeer ? socket?.remotePort : socket?.localPort;
    if (host === undefined) {
      machine.push(L, undefined);
      return 1;
    }
    machine.push(L, host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
    return 1;
  };
  return {
    // handle, with TLS, address, port
    socket_connect: L => {
      const socket = socketOf(state, L);
      const target = targetOf(machine.text(L, 3), machine.isAbsent(L, 4) ? undefined : machine.number(L, 4));
      const tls = machine.truth(L, 2);
      return tasks.wait(L, wake => {
        socket.connect(target, tls, error =>
          wake(thread => {
            if (error === undefined) {
              machine.push(thread, 1);
              return 1;
            }
            machine.push(thread, undefined);
            machine.push(thread, error);
            return 2;
          }),
        );
        return () => socket.close();
      });
    },
    socket_peer: L => place(L, true),
    socket_local: L => place(L, false),
  };
}

function transferFunctions(state: LuaState): Functions {
  const { machine, tasks } = state;
  return {
    // handle, pattern, prefix
    socket_receive: L => {
      const socket = socketOf(state, L);
      const prefix = machine.optionalText(L, 3) ?? '';
      const pattern = patternOf(state, L, prefix);
      const give = (thread: number, received: Received): number =>
        pushReceived(state, thread, received, prefix);
      const here = socket.read(pattern);
      if (here !== undefined) return give(L, here);
      return tasks.wait(L, wake =>
        socket.whenRead(pattern, received => wake(thread => give(thread, received))),
      );
    },
    // handle, text, first, last
    socket_send: L => {
      const socket = socketOf(state, L);
      const text = machine.text(L, 2);
      const first = placeIn(text, machine.isAbsent(L, 3) ? 1 : machine.number(L, 3));
      const last = Math.min(text.length, placeIn(text, machine.isAbsent(L, 4) ? -1 : machine.number(L, 4)));
      const bytes = Buffer.from(text.slice(Math.max(0, first - 1), last), 'latin1');
      return tasks.wait(L, wake =>
        socket.send(bytes, error =>
          wake(thread => {
            if (error === undefined) {
              machine.push(thread, Math.max(0, first - 1) + bytes.length);
              return 1;
            }
            machine.push(thread, undefined);
            machine.push(thread, error);
            machine.push(thread, 0);
            return 3;
          }),
        ),
      );
    },
  };
}

/** As string.sub counts. */
function placeIn(text: string, index: number): number {
  return index < 0 ? Math.max(0, text.length + index + 1) : index;
}

/** So many bytes are wanted with the prefix. */
function patternOf({ machine }: LuaState, L: number, prefix: string): ReadPattern {
  if (machine.isAbsent(L, 2)) return 'line';
  const value = machine.value(L, 2);
  if (typeof value === 'number') return Math.max(0, value - prefix.length);
  if (value === '*l') return 'line';
  if (value === '*a') return 'all';
  const count = typeof value === 'string' ? Number(value) : NaN;
  if (!Number.isInteger(count) || count < 0) throw new ScriptError('Unsupported pattern');
  return Math.max(0, count - prefix.length);
}

/** Of a connection that is over, what had come is given first; then there is nothing, in HAProxy's words. */
function pushReceived({ machine }: LuaState, L: number, received: Received, prefix: string): number {
  if ('bytes' in received) {
    machine.pushText(L, prefix + received.bytes.toString('latin1'));
    return 1;
  }
  const partial = prefix + received.partial.toString('latin1');
  if (received.error === 'timeout') {
    machine.push(L, undefined);
    machine.pushText(L, received.error);
    machine.pushText(L, partial);
    return 3;
  }
  if (partial !== '') {
    machine.pushText(L, partial);
    return 1;
  }
  machine.push(L, undefined);
  machine.pushText(L, CLOSED);
  return 2;
}
