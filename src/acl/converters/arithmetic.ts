/** Integer converters (manual, section 7.3.1): 64 bits signed, results saturate instead of wrapping. */
import type { Arguments } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import { castSample } from '../cast.ts';
import { readVariable } from '../fetches/variables.ts';
import { clampInt, INT_MAX, INT_MIN, wrapInt } from '../integer.ts';
import type { ConverterRow } from '../row.ts';
import type { Int } from '../sample.ts';

type Operation = (a: Int, b: Int) => Int;

/** The operand: a number, or a variable read anew each time. */
export function operandOf(args: Arguments, index: number): (ctx: SampleContext) => Int | undefined {
  const argument = args[index];
  const name = argument?.variable;
  if (name === undefined) {
    const fixed = argument?.int ?? 0;
    return () => fixed;
  }
  const read = readVariable(name);
  return ctx => {
    const value = read(ctx);
    return value === undefined ? undefined : (castSample(value, 'int') as Int | undefined);
  };
}

function operator(name: string, summary: string, apply: Operation): ConverterRow {
  return {
    name,
    args: ['value:operand'],
    in: 'int',
    out: 'int',
    summary,
    impure: true,
    compile: args => {
      const argument = args[0];
      if (argument?.variable === undefined) {
        const fixed = argument?.int ?? 0;
        return (value: Int) => apply(value, fixed);
      }
      const operand = operandOf(args, 0);
      return (value: Int, ctx) => {
        const other = operand(ctx);
        return other === undefined ? undefined : apply(value, other);
      };
    },
  };
}

function isSafe(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

/** Plain numbers while the result is exact, 64-bit arithmetic otherwise. */
function arithmetic(
  fast: (a: number, b: number) => number,
  exact: (a: bigint, b: bigint) => bigint,
): Operation {
  return (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') {
      const result = fast(a, b);
      if (isSafe(result)) return result === 0 ? 0 : result;
    }
    return clampInt(exact(BigInt(a), BigInt(b)));
  };
}

const bitwise =
  (exact: (a: bigint, b: bigint) => bigint): Operation =>
  (a, b) =>
    wrapInt(exact(BigInt(a), BigInt(b)));

function divide(a: Int, b: Int): Int {
  if (b == 0) return INT_MAX;
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return clampInt(BigInt(a) / BigInt(b));
}

function remainder(a: Int, b: Int): Int {
  if (b == 0) return 0;
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return clampInt(BigInt(a) % BigInt(b));
}

function isOdd(value: Int): boolean {
  return typeof value === 'number' ? value % 2 !== 0 : value % 2n !== 0n;
}

function unary(
  name: string,
  out: 'int' | 'bool' | 'bin',
  summary: string,
  apply: (value: Int) => Int | boolean | string,
): ConverterRow {
  return { name, in: 'int', out, summary, compile: () => (value: Int) => apply(value) };
}

export const ARITHMETIC_CONVERTERS: readonly ConverterRow[] = [
  operator(
    'add',
    'addition',
    arithmetic(
      (a, b) => a + b,
      (a, b) => a + b,
    ),
  ),
  operator(
    'sub',
    'subtraction',
    arithmetic(
      (a, b) => a - b,
      (a, b) => a - b,
    ),
  ),
  operator(
    'mul',
    'multiplication',
    arithmetic(
      (a, b) => a * b,
      (a, b) => a * b,
    ),
  ),
  operator('div', 'division; by zero: the largest number', divide),
  operator('mod', 'remainder; by zero: 0', remainder),
  operator(
    'and',
    'bitwise and',
    bitwise((a, b) => a & b),
  ),
  operator(
    'or',
    'bitwise or',
    bitwise((a, b) => a | b),
  ),
  operator(
    'xor',
    'bitwise exclusive or',
    bitwise((a, b) => a ^ b),
  ),
  unary('cpl', 'int', 'bitwise complement', value => wrapInt(~BigInt(value))),
  unary('neg', 'int', 'opposite number', value =>
    value === INT_MIN ? INT_MAX : typeof value === 'number' ? 0 - value : clampInt(-value),
  ),
  unary('bool', 'bool', 'true when it is not zero', value => value != 0),
  unary('not', 'bool', 'true when it is zero', value => value == 0),
  unary('odd', 'bool', 'true for odd numbers', isOdd),
  unary('even', 'bool', 'true for even numbers', value => !isOdd(value)),
  unary('htonl', 'bin', 'low 32 bits as four bytes', value => {
    const bits = Number(BigInt.asUintN(32, BigInt(value)));
    return String.fromCharCode(bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255);
  }),
];
