/**
 * Commands of scripts (`core.register_cli`) while they run: the client is the control thread's, the script runs in the
 * first data thread.
 */
import type { Conversation } from '../../admin/conversation.ts';
import type { FromTalk, ToTalk } from './script-messages.ts';

interface Talk {
  readonly thread: number;
  readonly conversation: Conversation;
  readonly over: () => void;
  /** What was read for the script and not taken by it. */
  given: string;
}

interface ScriptTalksParts {
  /** Threads that run now. */
  readonly running: () => readonly number[];
  readonly tell: (thread: number, message: ToTalk) => void;
}

const NOBODY = 'No thread is there to run it.\n';
const ENDED = 'The thread that ran it has ended.\n';

export class ScriptTalks {
  readonly #parts: ScriptTalksParts;
  readonly #talks = new Map<number, Talk>();
  #last = 0;

  constructor(parts: ScriptTalksParts) {
    this.#parts = parts;
  }

  /** `path`: the words it is registered for. Resolves when it has ended. */
  async run(path: string, words: readonly string[], conversation: Conversation): Promise<void> {
    const thread = Math.min(...this.#parts.running());
    if (thread === Infinity) return conversation.write(NOBODY);
    const id = ++this.#last;
    const gone = (): void => {
      this.#parts.tell(thread, { kind: 'talk-gone', id });
      this.#talks.get(id)?.over();
    };
    conversation.closed.addEventListener('abort', gone);
    await new Promise<void>(resolve => {
      this.#talks.set(id, { thread, conversation, over: resolve, given: '' });
      this.#parts.tell(thread, { kind: 'talk', id, path, words });
      if (conversation.closed.aborted) gone();
    });
    conversation.closed.removeEventListener('abort', gone);
    this.#talks.delete(id);
  }

  heard(message: FromTalk): void {
    const talk = this.#talks.get(message.id);
    if (talk === undefined) return;
    switch (message.kind) {
      case 'talk-wants':
        talk.given = talk.given.slice(message.taken);
        return void this.#give(message.id, talk);
      case 'talk-says':
        return void this.#write(message.id, talk, message.text);
      case 'talk-over':
        talk.conversation.unread(talk.given.slice(message.taken));
        return talk.over();
    }
  }

  async #give(id: number, talk: Talk): Promise<void> {
    const text = await talk.conversation.read();
    if (this.#talks.get(id) !== talk) return talk.conversation.unread(text);
    talk.given += text;
    this.#parts.tell(talk.thread, { kind: 'talk-input', id, text });
  }

  async #write(id: number, talk: Talk, text: string): Promise<void> {
    await talk.conversation.write(text);
    this.#parts.tell(talk.thread, { kind: 'talk-room', id, length: text.length });
  }

  /** A thread is gone, with what ran in it. */
  ended(thread: number): void {
    for (const talk of this.#talks.values())
      if (talk.thread === thread) void talk.conversation.write(ENDED).then(talk.over);
  }
}
