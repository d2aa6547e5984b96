import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuestion, parseResponse } from '../../src/dns/message.ts';
import { encodeName, readName } from '../../src/dns/name.ts';
import { outcomeOf } from '../../src/dns/outcome.ts';
import { randomNumbers } from '../support/random-numbers.ts';

/** www.example: an alias of a.example with two addresses, one of them of another name; recorded from a server. */
const ANSWER = Buffer.from(
  '12348180000100030000000003777777076578616d706c650000010001' +
    'c00c000500010000003c00040161c010' +
    'c029000100010000003c0004c0000201' +
    '05667269656e00000100010000003c0004c0000202',
  'hex',
);

test('A question asks for recursion and says how long an answer may be', () => {
  const question = encodeQuestion(0xabcd, { name: 'a.example.', type: 'AAAA' }, 4096);
  assert.equal(
    question?.toString('hex'),
    'abcd01000001000000000001' +
      '0161076578616d706c6500' +
      '001c0001' +
      '000029' +
      '1000' +
      '00000000' +
      '0000',
  );
  for (const name of ['', '.', 'a..b', `${'x'.repeat(64)}.example`, 'x.'.repeat(130), 'a b', 'ä.example'])
    assert.equal(encodeName(name), undefined, name);
});

test('An answer is read through its aliases; what belongs to another name is left out', () => {
  const response = parseResponse(ANSWER);
  assert.equal(response?.answers.length, 3);
  const outcome = outcomeOf(response, { name: 'WWW.example', type: 'A' });
  assert.equal(outcome.kind, 'addresses');
  assert.deepEqual(outcome.kind === 'addresses' ? outcome.addresses.map(String) : [], ['192.0.2.1']);
  assert.equal(outcomeOf(response, { name: 'www.example', type: 'AAAA' }).kind, 'invalid');
  assert.equal(outcomeOf(response, { name: 'other.example', type: 'A' }).kind, 'invalid');
});

test('The strings of a text are put together; one that leaves its record is none', () => {
  const head = '1234818000010002000000000161076578616d706c650000100001';
  const records = 'c00c001000010000003c0006026162026364c00c001000010000003c000100';
  const outcome = outcomeOf(parseResponse(Buffer.from(head + records, 'hex')), {
    name: 'a.example',
    type: 'TXT',
  });
  assert.deepEqual(outcome, { kind: 'texts', texts: ['abcd', ''] });
  const broken = Buffer.from(head + records.replace('026364', '036364'), 'hex');
  assert.equal(parseResponse(broken), undefined);
});

test('Pointers that lead forwards or to themselves, and names that are too long, are no names', () => {
  assert.equal(readName(Buffer.from([0xc0, 0]), 0), undefined);
  assert.equal(readName(Buffer.from([1, 97, 0xc0, 0]), 0), undefined);
  assert.equal(readName(Buffer.from([0xc0, 2, 1, 97, 0]), 0), undefined);
  assert.equal(readName(Buffer.from([0x40, 0]), 0), undefined);
  assert.equal(readName(Buffer.from([3, 97]), 0), undefined);
  assert.deepEqual(readName(Buffer.from([1, 97, 0, 1, 98, 0xc0, 0]), 3), { name: 'b.a', end: 7 });
  const long = Buffer.concat([
    ...Array<Buffer>(5).fill(Buffer.from(`\x3f${'x'.repeat(63)}`)),
    Buffer.from([0]),
  ]);
  assert.equal(readName(long, 0), undefined);
});

test('Whatever is cut off or changed in an answer, reading it ends and throws nothing', () => {
  const random = randomNumbers(7);
  for (let length = 0; length < ANSWER.length; length++) parseResponse(ANSWER.subarray(0, length));
  for (let round = 0; round < 20_000; round++) {
    const message = Buffer.from(ANSWER);
    for (let changes = 1 + random(4); changes > 0; changes--) message[random(message.length)] = random(256);
    const response = parseResponse(message.subarray(0, message.length - random(3)));
    outcomeOf(response, { name: 'www.example', type: random(2) === 0 ? 'A' : 'SRV' });
  }
});

test('A message that ends early is invalid, unless it says itself that it was cut', () => {
  assert.equal(parseResponse(ANSWER.subarray(0, -1)), undefined);
  const cut = Buffer.from(ANSWER.subarray(0, -1));
  cut[2] = 0x83;
  assert.equal(parseResponse(cut)?.answers.length, 2);
  assert.equal(outcomeOf(parseResponse(cut), { name: 'www.example', type: 'A' }).kind, 'truncated');
});

test('What comes along with answers may be broken, the answers may not', () => {
  const broken = Buffer.concat([ANSWER, Buffer.from('09', 'hex')]);
  for (const countAt of [9, 11]) {
    const message = Buffer.from(broken);
    message[countAt] = 2;
    assert.equal(outcomeOf(parseResponse(message), { name: 'www.example', type: 'A' }).kind, 'addresses');
  }
  const missing = Buffer.from(ANSWER);
  missing[7] = 4;
  assert.equal(parseResponse(missing), undefined);
});

test('An error need not repeat the question, an answer has to, and questions are none', () => {
  const header = (flags: string, questions: string): Buffer =>
    Buffer.from(`1234${flags}${questions}000000000000`, 'hex');
  const outcome = (message: Buffer): string =>
    outcomeOf(parseResponse(message), { name: 'www.example', type: 'A' }).kind;
  assert.equal(outcome(header('8183', '0000')), 'nx');
  assert.equal(outcome(header('8185', '0001')), 'refused');
  assert.equal(outcome(header('8182', '0000')), 'other');
  assert.equal(outcome(header('8180', '0000')), 'invalid');
  assert.equal(outcome(header('0103', '0000')), 'invalid');
});
