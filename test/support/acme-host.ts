/** What orders need of their process, for tests: answers come from a function, time does not pass. */
import type { AcmeHost } from '../../src/acme/host.ts';
import type { ClientAnswer, ClientAsk } from '../../src/net/http-client.ts';

export interface TestHost extends AcmeHost {
  readonly asked: string[];
  readonly pauses: number[];
  readonly lines: string[];
  readonly events: string[];
  readonly tokens: Map<string, string>;
}

/** `undefined`: nobody answers. */
type Answers = (ask: ClientAsk) => Partial<ClientAnswer> | undefined;

const NONE: ClientAnswer = { status: 200, reason: '', headers: [], body: Buffer.alloc(0) };

export function testHost(answers: Answers, signal = new AbortController().signal): TestHost {
  const asked: string[] = [];
  const pauses: number[] = [];
  const lines: string[] = [];
  const events: string[] = [];
  const tokens = new Map<string, string>();
  return {
    asked,
    pauses,
    lines,
    events,
    tokens,
    signal,
    ask: async ask => {
      asked.push(`${ask.method} ${ask.url.pathname}`);
      const answer = answers(ask);
      return Promise.resolve({
        answer: { ...NONE, ...answer },
        failure: answer === undefined ? 'ECONNREFUSED' : undefined,
      });
    },
    pause: async ms => void pauses.push(ms),
    putToken: async (_map, token, value) => void tokens.set(token, value),
    removeToken: async (_map, token) => void tokens.delete(token),
    texts: async () => Promise.resolve([]),
    event: text => void events.push(text),
    log: (severity, text) => void lines.push(`${severity} ${text}`),
  };
}
