import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentLine, readAgentAnswer, type AgentAnswer } from '../../src/health/agent-answer.ts';
import { startChecks } from '../support/check-runner.ts';
import { startRawOrigin } from '../support/origin.ts';

const NOTHING: AgentAnswer = {
  health: undefined,
  order: undefined,
  weight: undefined,
  maxconn: undefined,
  unknown: undefined,
  description: '',
};

const CASES: readonly (readonly [line: string, answer: Partial<AgentAnswer>])[] = [
  ['', {}],
  ['up', { health: 'up' }],
  ['75%', { weight: '75%' }],
  ['weight:75', { weight: '75' }],
  ['75%,maxconn:30,maint,down', { weight: '75%', maxconn: '30', order: 'maint', health: 'down' }],
  ['UP\tReady  DRAIN', { health: 'UP', order: 'drain' }],
  ['up down', { health: 'down' }],
  ['stopped # being moved', { health: 'stopped', description: 'being moved' }],
  ['fail#no', { unknown: 'fail#no' }],
  ['up what why', { health: 'up', unknown: 'what' }],
  ['75', { unknown: '75' }],
  ['#only a description', { description: 'only a description' }],
];

for (const [line, answer] of CASES)
  test(`an agent that says "${line}" is understood`, () => {
    assert.deepEqual(readAgentAnswer(line), { ...NOTHING, ...answer });
  });

test('the answer is the first line, whatever ends it', () => {
  for (const end of ['\n', '\r\n', '\r', '\0']) assert.equal(agentLine(`up${end}more`), 'up');
  assert.equal(agentLine('up'), undefined);
});

test(
  'an agent that never ends its line is a timeout at first, and later what it said before',
  { timeout: 20_000 },
  async t => {
    let words = 'up';
    let asked = (): void => undefined;
    const agent = await startRawOrigin(t, socket => {
      socket.end(words);
      asked();
    });
    const { line, writer } = startChecks(
      t,
      `backend b
 option log-health-checks
 server s1 127.0.0.1:1 agent-check agent-inter 500ms agent-addr 127.0.0.1 agent-port ${agent.port}`,
    );
    assert.match(
      await line(/^Agent check/),
      /failed, reason: Layer7 timeout, info: "Ignoring incomplete line from agent", .* status: 1\/1 UP\.$/,
    );
    words = 'down\n';
    await line(/^Server b\/s1 is DOWN/);
    words = 'up';
    for (let more = 3; more > 0; more--) await new Promise<void>(done => (asked = done));
    assert.equal(writer.checks.status(0, 'agent').name, 'L7STS');
  },
);
