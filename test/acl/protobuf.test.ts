/** Fields of Protocol Buffers messages: what differential.test.ts cannot ask, for HAProxy does otherwise or has no word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaint, textOf } from './evaluate.ts';

function check(message: string, cases: Readonly<Record<string, string | undefined>>): void {
  for (const [converter, expected] of Object.entries(cases))
    assert.equal(textOf(`bin(${message}),${converter}`), expected, converter);
}

test('a field is found behind others of the messages it is in, and in later messages of the same number', () => {
  // 1: { 3: "skip", 2: 8 }
  check('0a081a04736b69701008', { 'protobuf(1.2,int32)': '8', 'protobuf(1.3)': 'skip' });
  // 1: {}, 1: { 2: 3 }
  check('0a000a021003', { 'protobuf(1.2,int32)': '3', 'protobuf(2,int32)': undefined });
  // 1: 3, 1: { 2: 4 }
  check('08030a021004', { 'protobuf(1.2,sint32)': '2', 'protobuf(1,int32)': '3' });
});

test('numbers with a point lose what stands behind it, whatever their sign', () => {
  check('0d0000c0bf', { 'protobuf(1,float)': '-1', 'protobuf(1,sfixed32)': '-1077936128' });
  check('09000000000000f8bf', { 'protobuf(1,double)': '-1', 'protobuf(1,fixed64)': '-4613937818241073152' });
  check('09000000000000f07f', { 'protobuf(1,double)': '0' });
});

test('messages that are cut, or groups, have the fields before that alone', () => {
  check('08010a05616263', { 'protobuf(1,int32)': '1', 'protobuf(1.1)': undefined });
  check('1205', { 'protobuf(2)': undefined });
  check('0b0801', { 'protobuf(1)': undefined });
  check('08ffffffffffffffffffff01', { 'protobuf(1)': undefined });
});

test('every message of a gRPC body is asked in turn, a cut one ends it', () => {
  check('0000000002180500000000020807', { 'ungrpc(1,int32)': '7', 'ungrpc(3)': '\x05' });
  check('00000000021805000000000208', { 'ungrpc(1,int32)': undefined });
  check('00ffffffff0801', { 'ungrpc(1,int32)': undefined });
});

test('field numbers and types that are none are refused by name', () => {
  assert.match(
    complaint('req.body,protobuf(1.)'),
    /failed to parse '1\.' as type 'Protocol buffers field number'/,
  );
  assert.match(complaint('req.body,ungrpc(1,string)'), /Wrong protocol buffer type 'string'/);
});
