/** Names of variables: numbered while they are as many as a configuration has, kept by name where scripts make them up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VariableNames, VariableStore, type VariableName } from '../../src/acl/variables.ts';

/** More than are numbered. */
const MANY = 5000;

function resolved(names: VariableNames, text: string): VariableName {
  const name = names.resolve(text);
  if (typeof name === 'string') throw new Error(name);
  return name;
}

function mistake(names: VariableNames, text: string): string {
  const name = names.resolve(text);
  return typeof name === 'string' ? name : 'it is a name';
}

function crowded(): VariableNames {
  const names = new VariableNames();
  for (let index = 0; index < MANY; index++) resolved(names, `txn.made${index}`);
  return names;
}

test('a name that scripts make up when there are many makes no store longer', () => {
  const names = crowded();
  assert.equal(typeof resolved(names, 'txn.made0').slot, 'number');
  assert.equal(resolved(names, `txn.made${MANY - 1}`).slot, `txn.made${MANY - 1}`);
  assert.equal(resolved(names, 'req.other').slot, 'req.other');
});

test('variables of the process are numbered however many there are', () => {
  const names = crowded();
  const { slot } = resolved(names, 'proc.late');
  assert.equal(typeof slot, 'number');
  assert.deepEqual(names.find('proc.late'), { scope: 'proc', name: 'late', slot });
  assert.equal(names.find('proc.unknown'), undefined);
});

test('a variable without a number is set, read, told and unset as any other, and counts the same', () => {
  const names = crowded();
  const memory = {
    used: 0,
    take(bytes: number): boolean {
      if (this.used + bytes > 200) return false;
      this.used += bytes;
      return true;
    },
    give(bytes: number): void {
      this.used -= bytes;
    },
  };
  const store = new VariableStore(memory);
  const { slot } = resolved(names, 'txn.late');
  assert.equal(store.get(slot), undefined);
  assert.equal(store.set(slot, 'value'), true);
  assert.equal(store.set(slot, 'longer value'), true);
  assert.equal(memory.used, 92);
  assert.equal(store.set(resolved(names, 'txn.later').slot, 'v'.repeat(100)), false);
  const known = names.find('txn.late');
  assert.equal(known === undefined ? undefined : store.get(known.slot), 'longer value');
  const told = [...store.entries()].map(([at, value]) => [names.nameOf(at)?.name, value]);
  assert.deepEqual(told, [['late', 'longer value']]);
  store.unset(slot);
  assert.equal(store.get(slot), undefined);
  assert.equal(memory.used, 0);
  assert.deepEqual([...store.entries()], []);
});

test('names that are none are refused however many there are', () => {
  for (const names of [new VariableNames(), crowded()]) {
    assert.match(mistake(names, 'nowhere.x'), /must start with its scope/);
    assert.match(mistake(names, 'txn.a-b'), /invalid syntax at char '-'/);
    assert.equal(names.find('txn.a-b'), undefined);
  }
});
