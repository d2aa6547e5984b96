import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Response } from '../../src/dns/message.ts';
import { outcomeOf } from '../../src/dns/outcome.ts';
import type { ResourceRecord } from '../../src/dns/record.ts';

const QUESTION = { name: '_http._tcp.test', type: 'SRV' } as const;

function target(name: string): ResourceRecord {
  return { type: 'srv', name: QUESTION.name, priority: 0, weight: 1, port: 80, target: name };
}

function answer(...answers: readonly ResourceRecord[]): Response {
  const asked = { name: QUESTION.name, type: 33 };
  return { rcode: 0, truncated: false, asked, answers, additionals: [] };
}

test('a service without a host that can be asked for is none, and another one is not hidden by it', () => {
  assert.deepEqual(outcomeOf(answer(target('')), QUESTION), { kind: 'any_err' });
  assert.deepEqual(outcomeOf(answer(target(''), target('a b\n.test'), target('a.test')), QUESTION), {
    kind: 'targets',
    targets: [{ host: 'a.test', port: 80, weight: 1, address: undefined }],
  });
});
