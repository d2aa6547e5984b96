/**
 * Whether a group can keep what it caught in an earlier turn of a loop around it: `((a)|b)+` over `ab`. PCRE keeps it,
 * JavaScript's engine forgets it with every turn, the linear one keeps it.
 */
import type { RegexNode } from './node.ts';

export function keepsCaptures(node: RegexNode): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.some(keepsCaptures);
    case 'choice':
      return node.options.some(keepsCaptures);
    case 'group':
    case 'atomic':
    case 'look':
      return keepsCaptures(node.body);
    case 'repeat':
      return (node.max > 1 && canMissCapture(node.body, false)) || keepsCaptures(node.body);
    default:
      return false;
  }
}

/** A turn of the loop can pass by a group in it. `passable`: this part of the turn can be passed by. */
function canMissCapture(node: RegexNode, passable: boolean): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.some(item => canMissCapture(item, passable));
    case 'choice':
      return node.options.some(option => canMissCapture(option, node.options.length > 1));
    case 'group':
      return (passable && node.capture > 0) || canMissCapture(node.body, passable);
    case 'atomic':
    case 'look':
      return canMissCapture(node.body, passable);
    case 'repeat':
      return canMissCapture(node.body, passable || node.min === 0);
    default:
      return false;
  }
}
