import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentLine, readAgentAnswer, type AgentAnswer } from '../../src/health/agent-answer.ts';

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
