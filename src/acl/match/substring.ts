/** `-m sub`: a few patterns are searched one by one, many through a trie walked from every byte that starts one. */
import { fold, lowerCase } from '../fold.ts';
import { earlier } from './pattern.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

const FEW = 6;

/** A node's label is what leads to it; patterns end at it. */
interface TrieNode {
  label: string;
  children: Map<number, TrieNode> | undefined;
  patterns: StoredPattern[];
}

const newNode = (label: string): TrieNode => ({ label, children: undefined, patterns: [] });

export function createSubstringIndex(ignoreCase: boolean): PatternIndex {
  const patterns: { readonly key: string; readonly pattern: StoredPattern }[] = [];
  const keyOf = (text: string): string => (ignoreCase ? fold(text) : text);
  let trie: TrieNode | undefined;
  const findInFew = (text: string): StoredPattern | undefined =>
    patterns.find(({ key }) => text.includes(key))?.pattern;
  return {
    insert: pattern => {
      const key = keyOf(pattern.entry.key);
      patterns.push({ key, pattern });
      if (trie !== undefined) insertKey(trie, key, pattern);
      return undefined;
    },
    remove: pattern => {
      patterns.splice(
        patterns.findIndex(held => held.pattern === pattern),
        1,
      );
      trie = undefined;
    },
    find: value => {
      const text = ignoreCase ? lowerCase(value as string) : (value as string);
      if (patterns.length <= FEW) return findInFew(text);
      trie ??= buildTrie(patterns);
      return findAnywhere(trie, text);
    },
  };
}

function buildTrie(patterns: readonly { readonly key: string; readonly pattern: StoredPattern }[]): TrieNode {
  const root = newNode('');
  for (const { key, pattern } of patterns) insertKey(root, key, pattern);
  return root;
}

function insertKey(root: TrieNode, key: string, pattern: StoredPattern): void {
  let node = root;
  let rest = key;
  while (rest !== '') {
    node.children ??= new Map();
    const code = rest.charCodeAt(0);
    const child = node.children.get(code);
    if (child === undefined) {
      const leaf = newNode(rest);
      leaf.patterns.push(pattern);
      node.children.set(code, leaf);
      return;
    }
    const shared = sharedLength(child.label, rest);
    if (shared < child.label.length) split(child, shared);
    rest = rest.slice(shared);
    node = child;
  }
  node.patterns.push(pattern);
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

/** The node keeps the first part of its label, a new child takes all else. */
function split(node: TrieNode, at: number): void {
  const child = newNode(node.label.slice(at));
  child.children = node.children;
  child.patterns = node.patterns;
  node.label = node.label.slice(0, at);
  node.children = new Map([[child.label.charCodeAt(0), child]]);
  node.patterns = [];
}

function findAnywhere(root: TrieNode, text: string): StoredPattern | undefined {
  let best = root.patterns[0];
  for (let start = 0; start < text.length; start++) {
    let node: TrieNode | undefined = root.children?.get(text.charCodeAt(start));
    let at = start;
    while (node !== undefined && text.startsWith(node.label, at)) {
      best = earlier(best, node.patterns[0]);
      at += node.label.length;
      node = node.children?.get(text.charCodeAt(at));
    }
  }
  return best;
}
