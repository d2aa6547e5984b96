import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { EpollListener, type EpollListenerHost } from '../../src/net/engines/epoll/listener.ts';
import { TimerWheel } from '../../src/net/timer-wheel.ts';

const ENOSPC = 28;

test('a listener that the event poll does not take says so, and is offered again', () => {
  let now = 1000;
  const answers = [-ENOSPC, 0];
  const host: EpollListenerHost = {
    wheel: new TimerWheel(() => now),
    watchListener: () => answers.shift() ?? 0,
    unwatchListener: () => undefined,
    accepted: () => undefined,
    forgetListener: () => undefined,
  };
  const errors: string[] = [];
  const listener = new EpollListener(host, 0, openSync('/dev/null', 'r'), code => errors.push(code));
  assert.deepEqual([errors, answers], [['ENOSPC'], [0]]);
  now += 1000;
  host.wheel.readClock();
  host.wheel.advance();
  assert.deepEqual([errors, answers], [['ENOSPC'], []]);
  listener.close();
});
