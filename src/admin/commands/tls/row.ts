/** What rows of the commands on certificates have in common. */
import type { Outcome } from '../../../certificates/outcome.ts';
import { fail, NOTICE, type Answer, type Call, type Command } from '../../command.ts';
import type { Level } from '../../level.ts';

export function row(
  words: string,
  args: string,
  summary: string,
  level: Level,
  run: Command['run'],
): Command {
  return { words, summary, level, run, ...(args !== '' && { args }) };
}

/** Tells of it when all threads have followed. */
export async function carryOut({ runtime }: Call, outcome: Outcome): Promise<Answer> {
  const { isDone, text } = await runtime.tls.carryOut(outcome);
  if (isDone && text === '') return undefined;
  return isDone ? { severity: NOTICE, text } : fail(text);
}

/** A command about the file that its fourth word names. */
export function named(missing: string, run: (call: Call, name: string) => Outcome): Command['run'] {
  return call => {
    const name = call.args.at(3);
    return name === '' ? fail(missing) : carryOut(call, run(call, name));
  };
}

/** As HAProxy keeps names: by their bytes. */
export function inOrder(names: Iterable<string>): readonly string[] {
  return [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** `*` in front asks for what is staged; a backslash protects a name that begins with one. */
export function asked(word: string): { readonly isPending: boolean; readonly name: string } {
  const isPending = word.startsWith('*');
  return { isPending, name: word.slice(isPending ? 1 : 0).replace(/^\\/, '') };
}
