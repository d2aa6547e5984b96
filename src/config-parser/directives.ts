/**
 * Lines that start with a dot (manual, section 2.4): .if .elif .else .endif choose which lines are read,
 * .notice .warning .alert .diag print. parse.ts asks before it looks at a line's keyword.
 */
import type { Word } from '../model/word.ts';
import { evaluateConditional } from './conditional.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';

/** `taken`: lines are read. `waiting`: no branch was taken yet. `done`: one was. `skipped`: the block stands in an unread one. */
type Branch = 'taken' | 'waiting' | 'done' | 'skipped';

interface Block {
  branch: Branch;
  sawElse: boolean;
}

const MAX_NESTED = 99;

/** `read`: the line is an ordinary one. `handled`: nothing is left to do. `abort`: stop reading this run. */
type Verdict = 'read' | 'handled' | 'abort';

type Handler = (words: readonly Word[], context: ParserContext) => Verdict;

export class Directives {
  private readonly blocks: Block[] = [];

  private readonly flow: Readonly<Record<string, Handler>> = {
    '.if': (words, context) => this.openBlock(words, context),
    '.elif': (words, context) => this.elseIf(words, context),
    '.else': (words, context) => this.elseBranch(words, context),
    '.endif': (words, context) => this.endBlock(words, context),
  };

  private readonly messages: Readonly<Record<string, (word: Word, context: ParserContext) => Verdict>> = {
    '.alert': (word, context) => {
      context.alert(context.position, `'${word.text}'.`);
      return 'abort';
    },
    '.warning': (word, context) => {
      context.warn(context.position, `'${word.text}'.`);
      return 'handled';
    },
    '.notice': (word, context) => {
      context.notice(context.position, `'${word.text}'.`);
      return 'handled';
    },
    '.diag': (word, context) => {
      context.diag(context.position, `'${word.text}'.`);
      return 'handled';
    },
  };

  /** What to do with a line. */
  judge(words: readonly Word[], context: ParserContext): Verdict {
    const name = (words[0] as Word).text;
    if (!name.startsWith('.')) return this.reads() ? 'read' : 'handled';
    const handler = Object.hasOwn(this.flow, name) ? this.flow[name] : undefined;
    if (handler !== undefined) return handler(words, context);
    if (!this.reads()) return 'handled';
    return this.print(words, context);
  }

  /** Called at the end of a file. */
  finish(context: ParserContext): void {
    if (this.blocks.length > 0) context.alert(context.position, `non-terminated '.if' block.`);
    this.blocks.length = 0;
  }

  /** Whether lines count at this place. */
  reads(): boolean {
    const last = this.blocks.at(-1);
    return last === undefined || last.branch === 'taken';
  }

  private openBlock(words: readonly Word[], context: ParserContext): Verdict {
    if (this.blocks.length >= MAX_NESTED) {
      context.alert(context.position, `too many nested '.if', max is ${MAX_NESTED}.`);
      return 'abort';
    }
    if (!this.reads()) {
      this.blocks.push({ branch: 'skipped', sawElse: false });
      return 'handled';
    }
    const value = evaluateLine(words, context);
    if (value === undefined) return 'abort';
    this.blocks.push({ branch: value ? 'taken' : 'waiting', sawElse: false });
    return 'handled';
  }

  private elseIf(words: readonly Word[], context: ParserContext): Verdict {
    const block = this.openBranch('.elif', context);
    if (block === undefined) return 'abort';
    if (block.branch === 'taken') block.branch = 'done';
    if (block.branch !== 'waiting') return 'handled';
    const value = evaluateLine(words, context);
    if (value === undefined) return 'abort';
    if (value) block.branch = 'taken';
    return 'handled';
  }

  private elseBranch(words: readonly Word[], context: ParserContext): Verdict {
    if (refuseArgument(words, context)) return 'abort';
    const block = this.openBranch('.else', context);
    if (block === undefined) return 'abort';
    block.sawElse = true;
    if (block.branch === 'taken') block.branch = 'done';
    else if (block.branch === 'waiting') block.branch = 'taken';
    return 'handled';
  }

  private endBlock(words: readonly Word[], context: ParserContext): Verdict {
    if (refuseArgument(words, context)) return 'abort';
    if (this.blocks.pop() !== undefined) return 'handled';
    context.alert(context.position, `lone '.endif' with no matching '.if'.`);
    return 'abort';
  }

  /** The block that `.elif` and `.else` belong to. */
  private openBranch(name: string, context: ParserContext): Block | undefined {
    const block = this.blocks.at(-1);
    if (block === undefined) context.alert(context.position, `lone '${name}' with no matching '.if'.`);
    else if (block.sawElse) context.alert(context.position, `'${name}' after '.else' is not permitted.`);
    else return block;
    return undefined;
  }

  private print(words: readonly Word[], context: ParserContext): Verdict {
    const [name, text, extra] = words as [Word, ...Word[]];
    const handler = Object.hasOwn(this.messages, name.text) ? this.messages[name.text] : undefined;
    if (handler === undefined) {
      const known = [...Object.keys(this.flow), ...Object.keys(this.messages)];
      context.alert(name, `unknown directive '${name.text}'.`, didYouMean(name.text, known));
      return 'handled';
    }
    if (extra === undefined) return handler(text ?? { text: '', position: name.position }, context);
    const advice = 'Use quotes if the message should contain spaces.';
    context.alert(extra, `Unexpected argument '${extra.text}' for '${name.text}'. ${advice}`);
    return 'handled';
  }
}

function refuseArgument(words: readonly Word[], context: ParserContext): boolean {
  const [name, extra] = words as [Word, ...Word[]];
  if (extra === undefined) return false;
  context.alert(extra, `Unexpected argument '${extra.text}' for '${name.text}'.`);
  return true;
}

/** The words behind .if and .elif are one expression, joined by single blanks. */
function evaluateLine(words: readonly Word[], context: ParserContext): boolean | undefined {
  const [name, ...rest] = words as [Word, ...Word[]];
  const expression = rest.map(word => word.text).join(' ');
  const result = evaluateConditional(expression, context.environment);
  if (result.error === undefined) return result.value;
  const shown = `  ${name.text} ${expression}\n  ${' '.repeat(name.text.length + 1 + result.offset)}^`;
  context.alert(
    rest[0] ?? name,
    `${result.error} in '${name.text}' at position ${result.offset + 1}:\n${shown}`,
  );
  return undefined;
}
