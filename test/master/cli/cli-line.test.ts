import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  introduction,
  MASTER,
  modeFlags,
  readCommand,
  type CliState,
} from '../../../src/master/cli/cli-line.ts';

function fresh(): CliState {
  return {
    level: 'admin',
    expert: false,
    experimental: false,
    debug: false,
    severity: 'none',
    prompt: false,
    timedPrompt: false,
    target: MASTER,
  };
}

const find = (prefix: string): number | undefined =>
  new Map([
    ['@', MASTER],
    ['@1', 77],
    ['@!78', 78],
  ]).get(prefix);

test('a prefix before a command is for this command alone', () => {
  const state = fresh();
  assert.deepEqual(readCommand(' @!78  add map x\\ y z', state, find), {
    kind: 'send',
    target: 78,
    command: 'add map x\\ y z',
  });
  assert.deepEqual(readCommand('show proc', state, find), {
    kind: 'send',
    target: MASTER,
    command: 'show proc',
  });
});

test('a prefix alone is for all commands behind it', () => {
  const state = fresh();
  assert.deepEqual(readCommand('@1', state, find), { kind: 'done' });
  assert.deepEqual(readCommand('show info', state, find), { kind: 'send', target: 77, command: 'show info' });
  readCommand('@', state, find);
  assert.equal(state.target, MASTER);
});

test('a process that is not there is an error', () => {
  const answer = readCommand('@9 show info', fresh(), find);
  assert.deepEqual(answer, { kind: 'error', text: "Can't find the target PID matching the prefix '@9'\n" });
});

test('modes and levels are told to the process first, and nobody gets more than he has', () => {
  const state = fresh();
  readCommand('expert-mode on', state, find);
  readCommand('experimental-mode on', state, find);
  readCommand('set severity-output number', state, find);
  assert.equal(introduction(state), 'set severity-output number -;expert-mode on -;experimental-mode on -;');
  assert.equal(modeFlags(state), '(xe)');
  readCommand('user', state, find);
  assert.deepEqual(readCommand('operator', state, find), { kind: 'error', text: 'Permission denied!\n' });
  assert.deepEqual(readCommand('expert-mode on', state, find), {
    kind: 'error',
    text: 'Permission denied!\n',
  });
  assert.equal(introduction(state), 'user -;set severity-output number -;');
});

test('prompt changes between two modes, timed turns the time on and off', () => {
  const state = fresh();
  const modes = ['prompt', 'prompt', 'prompt timed', 'prompt i timed', 'prompt p'].map(line => {
    readCommand(line, state, find);
    return [state.prompt, state.timedPrompt];
  });
  assert.deepEqual(modes, [
    [true, false],
    [false, false],
    [true, true],
    [false, false],
    [true, false],
  ]);
  assert.equal(readCommand('prompt n', state, find).kind, 'error');
});
