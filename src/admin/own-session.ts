/** The session of commands that the process gives itself: everything is allowed, nobody reads what is not asked for. */
import type { Session } from './command.ts';

export function ownSession(): Session {
  return {
    level: 'admin',
    expert: true,
    experimental: true,
    severityOutput: 'none',
    interactive: false,
    prompt: false,
    timedPrompt: false,
    timeoutMs: 0,
    anonKey: 0,
    skipLineEnd: false,
    closing: false,
    protocol: 'unix_stream',
    source: 'unix:0',
    exposesListeners: false,
    startMs: Date.now(),
    gone: new AbortController().signal,
  };
}
