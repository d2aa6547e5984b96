/** The Lua machine and what runs in it: values, errors, waiting, and all the ways a script is cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LUA_LIBRARIES } from '../../src/lua/machine/libraries.ts';
import { LuaMachine } from '../../src/lua/machine/machine.ts';
import type { LuaValue } from '../../src/lua/machine/stack.ts';
import { after, Tasks, type Task } from '../../src/lua/tasks.ts';

interface Started {
  readonly machine: LuaMachine;
  readonly tasks: Tasks;
  readonly run: (script: string, options?: { readonly totalMs?: number; readonly mayWait?: boolean }) => Task;
  readonly result: (task: Task) => LuaValue;
}

function start(settings: { readonly burstMs?: number; readonly maxMemory?: number } = {}): Started {
  const machine = new LuaMachine({ libraries: LUA_LIBRARIES, maxMemory: settings.maxMemory ?? 0 });
  const tasks = new Tasks(
    machine,
    { burstMs: settings.burstMs ?? 1000, instructions: 1000 },
    () => undefined,
  );
  machine.pushFunctions({
    shout: L => {
      machine.push(L, machine.text(L, 1).toUpperCase());
      return 1;
    },
    refuse: () => {
      throw new Error('no');
    },
    pause: L => tasks.wait(L, wake => after(1, () => wake(thread => (machine.push(thread, 'awake'), 1)))),
  });
  machine.setGlobal('api');
  return {
    machine,
    tasks,
    run: (script, { totalMs = 0, mayWait = false } = {}) => {
      assert.ok(machine.load(machine.L, script, '@script.lua'));
      const chunk = machine.keep(machine.L);
      return tasks.run(L => (machine.pushKept(L, chunk), 0), { totalMs, mayWait });
    },
    result: task => machine.value(task.L, -task.results),
  };
}

test('values cross as they are: bytes, integers beyond 2^53, booleans, nothing', () => {
  const { machine, tasks, run, result } = start();
  for (const [script, value] of [
    ['return "a\\0\\xff"', 'a\0\xff'],
    ['return 9007199254740993', 9007199254740993n],
    ['return 1.5', 1.5],
    ['return 7 // 2', 3],
    ['return true', true],
    ['return nil', undefined],
    ['return ("x"):rep(100000)', 'x'.repeat(100_000)],
  ] as const) {
    const task = run(script);
    assert.equal(task.error, '');
    assert.equal(result(task), value);
    tasks.release(task);
  }
  assert.equal(machine.top(machine.L), 0);
});

test('an error of a function tells the place in the script, and pcall catches it', () => {
  const { tasks, run, result } = start();
  const failing = run('\napi.refuse()');
  assert.equal(failing.error, 'runtime error: script.lua:2: no');
  tasks.release(failing);
  const caught = run('local ok, text = pcall(api.refuse); return tostring(ok) .. " " .. text');
  assert.equal(result(caught), 'false no');
});

test('a script waits and goes on with what it waited for', async () => {
  const { tasks, run, result } = start();
  const task = run('return "now " .. api.pause()', { mayWait: true });
  assert.equal(tasks.outcome(task), 'waiting');
  await new Promise<void>(resolve => {
    task.onWake = resolve;
  });
  tasks.goOn(task);
  assert.equal(tasks.outcome(task), 'done');
  assert.equal(result(task), 'now awake');
});

test('where nothing may wait, waiting is an error of the script', () => {
  const { run } = start();
  assert.match(run('api.pause()').error, /yield not allowed/);
});

test('an endless loop is cut, even one that catches its errors', () => {
  const { run, tasks } = start({ burstMs: 50 });
  for (const script of ['while true do end', 'while true do pcall(function() while true do end end) end']) {
    const task = run(script);
    assert.equal(task.error, 'burst timeout');
    tasks.release(task);
  }
  assert.equal(run('return 1').error, '');
});

test('what may wait makes way for others, and is cut when its time is used up', async () => {
  const { run, tasks } = start();
  const task = run('while true do end', { totalMs: 40, mayWait: true });
  let turns = 0;
  while (tasks.outcome(task) === 'waiting') {
    await new Promise<void>(resolve => {
      task.onWake = resolve;
    });
    tasks.goOn(task);
    turns++;
  }
  assert.equal(task.error, 'execution timeout');
  assert.ok(turns > 3);
});

test('memory beyond the limit is an error of the script, and the machine goes on', () => {
  const { run, tasks, machine } = start({ maxMemory: 4 * 2 ** 20, burstMs: 0 });
  const task = run('local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end');
  assert.match(task.error, /memory/);
  tasks.release(task);
  const after = run('collectgarbage() return "well"');
  assert.equal(after.error, '');
  assert.ok(machine.used < 4 * 2 ** 20);
});
