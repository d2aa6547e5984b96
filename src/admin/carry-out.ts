/** Carries out commands that do not come by the admin socket (model/ordered-command.ts). */
import type { CommandAnswer, CommandOrder } from '../model/ordered-command.ts';
import { ERROR, Words, type Answer } from './command.ts';
import type { Interpreter } from './interpreter.ts';
import { ownSession } from './own-session.ts';

export async function carryOut(
  interpreter: Interpreter,
  { commands, undo }: CommandOrder,
): Promise<CommandAnswer> {
  let answer: CommandAnswer = { text: '', failed: false };
  for (const { words, payload } of commands) {
    answer = await run(interpreter, words, payload);
    if (!answer.failed) continue;
    if (undo !== undefined) await run(interpreter, undo, undefined);
    break;
  }
  return answer;
}

async function run(
  interpreter: Interpreter,
  words: readonly string[],
  payload: string | undefined,
): Promise<CommandAnswer> {
  return plain(await interpreter.runWords(new Words(words), payload, ownSession()));
}

/** What only shows is not asked for here. */
function plain(answer: Answer): CommandAnswer {
  if (answer === undefined || !('text' in answer)) return { text: '', failed: false };
  return { text: answer.text.replace(/\n+$/, ''), failed: answer.severity === ERROR };
}
