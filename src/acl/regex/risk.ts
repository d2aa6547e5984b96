/**
 * How much a backtracking engine can be made to work by a hostile subject: the exponent of its length, or
 * no bound at all. Never says less than the truth; may say more.
 *
 * A loop can be left in many ways when what it repeats and what follows it can start with the same byte. Such
 * ways multiply along a sequence; within a loop they can double the work with every byte.
 */
import { ALL, NONE } from './char-set.ts';
import type { CharSet } from './char-set.ts';
import type { RegexNode, Repeat } from './node.ts';

const UNBOUNDED = Infinity;

/** Repetitions up to this many count as written out. */
const FEW = 4;

interface Shape {
  /** Bytes it can start with. */
  readonly first: CharSet;
  readonly nullable: boolean;
}

/** What can come behind a node. `anything`: the match may simply end there. */
interface Follow {
  readonly first: CharSet;
  readonly anything: boolean;
}

export function riskOf(root: RegexNode): number {
  const { steps } = workOf(root, { first: NONE, anything: true }, false);
  return Math.max(1, steps + (isAnchored(root) ? 0 : 1));
}

function shapeOf(node: RegexNode): Shape {
  switch (node.kind) {
    case 'set':
      return { first: node.set, nullable: false };
    case 'sequence':
      return sequenceShape(node.items);
    case 'choice': {
      const shapes = node.options.map(shapeOf);
      return {
        first: shapes.reduce((set, shape) => set | shape.first, NONE),
        nullable: shapes.some(shape => shape.nullable),
      };
    }
    case 'group':
    case 'atomic':
      return shapeOf(node.body);
    case 'repeat': {
      const { first, nullable } = shapeOf(node.body);
      return { first, nullable: nullable || node.min === 0 };
    }
    case 'assert':
    case 'look':
      return { first: NONE, nullable: true };
    case 'back':
      return { first: ALL, nullable: true };
  }
}

function sequenceShape(items: readonly RegexNode[]): Shape {
  let first = NONE;
  for (const item of items) {
    const shape = shapeOf(item);
    first |= shape.first;
    if (!shape.nullable) return { first, nullable: false };
  }
  return { first, nullable: true };
}

/** Exponents of the length, or UNBOUNDED. */
interface Work {
  /** Of the ways to get past it. */
  readonly ways: number;
  /** Of the steps to try them all once. */
  readonly steps: number;
}

const NO_WORK: Work = { ways: 0, steps: 0 };
const ENDLESS: Work = { ways: UNBOUNDED, steps: UNBOUNDED };

/** A fixed number of ways, as an exponent: a thousand count as one more. */
function fixedWays(count: number): number {
  return Math.log2(count) / 10;
}

/** ENDLESS when a choice stands within a loop. */
function workOf(node: RegexNode, follow: Follow, inLoop: boolean): Work {
  switch (node.kind) {
    case 'sequence':
      return sequenceWork(node.items, follow, inLoop);
    case 'choice':
      return choiceWork(node.options, follow, inLoop);
    case 'group':
    case 'atomic':
      return workOf(node.body, follow, inLoop);
    case 'look': {
      const { steps } = workOf(node.body, { first: NONE, anything: true }, false);
      return { ways: 0, steps: inLoop && steps > 0 ? UNBOUNDED : steps };
    }
    case 'repeat':
      return repeatWork(node, follow, inLoop);
    case 'back':
      return inLoop ? ENDLESS : { ways: 0, steps: 1 };
    case 'set':
    case 'assert':
      return NO_WORK;
  }
}

function choiceWork(options: readonly RegexNode[], follow: Follow, inLoop: boolean): Work {
  const isAmbiguous = overlap(options.map(option => shapeOf(option).first));
  if (isAmbiguous && inLoop) return ENDLESS;
  const works = options.map(option => workOf(option, follow, inLoop));
  const own = isAmbiguous ? fixedWays(options.length) : 0;
  return {
    ways: own + Math.max(...works.map(({ ways }) => ways)),
    steps: own + Math.max(...works.map(({ steps }) => steps)),
  };
}

/** Each item is tried anew for every way past those before it. */
function sequenceWork(items: readonly RegexNode[], follow: Follow, inLoop: boolean): Work {
  const works: Work[] = [];
  let behind = follow;
  for (const item of items.toReversed()) {
    works.unshift(workOf(item, behind, inLoop));
    behind = inFrontOf(item, behind);
  }
  let ways = 0;
  let steps = 0;
  for (const work of works) {
    steps = Math.max(steps, ways + work.steps);
    ways += work.ways;
  }
  return { ways, steps: Math.max(steps, ways) };
}

/** An assertion can fail where the match could have ended. */
function inFrontOf(item: RegexNode, behind: Follow): Follow {
  if (item.kind === 'assert' || item.kind === 'look')
    return { first: item.kind === 'look' ? ALL : behind.first, anything: false };
  const shape = shapeOf(item);
  return shape.nullable
    ? { first: shape.first | behind.first, anything: behind.anything }
    : { first: shape.first, anything: false };
}

function repeatWork(node: Repeat, follow: Follow, inLoop: boolean): Work {
  const shape = shapeOf(node.body);
  const isLoop = node.max > FEW;
  const around: Follow = { first: follow.first | shape.first, anything: follow.anything && !isLoop };
  const inside = workOf(node.body, node.max > 1 ? around : follow, inLoop || isLoop);
  if (inside.steps === UNBOUNDED || (isLoop && inside.ways > 0)) return ENDLESS;
  if (isLoop && shape.nullable && node.body.kind !== 'set') return ENDLESS;
  const canBeEither = node.max !== node.min && (shape.first & follow.first) !== NONE;
  if (inLoop && canBeEither) return ENDLESS;
  const isAmbiguous = canBeEither && !follow.anything;
  if (isLoop) return { ways: isAmbiguous ? 1 : 0, steps: Math.max(1, inside.steps) };
  const own = isAmbiguous ? fixedWays(node.max - node.min + 1) : 0;
  return {
    ways: own + inside.ways * node.max,
    steps: own + inside.ways * Math.max(0, node.max - 1) + inside.steps,
  };
}

function overlap(sets: readonly CharSet[]): boolean {
  let seen = NONE;
  for (const set of sets) {
    if ((seen & set) !== NONE) return true;
    seen |= set;
  }
  return false;
}

/** Every way to match starts at the start of the subject. */
function isAnchored(node: RegexNode): boolean {
  switch (node.kind) {
    case 'assert':
      return node.what === 'start';
    case 'sequence':
      return node.items[0] !== undefined && isAnchored(node.items[0]);
    case 'choice':
      return node.options.every(isAnchored);
    case 'group':
    case 'atomic':
      return isAnchored(node.body);
    case 'set':
    case 'repeat':
    case 'look':
    case 'back':
      return false;
  }
}
