/**
 * Finds which of many literals stand in a text, in one pass over it however many there are (the automaton of Aho and
 * Corasick, as a table). Letters count without case: who asks for more looks again. Used by rules/sieve.ts.
 *
 *   table[state + class of the byte]   the next state; ~state where a literal ends there
 *   before the first byte stands a mark BEGIN, behind the last one END: literals bound to an end hold them
 */
import type { Literal } from './literal.ts';

const OTHER = 0;
const BEGIN = 1;
const END = 2;
const FIRST_LETTER = 3;

/** Numbers in the table: 4 MB. */
const LARGEST_TABLE = 1 << 20;

interface Node {
  readonly children: Map<number, Node>;
  readonly ids: Set<number>;
  number: number;
  fallback: Node | undefined;
}

function createNode(): Node {
  return { children: new Map(), ids: new Set(), number: 0, fallback: undefined };
}

/** What is to be found: `id` is its mark's place. */
export interface WantedLiteral extends Literal {
  readonly id: number;
}

export class LiteralFinder {
  readonly #classes: Uint8Array;
  readonly #width: number;
  readonly #table: Int32Array;
  /** Ids by the number of the state. */
  readonly #ids: readonly (readonly number[])[];
  readonly #begin: number;
  /** In this state nothing can be found any more; -1: there is none. */
  readonly #dead: number;

  /** Undefined: too many of them. */
  static build(literals: readonly WantedLiteral[]): LiteralFinder | undefined {
    const classes = classesOf(literals);
    const width = FIRST_LETTER + new Set(classes.filter(number => number !== OTHER)).size;
    const root = trieOf(literals, classes, Math.floor(LARGEST_TABLE / width));
    return root && new LiteralFinder(classes, width, inOrder(root));
  }

  private constructor(classes: Uint8Array, width: number, nodes: readonly Node[]) {
    this.#classes = classes;
    this.#width = width;
    this.#table = tableOf(nodes, width);
    this.#ids = nodes.map(({ ids }) => [...ids]);
    this.#begin = this.#table[BEGIN] as number;
    const isAnchored = [...(nodes[0] as Node).children.keys()].every(number => number === BEGIN);
    this.#dead = isAnchored ? 0 : -1;
  }

  /** Sets the marks of the literals found; false: there are none. */
  find(text: string, marks: Uint8Array): boolean {
    const table = this.#table;
    const classes = this.#classes;
    let isFound = false;
    let state = this.#begin;
    for (let at = 0; at < text.length && state !== this.#dead; at++) {
      state = table[state + (classes[text.charCodeAt(at)] ?? OTHER)] as number;
      if (state >= 0) continue;
      state = ~state;
      isFound = this.#mark(state, marks);
    }
    const last = table[state + END] as number;
    return last < 0 ? this.#mark(~last, marks) : isFound;
  }

  #mark(state: number, marks: Uint8Array): true {
    for (const id of this.#ids[state / this.#width] as readonly number[]) marks[id] = 1;
    return true;
  }
}

function folded(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

/** A number for each letter that literals have, the same for both cases. */
function classesOf(literals: readonly Literal[]): Uint8Array {
  const classes = new Uint8Array(256);
  let next = FIRST_LETTER;
  for (const { text } of literals)
    for (let at = 0; at < text.length; at++) {
      const code = folded(text.charCodeAt(at));
      if (classes[code] === OTHER) classes[code] = next++;
    }
  for (let code = 65; code <= 90; code++) classes[code] = classes[folded(code)] as number;
  return classes;
}

/** Undefined: it would have more nodes than that. */
function trieOf(
  literals: readonly WantedLiteral[],
  classes: Uint8Array,
  mostNodes: number,
): Node | undefined {
  const root = createNode();
  let nodes = 1;
  const childOf = (node: Node, number: number): Node => {
    const known = node.children.get(number);
    if (known !== undefined) return known;
    const child = createNode();
    node.children.set(number, child);
    nodes++;
    return child;
  };
  for (const { text, atStart, atEnd, id } of literals) {
    let node = atStart ? childOf(root, BEGIN) : root;
    for (let at = 0; at < text.length; at++) node = childOf(node, classes[text.charCodeAt(at)] ?? OTHER);
    (atEnd ? childOf(node, END) : node).ids.add(id);
    if (nodes > mostNodes) return undefined;
  }
  return root;
}

/**
 * All nodes, the shorter before the longer. Each learns where to go on when the next byte does not fit (the longest end of
 * its own text that is a beginning of another's) and takes over what is found there.
 */
function inOrder(root: Node): readonly Node[] {
  const nodes = [root];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index] as Node;
    node.number = index;
    for (const [number, child] of node.children) {
      child.fallback = fallbackOf(node, number, root);
      for (const id of child.fallback.ids) child.ids.add(id);
      nodes.push(child);
    }
  }
  return nodes;
}

function fallbackOf(parent: Node, number: number, root: Node): Node {
  for (let node = parent.fallback; node !== undefined; node = node.fallback) {
    const child = node.children.get(number);
    if (child !== undefined) return child;
  }
  return root;
}

function tableOf(nodes: readonly Node[], width: number): Int32Array {
  const table = new Int32Array(nodes.length * width);
  for (const { number: row, fallback, children } of nodes) {
    const begin = row * width;
    if (fallback !== undefined)
      table.copyWithin(begin, fallback.number * width, (fallback.number + 1) * width);
    for (const [number, child] of children)
      table[begin + number] = child.ids.size > 0 ? ~(child.number * width) : child.number * width;
  }
  return table;
}
