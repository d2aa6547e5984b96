/**
 * How much a backtracking engine can be made to work by a hostile subject: the exponent of its length, or
 * no bound at all. Never says less than the truth; may say more.
 *
 * A loop is a choice point when what it repeats and what follows it can start with the same byte. Choice
 * points in a row multiply; one within a loop can double the work with every byte.
 */
import { ALL, NONE } from './char-set.ts';
import type { CharSet } from './char-set.ts';
import type { RegexNode, Repeat } from './node.ts';

export const UNBOUNDED = Infinity;

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
  const choices = choicesIn(root, { first: NONE, anything: true }, false);
  if (choices === UNBOUNDED) return UNBOUNDED;
  if (!hasLoop(root)) return 1;
  return Math.max(1, choices) + (isAnchored(root) ? 0 : 1);
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

/** Choice points one after the other; UNBOUNDED when one stands within a loop. */
function choicesIn(node: RegexNode, follow: Follow, inLoop: boolean): number {
  switch (node.kind) {
    case 'sequence':
      return sequenceChoices(node.items, follow, inLoop);
    case 'choice':
      if (inLoop && overlap(node.options.map(option => shapeOf(option).first))) return UNBOUNDED;
      return Math.max(...node.options.map(option => choicesIn(option, follow, inLoop)));
    case 'group':
    case 'atomic':
      return choicesIn(node.body, follow, inLoop);
    case 'look':
      return choicesIn(node.body, { first: NONE, anything: true }, inLoop);
    case 'repeat':
      return repeatChoices(node, follow, inLoop);
    case 'back':
      return inLoop ? UNBOUNDED : 0;
    case 'set':
    case 'assert':
      return 0;
  }
}

/** What looks around is tried anew for every choice made before it, and never again after it has passed. */
function sequenceChoices(items: readonly RegexNode[], follow: Follow, inLoop: boolean): number {
  const choices: number[] = [];
  let behind = follow;
  for (const item of items.toReversed()) {
    choices.unshift(choicesIn(item, behind, inLoop));
    behind = inFrontOf(item, behind);
  }
  let before = 0;
  let looks = 0;
  for (const [index, own] of choices.entries())
    if (items[index]?.kind === 'look') looks = Math.max(looks, before + own);
    else before += own;
  return Math.max(before, looks);
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

function repeatChoices(node: Repeat, follow: Follow, inLoop: boolean): number {
  const shape = shapeOf(node.body);
  const isLoop = node.max > FEW;
  const varies = node.max !== node.min;
  const around: Follow = { first: follow.first | shape.first, anything: follow.anything && !isLoop };
  const inside = choicesIn(node.body, node.max > 1 ? around : follow, inLoop || isLoop);
  if (inside === UNBOUNDED || (isLoop && inside > 0)) return UNBOUNDED;
  if (isLoop && shape.nullable && node.body.kind !== 'set') return UNBOUNDED;
  const ambiguous = varies && !follow.anything && (shape.first & follow.first) !== NONE;
  if (inLoop && varies && (shape.first & follow.first) !== NONE) return UNBOUNDED;
  const own = ambiguous && isLoop ? 1 : 0;
  return own + inside * (isLoop ? 1 : Math.max(1, Math.min(node.max, FEW)));
}

function overlap(sets: readonly CharSet[]): boolean {
  let seen = NONE;
  for (const set of sets) {
    if ((seen & set) !== NONE) return true;
    seen |= set;
  }
  return false;
}

function hasLoop(node: RegexNode): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.some(hasLoop);
    case 'choice':
      return node.options.some(hasLoop);
    case 'group':
    case 'atomic':
    case 'look':
      return hasLoop(node.body);
    case 'repeat':
      return node.max > FEW || hasLoop(node.body);
    case 'back':
      return true;
    case 'set':
    case 'assert':
      return false;
  }
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
